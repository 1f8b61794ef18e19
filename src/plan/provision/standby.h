// The plan for the moment in which a node is lost: what can be worked out before it is known which, is.
//
// Counting what runs on thousands of nodes, and looking up what can be bought, takes longer than finding places for one
// node's pods. Made while nothing happens, used once.
#pragma once

#include <memory>

#include "plan/provision/plan.h"
#include "plan/provision/purchase.h"

namespace spotkeeper::plan {

class Standby {
 public:
  explicit Standby(Problem problem);

  /// make_plan, byte for byte, for the problem without this node (an index into its nodes): the node's pods wait behind
  /// those that did, but not its DaemonSets' and not what was terminating. To be asked once.
  [[nodiscard]] Plan plan_without(NodeId node, StepBudget budget, Seed seed);

  /// The problem that the plan is of: before plan_without with the node, after it without.
  [[nodiscard]] const Problem& problem() const { return *problem_; }

 private:
  void lose(NodeId node);

  std::unique_ptr<Problem> problem_;  // where it is, it stays: the purchase refers to it
  Purchase purchase_;
  bool minds_preferences_;
};

}  // namespace spotkeeper::plan
