#include "plan/provision/risk.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "model/hazard.h"

namespace spotkeeper::plan {
namespace {

constexpr double kHoursOfDay = 24;

/// How many pods of each workload are in each Spot pool.
std::map<std::pair<WorkloadId, SpotPool>, std::int64_t> pods_in_pools(const Problem& problem,
                                                                      const Workloads& workloads, const Plan& plan) {
  std::map<std::pair<WorkloadId, SpotPool>, std::int64_t> pods;
  const auto count = [&](const Labels& labels, ShapeId shape) {
    if (workloads.of(shape) == kNoWorkload) return;
    if (const auto pool = spot_pool_of(labels)) ++pods[{workloads.of(shape), *pool}];
  };
  for (const NewNode& node : plan.nodes)
    for (const PodId pod : node.pods) count(*node.labels, problem.pods[pod].shape);
  for (std::size_t i = 0; i < problem.nodes.size(); ++i) {
    const Labels& labels = problem.nodes[i].node.labels;
    for (const BoundPod& pod : problem.nodes[i].pods)
      if (!pod.terminating) count(labels, pod.shape);
    for (const PodId pod : plan.existing[i]) count(labels, problem.pods[pod].shape);
  }
  return pods;
}

}  // namespace

Risk risk_of(const Problem& problem, const Plan& plan) {
  Risk risk;
  const Workloads workloads(problem);
  for (const NewNode& node : plan.nodes) {
    const Offering& offering = problem.offerings[node.offering];
    const auto& figures = problem.types[offering.type].spot;
    if (offering.capacity != CapacityType::Spot || !figures) continue;
    risk.interruptions_per_day += kHoursOfDay * interruptions_per_hour(figures->rate);
    risk.interruptions_in_first_day += interruptions_in_first_day(figures->rate);
  }
  std::map<WorkloadId, WorstShare> worst;
  for (const auto& [where, there] : pods_in_pools(problem, workloads, plan)) {
    WorstShare& share = worst[where.first];
    if (there <= share.pods) continue;
    share = {workloads.name_of(where.first), where.second, there, workloads.pods_of(where.first)};
  }
  for (auto& [workload, share] : worst) risk.worst.push_back(std::move(share));
  return risk;
}

std::int64_t limits_given_up(const Purchase& purchase, const Plan& plan) {
  const Problem& problem = purchase.board().problem();
  const Workloads& workloads = purchase.workloads();
  std::int64_t out = 0;
  const auto beyond = [&](std::int64_t pods, std::int64_t cap) { out += std::max<std::int64_t>(0, pods - cap); };
  for (const auto& [where, pods] : pods_in_pools(problem, workloads, plan))
    beyond(pods, workloads.pool_cap(where.first));
  const auto count_slow = [&](const std::vector<PodId>& pods) {
    out += std::ranges::count_if(pods, [&](PodId pod) { return purchase.is_steady(problem.pods[pod].shape); });
  };
  for (NodeId node = 0; node < plan.existing.size(); ++node)
    if (purchase.is_spot(node)) count_slow(plan.existing[node]);
  for (const NewNode& node : plan.nodes) {
    if (problem.offerings[node.offering].capacity == CapacityType::Spot) count_slow(node.pods);
    std::map<WorkloadId, std::int64_t> here;
    for (const PodId pod : node.pods) ++here[workloads.of(problem.pods[pod].shape)];
    for (const auto& [workload, pods] : here)
      if (workload != kNoWorkload) beyond(pods, workloads.node_cap(workload));
  }
  return out;
}

}  // namespace spotkeeper::plan
