#include "plan/provision/risk.h"

#include <cmath>
#include <map>
#include <optional>
#include <utility>

#include "plan/schedule/node_match.h"

namespace spotkeeper::plan {
namespace {

constexpr double kDaysOfRate = 30;

double reclaimed_in_a_month(InterruptionRate rate) {
  switch (rate) {
    case InterruptionRate::Below5: return 0.025;
    case InterruptionRate::From5To10: return 0.075;
    case InterruptionRate::From10To15: return 0.125;
    case InterruptionRate::From15To20: return 0.175;
    case InterruptionRate::Above20: return 0.25;
  }
  return 0;
}

std::optional<SpotPool> spot_pool_of(const Labels& labels) {
  const std::string* const capacity = labels.find(kCapacityLabel);
  const std::string* const type = labels.find(kTypeLabel);
  const std::string* const zone = labels.find(kZoneLabel);
  if (capacity == nullptr || type == nullptr || zone == nullptr || *capacity != name_of(CapacityType::Spot))
    return std::nullopt;
  return SpotPool{*type, *zone};
}

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
    if (offering.capacity == CapacityType::Spot && figures)
      risk.interruptions_per_day += -std::log(1 - reclaimed_in_a_month(figures->rate)) / kDaysOfRate;
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
