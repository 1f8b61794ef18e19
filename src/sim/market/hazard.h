// How likely a Spot machine is to be taken back, by its class in the catalogue and by its age.
//
// The class is the Spot Instance Advisor's: the share of a type's Spot capacity that was reclaimed in the month before.
// It gives the rate of a machine that is old; young ones go sooner (both in model/hazard.h).
#pragma once

#include "base/time.h"

namespace spotkeeper::sim::market {

/// Longer than any scenario: a hundred years.
inline constexpr Duration kNever = 24h * 36525;

/// How many times an old machine's rate holds at this age: 10 in the first half hour, 5 in the second, 2.4 until 3
/// h, 1.5 until 6 h, then 1.
[[nodiscard]] double age_factor(Duration age);

/// When a machine of that age is interrupted, as time from now, for one draw of a unit exponential: the time after
/// which the rate, summed up, reaches it. kNever where that is longer.
[[nodiscard]] Duration until_interruption(double per_hour, Duration age, double exponential);

}  // namespace spotkeeper::sim::market
