// How often a Spot machine is taken back, by its class in the catalogue: the Spot Instance Advisor's, the share of a
// type's Spot capacity that was reclaimed in the month before.
#pragma once

#include <array>

#include "base/time.h"
#include "model/catalog.h"

namespace spotkeeper {

/// Young machines go sooner: in recorded runs of single machines (one pool at a time, so that good and bad pools are
/// not mixed) the rate fell to a tenth from the first half hour to the sixth hour, by four to five times of that within
/// three hours, and was flat from then on. Up to that age, how many times an old machine's rate holds.
struct AgeFactor {
  Duration until;
  double factor;
};
inline constexpr std::array<AgeFactor, 5> kAgeFactors{
    {{30min, 10}, {1h, 5}, {3h, 2.4}, {6h, 1.5}, {24h * 36525, 1}}};  // the last: a hundred years

/// Interruptions an hour of a machine that is not young: the middle of the class (25 % for the open one) over a month
/// of 730.5 h.
[[nodiscard]] double interruptions_per_hour(InterruptionRate rate);

/// What is to be expected of a new machine in its first 24 hours.
[[nodiscard]] double interruptions_in_first_day(InterruptionRate rate);

}  // namespace spotkeeper
