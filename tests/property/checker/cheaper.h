// A plan of the referee's own for a few pods, good enough to disprove a lower bound that is too high.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "tests/property/checker/filters.h"
#include "tests/property/checker/left_out.h"

namespace spotkeeper::checker {

/// The least, in millionths of a dollar an hour, for which these pods can be had on new machines: every way to group at
/// most five of them, each group on the cheapest machine that takes it, in some order by every rule. `start` has
/// everything else. Nothing where no grouping works out, or there are more pods.
std::optional<std::int64_t> cost_of_some_plan(const State& start, const std::vector<const Pod*>& pods,
                                              const PlaceRules& rules);

}  // namespace spotkeeper::checker
