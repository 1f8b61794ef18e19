// Two plans side by side, for people.
#pragma once

#include <string>
#include <vector>

#include "cli/terminal.h"
#include "control/planning/comparison.h"
#include "control/planning/limit_costs.h"

namespace spotkeeper::cli {

/// A row for each figure: as things are, changed, and by how much.
[[nodiscard]] TextTable comparison_table(const control::Figures& base, const control::Figures& changed);

/// A line for each limit on risk: what it costs, and what would be without it.
[[nodiscard]] std::string limits_text(const std::vector<control::LimitCost>& limits);

}  // namespace spotkeeper::cli
