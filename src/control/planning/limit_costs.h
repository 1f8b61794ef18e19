// What each limit on risk costs.
#pragma once

#include <string_view>
#include <vector>

#include "control/planning/comparison.h"
#include "format/json.h"

namespace spotkeeper::control {

struct LimitCost {
  std::string_view limit;  // the option: "risk-pool-share"
  Figures with;
  Figures without;  // with this limit off and the others on
};

/// Of the limits that are on and that the problem has something for; each by a plan of its own with this budget.
[[nodiscard]] std::vector<LimitCost> costs_of_limits(const plan::Problem& problem, plan::StepBudget budget,
                                                     plan::Seed seed);

[[nodiscard]] format::JsonArray limits_json(const std::vector<LimitCost>& limits);

}  // namespace spotkeeper::control
