#include "tests/unit/tree/include_rules.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "base/text.h"

namespace spotkeeper::tree {
namespace {

using Folders = std::set<std::string_view>;

/// What each folder may include besides itself.
const std::map<std::string_view, Folders>& allowed_folders() {
  static const std::map<std::string_view, Folders> table = {
      {"base", {}},
      {"format", {"base"}},
      {"net", {"base"}},
      {"model", {"base"}},
      {"plan", {"base", "model"}},
      {"kube", {"base", "format", "model", "net"}},
      {"cloud", {"base", "format", "model", "net"}},
      {"observe", {"base", "format", "model", "net"}},
      {"control", {"base", "format", "net", "model", "plan", "kube", "cloud", "observe"}},
      {"sim", {"base", "format", "net", "model", "plan", "kube", "cloud", "observe", "control"}},
      {"audit", {"base", "format", "model", "kube", "cloud"}},
      {"cli", {"base", "format", "net", "model", "plan", "kube", "cloud", "observe", "control", "sim", "audit"}},
  };
  return table;
}

/// Decisions are functions of values: nothing that reads a clock, starts a thread, draws numbers, does input or output,
/// or has an order that differs from run to run.
const std::set<std::string_view> impure = {
    "<thread>",  "<mutex>",    "<shared_mutex>",  "<condition_variable>", "<future>",       "<chrono>",
    "<ctime>",   "<random>",   "<fstream>",       "<iostream>",           "<cstdio>",       "<filesystem>",
    "<cstdlib>", "<unistd.h>", "<unordered_map>", "<unordered_set>",      "\"base/log.h\"", "\"base/file.h\"",
};

struct Include {
  std::size_t line;
  std::string_view what;  // with its quotes or brackets
};

std::vector<Include> includes_of(std::string_view text) {
  std::vector<Include> found;
  std::size_t number = 0;
  for (std::string_view line : split(text, '\n')) {
    ++number;
    line = trim(line);
    if (!line.starts_with('#')) continue;
    line = trim(line.substr(1));
    if (!line.starts_with("include")) continue;
    line = trim(line.substr(7));
    const char closing = line.starts_with('<') ? '>' : '"';
    const std::size_t end = line.find(closing, 1);
    if (end != std::string_view::npos) found.push_back({number, line.substr(0, end + 1)});
  }
  return found;
}

std::optional<std::string> broken_rule(std::string_view path, std::string_view folder, std::string_view include) {
  const std::string_view name = include.substr(1, include.size() - 2);
  const bool in_net_source = folder == "net" && path.ends_with(".cc");
  const bool asio = name.starts_with("boost/asio") || name.starts_with("boost/beast");
  if (asio && !in_net_source) return "only the .cc files of src/net may include " + std::string(name);
  if ((folder == "plan" || folder == "model") && impure.contains(include)) {
    return std::string(folder) + " is pure and may not include " + std::string(name);
  }
  if (!include.starts_with('"')) return std::nullopt;
  const auto parts = split_once(name, '/');
  if (!parts || !allowed_folders().contains(parts->first)) {
    const bool generated = name.ends_with(".inc");
    return generated ? std::nullopt : std::optional(std::string(name) + " is not of the form folder/file.h");
  }
  if (parts->first == folder || allowed_folders().at(folder).contains(parts->first)) return std::nullopt;
  return std::string(folder) + " may not include " + std::string(name);
}

}  // namespace

std::vector<std::string> broken_includes(std::string_view path, std::string_view text) {
  std::vector<std::string> broken;
  const std::vector<std::string_view> parts = split(path, '/');
  const std::string_view folder = parts.size() > 2 ? parts[1] : std::string_view();
  if (parts.front() != "src" || !allowed_folders().contains(folder)) {
    return {std::string(path) + ": no folder of the table"};
  }
  for (const Include& include : includes_of(text)) {
    if (const auto why = broken_rule(path, folder, include.what)) {
      broken.push_back(std::string(path) + ":" + std::to_string(include.line) + ": " + *why);
    }
  }
  return broken;
}

}  // namespace spotkeeper::tree
