// A plan as a document (docs/plan.md has the schema).
#pragma once

#include <cstdint>

#include "format/json.h"
#include "plan/provision/plan.h"

namespace spotkeeper::control {

/// How much dearer a plan is than its bound: 0.03 is 3 %. 0 where nothing is bought, 1 where there is no bound.
[[nodiscard]] double gap_of(Money cost, Money lower_bound);

/// What the plan costs if each machine to buy is launched as its dearest alternative: no choice of them costs more.
[[nodiscard]] Money dearest_of(const plan::Problem& problem, const plan::Plan& plan);

/// type, zone, capacity_type, price_per_hour.
[[nodiscard]] format::JsonObject offering_json(const plan::Problem& problem, std::uint32_t offering);

/// Amounts of money are text, as a double would not keep them exact. `seconds`: how long it took to make, the one
/// figure that differs from run to run.
[[nodiscard]] format::JsonObject plan_json(const plan::Problem& problem, const plan::Plan& plan, double seconds);

}  // namespace spotkeeper::control
