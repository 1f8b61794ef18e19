// Tells of pods that say something nobody can read: it is taken as absent, and whoever wrote it counts on it.
#pragma once

#include <set>

#include "control/agent_metrics.h"
#include "control/ports.h"
#include "model/names.h"
#include "plan/drain/drain.h"

namespace spotkeeper::control {

class PodComplaints {
 public:
  /// All of it outlives this.
  PodComplaints(ClusterApi& cluster, AgentMetrics& metrics, const plan::DrainPolicy& policy)
      : cluster_(cluster), metrics_(metrics), policy_(policy) {}

  /// Looks at the pods of that node that a drain moves. Each with `wishes.unreadable` is told of once: a line in the
  /// log, an event on the pod, a count.
  void look(const Snapshot& cluster, const NodeName& node);
  void forget() { told_.clear(); }

 private:
  ClusterApi& cluster_;
  AgentMetrics& metrics_;
  const plan::DrainPolicy& policy_;
  std::set<Uid> told_;
};

}  // namespace spotkeeper::control
