// A world of a few nodes in which one thing is looked at.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "sim/world.h"

namespace spotkeeper::sim {

inline ObjectName shop(const std::string& name) { return {NamespaceName("shop"), name}; }

/// A program that is there within three seconds.
inline Behaviour quick() {
  Behaviour behaviour;
  behaviour.start = 1s;
  behaviour.ready_after = 1s;
  behaviour.probe_period = 1s;
  return behaviour;
}

struct PodKind {
  std::chrono::seconds grace = 30s;
  std::optional<std::chrono::seconds> pre_stop;
  Behaviour behaviour = quick();
  Resources requests{.cpu = {500}, .memory = {256LL << 20}, .other = {}};
  Labels node_selector = {};
  std::vector<Toleration> tolerations = {};
  std::vector<TopologySpread> spread = {};
  std::vector<std::string> claims = {};
};

inline NewWorkload workload(const std::string& name, std::int32_t replicas, const PodKind& kind = {}) {
  NewWorkload made;
  made.name = shop(name);
  made.replicas = replicas;
  PodTemplate spec;
  spec.grace = GracePeriod(kind.grace);
  if (kind.pre_stop) spec.pre_stop = PreStop{kind.pre_stop};
  spec.requests = kind.requests;
  spec.node_selector = kind.node_selector;
  spec.tolerations = kind.tolerations;
  spec.spread = kind.spread;
  spec.claims = kind.claims;
  made.blueprint.spec = std::make_shared<const PodTemplate>(std::move(spec));
  made.blueprint.labels = std::make_shared<const Labels>(Labels{{"app", name}});
  made.blueprint.behaviour = std::make_shared<const Behaviour>(kind.behaviour);
  return made;
}

inline DisruptionBudget budget(const std::string& name) {
  DisruptionBudget made;
  made.name = shop(name);
  made.selector = LabelSelector{{{"app", SelectorOperator::In, {name}}}, {}};
  return made;
}

class SmallWorld : public testing::Test {
 protected:
  void nodes(int count, const std::string& zone = "us-east-1a", const std::string& prefix = "n") {
    for (int i = 1; i <= count; ++i) {
      NodeSpec spec;
      spec.name = prefix + std::to_string(i);
      spec.zone = zone;
      world.add_node(spec);
    }
  }
  void pass(Duration length) { world.advance_to(world.now() + length); }
  void settle() {
    for (int i = 0; i < 600 && !world.settled(); ++i) pass(1s);
    ASSERT_TRUE(world.settled());
  }
  /// Pods whose names begin so, by name.
  [[nodiscard]] std::vector<Pod> pods(const std::string& prefix) const {
    std::vector<Pod> found;
    for (const auto& [name, object] : world.store().all(Kind::Pod)) {
      if (name.name.starts_with(prefix)) found.push_back(std::get<PodObject>(*object).pod);
    }
    return found;
  }
  [[nodiscard]] const PodObject* object(const Pod& pod) const { return world.store().get<PodObject>(pod.name); }
  [[nodiscard]] const DisruptionBudget& status(const std::string& name) const {
    return world.store().get<BudgetObject>(shop(name))->budget;
  }
  Answer<void> evict(const Pod& pod) {
    EvictCall call;
    call.pod = pod.name;
    call.uid = pod.uid;
    return world.evict(call);
  }
  Answer<ObjectRef> remove(const Pod& pod, std::optional<std::chrono::seconds> grace = {}) {
    DeleteCall call;
    call.name = pod.name;
    call.uid = pod.uid;
    call.grace = grace;
    return world.delete_pod(call);
  }
  /// How long after now the pod's object is gone; an hour: it is not.
  Duration gone_after(const Pod& pod) {
    const Instant begun = world.now();
    while (world.now() - begun < 1h) {
      const PodObject* present = object(pod);
      if (present == nullptr || present->pod.uid != pod.uid) break;
      pass(100ms);
    }
    return world.now() - begun;
  }

  World world{WorldConfig{}};
};

}  // namespace spotkeeper::sim
