// How much of a workload may be lost at once: with one Spot pool, and with one new node (docs/plan.md).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tests/property/checker/answer.h"
#include "tests/property/checker/left_out.h"

namespace spotkeeper::checker {

/// Of a workload's pods, placed or not; one of them may be anywhere. Nothing: no cap.
struct ShareCaps {
  std::optional<double> pool;
  std::optional<double> node;
};

/// Where a cap is exceeded although one of the pods that are together has a place where none is. A limit on the share
/// of a pool outlasts one on that of a node: to keep it, a node may be given more.
std::vector<std::string> shares_exceeded(const Answer& answer, const Ending& ending, const ShareCaps& caps);

}  // namespace spotkeeper::checker
