// Disruption budgets: the controller that computes their status, and the eviction subresource that spends it.
//
// Sources: kubernetes pkg/controller/disruption (expected pods from the owners' scale, percentages rounded up, accepted
// evictions remembered for two minutes) and pkg/registry/core/pod/storage/eviction.go (the order of checks).
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
  void sync(const ObjectName& name);
  Answer<void> charge(const ObjectName& budget, const Pod& pod, bool dry_run);

  World::State& world_;
  std::vector<Numbered> budgets_;  // by the number that events carry
  std::map<ObjectName, std::uint32_t> numbers_;
};

}  // namespace spotkeeper::sim
