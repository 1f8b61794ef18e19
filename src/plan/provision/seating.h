// Every way to seat a few pods on a few nodes.
#pragma once

#include <optional>
#include <vector>

#include "plan/provision/purchase.h"

namespace spotkeeper::plan {

struct SeatingRules {
  Leniency leniency;  // what may be given up for a seat
  /// Who can have a new machine without giving up anything is left out before anybody else, and gives up nothing.
  bool new_machines = false;
};

/// A seating of `pods` on the nodes that are there or bought, in which every pod keeps all that the rules do not give
/// up, and which leaves out fewer of them than `now` does, and of those the less important; pods that have a place in
/// `now` may move. None, if there is none or the search would be too long. `purchase` holds what `now` says, and holds
/// it again afterwards.
[[nodiscard]] std::optional<std::vector<std::optional<NodeId>>> seat_all(Purchase& purchase,
                                                                         const std::vector<PodId>& pods,
                                                                         const std::vector<std::optional<NodeId>>& now,
                                                                         SeatingRules rules);

}  // namespace spotkeeper::plan
