#include "plan/provision/standby.h"

#include <utility>

namespace spotkeeper::plan {

Standby::Standby(Problem problem)
    : problem_(std::make_unique<Problem>(std::move(problem))),
      purchase_(*problem_),
      minds_preferences_(minds_preferences(*problem_)) {}

Plan Standby::plan_without(NodeId node, StepBudget budget, Seed seed) {
  purchase_.lose(node);
  lose(node);
  purchase_.nodes_have_moved();
  if (minds_preferences_) return make_plan(*problem_, budget, seed);
  return make_hard_plan(*problem_, purchase_, budget, seed);
}

void Standby::lose(NodeId node) {
  for (BoundPod& pod : problem_->nodes[node].pods) {
    const auto& workload = problem_->shapes[pod.shape].workload;
    if (pod.terminating || (workload && workload->kind == "DaemonSet")) continue;
    problem_->pods.push_back({std::move(pod.name), pod.shape});
  }
  problem_->nodes.erase(problem_->nodes.begin() + static_cast<std::ptrdiff_t>(node));
}

}  // namespace spotkeeper::plan
