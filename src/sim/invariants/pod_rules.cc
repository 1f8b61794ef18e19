// What may become of a pod, as the API server shows it.
#include <algorithm>

#include "sim/invariants/watcher.h"

namespace spotkeeper::sim {
namespace {

bool holds_room(const Pod& pod) { return !pod.node.empty() && !pod.completed(); }

/// Of what keeps pods away.
bool bars(const Taint& taint) { return taint.effect != TaintEffect::PreferNoSchedule; }

bool tolerated(const Pod& pod, const Taint& taint) {
  return std::ranges::any_of(pod.spec->tolerations, [&](const Toleration& each) { return each.tolerates(taint); });
}

}  // namespace

std::string Invariants::Watcher::name_of(const PodObject& pod) const { return "pod " + pod.pod.name.str(); }

void Invariants::Watcher::pod_changed(const Change& change) {
  const auto& pod = std::get<PodObject>(*change.object);
  const PodObject* before = change.before == nullptr ? nullptr : &std::get<PodObject>(*change.before);
  if (change.type == ChangeType::Deleted) {
    account(pod, false);
    if (!pod.pod.terminating()) begins_to_end(pod);
    return;
  }
  if (before != nullptr) account(*before, false);
  account(pod, true);
  const bool was_bound = before != nullptr && !before->pod.node.empty();
  if (!pod.pod.node.empty() && !was_bound) bound(pod);
  if (pod.pod.ready && (before == nullptr || !before->pod.ready)) became_ready(pod);
  if (before != nullptr) goes_on(*before, pod);
}

void Invariants::Watcher::account(const PodObject& object, bool enters) {
  const Pod& pod = object.pod;
  if (!holds_room(pod)) return;
  Load& load = loads_[pod.node];
  if (enters) {
    load.used += pod.spec->requests;
    ++load.pods;
  } else {
    load.used -= pod.spec->requests;
    --load.pods;
  }
}

void Invariants::Watcher::bound(const PodObject& object) {
  const Pod& pod = object.pod;
  const std::string where = name_of(object) + " was bound to " + pod.node.str();
  if (pod.terminating() || pod.completed()) broken(Rule::Gone, where + " when it was ending");
  const auto* found = world_.store.get<NodeObject>({{}, pod.node.str()});
  if (found == nullptr) return broken(Rule::Placement, where + ", which is not there");
  const Node& node = found->node;
  // Static pods are not scheduled. A DaemonSet's tolerate what its controller adds for them, and this world gives them
  // their place whether or not there is room.
  if (pod.mirror || pod.is_daemon()) return;
  const Load& load = loads_[pod.node];
  if (!load.used.fits(node.allocatable) || load.pods > node.max_pods) {
    broken(Rule::Capacity, where + ", which has no room: " + std::to_string(load.pods) + " pods, " +
                               std::to_string(load.used.cpu.value) + " of " +
                               std::to_string(node.allocatable.cpu.value) + " millicores");
  }
  const Taint cordon{"node.kubernetes.io/unschedulable", "", TaintEffect::NoSchedule, {}};
  if (node.unschedulable && !tolerated(pod, cordon)) broken(Rule::Placement, where + ", which is cordoned");
  for (const Taint& taint : node.taints) {
    if (bars(taint) && !tolerated(pod, taint)) broken(Rule::Placement, where + ", whose taint is " + taint.key);
  }
}

void Invariants::Watcher::became_ready(const PodObject& object) {
  const Pod& pod = object.pod;
  const std::string who = name_of(object) + " became Ready";
  const MachineId machine = world_.machine_of(pod.node);
  if (machine == kNone) return;  // a client made the Node, and says itself what is Ready there
  if (!world_.machines[machine].alive) broken(Rule::Readiness, who + " on a machine that is dead");
  if (!object.scheduled || !pod.started || !object.running_since) {
    return broken(Rule::Readiness, who + " without having been bound, taken and started");
  }
  if (*pod.started < *object.scheduled || *object.running_since < *pod.started) {
    broken(Rule::Readiness, who + ", and its times are not in order");
  }
  if (world_.now < *object.running_since + object.blueprint.behaviour->ready_after) {
    broken(Rule::Readiness, who + " before its program can be");
  }
  if (pod.ready_since != world_.now) broken(Rule::Readiness, who + ", and says that it was at another time");
}

void Invariants::Watcher::goes_on(const PodObject& before, const PodObject& pod) {
  const Pod& was = before.pod;
  const Pod& is = pod.pod;
  if (!was.node.empty() && was.node != is.node) {
    broken(Rule::OneNode, name_of(pod) + " went from " + was.node.str() + " to '" + is.node.str() + "'");
  }
  if (!was.completed() && is.phase == PodPhase::Succeeded) {
    ++succeeded_[pod.owner.uid];
    if (is.terminating()) ++succeeded_at_the_end_[pod.owner.uid];
  }
  if (was.completed() && was.phase != is.phase) broken(Rule::Ends, name_of(pod) + " had completed, and runs again");
  if (is.completed() && is.ready) broken(Rule::Readiness, name_of(pod) + " has completed and is Ready");
  if (was.deletion && !is.deletion) broken(Rule::Ends, name_of(pod) + " was ending, and is not any more");
  if (was.deletion && is.deletion && *is.deletion > *was.deletion) {
    broken(Rule::Ends, "the end of " + name_of(pod) + " was put off");
  }
  if (was.deletion || !is.deletion) return;
  if (*is.deletion < world_.now) broken(Rule::Ends, name_of(pod) + " was to have ended before it was told to");
  if (pod.disruption_target && !before.disruption_target && !preempted(before)) evicted(before);
  begins_to_end(before);
}

void Invariants::Watcher::begins_to_end(const PodObject& before) {
  if (before.pod.completed() || may_end(before)) return;
  broken(Rule::Cause, name_of(before) + " is told to end, and nothing is wrong with " + before.pod.node.str());
}

bool Invariants::Watcher::may_end(const PodObject& object) const {
  const MachineId id = world_.machine_of(object.pod.node);
  if (id == kNone) return true;
  const Machine& machine = world_.machines[id];
  if (!machine.alive || !machine.notice_times.empty()) return true;
  const PodId pod = world_.id_of(object.pod.name);
  const WorkloadId owner = pod == kNone ? kNone : world_.pods[pod].workload;
  if (owner == kNone) return true;  // nobody's pods are anybody's to end
  const WorkloadRun& run = world_.workloads[owner];
  if (run.kind == Kind::Job || preempted(object)) return true;
  const auto active = std::ranges::count_if(run.pods, [&](PodId each) { return world_.pods[each].active(); });
  return !run.alive || active >= run.replicas;  // without this one there are enough
}

/// The scheduler makes room on that node for somebody more important.
bool Invariants::Watcher::preempted(const PodObject& object) const {
  return std::ranges::any_of(world_.unscheduled, [&](PodId id) {
    const Pod& other = world_.pods[id].pod();
    return other.nominated_node == object.pod.node && other.spec->priority > object.pod.spec->priority;
  });
}

}  // namespace spotkeeper::sim
