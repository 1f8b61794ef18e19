#include "cli/simulate_variants.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/log.h"
#include "base/text.h"
#include "cli/output.h"
#include "cli/own_world.h"
#include "cli/simulate_flags.h"
#include "cli/simulate_once.h"
#include "cli/terminal.h"
#include "sim/page/report_page.h"

namespace spotkeeper::cli {
namespace {

struct VariantRuns {
  std::string name;
  std::string description;
  std::vector<sim::Report> reports;  // one a policy
};

/// What the flags ask for that is about one run; none: nothing.
std::optional<std::string> asked_of_one(const Options& options) {
  const SimulateOptions& simulate = options.simulate;
  for (const auto& [given, flag] :
       {std::pair{!simulate.html.empty(), "--html"}, std::pair{simulate.explain_lost, "--explain-lost"},
        std::pair{simulate.explain_deaths, "--explain-deaths"}, std::pair{simulate.serve, "--serve"},
        std::pair{!simulate.trace.empty(), "--trace"},
        std::pair{options.output == OutputFormat::Csv, "--output csv"}}) {
    if (given) return flag;
  }
  return std::nullopt;
}

Result<std::vector<VariantRuns>> run_each(const sim::Scenario& scenario, const std::vector<sim::Policy>& policies,
                                          const Options& options, Streams streams) {
  const Unheard unheard(options);
  std::vector<VariantRuns> runs;
  for (const sim::ScenarioVariant& variant : scenario.variants) {
    runs.push_back({variant.name, variant.description, {}});
    for (const sim::Policy policy : policies) {
      auto report = simulate_once(*variant.scenario, policy, options, streams);
      if (!report) return fail(std::move(report).error().within(variant.scenario->name));
      runs.back().reports.push_back(std::move(*report));
    }
  }
  return runs;
}

format::JsonValue document_of(const sim::Scenario& scenario, const std::vector<VariantRuns>& runs) {
  format::JsonArray variants;
  for (const VariantRuns& variant : runs) {
    format::JsonArray reports;
    for (const sim::Report& report : variant.reports) reports.push_back(sim::to_json(report));
    variants.push_back(
        format::JsonObject{{"name", variant.name}, {"description", variant.description}, {"runs", std::move(reports)}});
  }
  return format::JsonObject{
      {"scenario", scenario.name}, {"seed", runs.front().reports.front().seed}, {"variants", std::move(variants)}};
}

/// A row of figures for each variant, and below it what they cost in pods and money.
TextTable table_of(const sim::Scenario& scenario, const std::vector<VariantRuns>& runs, const Colours& colours) {
  using Align = TextTable::Align;
  const std::vector<sim::Report>& first = runs.front().reports;
  std::vector<TextTable::Column> columns{
      {fmt::format("{} (seed {}): requests lost", scenario.name, first.front().seed), Align::Left}};
  for (const sim::Report& report : first) columns.push_back({std::string(sim::name_of(report.policy)), Align::Right});
  TextTable table(std::move(columns));
  const auto add = [&](std::string what, const VariantRuns& variant, auto cell) {
    std::vector<std::string> cells{std::move(what)};
    for (const sim::Report& report : variant.reports) cells.push_back(cell(report));
    table.add(std::move(cells));
  };
  for (const VariantRuns& variant : runs) {
    add(variant.name, variant, [&](const sim::Report& report) {
      const std::uint64_t lost = report.traffic.lost();
      return lost == 0 ? colours.good("0") : colours.bad(sim::thousands(lost));
    });
    add("  pods killed hard", variant,
        [](const sim::Report& report) { return sim::thousands(report.pods.killed_hard); });
    add("  cost an hour", variant, [](const sim::Report& report) {
      const Money cost = report.market.per_hour(report.market.total);
      return fmt::format("{:.4f} USD", static_cast<double>(cost.micros) / 1e6);
    });
  }
  return table;
}

std::string descriptions(const std::vector<VariantRuns>& runs) {
  std::string text = "\n";
  for (const VariantRuns& variant : runs) {
    if (!variant.description.empty()) text += fmt::format("{}: {}\n", variant.name, variant.description);
  }
  return text;
}

}  // namespace

int simulate_variants(const sim::Scenario& scenario, const Options& options, Streams streams) {
  if (const auto flag = asked_of_one(options)) {
    std::vector<std::string_view> names;
    names.reserve(scenario.variants.size());
    for (const sim::ScenarioVariant& variant : scenario.variants) names.push_back(variant.name);
    log::error(fmt::format("{0} is about one run, and {1} has variants: choose one as {1}/NAME ({2})", *flag,
                           options.simulate.scenario, join(names, ", ")));
    return kBadUsage;
  }
  const std::vector<sim::Policy> policies = own_policies(options.simulate);
  if (const auto wrong = check_judged_policy(options, policies, true)) {
    log::error(*wrong);
    return kBadUsage;
  }
  const auto runs = run_each(scenario, policies, options, streams);
  if (!runs) {
    log::error(runs.error().message);
    return kBadUsage;
  }
  print_data(document_of(scenario, *runs), table_of(scenario, *runs, Colours(streams.out)), options.output, streams);
  if (options.output == OutputFormat::Table) print(streams.out, descriptions(*runs));
  if (!options.simulate.fail_on_loss) return kDone;
  const auto keeps = [&](const VariantRuns& variant) {
    return keeps_every_request(variant.reports, options.simulate.policy);
  };
  return std::ranges::count_if(*runs, keeps) == std::ssize(*runs) ? kDone : kFound;
}

}  // namespace spotkeeper::cli
