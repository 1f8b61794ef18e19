// The verdict on a plan.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tests/property/checker/answer.h"
#include "tests/property/checker/values.h"

namespace spotkeeper::checker {

struct JudgeOptions {
  bool completeness = true;               // also look for places of pods that were left out
  std::optional<double> pool_share = {};  // the cap on a workload's share of one Spot pool, where it is on
  std::optional<double> node_share = {};  // and on its share of one new node
};

/// What is wrong with the answer, each with the pod or the node and the rule; nothing if it is right.
std::vector<std::string> judge(const Problem& problem, const Answer& answer, const JudgeOptions& options = {});

}  // namespace spotkeeper::checker
