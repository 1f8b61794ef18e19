// A plan for people.
#pragma once

#include <string>

#include "cli/terminal.h"
#include "plan/provision/plan.h"

namespace spotkeeper::cli {

/// One row a machine to buy: how it is launched, what else would do, what is on it.
[[nodiscard]] TextTable plan_table(const plan::Problem& problem, const plan::Plan& plan);

/// What stands behind it: pods on nodes that are there, pods without a place, cost and bound.
[[nodiscard]] std::string plan_text(const plan::Problem& problem, const plan::Plan& plan);

}  // namespace spotkeeper::cli
