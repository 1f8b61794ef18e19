// Machines for pods that keep apart from each other, with everything else beside them.
//
// Where anti-affinity asks for more machines than all pods would need by their size, machines that are bought for what
// they can hold at best leave one small pod for each of the last ones. Here every such pod gets a machine first, the
// cheapest; the others follow, those that are worth most first, each where it leaves the least room unused; where there
// is no room, the machine that gets dearer by least becomes a larger one.
#pragma once

#include <cstdint>
#include <vector>

#include "plan/provision/menu.h"

namespace spotkeeper::plan {

/// What is together on each machine, in an order in which it could come; each holds one of menu.apart(). What is held
/// is taken from `left` (by item). Some machine takes each content; shares of Spot pools and limits of NodePools are
/// not looked at.
[[nodiscard]] std::vector<Content> ride_along(const Menu& menu, const std::vector<double>& worth,
                                              std::vector<std::int64_t>& left);

}  // namespace spotkeeper::plan
