#include "plan/provision/shares.h"

#include <algorithm>
#include <cmath>

#include "plan/schedule/node_match.h"

namespace spotkeeper::plan {
namespace {

std::int64_t share_of(double share, std::int64_t pods) {
  // The least amount above is for shares such as 0.3, which no double is: 0.3 of 10 is 3.
  return std::max<std::int64_t>(1, static_cast<std::int64_t>(std::floor(share * static_cast<double>(pods) + 1e-9)));
}

/// How many of the workload's pods the budget lets be gone.
std::int64_t may_be_lost(const DisruptionBudget& budget, std::int64_t pods) {
  if (budget.max_unavailable) return budget.max_unavailable->of(pods);
  return budget.min_available ? pods - budget.min_available->of(pods) : pods;
}

}  // namespace

std::optional<SpotPool> spot_pool_of(const Labels& node) {
  const std::string* const capacity = node.find(kCapacityLabel);
  const std::string* const type = node.find(kTypeLabel);
  const std::string* const zone = node.find(kZoneLabel);
  if (capacity == nullptr || type == nullptr || zone == nullptr || *capacity != name_of(CapacityType::Spot))
    return std::nullopt;
  return SpotPool{*type, *zone};
}

Workloads::Workloads(const Problem& problem) {
  std::map<WorkloadRef, WorkloadId> known;
  std::vector<ShapeId> example;
  for (ShapeId shape = 0; shape < problem.shapes.size(); ++shape) {
    const auto& workload = problem.shapes[shape].workload;
    if (!workload || workload->kind == "DaemonSet") {
      of_shape_.push_back(kNoWorkload);
      continue;
    }
    const auto [at, added] = known.try_emplace(*workload, static_cast<WorkloadId>(all_.size()));
    if (added) {
      all_.push_back(*workload);
      example.push_back(shape);
    }
    of_shape_.push_back(at->second);
  }
  pods_.assign(all_.size(), 0);
  const auto count = [&](ShapeId shape) {
    if (of_shape_[shape] != kNoWorkload) ++pods_[of_shape_[shape]];
  };
  for (const PendingPod& pod : problem.pods) count(pod.shape);
  for (const ExistingNode& node : problem.nodes)
    for (const BoundPod& pod : node.pods)
      if (!pod.terminating) count(pod.shape);
  set_caps(problem, example);
}

void Workloads::set_caps(const Problem& problem, const std::vector<ShapeId>& example) {
  for (WorkloadId id = 0; id < all_.size(); ++id) {
    std::int64_t cap = share_of(problem.policy.pool_share, pods_[id]);
    bool budgeted = false;
    for (const DisruptionBudget& budget : problem.budgets) {
      const Shape& shape = problem.shapes[example[id]];
      if (!problem.policy.budgets_cap || budget.name.ns != shape.ns || !budget.covers(*shape.labels)) continue;
      const std::int64_t lost = std::max<std::int64_t>(1, may_be_lost(budget, pods_[id]));
      cap = budgeted ? std::min(cap, lost) : lost;
      budgeted = true;
    }
    pool_caps_.push_back(cap);
    node_caps_.push_back(share_of(problem.policy.node_share, pods_[id]));
  }
}

}  // namespace spotkeeper::plan
