// A part of the simulated cluster as a watcher sees it: late, in order, and sometimes with gaps.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "control/ports.h"
#include "net/runtime.h"
#include "sim/world.h"

namespace spotkeeper::sim {

class SimView final : public control::ClusterView {
 public:
  enum class Scope {
    NodeAlone,
    Around,  // all Nodes, and the pods and budgets of every namespace that has a pod on the node
  };
  SimView(net::Runtime& runtime, World& world, NodeName node, Scope scope);

  [[nodiscard]] bool synced() const override { return synced_; }
  /// No pod is kept back by a list that lacked it.
  [[nodiscard]] bool complete() const override { return synced_ && hidden_ == 0; }
  [[nodiscard]] std::vector<std::string> stuck(Steady /*now*/) const override { return {}; }
  [[nodiscard]] const Snapshot& snapshot() const override { return snapshot_; }
  [[nodiscard]] net::Signal& changed() override { return changed_; }
  void assume_ending(const PodRef& pod, Instant deletion, bool budgets_asked) override;

 private:
  struct Heard {
    Steady at;
    ChangeType type = ChangeType::Modified;
    ObjectRef object;
  };
  struct Assumed {
    PodRef pod;
    Instant deletion;
    std::vector<ObjectName> budgets;  // that the eviction was charged to and that do not show it yet
    bool shown = false;               // the watch says itself that the pod is ending
  };

  void hear(const Change& change);
  void plan_delivery();
  void deliver();
  void list_soon(Duration delay);
  void list();
  void load_namespace(const NamespaceName& ns);
  /// A watch of the namespaces of this view would send it.
  [[nodiscard]] bool shows(const Object& object) const;
  /// What it shows only.
  void apply(ChangeType type, const Object& object);
  void put_pod(const PodObject& object);
  void put_budget(const BudgetObject& object);

  net::Runtime& runtime_;
  World& world_;
  NodeName node_;
  Scope scope_;
  Snapshot snapshot_;
  net::Signal changed_;
  bool synced_ = false;
  bool watching_ = false;
  Steady last_at_;
  std::set<NamespaceName> namespaces_;
  std::deque<Heard> pending_;
  std::map<Uid, Assumed> assumed_;
  net::ScopedCall delivery_;
  net::ScopedCall listing_;
  std::vector<net::ScopedCall> late_;
  std::size_t hidden_ = 0;  // pods that come late
  Store::Subscription subscription_;
};

}  // namespace spotkeeper::sim
