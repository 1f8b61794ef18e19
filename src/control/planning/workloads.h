// Workloads, expanded to the pods that they have not made yet.
#pragma once

#include <cstdint>

#include "base/result.h"
#include "control/planning/pods.h"
#include "control/planning/reading.h"

namespace spotkeeper::control {

/// How many pods it is to have: a Job's those that are still to succeed, at once.
Result<std::int32_t> copies_of(const Object& workload);

/// The missing pods of Deployments, ReplicaSets, StatefulSets and Jobs, numbered name-0, name-1, …. A ReplicaSet whose
/// Deployment is there is left to it. Pods have been read.
void read_workloads(const Objects& objects, const LivePods& live, Reading& into);

/// A pod of each on every node that it may run on.
void read_daemon_sets(const Objects& objects, Reading& into);

}  // namespace spotkeeper::control
