#include "cli/settle.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "cli/config_file.h"

namespace spotkeeper::cli {
namespace {

/// A text for an option, and where it stands, as an error would name it.
struct Source {
  std::string text;
  std::string place;
};

std::optional<Source> from_flags(const Option& option, std::span<const Given> flags) {
  const auto given = std::find_if(flags.begin(), flags.end(), [&](const Given& g) { return g.option == &option; });
  if (given == flags.end()) return std::nullopt;
  return Source{given->text,
                option.placement == Placement::Positional ? option.placeholder() : fmt::format("--{}", option.name)};
}

std::optional<Source> from_environment(const Option& option, const kube::Environment& environment) {
  for (const std::string& variable : {option.environment(), std::string(option.other_environment)}) {
    const auto found = environment.find(variable);
    if (found != environment.end() && !found->second.empty()) return Source{found->second, variable};
  }
  return std::nullopt;
}

std::optional<Source> from_file(const Option& option, std::span<const FileSetting> file) {
  const auto setting =
      std::find_if(file.begin(), file.end(), [&](const FileSetting& s) { return s.option == &option; });
  if (setting == file.end()) return std::nullopt;
  return Source{setting->text, setting->place};
}

std::string missing(const Option& option) {
  if (option.placement == Placement::Positional) {
    return fmt::format("{} is missing: {}", option.placeholder(), option.help);
  }
  return fmt::format("--{} is missing (or {} in the environment): {}", option.name, option.environment(), option.help);
}

/// Where the configuration file is, which no configuration file can say.
std::optional<Source> config_path(Command command, std::span<const Given> flags, const kube::Environment& environment) {
  const Option& option = *find_option("config");
  if (!option.commands.has(command)) return std::nullopt;
  const std::optional<Source> flag = from_flags(option, flags);
  return flag ? flag : from_environment(option, environment);
}

}  // namespace

Result<Options> settle(Command command, std::span<const Given> flags, const kube::Environment& environment) {
  std::vector<FileSetting> file;
  if (const std::optional<Source> path = config_path(command, flags, environment)) {
    SK_TRY(file, read_config_file(path->text));
  }

  Options options;
  std::vector<std::string> problems;
  for (const Option& option : option_table()) {
    if (!option.commands.has(command)) continue;
    std::optional<Source> source = from_flags(option, flags);
    if (!source) source = from_environment(option, environment);
    if (!source) source = from_file(option, file);
    if (!source && !option.fallback.empty()) source = Source{std::string(option.fallback), "default"};
    if (source) {
      const Result<void> stored = store(option, source->text, options);
      if (!stored) problems.push_back(fmt::format("{}: {}", source->place, stored.error().message));
    } else if (option.required) {
      problems.push_back(missing(option));
    }
  }
  if (!problems.empty()) return fail(ErrorCode::InvalidInput, fmt::format("{}", fmt::join(problems, "\n")));
  return options;
}

}  // namespace spotkeeper::cli
