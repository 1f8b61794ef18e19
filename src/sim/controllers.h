// The workload controllers of kube-controller-manager: Deployments through their ReplicaSet, StatefulSets one pod at a
// time in order, DaemonSets on every node that is Ready, Jobs until enough of their pods have ended well.
//
// Of a Job (pkg/controller/job) every pod that ended badly, was evicted or was lost counts as failed, as it does
// without a podFailurePolicy. One that is ending is replaced at once, one that has failed after a back-off of 10 s,
// doubled with each failure in a row, up to ten minutes.
#pragma once

#include "sim/state.h"

namespace spotkeeper::sim {

class Controllers {
 public:
  explicit Controllers(World::State& world) : world_(world) {}

  void handle(const Event& event);
  /// A node has come, gone or changed its readiness: DaemonSets look.
  void nodes_changed();
  /// Its object is about to go: a Job's pod that nobody has counted yet has failed, or done its work.
  void pod_removed(PodId id);
  /// Sets a Deployment's replicas.
  ObjectRef scale(WorkloadId id, std::int32_t replicas);

 private:
  void sync_replica_set(WorkloadId id);
  void sync_stateful_set(WorkloadId id);
  void sync_daemon_set(WorkloadId id);
  void sync_job(WorkloadId id);
  void count_for_job(JobRun& job, PodRun& run);
  void scale_down(WorkloadRun& run, std::size_t surplus);
  void publish_status(WorkloadRun& run);

  World::State& world_;
};

}  // namespace spotkeeper::sim
