// docs/configuration.md as the tables say it. A test compares the committed page with this.
#include <fmt/format.h>

#include "cli/help.h"

namespace spotkeeper::cli {
namespace {

constexpr std::string_view introduction = R"(# Configuration

This page is generated: `spotkeeper docs configuration`.

Every option is a flag, an environment variable and a key in a YAML file, under the same name:

| where | how | strength |
|---|---|---|
| flag | `--poll-interval 500ms` or `--poll-interval=500ms`; a flag without a value is `true` | strongest |
| environment | `SPOTKEEPER_POLL_INTERVAL=500ms`; an empty variable counts as not set | |
| file | `poll-interval: 500ms` in the file that `--config` (or `SPOTKEEPER_CONFIG`) names | |
| default | as below | weakest |

The file is one YAML mapping. A key that is unknown, given twice, of the wrong type or out of range is an error that
names file, line, column, key and what is allowed, and the process ends with code 2 before it does anything. One file
may serve several commands: keys of other commands are checked and otherwise left alone.
An environment variable `SPOTKEEPER_…` that is no option's is an error too, except those that Kubernetes makes of
Services.

Durations have units (`ns`, `us`, `ms`, `s`, `m`, `h`): `90s`, `1.5s`, `2m30s`. Truth values are `true` and `false`; in the file also `yes`, `no`, `on` and `off`.
Logs, progress and errors go to standard error, data to standard output. Colours and progress bars appear only on a
terminal, and colours not where `NO_COLOR` is set. Exit codes: 0 done, 1 found something or failed, 2 wrong usage or
input.
)";

std::string cell(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '|') out += '\\';
    out += c;
  }
  return out;
}

std::string code(std::string_view text) { return text.empty() ? std::string() : fmt::format("`{}`", cell(text)); }

std::string flag_cell(const Option& option) {
  if (option.placement == Placement::Positional) return code(option.placeholder());
  const std::string flag = fmt::format("--{}", option.name);
  return option.short_name != 0 ? fmt::format("`-{}`, {}", option.short_name, code(flag)) : code(flag);
}

std::string environment_cell(const Option& option) {
  const std::string own = code(option.environment());
  const std::string other = code(option.other_environment);
  return own.empty() || other.empty() ? own + other : fmt::format("{}, else {}", own, other);
}

std::string value_cell(const Option& option) {
  const std::string range = option.range();
  const bool range_says_all =
      std::holds_alternative<ChoiceType>(option.type) || std::holds_alternative<FlagType>(option.type);
  if (range_says_all) return cell(range);
  const std::string kind = option.kind();
  const std::string brief = kind.substr(0, kind.find(" with its unit"));
  return range.empty() ? brief : fmt::format("{}, {}", brief, range);
}

std::string default_cell(const Option& option) {
  if (!option.fallback.empty()) return code(option.fallback);
  return option.required ? "required" : "";
}

}  // namespace

std::string configuration_page() {
  std::string page(introduction);
  for (const CommandInfo& command : command_table()) {
    page += fmt::format("\n## `{}`\n\n{}.\n\n", usage_line(command), command.summary);
    page += "| option | environment | value | default | what it does |\n|---|---|---|---|---|\n";
    for (const Option& option : option_table()) {
      if (!option.commands.has(command.id)) continue;
      page += fmt::format("| {} | {} | {} | {} | {} |\n", flag_cell(option), environment_cell(option),
                          value_cell(option), default_cell(option), cell(option.help));
    }
  }
  return page;
}

}  // namespace spotkeeper::cli
