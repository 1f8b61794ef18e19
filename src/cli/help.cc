#include "cli/help.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace spotkeeper::cli {
namespace {

constexpr std::size_t page_width = 100;

/// Words of `text` in lines that begin at `indent`, the first of which is already begun.
std::string wrapped(std::string_view text, std::size_t indent) {
  std::string out;
  std::size_t column = indent;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    const std::string_view word = text.substr(0, end);
    if (column + word.size() > page_width && column > indent) {
      out.back() = '\n';
      out.append(indent, ' ');
      column = indent;
    }
    out += word;
    out += ' ';
    column += word.size() + 1;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  if (!out.empty()) out.pop_back();
  return out;
}

std::string left_column(const Option& option) {
  if (option.placement == Placement::Positional) return fmt::format("  {}", option.placeholder());
  const std::string short_flag = option.short_name != 0 ? fmt::format("-{}, ", option.short_name) : "    ";
  const std::string placeholder = option.placeholder();
  return fmt::format("  {}--{}{}{}", short_flag, option.name, placeholder.empty() ? "" : " ", placeholder);
}

/// " (default 1s; 100ms to 1m)": what the placeholder does not already show.
std::string facts(const Option& option) {
  std::vector<std::string> facts;
  if (option.required && option.placement != Placement::Positional) facts.emplace_back("required");
  if (!option.fallback.empty()) facts.push_back(fmt::format("default {}", option.fallback));
  const bool shown_already =
      std::holds_alternative<ChoiceType>(option.type) || std::holds_alternative<FlagType>(option.type);
  if (const std::string range = option.range(); !range.empty() && !shown_already) facts.push_back(range);
  return facts.empty() ? "" : fmt::format(" ({})", fmt::join(facts, "; "));
}

std::string option_lines(const Option& option) {
  constexpr std::size_t help_column = 36;
  std::string line = left_column(option);
  if (line.size() + 2 > help_column) {
    line += '\n';
    line.append(help_column, ' ');
  } else {
    line.append(help_column - line.size(), ' ');
  }
  return line + wrapped(std::string(option.help) + facts(option), help_column) + "\n";
}

/// The headings of a command's options, in the table's order.
std::vector<std::string_view> groups_of(Command command) {
  std::vector<std::string_view> groups;
  for (const Option& option : option_table()) {
    const bool known = std::find(groups.begin(), groups.end(), option.group) != groups.end();
    if (option.commands.has(command) && !known) groups.push_back(option.group);
  }
  return groups;
}

std::string paragraphs(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find("\n\n"), text.size());
    out += wrapped(text.substr(0, end), 0) + "\n\n";
    text.remove_prefix(std::min(end + 2, text.size()));
  }
  return out;
}

std::string example_lines(std::span<const Example> examples) {
  std::string out;
  for (const Example& example : examples) out += fmt::format("  # {}\n  {}\n", example.what, example.line);
  return out;
}

constexpr std::string_view exit_codes = "Exit codes: 0 done, 1 found something or failed, 2 wrong usage or input.\n";

}  // namespace

std::string usage_line(const CommandInfo& command) {
  std::string line = fmt::format("spotkeeper {}", command.name);
  for (const Option& option : option_table()) {
    if (option.commands.has(command.id) && option.placement == Placement::Positional)
      line += " " + option.placeholder();
  }
  return line + " [flags]";
}

std::string program_help() {
  std::string out =
      "Spotkeeper keeps Kubernetes workloads serving while the Spot capacity under them comes and goes.\n\n"
      "Usage: spotkeeper COMMAND [flags]\n\nCommands:\n";
  for (const CommandInfo& command : command_table()) out += fmt::format("  {:<12}{}\n", command.name, command.summary);
  out += "\nExamples:\n";
  for (const CommandInfo& command : command_table()) out += example_lines(command.examples.first(1));
  out += "\n`spotkeeper COMMAND --help` tells more about one. ";
  out += exit_codes;
  return out;
}

std::string command_help(Command id) {
  const CommandInfo& command = info_of(id);
  std::string out = fmt::format("Usage: {}\n\n{}", usage_line(command), paragraphs(command.description));
  for (const std::string_view group : groups_of(id)) {
    out += fmt::format("{}:\n", group);
    for (const Option& option : option_table()) {
      if (option.commands.has(id) && option.group == group) out += option_lines(option);
    }
    out += '\n';
  }
  out += "Examples:\n" + example_lines(command.examples) + "\n";
  out += wrapped(
      "A flag is stronger than the environment (--log-level is SPOTKEEPER_LOG_LEVEL), the environment than the "
      "configuration file (log-level), the file than the default.",
      0);
  out += "\n";
  out += exit_codes;
  return out;
}

}  // namespace spotkeeper::cli
