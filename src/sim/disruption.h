// Disruption budgets: the controller that computes their status, and the eviction subresource that spends it.
//
// Sources: kubernetes v1.34 pkg/controller/disruption/disruption.go (expected pods from the owners' scale, percentages
// rounded up, accepted evictions remembered for two minutes; an owner without a scale, such as a Job or a DaemonSet,
// fails the sync of all budgets but those with a count as minAvailable, and then nothing is allowed) and
// pkg/registry/core/pod/storage/eviction.go (the order of checks).
#pragma once

#include "sim/state.h"

namespace spotkeeper::sim {

class Disruption {
 public:
  explicit Disruption(World::State& world) : world_(world) {}

  /// Budgets that cover the pod will look at it.
  void pod_changed(const PodRun& run);
  /// The budget was created or its spec changed.
  void budget_changed(const ObjectName& name);
  void handle(const Event& event);

  Answer<void> evict(const EvictCall& call);
  /// Budgets that cover the pod, by name.
  [[nodiscard]] std::vector<ObjectName> covering(const Pod& pod) const;
  /// A budget that covers the pod allows no disruption now.
  [[nodiscard]] bool refuses(const Pod& pod) const;

 private:
  struct Numbered {
    ObjectName name;
    bool planned = false;
    bool recheck_planned = false;  // when an accepted eviction is forgotten
  };
  /// What the controller finds of the pods that a budget covers.
  struct Covered {
    std::int64_t pods = 0;
    std::int32_t healthy = 0;
    std::int64_t scale = 0;   // of all owners; pods without one count for nothing in it
    bool scale_known = true;  // each of them has one
    std::map<std::string, Instant> disrupted;
    std::optional<Instant> recheck;  // when the first accepted eviction is forgotten
  };
  [[nodiscard]] Covered look_at(const DisruptionBudget& budget) const;
  void sync(const ObjectName& name);
  Answer<void> charge(const ObjectName& budget, const Pod& pod, bool dry_run);

  World::State& world_;
  std::vector<Numbered> budgets_;  // by the number that events carry
  std::map<ObjectName, std::uint32_t> numbers_;
};

}  // namespace spotkeeper::sim
