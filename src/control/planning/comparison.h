// Two plans side by side.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "format/json.h"
#include "plan/provision/plan.h"

namespace spotkeeper::control {

/// A plan in a few figures.
struct Figures {
  Money cost;
  Money lower_bound;
  std::int64_t nodes = 0;  // to buy
  std::int64_t unplaced = 0;
  double interruptions_per_day = 0;
  double worst_pool_share = 0;  // of any workload, lost with one Spot pool
  std::int64_t preferred = 0;   // weight of preferred terms that is met
};
[[nodiscard]] Figures figures_of(const plan::Problem& problem, const plan::Plan& plan);

/// Pods that have no place in `changed` and are not without one in `base`, by name.
[[nodiscard]] std::vector<std::string> newly_unplaced(const plan::Plan& base, const plan::Plan& changed);

/// Of each figure, what `changed` has more of than `base`; below 0: less.
[[nodiscard]] format::JsonObject difference_json(const Figures& base, const Figures& changed);

}  // namespace spotkeeper::control
