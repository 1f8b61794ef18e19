// The workload controllers of kube-controller-manager: Deployments through their ReplicaSet, StatefulSets one pod at a
// time in order, DaemonSets on every node that is Ready.
#pragma once

#include "sim/state.h"

namespace spotkeeper::sim {

class Controllers {
 public:
  explicit Controllers(World::State& world) : world_(world) {}

  void handle(const Event& event);
  /// A node has come, gone or changed its readiness: DaemonSets look.
  void nodes_changed();

 private:
  void sync_replica_set(WorkloadId id);
  void sync_stateful_set(WorkloadId id);
  void sync_daemon_set(WorkloadId id);
  void scale_down(WorkloadRun& run, std::size_t surplus);
  void publish_status(WorkloadRun& run);

  World::State& world_;
};

}  // namespace spotkeeper::sim
