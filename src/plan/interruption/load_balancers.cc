// The floor of healthy targets: a storm must not empty the load balancers.
#include <algorithm>
#include <cmath>
#include <tuple>

#include "plan/interruption/interruption.h"

namespace spotkeeper::plan {
namespace {

// The nodes that leave, those that die first before the others. Without a deadline they die at once.
std::vector<Interruption> leavers_of(std::span<const Interruption> dying, const MarkPolicy& policy) {
  std::vector<Interruption> leavers = merge_all(dying);
  std::erase_if(leavers, [&](const Interruption& signal) { return !leaves_load_balancers(signal.kind, policy); });
  std::ranges::sort(leavers, {}, [](const Interruption& signal) {
    return std::make_tuple(signal.deadline ? signal.deadline->at : Instant::min(), std::string_view(signal.node.str()));
  });
  return leavers;
}

struct Targets {
  std::int64_t ready = 0;
  std::int64_t included = 0;  // Ready and in the load balancers
};

Targets count_targets(const Snapshot& cluster) {
  Targets targets;
  for (const auto& [name, node] : cluster.nodes()) {
    if (!node.ready) continue;
    ++targets.ready;
    if (!node.labels.contains(kExcludeLabel)) ++targets.included;
  }
  return targets;
}

}  // namespace

bool leaves_load_balancers(InterruptionKind kind, const MarkPolicy& policy) {
  if (!policy.exclude_from_load_balancers) return false;
  return kind == InterruptionKind::Kill || (policy.exclude_every_drain && kind != InterruptionKind::Maybe);
}

Exclusions load_balancer_exclusions(const Snapshot& cluster, std::span<const Interruption> dying,
                                    const MarkPolicy& policy, Instant now) {
  Exclusions exclusions;
  if (!policy.exclude_from_load_balancers) return exclusions;
  Targets targets = count_targets(cluster);
  const double share = std::clamp(policy.load_balancer_floor, 0.0, 1.0);
  const auto floor = static_cast<std::int64_t>(std::ceil(share * static_cast<double>(targets.ready) - 1e-9));
  for (const Interruption& signal : leavers_of(dying, policy)) {
    const Node* node = cluster.find_node(signal.node);
    const bool target = node != nullptr && node->ready && !node->labels.contains(kExcludeLabel);
    const std::optional<Instant> due =
        signal.deadline ? std::optional(signal.deadline->at - policy.deregistration_delay) : std::nullopt;
    const bool forced = !due || now >= *due;
    if (target && !forced && targets.included - 1 < floor) {
      exclusions.next_look = std::min(exclusions.next_look.value_or(*due), *due);
      continue;
    }
    if (target) --targets.included;
    exclusions.nodes.push_back(signal.node);
  }
  std::ranges::sort(exclusions.nodes);
  return exclusions;
}

}  // namespace spotkeeper::plan
