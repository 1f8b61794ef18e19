// `spotkeeper plan`: which machines to buy for which pods.
#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/log.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/plan_comparison.h"
#include "cli/plan_explanation.h"
#include "cli/plan_input.h"
#include "cli/plan_steps.h"
#include "cli/plan_table.h"
#include "control/planning/comparison.h"
#include "control/planning/explanation.h"
#include "control/planning/limit_costs.h"
#include "control/planning/report.h"
#include "net/event_loop.h"

namespace spotkeeper::cli {
namespace {

constexpr std::uint64_t kPartForLimits = 8;  // of the plan's steps, for each plan without one of the limits

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

/// A plan with what is said about it.
struct Answer {
  const plan::Problem& problem;
  plan::Plan plan;
  double seconds = 0;
  std::vector<plan::Explanation> explanations;
};

Answer answer_to(net::EventLoop& loop, const plan::Problem& problem, plan::StepBudget steps, plan::Seed seed,
                 const std::vector<std::string>& explained) {
  const auto begin = loop.steady();
  Answer out{problem, plan::make_plan(problem, steps, seed), 0, {}};
  out.seconds = seconds_of(loop.steady() - begin);
  for (const std::string& pod : explained)
    if (auto explanation = plan::explain(problem, out.plan, pod); explanation)
      out.explanations.push_back(*std::move(explanation));
  return out;
}

/// Pods are known before there is a plan, but for those that could not even be read.
Result<void> all_known(const std::vector<std::string>& pods, const Answer& answer) {
  for (const std::string& pod : pods)
    if (std::ranges::find(answer.explanations, pod, &plan::Explanation::pod) == answer.explanations.end())
      return fail(ErrorCode::InvalidInput, fmt::format("--explain: no pod is called {} (NAMESPACE/NAME)", quote(pod)));
  return {};
}

format::JsonObject document_of(const Answer& answer) {
  format::JsonObject out = control::plan_json(answer.problem, answer.plan, answer.seconds);
  if (answer.explanations.empty()) return out;
  format::JsonArray explained;
  for (const plan::Explanation& each : answer.explanations)
    explained.emplace_back(control::explanation_json(answer.problem, answer.plan, each));
  out["explanations"] = std::move(explained);
  return out;
}

std::string text_of(const Answer& answer) {
  std::string text = plan_text(answer.problem, answer.plan);
  for (const plan::Explanation& each : answer.explanations) text += explanation_text(answer.problem, answer.plan, each);
  return text;
}

format::JsonObject what_if_json(const std::vector<control::Change>& changes, const Answer& base,
                                const Answer& changed) {
  format::JsonArray texts;
  for (const control::Change& each : changes) texts.emplace_back(each.text);
  format::JsonObject difference = control::difference_json(control::figures_of(base.problem, base.plan),
                                                           control::figures_of(changed.problem, changed.plan));
  format::JsonArray newly;
  for (const std::string& pod : control::newly_unplaced(base.plan, changed.plan)) newly.emplace_back(pod);
  difference["newly_unplaced"] = std::move(newly);
  return {{"changes", std::move(texts)}, {"difference", std::move(difference)}, {"plan", document_of(changed)}};
}

void print_changed(const std::vector<control::Change>& changes, const Answer& base, const Answer& changed,
                   Streams streams) {
  std::vector<std::string> texts;
  texts.reserve(changes.size());
  for (const control::Change& each : changes) texts.push_back(each.text);
  print(streams.out, fmt::format("\nWhat if {}:\n\n", join(texts, ", ")));
  print(streams.out, plan_table(changed.problem, changed.plan).str(Colours(streams.out)) + text_of(changed) + "\n");
  const auto table = comparison_table(control::figures_of(base.problem, base.plan),
                                      control::figures_of(changed.problem, changed.plan));
  print(streams.out, table.str(Colours(streams.out)));
  const auto newly = control::newly_unplaced(base.plan, changed.plan);
  if (!newly.empty()) print(streams.out, fmt::format("Without a place then: {}\n", join(newly, " ")));
}

}  // namespace

int run_plan(const Options& options, Streams streams) {
  const auto input = read_plan_input(options);
  if (!input) {
    log::error(input.error().message);
    return kBadUsage;
  }
  net::EventLoop loop;
  const plan::Seed seed{static_cast<std::uint64_t>(options.plan.seed.value_or(1))};
  const plan::StepBudget steps = budget_of(loop, input->problem, options.plan, seed);
  const Answer base = answer_to(loop, input->problem, steps, seed, options.plan.explain);
  if (const auto known = all_known(options.plan.explain, base); !known) {
    log::error(known.error().message);
    return kBadUsage;
  }
  std::vector<control::LimitCost> limits;
  if (options.plan.risk_costs) limits = control::costs_of_limits(input->problem, {steps.steps / kPartForLimits}, seed);
  std::optional<Answer> changed;
  if (input->changed) changed.emplace(answer_to(loop, *input->changed, steps, seed, options.plan.explain));
  format::JsonObject document = document_of(base);
  document["risk"].as_object()["limits"] = control::limits_json(limits);
  if (changed) document["what_if"] = what_if_json(input->changes, base, *changed);
  print_data(document, plan_table(base.problem, base.plan), options.output, streams);
  if (options.output == OutputFormat::Table) {
    print(streams.out, text_of(base) + limits_text(limits));
    if (changed) print_changed(input->changes, base, *changed, streams);
  }
  return base.plan.unplaced.empty() ? kDone : kFound;
}

}  // namespace spotkeeper::cli
