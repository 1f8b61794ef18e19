// How often a Spot machine is taken back, by its class in the catalogue: the Spot Instance Advisor's, the share of a
// type's Spot capacity that was reclaimed in the month before.
#pragma once

#include "model/catalog.h"

namespace spotkeeper {

/// Interruptions an hour of a machine that is not young: the middle of the class (25 % for the open one) over a month
/// of 730.5 h.
[[nodiscard]] double interruptions_per_hour(InterruptionRate rate);

}  // namespace spotkeeper
