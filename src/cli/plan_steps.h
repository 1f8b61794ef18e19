// How many steps of the planner's search fit into a time: inside plan/ there is no clock.
#pragma once

#include <cstdint>
#include <functional>

namespace spotkeeper::cli {

/// `seconds_of`: how long a plan takes with so many steps. It is asked for ever more of them until what they take is an
/// eighth of `budget` (seconds), so that neither a clock's resolution nor another process decides.
[[nodiscard]] std::uint64_t steps_within(double budget, const std::function<double(std::uint64_t steps)>& seconds_of);

}  // namespace spotkeeper::cli
