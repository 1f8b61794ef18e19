#include "control/planning/comparison.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "plan/provision/preferences.h"
#include "plan/provision/risk.h"

namespace spotkeeper::control {
namespace {

double rounded(double value) { return std::round(value * 1e6) / 1e6; }

}  // namespace

Figures figures_of(const plan::Problem& problem, const plan::Plan& plan) {
  const plan::Risk risk = plan::risk_of(problem, plan);
  Figures out{plan.cost,
              plan.lower_bound,
              static_cast<std::int64_t>(plan.nodes.size()),
              static_cast<std::int64_t>(plan.unplaced.size()),
              risk.interruptions_per_day,
              0,
              plan::satisfaction_of(problem, plan).weight};
  for (const plan::WorstShare& each : risk.worst)
    out.worst_pool_share =
        std::max(out.worst_pool_share, static_cast<double>(each.pods) / static_cast<double>(each.of));
  return out;
}

std::vector<std::string> newly_unplaced(const plan::Plan& base, const plan::Plan& changed) {
  std::set<std::string> before;
  for (const plan::Unplaced& each : base.unplaced) before.insert(each.pod);
  std::vector<std::string> out;
  for (const plan::Unplaced& each : changed.unplaced)
    if (!before.contains(each.pod)) out.push_back(each.pod);
  return out;
}

format::JsonObject difference_json(const Figures& base, const Figures& changed) {
  return {{"cost_per_hour", (changed.cost - base.cost).str()},
          {"lower_bound_per_hour", (changed.lower_bound - base.lower_bound).str()},
          {"nodes", changed.nodes - base.nodes},
          {"unplaced", changed.unplaced - base.unplaced},
          {"expected_interruptions_per_day", rounded(changed.interruptions_per_day - base.interruptions_per_day)},
          {"worst_pool_share", rounded(changed.worst_pool_share - base.worst_pool_share)},
          {"preferred_weight", changed.preferred - base.preferred}};
}

}  // namespace spotkeeper::control
