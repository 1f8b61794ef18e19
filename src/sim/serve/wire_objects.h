// Objects of the simulated store as Kubernetes' API objects (kube/codec). The text in the results are views into the
// object or `arena`, which must both outlive them.
#pragma once

#include "kube/codec/objects.h"
#include "sim/objects.h"

namespace spotkeeper::sim::serve {

[[nodiscard]] kube::wire::Namespace to_wire(const NamespaceObject& object, kube::wire::Arena& arena);
[[nodiscard]] kube::wire::Node to_wire(const NodeObject& object, kube::wire::Arena& arena);
[[nodiscard]] kube::wire::Pod to_wire(const PodObject& object, kube::wire::Arena& arena);
[[nodiscard]] kube::wire::Deployment to_wire(const DeploymentObject& object, kube::wire::Arena& arena);
[[nodiscard]] kube::wire::ReplicaSet to_wire(const ReplicaSetObject& object, kube::wire::Arena& arena);
[[nodiscard]] kube::wire::StatefulSet to_wire(const StatefulSetObject& object, kube::wire::Arena& arena);
[[nodiscard]] kube::wire::DaemonSet to_wire(const DaemonSetObject& object, kube::wire::Arena& arena);
[[nodiscard]] kube::wire::PodDisruptionBudget to_wire(const BudgetObject& object, kube::wire::Arena& arena);
[[nodiscard]] kube::wire::EndpointSlice to_wire(const EndpointSliceObject& object, kube::wire::Arena& arena);
[[nodiscard]] kube::wire::Lease to_wire(const LeaseObject& object, kube::wire::Arena& arena);
/// An event as events.k8s.io/v1 has it, and as core/v1 shows the same one.
[[nodiscard]] kube::wire::Event to_wire(const EventObject& object, kube::wire::Arena& arena);
[[nodiscard]] kube::wire::CoreEvent to_core_wire(const EventObject& object, kube::wire::Arena& arena);

}  // namespace spotkeeper::sim::serve
