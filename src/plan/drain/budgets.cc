#include "plan/drain/budgets.h"

#include <algorithm>

namespace spotkeeper::plan::drain {

BudgetState budget_state(const DisruptionBudget& budget, std::int64_t serving) {
  BudgetState state{&budget, 0, budget.stale()};
  // Our own count is fresher than the status: a disruption that has been accepted shows in the pods before it shows
  // there.
  const std::int64_t beyond = serving - budget.desired_healthy;
  if (state.stale) {
    state.spare = beyond;
  } else if (budget.disruptions_allowed > 0) {
    state.spare = std::clamp<std::int64_t>(beyond, 0, budget.disruptions_allowed);
  } else {
    // Nothing allowed although enough are healthy: the disruption controller could not work it out.
    state.spare = std::min<std::int64_t>(beyond, 0);
  }
  return state;
}

Allowance allowance(const BudgetState& state, const Pod& pod) {
  if (pod.phase == PodPhase::Pending) return Allowance::Free;
  if (!pod.ready) {
    if (state.budget->unhealthy == UnhealthyPodEviction::AlwaysAllow) return Allowance::Free;
    if (state.budget->unhealthy == UnhealthyPodEviction::Unknown) return Allowance::Refused;
    if (state.spare >= 0 && state.budget->desired_healthy > 0) return Allowance::Free;
  }
  return !state.stale && state.spare > 0 ? Allowance::Spends : Allowance::Refused;
}

}  // namespace spotkeeper::plan::drain
