// Names of Kubernetes things, each a type of its own.
#pragma once

#include <compare>
#include <string>

#include "base/strong.h"
#include "model/shared_text.h"
#include "model/uid.h"

namespace spotkeeper {

using NodeName = SharedName<struct NodeNameTag>;
using NamespaceName = SharedName<struct NamespaceNameTag>;
using ResourceVersion = Name<struct ResourceVersionTag>;  // opaque here; kube/store.h knows when two can be compared

/// Namespace and name of a namespaced object of a known kind. Not unique over time: a StatefulSet uses them again.
struct ObjectName {
  NamespaceName ns;
  std::string name;
  [[nodiscard]] std::string str() const { return ns.str() + "/" + name; }
  friend auto operator<=>(const ObjectName&, const ObjectName&) = default;
};

/// One pod and no other: what every action on a pod names, so that a successor of the same name is never hit.
struct PodRef {
  ObjectName name;
  Uid uid;
  friend auto operator<=>(const PodRef&, const PodRef&) = default;
};

/// Who makes a pod anew when it goes: the pod's controller, or the Deployment behind its ReplicaSet (recognised by the
/// pod-template-hash in the ReplicaSet's name), so that all revisions of a Deployment are one workload.
struct WorkloadRef {
  NamespaceName ns;
  std::string kind;  // "Deployment", "StatefulSet", "DaemonSet", "Job", "ReplicaSet", …
  std::string name;
  [[nodiscard]] std::string str() const { return kind + " " + ns.str() + "/" + name; }
  friend auto operator<=>(const WorkloadRef&, const WorkloadRef&) = default;
};

}  // namespace spotkeeper
