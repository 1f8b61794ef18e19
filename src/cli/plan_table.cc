#include "cli/plan_table.h"

#include <fmt/format.h>

#include <set>
#include <vector>

#include "base/text.h"
#include "control/planning/report.h"
#include "plan/provision/preferences.h"
#include "plan/provision/risk.h"

namespace spotkeeper::cli {
namespace {

std::string pods_text(const plan::Problem& problem, const std::vector<plan::PodId>& pods) {
  std::vector<std::string> names;
  names.reserve(pods.size());
  for (const plan::PodId pod : pods) names.push_back(problem.pods[pod].name.str());
  return join(names, " ");
}

std::string alternatives_text(const plan::Problem& problem, const plan::NewNode& node) {
  std::vector<std::string> names;
  std::set<std::string> seen;
  for (const std::uint32_t each : node.alternatives) {
    const std::string& name = problem.types[problem.offerings[each].type].name.str();
    if (seen.insert(name).second) names.push_back(name);
  }
  return join(names, " ");
}

}  // namespace

TextTable plan_table(const plan::Problem& problem, const plan::Plan& plan) {
  using Align = TextTable::Align;
  TextTable table({{"TYPE"},
                   {"ZONE"},
                   {"CAPACITY"},
                   {"$/H", Align::Right},
                   {"NODEPOOL"},
                   {"PODS", Align::Right},
                   {"WHICH"},
                   {"OR"}});
  for (const plan::NewNode& node : plan.nodes) {
    const plan::Offering& offering = problem.offerings[node.offering];
    table.add({problem.types[offering.type].name.str(), problem.zones[offering.zone],
               std::string(plan::name_of(offering.capacity)), offering.price.str(), problem.pools[node.pool].name,
               std::to_string(node.pods.size()), pods_text(problem, node.pods), alternatives_text(problem, node)});
  }
  return table;
}

std::string plan_text(const plan::Problem& problem, const plan::Plan& plan) {
  std::string text;
  for (std::size_t i = 0; i < plan.existing.size(); ++i) {
    if (plan.existing[i].empty()) continue;
    text += fmt::format("On {}: {}\n", problem.nodes[i].node.name.str(), pods_text(problem, plan.existing[i]));
  }
  for (const plan::Unplaced& each : plan.unplaced) text += fmt::format("No place for {}: {}\n", each.pod, each.reason);
  text += fmt::format("Cost: ${} an hour for {} machines; no plan can cost less than ${} ({:.2f} % above it).\n",
                      plan.cost.str(), plan.nodes.size(), plan.lower_bound.str(),
                      control::gap_of(plan.cost, plan.lower_bound) * 100);
  const Money dearest = control::dearest_of(problem, plan);
  if (dearest > plan.cost)
    text += fmt::format("Whichever of the alternatives is launched: ${} at most ({:.2f} % above it).\n", dearest.str(),
                        control::gap_of(dearest, plan.lower_bound) * 100);
  text += fmt::format("The same again: --steps {} --seed {}.\n", plan.steps.steps, plan.seed.value);
  const plan::Risk risk = plan::risk_of(problem, plan);
  text += fmt::format("Expected interruptions: {:.3f} a day, {:.3f} on the first.\n", risk.interruptions_per_day,
                      risk.interruptions_in_first_day);
  for (const plan::WorstShare& each : risk.worst)
    text += fmt::format("{}: {} of {} pods in one Spot pool ({} in {}).\n", each.workload.str(), each.pods, each.of,
                        each.pool.type, each.pool.zone);
  const plan::Satisfaction preferred = plan::satisfaction_of(problem, plan);
  if (preferred.of != 0)
    text += fmt::format("Preferred terms: {} of {} points of weight are met (--preferences={}).\n", preferred.weight,
                        preferred.of, name_of(problem.policy.preferences));
  for (const std::string& each : problem.remarks) text += each + "\n";
  return text;
}

}  // namespace spotkeeper::cli
