// `spotkeeper simulate`: a scenario under one policy, or under all of them side by side.
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/file.h"
#include "base/log.h"
#include "cli/catalog_file.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/own_world.h"
#include "cli/report_table.h"
#include "cli/serve_simulation.h"
#include "cli/simulate_flags.h"
#include "cli/simulate_once.h"
#include "cli/simulate_variants.h"
#include "cli/terminal.h"
#include "sim/market/spot_trace.h"

namespace spotkeeper::cli {
namespace {

/// What is run: a scenario, and under which policies.
struct Plan {
  sim::BuiltScenario world;  // its assumptions are empty unless it is somebody's own
  bool own = false;
  std::vector<sim::Policy> policies;
  bool compared = false;  // the data has one report, or a list of them
};

struct Outcome {
  std::vector<sim::Report> reports;
  std::optional<sim::ChangeReport> changes;  // of an own world that loses something
};

/// The scenario that the options name, with the recorded market they name.
Result<sim::Scenario> load(const Options& options, const Catalog& catalog) {
  SK_TRY(auto scenario, sim::load_scenario(options.simulate.scenario, catalog));
  if (options.simulate.trace.empty() || !scenario.variants.empty()) return scenario;
  SK_TRY(const auto traces, sim::market::load_spot_traces(options.simulate.trace));
  SK_CHECK(sim::market::drive_by_traces(scenario.market, traces).within("--trace " + options.simulate.trace));
  return scenario;
}

Result<Plan> make_plan(const Options& options, const Catalog& catalog) {
  Plan plan;
  const SimulateOptions& simulate = options.simulate;
  plan.own = simulate.from_cluster || !simulate.from.empty();
  plan.policies = plan.own ? own_policies(simulate) : simulate.compare;
  plan.compared = !plan.policies.empty();
  if (plan.policies.empty()) plan.policies.push_back(simulate.policy);
  if (plan.own) {
    SK_TRY(plan.world, own_world(options, catalog));
  } else {
    SK_TRY(plan.world.scenario, load(options, catalog));
  }
  return plan;
}

Result<Outcome> run_all(const Plan& plan, const Options& options, Streams streams) {
  Outcome outcome;
  for (const sim::Policy policy : plan.policies) {
    SK_TRY(auto report, simulate_once(plan.world.scenario, policy, options, streams));
    outcome.reports.push_back(std::move(report));
  }
  if (!plan.own) return outcome;
  SK_TRY(outcome.changes, own_changes(plan.world.scenario, outcome.reports, streams));
  return outcome;
}

Result<Outcome> run_unheard(const Plan& plan, const Options& options, Streams streams) {
  const Unheard unheard(options);
  return run_all(plan, options, streams);
}

format::JsonValue document_of(const Plan& plan, const Outcome& outcome) {
  const std::vector<sim::Report>& reports = outcome.reports;
  if (!plan.compared) return sim::to_json(reports.front());
  format::JsonArray runs;
  for (const sim::Report& report : reports) runs.push_back(sim::to_json(report));
  format::JsonObject document{
      {"scenario", reports.front().scenario}, {"seed", reports.front().seed}, {"runs", std::move(runs)}};
  if (!plan.own) return document;
  document["storm"] = plan.world.scenario.description;
  format::JsonArray assumptions;
  for (const std::string& assumption : plan.world.assumptions) assumptions.emplace_back(assumption);
  document["assumptions"] = std::move(assumptions);
  document["changes"] = outcome.changes ? sim::to_json(*outcome.changes) : format::JsonValue(nullptr);
  return document;
}

void print_outcome(const Plan& plan, const Outcome& outcome, const Options& options, Streams streams) {
  if (options.output == OutputFormat::Csv) return print(streams.out, sim::to_csv(outcome.reports));
  if (plan.own && options.output == OutputFormat::Table) {
    print(streams.out, own_answer(plan.world, outcome.changes).question + "\n\n");
  }
  print_data(document_of(plan, outcome), report_table(outcome.reports, Colours(streams.out)), options.output, streams);
  if (options.output != OutputFormat::Table) return;
  if (plan.own) print(streams.out, own_world_text(own_answer(plan.world, outcome.changes)));
  if (options.simulate.explain_lost) print(streams.out, losses_text(outcome.reports));
  if (options.simulate.explain_deaths) print(streams.out, deaths_text(outcome.reports));
}

}  // namespace

int run_simulate(const Options& options, Streams streams) {
  if (const auto wrong = check_simulate_flags(options)) {
    log::error(*wrong);
    return kBadUsage;
  }
  if (!options.simulate.from_cluster && !(options.kubernetes.kubeconfig.empty() && options.kubernetes.context.empty()))
    log::warn("no cluster is read: the kubeconfig and its context are used with --from-cluster alone");
  const auto catalog = load_catalog(options.catalog);
  if (!catalog) {
    log::error(catalog.error().message);
    return kBadUsage;
  }
  const auto plan = make_plan(options, *catalog);
  if (!plan) {
    log::error(plan.error().message);
    return kBadUsage;
  }
  if (!plan->world.scenario.variants.empty()) return simulate_variants(plan->world.scenario, options, streams);
  if (const auto wrong = check_judged_policy(options, plan->policies, plan->compared)) {
    log::error(*wrong);
    return kBadUsage;
  }
  bool written = true;
  const auto show = [&](const Outcome& outcome) {
    print_outcome(*plan, outcome, options, streams);
    if (options.simulate.html.empty()) return;
    std::optional<sim::PageAnswer> answer;
    if (plan->own) answer = own_answer(plan->world, outcome.changes);
    const auto page =
        write_file(options.simulate.html, sim::report_page(plan->world.scenario, outcome.reports, answer));
    if (!page) log::error(page.error().message);
    written = page.has_value();
  };
  const auto code_of = [&](const std::vector<sim::Report>& reports, bool page_written) {
    const bool kept = !options.simulate.fail_on_loss || keeps_every_request(reports, options.simulate.policy);
    return kept && page_written ? kDone : kFound;
  };
  if (!options.simulate.serve) {
    const auto outcome = run_unheard(*plan, options, streams);
    if (!outcome) {
      log::error(outcome.error().message);
      return kBadUsage;
    }
    show(*outcome);
    return code_of(outcome->reports, written);
  }
  bool shown = false;
  const auto reports = serve_simulation(plan->world.scenario, options, streams, [&](const auto& early) {
    shown = true;
    show({early, {}});
  });
  if (!reports) {
    log::error(reports.error().message);
    return reports.error().code == ErrorCode::InvalidInput ? kBadUsage : kFound;
  }
  if (!shown && !reports->empty()) show({*reports, {}});
  return code_of(*reports, written);
}

}  // namespace spotkeeper::cli
