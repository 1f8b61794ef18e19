#include "sim/serve/agent_list.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "base/time.h"

namespace spotkeeper::sim::serve {
namespace {

/// As one word of a POSIX shell.
std::string shell_word(std::string_view text) {
  constexpr std::string_view kPlain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./:=,+@";
  if (!text.empty() && text.find_first_not_of(kPlain) == std::string_view::npos) return std::string(text);
  std::string word = "'";
  for (const char c : text) {
    if (c == '\'') {
      word += "'\\''";
    } else {
      word += c;
    }
  }
  return word + "'";
}

}  // namespace

std::vector<std::string> agent_command(const AgentPlace& place, const NodeName& node, const std::string& metadata_url) {
  return {place.program,    "agent",
          "--node-name",    node.str(),
          "--kubeconfig",   place.kubeconfig,
          "--metadata-url", metadata_url,
          "--listen",       "127.0.0.1:0",
          "--clock-epoch",  format_rfc3339(place.scale.epoch),
          "--clock-origin", format_rfc3339(place.scale.origin),
          "--clock-rate",   fmt::format("{}", place.scale.rate),
          "--log-format",   "json"};
}

std::string agent_line(const NodeName& node, std::string_view metadata_url, std::string_view kubeconfig,
                       const std::vector<std::string>& command) {
  std::vector<std::string> words(command.size());
  std::ranges::transform(command, words.begin(), [](const std::string& word) { return shell_word(word); });
  return fmt::format("{}\t{}\t{}\t{}\n", node.str(), metadata_url, kubeconfig, join(words, " "));
}

}  // namespace spotkeeper::sim::serve
