#include "control/planning/limit_costs.h"

#include <utility>

namespace spotkeeper::control {

std::vector<LimitCost> costs_of_limits(const plan::Problem& problem, plan::StepBudget budget, plan::Seed seed) {
  const plan::Policy& policy = problem.policy;
  std::vector<std::pair<std::string_view, plan::Policy>> off;
  const auto try_without = [&](std::string_view limit, bool on, auto turn_off) {
    if (on) turn_off(off.emplace_back(limit, policy).second);
  };
  try_without("risk-pool-share", policy.pool_share < 1, [](plan::Policy& each) { each.pool_share = 1; });
  try_without("risk-budgets", policy.budgets_cap && !problem.budgets.empty(),
              [](plan::Policy& each) { each.budgets_cap = false; });
  try_without("risk-node-share", policy.node_share < 1, [](plan::Policy& each) { each.node_share = 1; });
  try_without("risk-steady-on-demand", policy.steady_on_demand,
              [](plan::Policy& each) { each.steady_on_demand = false; });
  std::vector<LimitCost> out;
  if (off.empty() || problem.pods.empty() || problem.pools.empty()) return out;
  plan::Problem other = problem;
  const Figures with = figures_of(problem, plan::make_plan(problem, budget, seed));
  for (const auto& [limit, without] : off) {
    other.policy = without;
    out.push_back({limit, with, figures_of(other, plan::make_plan(other, budget, seed))});
  }
  return out;
}

format::JsonArray limits_json(const std::vector<LimitCost>& limits) {
  format::JsonArray out;
  for (const LimitCost& each : limits) {
    out.emplace_back(format::JsonObject{{"limit", each.limit},
                                        {"cost_per_hour", (each.with.cost - each.without.cost).str()},
                                        {"without", difference_json(each.with, each.without)}});
  }
  return out;
}

}  // namespace spotkeeper::control
