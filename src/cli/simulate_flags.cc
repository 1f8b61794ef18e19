#include "cli/simulate_flags.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace spotkeeper::cli {
namespace {

namespace fs = std::filesystem;
using Problem = std::optional<std::string>;

/// Said by anybody, or (has_flag) on the command line of this very run.
bool is_given(const Options& options, std::string_view name) { return options.given.contains(name); }
bool has_flag(const Options& options, std::string_view name) { return options.flags.contains(name); }

Problem check_world(const Options& options) {
  const SimulateOptions& simulate = options.simulate;
  const int worlds =
      (simulate.scenario.empty() ? 0 : 1) + (simulate.from.empty() ? 0 : 1) + (simulate.from_cluster ? 1 : 0);
  if (worlds == 0)
    return fmt::format(
        "SCENARIO is missing: a shipped scenario's name ({}) or a scenario file; or --from, or "
        "--from-cluster",
        find_option("scenario")->range());
  if (worlds > 1) return "SCENARIO, --from and --from-cluster each choose the world: one of them";
  if (simulate.scenario.empty()) {
    if (simulate.trace.empty()) return std::nullopt;
    return "--trace drives the Spot pools of a scenario's groups; a world from --from or --from-cluster has none";
  }
  for (const std::string_view flag : {"rate", "share"}) {
    if (is_given(options, flag))
      return fmt::format("--{} is assumed of a world from --from or --from-cluster; a scenario says its own", flag);
  }
  return std::nullopt;
}

Problem check_served(const Options& options) {
  const SimulateOptions& simulate = options.simulate;
  if (simulate.serve) {
    if (simulate.scenario.empty())
      return "--serve serves a scenario; a world from --from or --from-cluster is simulated";
    if (is_given(options, "policy"))
      return "--policy chooses who handles the notices of a simulation; in a served world (--serve) that is who "
             "watches it";
    return std::nullopt;
  }
  for (const auto& [given, flag] :
       {std::pair{simulate.keep, "keep"}, std::pair{simulate.agents, "agents"},
        std::pair{is_given(options, "speed"), "speed"}, std::pair{!simulate.directory.empty(), "directory"}}) {
    if (given) return fmt::format("--{0} (or `{0}` of the configuration) needs --serve", flag);
  }
  return std::nullopt;
}

/// So that a long run does not end without its page.
Problem check_page(const std::string& path) {
  if (path.empty()) return std::nullopt;
  std::error_code problem;
  if (fs::is_directory(path, problem)) return fmt::format("--html: {} is a folder", path);
  const fs::path above = fs::path(path).parent_path();
  const std::string folder = above.empty() ? "." : above.string();
  if (!fs::is_directory(folder, problem)) return fmt::format("--html: there is no folder {}", folder);
  const std::string& written = fs::exists(path, problem) ? path : folder;
  if (::access(written.c_str(), W_OK) != 0) return fmt::format("--html: {} can't be written to", written);
  return std::nullopt;
}

}  // namespace

Problem check_simulate_flags(const Options& options) {
  if (auto wrong = check_world(options)) return wrong;
  if (auto wrong = check_served(options)) return wrong;
  if (options.simulate.explain_lost && options.output == OutputFormat::Csv)
    return "--explain-lost has no place in --output csv, which has a line a second: ask for a table, or for json";
  if (options.simulate.explain_deaths && options.output == OutputFormat::Csv)
    return "--explain-deaths has no place in --output csv, which has a line a second: ask for a table, or for json";
  return check_page(options.simulate.html);
}

Problem check_judged_policy(const Options& options, std::span<const sim::Policy> policies, bool side_by_side) {
  const SimulateOptions& simulate = options.simulate;
  if (simulate.serve) return std::nullopt;  // whoever else runs beside it, the served world is Spotkeeper's
  const std::string_view judged = sim::name_of(simulate.policy);
  std::vector<std::string_view> names;
  for (const sim::Policy policy : policies) names.push_back(sim::name_of(policy));
  const std::string all = fmt::format("{}", fmt::join(names, ","));
  if (!simulate.fail_on_loss) {
    // The policy of a file or of the environment is for runs that have one.
    if (!side_by_side || !has_flag(options, "policy")) return std::nullopt;
    return fmt::format(
        "--policy chooses who handles the notices where one policy runs, and with --fail-on-loss who is judged; {} run "
        "here: --compare {} runs that one",
        all, judged);
  }
  if (std::ranges::find(policies, simulate.policy) != policies.end()) return std::nullopt;
  return fmt::format(
      "--fail-on-loss judges --policy {}, which does not run here ({} would): put it into --compare, or name one of "
      "those with --policy",
      judged, all);
}

}  // namespace spotkeeper::cli
