// `spotkeeper simulate`: a scenario under one policy, or under all of them side by side.
#include <array>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/log.h"
#include "cli/catalog_file.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/report_table.h"
#include "cli/serve_simulation.h"
#include "cli/terminal.h"
#include "sim/market/spot_trace.h"
#include "sim/run.h"

namespace spotkeeper::cli {
namespace {

sim::Policy policy_of(SimulatedPolicy policy) {
  switch (policy) {
    case SimulatedPolicy::None: return sim::Policy::None;
    case SimulatedPolicy::DeleteAllNow: return sim::Policy::DeleteAllNow;
    case SimulatedPolicy::Spotkeeper: break;
  }
  return sim::Policy::Spotkeeper;
}

Result<std::vector<sim::Report>> run_all(const sim::Scenario& scenario, const SimulateOptions& options,
                                         Streams streams) {
  std::vector<sim::Policy> policies{policy_of(options.policy)};
  if (options.compare) policies = {sim::Policy::None, sim::Policy::DeleteAllNow, sim::Policy::Spotkeeper};
  std::vector<sim::Report> reports;
  for (const sim::Policy policy : policies) {
    ProgressBar bar(streams.err, fmt::format("{} {}", scenario.name, sim::name_of(policy)));
    sim::RunOptions run;
    run.policy = policy;
    if (options.seed) run.seed = static_cast<std::uint64_t>(*options.seed);
    run.progress = [&](double share) {
      bar.update(share, format_duration(std::chrono::round<std::chrono::seconds>(scenario.duration * share)));
    };
    SK_TRY(auto report, sim::run(scenario, run));
    reports.push_back(std::move(report));
  }
  return reports;
}

/// What the simulated agents log belongs to their virtual time; it is shown to who asks for everything.
Result<std::vector<sim::Report>> run_unheard(const sim::Scenario& scenario, const Options& options, Streams streams) {
  std::string unheard;
  if (options.log.level != log::Level::Debug) log::capture(&unheard);
  auto reports = run_all(scenario, options.simulate, streams);
  log::capture(nullptr);
  return reports;
}

format::JsonValue document_of(const std::vector<sim::Report>& reports, bool compared) {
  if (!compared) return sim::to_json(reports.front());
  format::JsonArray runs;
  for (const sim::Report& report : reports) runs.push_back(sim::to_json(report));
  return format::JsonObject{
      {"scenario", reports.front().scenario}, {"seed", reports.front().seed}, {"runs", std::move(runs)}};
}

/// What the flags ask for together that can't be; none: they can.
std::optional<std::string> check_flags(const SimulateOptions& options) {
  if (options.serve) {
    if (options.policy != SimulatedPolicy::Spotkeeper)
      return "--policy chooses who handles the notices of a simulation; in a served world (--serve) that is who "
             "watches it";
    return std::nullopt;
  }
  for (const auto& [given, flag] :
       {std::pair{options.keep, "--keep"}, std::pair{options.agents, "--agents"},
        std::pair{options.speed != 1.0, "--speed"}, std::pair{!options.directory.empty(), "--directory"}}) {
    if (given) return fmt::format("{} needs --serve", flag);
  }
  return std::nullopt;
}

/// False when the policy that is judged lost a request, which the log then says.
bool keeps_every_request(const std::vector<sim::Report>& reports, sim::Policy judged) {
  bool kept = true;
  for (const sim::Report& report : reports) {
    if (report.policy != judged || report.traffic.lost() == 0) continue;
    log::error(fmt::format("policy {} lost {} of {} requests", sim::name_of(judged), report.traffic.lost(),
                           report.traffic.sent()));
    kept = false;
  }
  return kept;
}

/// The scenario that the options name, with the recorded market they name.
Result<sim::Scenario> load(const Options& options, const Catalog& catalog) {
  SK_TRY(auto scenario, sim::load_scenario(options.simulate.scenario, catalog));
  if (options.simulate.trace.empty()) return scenario;
  SK_TRY(const auto traces, sim::market::load_spot_traces(options.simulate.trace));
  SK_CHECK(sim::market::drive_by_traces(scenario.market, traces).within("--trace " + options.simulate.trace));
  return scenario;
}

}  // namespace

int run_simulate(const Options& options, Streams streams) {
  if (const auto wrong = check_flags(options.simulate)) {
    log::error(*wrong);
    return kBadUsage;
  }
  const auto catalog = load_catalog(options.catalog);
  if (!catalog) {
    log::error(catalog.error().message);
    return kBadUsage;
  }
  const auto scenario = load(options, *catalog);
  if (!scenario) {
    log::error(scenario.error().message);
    return kBadUsage;
  }
  bool shown = false;
  const auto show = [&](const std::vector<sim::Report>& reports) {
    print_data(document_of(reports, options.simulate.compare), report_table(reports, Colours(streams.out)),
               options.output, streams);
    shown = true;
  };
  const auto reports = options.simulate.serve ? serve_simulation(*scenario, options, streams, show)
                                              : run_unheard(*scenario, options, streams);
  if (!reports) {
    log::error(reports.error().message);
    return options.simulate.serve ? kFound : kBadUsage;
  }
  if (!shown && !reports->empty()) show(*reports);
  if (!options.simulate.fail_on_loss) return kDone;
  return keeps_every_request(*reports, policy_of(options.simulate.policy)) ? kDone : kFound;
}

}  // namespace spotkeeper::cli
