#include "cli/settle.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

#include "base/text.h"
#include "cli/config_file.h"

namespace spotkeeper::cli {
namespace {

constexpr std::string_view kPrefix = "SPOTKEEPER_";

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

/// What Kubernetes puts into the environment of every pod for each Service of its namespace, which may well be called
/// spotkeeper-something: SPOTKEEPER_X_SERVICE_HOST, SPOTKEEPER_X_PORT=tcp://…, SPOTKEEPER_X_PORT_443_TCP_ADDR.
bool is_service_link(std::string_view name, std::string_view value) {
  const bool host_or_port = name.ends_with("_SERVICE_HOST") || name.find("_SERVICE_PORT") != std::string_view::npos;
  const bool address = name.find("_PORT_") != std::string_view::npos || value.find("://") != std::string_view::npos;
  return host_or_port || (name.find("_PORT") != std::string_view::npos && address);
}

/// The project's own scripts and tests steer themselves by these, and start the binary.
bool is_of_scripts(std::string_view name) {
  constexpr std::array<std::string_view, 14> names = {
      "BINARY",           "CASES",     "FAILED_STAGES",  "PEERS",        "PEERS_BIN", "RIG",   "SEEDS",
      "SUITE_KUBECONFIG", "TEMPLATES", "TEMPLATE_SUITE", "TEST_TIMEOUT", "TESTS",     "TOOLS", "VECTORS"};
  return std::ranges::find(names, name.substr(kPrefix.size())) != names.end();
}

/// A variable that is nearly one of ours would otherwise be a setting that nobody obeys.
void complain_about_strangers(const kube::Environment& environment, std::vector<std::string>& problems) {
  std::vector<std::string> known;
  for (const Option& option : option_table()) {
    if (option.placement == Placement::Anywhere) known.push_back(option.environment());
    if (option.other_environment.starts_with(kPrefix)) known.emplace_back(option.other_environment);
  }
  const std::vector<std::string_view> candidates(known.begin(), known.end());
  for (const auto& [name, value] : environment) {
    if (!name.starts_with(kPrefix) || std::ranges::find(known, name) != known.end()) continue;
    if (is_service_link(name, value) || is_of_scripts(name)) continue;
    problems.push_back(fmt::format("{} in the environment is no option's{}", name, did_you_mean(name, candidates)));
  }
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
  complain_about_strangers(environment, problems);
  for (const Option& option : option_table()) {
    if (!option.commands.has(command)) continue;
    std::optional<Source> source = from_flags(option, flags);
    if (source) options.flags.insert(option.name);
    if (!source) source = from_environment(option, environment);
    if (!source) source = from_file(option, file);
    if (source) options.given.insert(option.name);
    if (!source && !option.fallback.empty()) source = Source{std::string(option.fallback), "default"};
    if (source) {
      const Result<void> stored = store(option, source->text, options);
      if (!stored) problems.push_back(fmt::format("{}: {}", source->place, stored.error().message));
    } else if (option.required) {
      problems.push_back(missing(option));
    }
  }
  const ClockOptions& clock = options.clock;
  if (clock.epoch.has_value() != clock.origin.has_value() || (clock.rate != 1 && !clock.origin)) {
    problems.emplace_back(
        "--clock-epoch, --clock-origin and --clock-rate say how a served world's clock runs: the first two go "
        "together, and the third goes with them");
  }
  if (!problems.empty()) return fail(ErrorCode::InvalidInput, fmt::format("{}", fmt::join(problems, "\n")));
  return options;
}

}  // namespace spotkeeper::cli
