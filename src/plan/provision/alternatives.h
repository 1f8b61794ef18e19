// What else the machines of a plan may be launched as.
//
// A fleet request is given a list and takes what has capacity (price-capacity-optimized), so that a plan is as good as
// the worst choice from its lists. An alternative holds all that is on its machine, is of the same capacity type, and
// is a tenth dearer at most. And whichever of them are launched, all together, no workload has more of its pods in one
// Spot pool than its cap, or than the plan has itself where that gave the cap up.
#pragma once

#include <cstdint>
#include <vector>

#include "plan/provision/purchase.h"

namespace spotkeeper::plan {

/// By node, as in `nodes`, which were bought and have pods: offerings (into Problem::offerings), cheapest first.
/// Machines next to each other that hold the same are of one list. Where a NodePool's minValues ask for more than that
/// leaves, its nodes have as many more as it takes, of any price and capacity type.
[[nodiscard]] std::vector<std::vector<std::uint32_t>> find_alternatives(const Purchase& purchase,
                                                                        const std::vector<NodeId>& nodes);

}  // namespace spotkeeper::plan
