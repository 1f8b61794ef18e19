// Every way to seat a few pods on a few nodes.
#pragma once

#include <optional>
#include <vector>

#include "plan/schedule/board.h"

namespace spotkeeper::plan {

/// A seating of `pods` (in the order of their importance) on the nodes of the board that leaves out fewer of them than
/// `now` does, and of those the less important; pods that have a place in `now` may move. None, if there is none or the
/// search would be too long. `board` holds what `now` says, and holds it again afterwards.
[[nodiscard]] std::optional<std::vector<std::optional<NodeId>>> seat_all(Board& board, const Problem& problem,
                                                                         const std::vector<PodId>& pods,
                                                                         const std::vector<std::optional<NodeId>>& now);

}  // namespace spotkeeper::plan
