// `spotkeeper plan`: which machines to buy for which pods.
#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "cli/catalog_file.h"
#include "cli/commands.h"
#include "cli/manifest_files.h"
#include "cli/output.h"
#include "cli/plan_explanation.h"
#include "cli/plan_steps.h"
#include "cli/plan_table.h"
#include "control/planning/documents.h"
#include "control/planning/explanation.h"
#include "control/planning/report.h"
#include "format/yaml.h"
#include "net/event_loop.h"

namespace spotkeeper::cli {
namespace {

/// YAML reads JSON, too, but a document of many megabytes is better read as what it is.
Result<void> parse_into(const ManifestFile& file, std::vector<format::JsonValue>& documents) {
  if (trim(file.text).starts_with('{')) {
    if (auto json = format::parse_json(file.text)) {
      documents.push_back(*std::move(json));
      return {};
    }
  }
  auto parsed = format::parse_yaml_stream(file.text);
  if (!parsed) return fail(ErrorCode::InvalidInput, format::in_file(file.name, parsed.error()));
  for (const format::YamlDocument& each : *parsed) documents.push_back(each.value());
  return {};
}

std::vector<std::string> list_in(const std::string& text) {
  std::vector<std::string> out;
  for (const std::string_view each : split(text, ','))
    if (!trim(each).empty()) out.emplace_back(trim(each));
  return out;
}

Result<control::PlanningOptions> planning_options(const PlanOptions& options) {
  control::PlanningOptions out;
  out.zones = list_in(options.zones);
  if (!options.prices.empty()) {
    SK_TRY(const std::string text, read_file(options.prices));
    SK_TRY(out.prices, control::parse_prices(text, options.prices));
  }
  for (const std::string& each : list_in(options.unavailable)) {
    SK_TRY(auto pool, control::parse_unavailable(each).within("--unavailable"));
    out.unavailable.push_back(std::move(pool));
  }
  out.policy.default_arch = options.default_arch;
  out.policy.notice = options.notice;
  out.policy.steady_on_demand = options.steady_on_demand;
  out.policy.pool_share = options.pool_share;
  out.policy.node_share = options.node_share;
  out.policy.budgets_cap = options.budgets_cap;
  return out;
}

Result<plan::Problem> read_all(const Options& options) {
  SK_TRY(const Catalog catalog, load_catalog(options.catalog));
  SK_TRY(const auto planning, planning_options(options.plan));
  SK_TRY(const auto files, read_manifest_files(options.plan.files));
  std::vector<format::JsonValue> documents;
  for (const ManifestFile& file : files) SK_CHECK(parse_into(file, documents));
  return control::read_problem(documents, catalog, planning);
}

/// As many steps as fit into the time that is left when there is a first plan.
plan::StepBudget budget_of(net::EventLoop& loop, const plan::Problem& problem, const PlanOptions& options,
                           plan::Seed seed) {
  if (options.steps) return {static_cast<std::uint64_t>(*options.steps)};
  return {steps_within(seconds_of(options.time_budget), [&](std::uint64_t steps) {
    const auto begin = loop.steady();
    const plan::Plan plan = plan::make_plan(problem, {steps}, seed);
    return seconds_of(loop.steady() - begin);
  })};
}

Result<std::vector<plan::Explanation>> explain_all(const std::vector<std::string>& pods, const plan::Problem& problem,
                                                   const plan::Plan& plan) {
  std::vector<plan::Explanation> out;
  for (const std::string& pod : pods) {
    auto explanation = plan::explain(problem, plan, pod);
    if (!explanation)
      return fail(ErrorCode::InvalidInput, fmt::format("--explain: no pod is called {} (NAMESPACE/NAME)", quote(pod)));
    out.push_back(*std::move(explanation));
  }
  return out;
}

}  // namespace

int run_plan(const Options& options, Streams streams) {
  const auto problem = read_all(options);
  if (!problem) {
    log::error(problem.error().message);
    return kBadUsage;
  }
  net::EventLoop loop;
  const plan::Seed seed{static_cast<std::uint64_t>(options.plan.seed.value_or(1))};
  const plan::StepBudget steps = budget_of(loop, *problem, options.plan, seed);
  const auto begin = loop.steady();
  const plan::Plan plan = plan::make_plan(*problem, steps, seed);
  const double seconds = seconds_of(loop.steady() - begin);
  const auto explanations = explain_all(options.plan.explain, *problem, plan);
  if (!explanations) {
    log::error(explanations.error().message);
    return kBadUsage;
  }
  format::JsonObject document = control::plan_json(*problem, plan, seconds);
  format::JsonArray explained;
  for (const plan::Explanation& each : *explanations)
    explained.emplace_back(control::explanation_json(*problem, plan, each));
  if (!explained.empty()) document["explanations"] = std::move(explained);
  print_data(document, plan_table(*problem, plan), options.output, streams);
  if (options.output == OutputFormat::Table) {
    print(streams.out, plan_text(*problem, plan));
    for (const plan::Explanation& each : *explanations) print(streams.out, explanation_text(*problem, plan, each));
  }
  return plan.unplaced.empty() ? kDone : kFound;
}

}  // namespace spotkeeper::cli
