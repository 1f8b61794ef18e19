// Kubernetes objects, a catalogue and prices into what a plan is asked for.
//
// Read: Pod, Deployment, ReplicaSet, StatefulSet, DaemonSet and Job (expanded to the pods that they have not made yet,
// numbered name-0, name-1, …), Node, PodDisruptionBudget, NodePool (karpenter.sh/v1, v1beta1), PersistentVolumeClaim,
// PersistentVolume, StorageClass, CSINode, Namespace, PriorityClass, and lists of them. Other kinds say nothing about
// placement and are passed over. An object that can't be read takes no other with it: it is in Problem::unreadable.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "control/planning/market.h"
#include "format/json.h"
#include "model/catalog.h"
#include "plan/schedule/problem.h"

namespace spotkeeper::control {

struct PlanningOptions {
  /// Where machines can be had. Empty: the zones that NodePools, Nodes, volumes and prices name; if none does,
  /// us-east-1a, us-east-1b and us-east-1c.
  std::vector<std::string> zones;
  Market market;
  plan::Policy policy;
};

/// `documents`: one object, or a list of objects, each. InvalidInput only where one is no object with a kind, or two of
/// one kind have the same name.
Result<plan::Problem> read_problem(std::span<const format::JsonValue> documents, const Catalog& catalog,
                                   const PlanningOptions& options);

}  // namespace spotkeeper::control
