#include "control/planning/report.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "plan/provision/preferences.h"
#include "plan/provision/risk.h"

namespace spotkeeper::control {
namespace {

using format::JsonArray;
using format::JsonObject;

double rounded(double value) { return std::round(value * 1e6) / 1e6; }

JsonArray pods_json(const plan::Problem& problem, const std::vector<plan::PodId>& pods) {
  JsonArray out;
  for (const plan::PodId pod : pods) out.emplace_back(problem.pods[pod].name.str());
  return out;
}

JsonObject node_json(const plan::Problem& problem, const plan::NewNode& node) {
  JsonObject out = offering_json(problem, node.offering);
  out["node_pool"] = problem.pools[node.pool].name;
  JsonObject labels;
  for (const auto& [key, value] : *node.labels) labels[key] = value;
  out["labels"] = std::move(labels);
  JsonArray alternatives;
  for (const std::uint32_t each : node.alternatives) alternatives.emplace_back(offering_json(problem, each));
  out["alternatives"] = std::move(alternatives);
  out["pods"] = pods_json(problem, node.pods);
  return out;
}

JsonObject risk_json(const plan::Risk& risk) {
  JsonArray shares;
  for (const plan::WorstShare& each : risk.worst) {
    shares.emplace_back(JsonObject{{"workload", each.workload.str()},
                                   {"type", each.pool.type},
                                   {"zone", each.pool.zone},
                                   {"pods", each.pods},
                                   {"of", each.of}});
  }
  return {{"expected_interruptions_per_day", rounded(risk.interruptions_per_day)},
          {"expected_interruptions_first_day", rounded(risk.interruptions_in_first_day)},
          {"worst_pool_shares", std::move(shares)}};
}

JsonObject preferences_json(const plan::Policy& policy, const plan::Satisfaction& satisfaction) {
  const std::int64_t missed = satisfaction.of - satisfaction.weight;
  return {{"policy", name_of(policy.preferences)},
          {"weight", satisfaction.weight},
          {"of", satisfaction.of},
          {"price_per_point_hour", policy.weight_price.str()},
          {"missed_per_hour", (policy.weight_price * missed).str()}};
}

}  // namespace

JsonObject offering_json(const plan::Problem& problem, std::uint32_t id) {
  const plan::Offering& offering = problem.offerings[id];
  return {{"type", problem.types[offering.type].name.str()},
          {"zone", problem.zones[offering.zone]},
          {"capacity_type", plan::name_of(offering.capacity)},
          {"price_per_hour", offering.price.str()}};
}

double gap_of(Money cost, Money lower_bound) {
  if (cost.micros == 0) return 0;
  if (lower_bound.micros == 0) return 1;
  return static_cast<double>(cost.micros) / static_cast<double>(lower_bound.micros) - 1;
}

Money dearest_of(const plan::Problem& problem, const plan::Plan& plan) {
  Money sum;
  for (const plan::NewNode& node : plan.nodes) {
    Money dearest = problem.offerings[node.offering].price;
    for (const std::uint32_t each : node.alternatives) dearest = std::max(dearest, problem.offerings[each].price);
    sum += dearest;
  }
  return sum;
}

JsonObject plan_json(const plan::Problem& problem, const plan::Plan& plan, double seconds) {
  const Money dearest = dearest_of(problem, plan);
  JsonArray nodes;
  for (const plan::NewNode& each : plan.nodes) nodes.emplace_back(node_json(problem, each));
  JsonArray existing;
  for (std::size_t i = 0; i < plan.existing.size(); ++i) {
    if (plan.existing[i].empty()) continue;
    existing.emplace_back(
        JsonObject{{"node", problem.nodes[i].node.name.str()}, {"pods", pods_json(problem, plan.existing[i])}});
  }
  JsonArray unplaced;
  for (const plan::Unplaced& each : plan.unplaced)
    unplaced.emplace_back(JsonObject{{"pod", each.pod}, {"reason", each.reason}});
  JsonArray remarks;
  for (const std::string& each : problem.remarks) remarks.emplace_back(each);
  return {{"cost_per_hour", plan.cost.str()},
          {"lower_bound_per_hour", plan.lower_bound.str()},
          {"gap", rounded(gap_of(plan.cost, plan.lower_bound))},
          {"dearest_per_hour", dearest.str()},
          {"dearest_gap", rounded(gap_of(dearest, plan.lower_bound))},
          {"seconds", seconds},
          {"steps", plan.steps.steps},
          {"seed", plan.seed.value},
          {"risk", risk_json(plan::risk_of(problem, plan))},
          {"preferences", preferences_json(problem.policy, plan::satisfaction_of(problem, plan))},
          {"nodes", std::move(nodes)},
          {"existing", std::move(existing)},
          {"unplaced", std::move(unplaced)},
          {"remarks", std::move(remarks)}};
}

}  // namespace spotkeeper::control
