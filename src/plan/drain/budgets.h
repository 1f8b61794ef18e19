// What disruption budgets allow, as the eviction API decides it (pkg/registry/core/pod/storage/eviction.go).
#pragma once

#include <cstdint>
#include <span>

#include "model/disruption_budget.h"
#include "model/pod.h"

namespace spotkeeper::plan::drain {

/// A budget's state as it is now, or as it is projected to be.
struct BudgetState {
  const DisruptionBudget* budget = nullptr;
  /// Healthy pods beyond those it wants; negative: below. While positive, that many disruptions are allowed.
  std::int64_t spare = 0;
  /// Its status lags behind its spec: the API refuses now, whatever `spare` says.
  bool stale = false;
};

/// `serving`: how many of the pods that it covers are Ready and not told to end.
[[nodiscard]] BudgetState budget_state(const DisruptionBudget& budget, std::int64_t serving);

enum class Allowance {
  Free,     // allowed, and no disruption is spent
  Spends,   // allowed, for one disruption
  Refused,  // the API would say 429
};
/// Pending pods are never protected; others that are not Ready by `unhealthyPodEvictionPolicy`.
[[nodiscard]] Allowance allowance(const BudgetState& state, const Pod& pod);

}  // namespace spotkeeper::plan::drain
