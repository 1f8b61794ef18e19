// What is known of the cluster at one moment: nodes, pods and disruption budgets, with the indices that decisions need.
//
// A value: copies are independent. Kept up to date by put and remove (an informer calls them as the watches report),
// each of which costs by what changes, not by the cluster's size. Everything that is listed comes in the order of
// names, so that a decision never depends on the order in which things were learnt.
//
// Pointers and spans that are handed out hold until the next put or remove.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <vector>

#include "model/admission.h"
#include "model/disruption_budget.h"
#include "model/names.h"
#include "model/node.h"
#include "model/pod.h"

namespace spotkeeper {

class Snapshot {
 public:
  Snapshot();
  Snapshot(const Snapshot& other);
  Snapshot& operator=(const Snapshot& other);
  Snapshot(Snapshot&&) noexcept;
  Snapshot& operator=(Snapshot&&) noexcept;
  ~Snapshot();

  /// Adds or replaces, by name. A pod of the same name with another uid replaces the old pod (its deletion was missed).
  void put(Node node);
  void put(Pod pod);
  void put(DisruptionBudget budget);
  /// All of them, instead of those that were there. Empty where nobody has looked.
  void put(std::vector<AdmissionBackend> backends);
  void remove_node(const NodeName& node);
  /// Removes that very pod; a successor of the same name stays.
  void remove_pod(const PodRef& pod);
  void remove_budget(const ObjectName& budget);

  /// Another number after every put and remove, and in every snapshot: where it is the same, nothing has changed.
  [[nodiscard]] std::uint64_t revision() const;
  /// The same for Nodes alone.
  [[nodiscard]] std::uint64_t nodes_revision() const;

  [[nodiscard]] const Node* find_node(const NodeName& node) const;
  [[nodiscard]] const Pod* find_pod(const Uid& uid) const;
  [[nodiscard]] const Pod* find_pod(const ObjectName& name) const;
  [[nodiscard]] const DisruptionBudget* find_budget(const ObjectName& name) const;

  [[nodiscard]] const std::map<NodeName, Node>& nodes() const;
  /// Those with annotations of ours, by name.
  [[nodiscard]] std::vector<const Node*> annotated_nodes() const;
  [[nodiscard]] const std::map<ObjectName, DisruptionBudget>& budgets() const;
  /// All pods, by name.
  [[nodiscard]] std::vector<const Pod*> pods() const;
  [[nodiscard]] std::size_t pod_count() const;
  /// Pods of that namespace, by name. Costs by their number.
  [[nodiscard]] std::vector<const Pod*> pods_in(const NamespaceName& ns) const;
  /// Pods bound to that node, by name; completed and terminating ones too.
  [[nodiscard]] std::span<const Pod* const> pods_on(const NodeName& node) const;
  /// Pods of that workload, by name, wherever they are.
  [[nodiscard]] std::span<const Pod* const> pods_of(const WorkloadRef& workload) const;
  /// The numbered pod (of a StatefulSet) of that workload that ended last, while nobody has its name again and the
  /// workload has others; nullptr if there is none. Who counts the workload's pods should wait for its successor.
  [[nodiscard]] const Pod* ended_of(const WorkloadRef& workload) const;
  /// Budgets whose selector covers the pod, by name. More than one: the eviction API refuses for ever.
  [[nodiscard]] std::vector<const DisruptionBudget*> budgets_of(const Pod& pod) const;
  /// Evictions and new pods may be refused while no pod like this one is Ready: it serves an admission webhook.
  [[nodiscard]] bool serves_admission(const Pod& pod) const;
  /// Requests of the pods bound to the node that still hold them (terminating ones do, completed ones don't).
  [[nodiscard]] Resources requested_on(const NodeName& node) const;

  /// Equal contents share one object: what 150,000 pods have in common is held once. Called by who builds pods.
  [[nodiscard]] std::shared_ptr<const PodTemplate> intern(PodTemplate shape);
  [[nodiscard]] std::shared_ptr<const Labels> intern(Labels labels);
  [[nodiscard]] std::shared_ptr<const WorkloadRef> intern(WorkloadRef owner);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace spotkeeper
