#include "sim/controllers.h"

#include <algorithm>
#include <set>

#include "sim/disruption.h"

namespace spotkeeper::sim {
namespace {

constexpr Duration kBackOff = 10s;
constexpr Duration kMostBackOff = 10min;

template <class T>
void store_status(Store& store, const ObjectName& name, std::int32_t replicas, std::int32_t current,
                  std::int32_t ready) {
  const T* present = store.get<T>(name);
  if (present == nullptr) return;
  if (present->current == current && present->ready == ready && present->replicas == replicas &&
      present->observed_generation == present->meta.generation) {
    return;
  }
  T edited = *present;
  edited.replicas = replicas;
  edited.current = current;
  edited.ready = ready;
  edited.observed_generation = edited.meta.generation;
  store.put(std::move(edited));
}

}  // namespace

void Controllers::handle(const Event& event) {
  WorkloadRun& run = world_.workloads[event.a];
  run.sync_planned = false;
  if (run.kind == Kind::Deployment) sync_replica_set(event.a);
  if (run.kind == Kind::StatefulSet) sync_stateful_set(event.a);
  if (run.kind == Kind::DaemonSet) sync_daemon_set(event.a);
  if (run.kind == Kind::Job) return sync_job(event.a);
  publish_status(world_.workloads[event.a]);
}

void Controllers::nodes_changed() {
  for (std::size_t i = 0; i < world_.workloads.size(); ++i) {
    if (world_.workloads[i].kind == Kind::DaemonSet) world_.sync_workload_soon(static_cast<WorkloadId>(i));
  }
}

void Controllers::sync_replica_set(WorkloadId id) {
  const auto active =
      static_cast<std::size_t>(std::count_if(world_.workloads[id].pods.begin(), world_.workloads[id].pods.end(),
                                             [&](PodId pod) { return world_.pods[pod].active(); }));
  const std::size_t wanted =
      world_.workloads[id].alive ? static_cast<std::size_t>(std::max(world_.workloads[id].replicas, 0)) : 0;
  for (std::size_t i = active; i < wanted; ++i) {
    world_.create_pod(id, world_.new_pod_name(world_.workloads[id].name.ns, world_.workloads[id].replica_set.name),
                      std::nullopt);
  }
  if (active > wanted) scale_down(world_.workloads[id], active - wanted);
}

void Controllers::scale_down(WorkloadRun& run, std::size_t surplus) {
  std::vector<PodId> candidates;
  for (const PodId pod : run.pods) {
    if (world_.pods[pod].active()) candidates.push_back(pod);
  }
  // As ActivePodsWithRanks: not bound, then not Ready, then the youngest go first.
  std::sort(candidates.begin(), candidates.end(), [&](PodId a, PodId b) {
    const PodRun& left = world_.pods[a];
    const PodRun& right = world_.pods[b];
    if ((left.machine == kNone) != (right.machine == kNone)) return left.machine == kNone;
    if (left.pod().ready != right.pod().ready) return !left.pod().ready;
    return left.pod().created != right.pod().created ? left.pod().created > right.pod().created : a < b;
  });
  for (std::size_t i = 0; i < surplus && i < candidates.size(); ++i) {
    world_.begin_deletion(candidates[i], world_.pods[candidates[i]].pod().spec->grace);
  }
}

void Controllers::sync_stateful_set(WorkloadId id) {
  std::map<std::int32_t, PodId> present;
  for (const PodId pod : world_.workloads[id].pods) present[world_.pods[pod].pod().ordinal.value_or(0)] = pod;
  const std::int32_t wanted = world_.workloads[id].alive ? world_.workloads[id].replicas : 0;
  for (std::int32_t ordinal = 0; ordinal < wanted; ++ordinal) {
    const auto found = present.find(ordinal);
    if (found == present.end()) {
      world_.create_pod(id, world_.workloads[id].name.name + "-" + std::to_string(ordinal), ordinal);
      return;
    }
    const PodRun& run = world_.pods[found->second];
    if (!run.active() || !run.pod().ready) return;  // the next one waits for this one
  }
  if (present.empty() || present.rbegin()->first < wanted) return;
  const PodId last = present.rbegin()->second;
  if (!world_.pods[last].pod().terminating()) world_.begin_deletion(last, world_.pods[last].pod().spec->grace);
}

void Controllers::sync_daemon_set(WorkloadId id) {
  std::set<MachineId> covered;
  for (const PodId pod : world_.workloads[id].pods) covered.insert(world_.pods[pod].machine);
  std::int32_t wanted = 0;
  for (std::size_t i = 0; i < world_.machines.size(); ++i) {
    const auto machine = static_cast<MachineId>(i);
    const auto* node = world_.store.get<NodeObject>({{}, world_.machines[i].name.str()});
    if (node == nullptr || !world_.workloads[id].alive) continue;
    ++wanted;
    if (covered.contains(machine) || !node->node.ready) continue;
    const PodId pod = world_.create_pod(
        id, world_.new_pod_name(world_.workloads[id].name.ns, world_.workloads[id].name.name), std::nullopt);
    std::erase(world_.unscheduled, pod);
    world_.bind(pod, machine);
  }
  world_.workloads[id].replicas = wanted;
  ++world_.unpublished;
  if (world_.workloads[id].alive) return;
  const std::vector<PodId> rest = world_.workloads[id].pods;
  for (const PodId pod : rest) {
    if (world_.pods[pod].active()) world_.begin_deletion(pod, world_.pods[pod].pod().spec->grace);
  }
}

void Controllers::count_for_job(JobRun& job, PodRun& run) {
  if (run.counted) return;
  run.counted = true;
  if (run.pod().phase == PodPhase::Succeeded) {
    ++job.succeeded;
    job.failed_in_a_row = 0;
    return;
  }
  ++job.failed;
  ++job.failed_in_a_row;
  job.last_failure = world_.now;
  if (!run.object.running_since) return;
  const Instant ended = run.program == Program::Ended ? run.ended_at : world_.now;
  job.work_lost += std::max<Duration>(ended - *run.object.running_since, 0s);
}

void Controllers::pod_removed(PodId id) {
  WorkloadRun& owner = world_.workloads[world_.pods[id].workload];
  if (owner.job && !owner.job->finished) count_for_job(*owner.job, world_.pods[id]);
}

void Controllers::sync_job(WorkloadId id) {
  JobRun& job = *world_.workloads[id].job;
  if (job.finished) return;
  std::vector<PodId> active;
  for (const PodId pod : world_.workloads[id].pods) {
    PodRun& run = world_.pods[pod];
    if (run.pod().completed()) count_for_job(job, run);
    if (run.active()) active.push_back(pod);
  }
  job.gave_up = job.failed > job.settings.backoff_limit;
  if (job.gave_up || job.succeeded >= job.settings.completions) {
    job.finished = world_.now;
    for (const PodId pod : active) world_.begin_deletion(pod, world_.pods[pod].pod().spec->grace);
    return;
  }
  const std::int32_t wanted = std::min(job.settings.parallelism, job.settings.completions - job.succeeded);
  const auto present = static_cast<std::int32_t>(active.size());
  // Where one that was ending has completed after all, another one is too many: the youngest.
  for (std::int32_t i = wanted; i < present; ++i) {
    const PodId pod = active[static_cast<std::size_t>(i)];
    world_.begin_deletion(pod, world_.pods[pod].pod().spec->grace);
  }
  if (present >= wanted) return;
  if (job.failed_in_a_row > 0) {
    const Duration back_off =
        std::min<Duration>(kBackOff * (1LL << std::min(job.failed_in_a_row - 1, 10)), kMostBackOff);
    const Instant next = job.last_failure + back_off;
    if (next > world_.now) return world_.at(next, EventKind::SyncWorkload, id);
  }
  for (std::int32_t i = present; i < wanted; ++i) {
    const PodId pod = world_.create_pod(
        id, world_.new_pod_name(world_.workloads[id].name.ns, world_.workloads[id].name.name), std::nullopt);
    world_.pods[pod].number = job.made++;
  }
}

ObjectRef Controllers::scale(WorkloadId id, std::int32_t replicas) {
  DeploymentObject edited = *world_.store.get<DeploymentObject>(world_.workloads[id].name);
  edited.replicas = replicas;
  ++edited.meta.generation;
  world_.workloads[id].replicas = replicas;
  ++world_.unpublished;
  world_.sync_workload_soon(id);
  for (const PodId pod : world_.workloads[id].pods) world_.disruption->pod_changed(world_.pods[pod]);
  return world_.store.put(std::move(edited));
}

void Controllers::publish_status(WorkloadRun& run) {
  std::int32_t current = 0;
  std::int32_t ready = 0;
  for (const PodId id : run.pods) {
    const PodRun& pod = world_.pods[id];
    if (!pod.active()) continue;
    ++current;
    if (pod.pod().ready) ++ready;
  }
  if (run.kind == Kind::Deployment) {
    store_status<ReplicaSetObject>(world_.store, run.replica_set, run.replicas, current, ready);
    store_status<DeploymentObject>(world_.store, run.name, run.replicas, current, ready);
  } else if (run.kind == Kind::StatefulSet) {
    store_status<StatefulSetObject>(world_.store, run.name, run.replicas, current, ready);
  } else {
    store_status<DaemonSetObject>(world_.store, run.name, run.replicas, current, ready);
  }
}

}  // namespace spotkeeper::sim
