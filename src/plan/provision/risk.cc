#include "plan/provision/risk.h"

#include <map>
#include <optional>
#include <utility>

#include "model/hazard.h"

namespace spotkeeper::plan {
namespace {

constexpr double kHoursOfDay = 24;

}  // namespace

Risk risk_of(const Problem& problem, const Plan& plan) {
  Risk risk;
  const Workloads workloads(problem);
  std::map<std::pair<WorkloadId, SpotPool>, std::int64_t> pods;
  const auto count = [&](const Labels& labels, ShapeId shape) {
    const auto pool = spot_pool_of(labels);
    if (pool && workloads.of(shape) != kNoWorkload) ++pods[{workloads.of(shape), *pool}];
  };
  for (const NewNode& node : plan.nodes) {
    const Offering& offering = problem.offerings[node.offering];
    const auto& figures = problem.types[offering.type].spot;
    if (offering.capacity == CapacityType::Spot && figures) {
      risk.interruptions_per_day += kHoursOfDay * interruptions_per_hour(figures->rate);
      risk.interruptions_in_first_day += interruptions_in_first_day(figures->rate);
    }
    for (const PodId pod : node.pods) count(node.labels, problem.pods[pod].shape);
  }
  for (std::size_t i = 0; i < problem.nodes.size(); ++i) {
    const Labels& labels = problem.nodes[i].node.labels;
    for (const BoundPod& pod : problem.nodes[i].pods)
      if (!pod.terminating) count(labels, pod.shape);
    for (const PodId pod : plan.existing[i]) count(labels, problem.pods[pod].shape);
  }
  std::map<WorkloadId, WorstShare> worst;
  for (const auto& [where, there] : pods) {
    WorstShare& share = worst[where.first];
    if (there <= share.pods) continue;
    share = {workloads.name_of(where.first), where.second, there, workloads.pods_of(where.first)};
  }
  for (auto& [workload, share] : worst) risk.worst.push_back(std::move(share));
  return risk;
}

}  // namespace spotkeeper::plan
