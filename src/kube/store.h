// The copy of a part of the cluster that reflectors keep up to date, as a Snapshot, with what we know to be true before
// the watches say so.
//
// Each collection that is watched has a sink of its own; sinks may overlap (the pods of a node, and those of a
// namespace). Objects are merged one by one as a list comes in, so a list never takes memory twice; what the list did
// not have is removed when it is complete. Every object in a list is at least as new as what was held, so what is seen
// in between is true, only not complete: nothing is decided before the first commit (ClusterView::synced).
#pragma once

#include <compare>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "kube/reflector.h"
#include "model/snapshot.h"

namespace spotkeeper::kube {

/// Which of two versions of objects of one kind is the later one. Only numbers without leading zeros can be compared
/// (KEP-5504; of older servers it is true in practice); else there is no answer but for equal ones.
[[nodiscard]] std::optional<std::strong_ordering> compare_versions(const ResourceVersion& a, const ResourceVersion& b);

class ClusterStore {
 public:
  /// `on_change` is called after each piece of news; it may be empty.
  explicit ClusterStore(std::function<void()> on_change = {});
  ClusterStore(const ClusterStore&) = delete;
  ClusterStore& operator=(const ClusterStore&) = delete;
  ~ClusterStore();

  [[nodiscard]] const Snapshot& snapshot() const { return snapshot_; }

  /// Sinks for reflectors; the store outlives them. Empty names: no restriction. A list removes what it lacks only
  /// within its own scope.
  struct PodScope {
    NamespaceName ns;
    NodeName node;
  };
  [[nodiscard]] std::unique_ptr<ReflectorSink> pod_sink(PodScope scope = {});
  [[nodiscard]] std::unique_ptr<ReflectorSink> node_sink();
  [[nodiscard]] std::unique_ptr<ReflectorSink> budget_sink(NamespaceName ns = {});

  /// The answer to our own PATCH: newer than the watch, unless that was faster.
  void learn(Node node);
  /// What stands behind webhooks, instead of what was known before.
  void learn(std::vector<AdmissionBackend> backends);

  /// The API accepted the end of that pod. Until the watch shows it, or for `kAssumedFor`, the snapshot has the pod as
  /// terminating and, after an eviction that its budgets had to allow (`budgets_asked`: none is for a pod that was
  /// ending before), they have one disruption less.
  void assume_ending(const PodRef& pod, Instant deletion, bool budgets_asked, Steady now);
  /// Drops assumptions that have become too old; when the next one will.
  std::optional<Steady> expire(Steady now);
  static constexpr Duration kAssumedFor = 10s;

 private:
  friend class PodSink;
  template <class Kind>
  friend class NamedSink;

  /// An accepted end that the watches have not shown in full.
  struct Assumption {
    Pod truth;  // as the watch has it
    Instant deletion;
    Steady until;
    bool pod_awaited = true;          // the watch has not shown its deletion
    std::vector<ObjectName> budgets;  // that have not shown it among their disrupted pods
    [[nodiscard]] bool settled() const { return !pod_awaited && budgets.empty(); }
  };

  void put(Pod pod);
  void put(DisruptionBudget budget);
  void put(Node node) { snapshot_.put(std::move(node)); }
  void remove(const NodeName& node) { snapshot_.remove_node(node); }
  void remove(const PodRef& pod);
  void remove(const ObjectName& budget);
  void ended(const Uid& pod);
  void show(const Assumption& assumption);
  void show_budget(const DisruptionBudget& truth);
  void release_budgets(const std::vector<ObjectName>& budgets);
  void changed();

  Snapshot snapshot_;
  std::function<void()> on_change_;
  std::map<Uid, Assumption> assumed_;
  std::map<ObjectName, DisruptionBudget> budget_truth_;  // of those in some assumption
};

}  // namespace spotkeeper::kube
