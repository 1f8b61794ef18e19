#include "sim/volumes.h"

#include <algorithm>

#include "sim/kubelets.h"

namespace spotkeeper::sim {

std::vector<ObjectName> Volumes::claims_of(const PodRun& run) const {
  std::vector<ObjectName> claims;
  const std::vector<std::string>& patterns = run.pod().spec->claims;
  if (patterns.empty()) return claims;
  const bool alone = run.workload == kNone || world_.workloads[run.workload].replicas <= 1;
  const std::vector<std::string> names = run.pod().claims();
  for (std::size_t i = 0; i < patterns.size(); ++i) {
    if (alone || patterns[i].find('*') != std::string::npos) claims.push_back({run.pod().name.ns, names[i]});
  }
  return claims;
}

bool Volumes::reachable(const PodRun& run, const Machine& machine) const {
  const auto claims = claims_of(run);
  return std::all_of(claims.begin(), claims.end(), [&](const ObjectName& claim) {
    const auto found = by_claim_.find(claim);
    return found == by_claim_.end() || volumes_[found->second].zone == machine.spec.zone;
  });
}

void Volumes::pod_bound(PodId id) {
  const PodRun& run = world_.pods[id];
  for (const ObjectName& claim : claims_of(run)) {
    const auto [place, added] = by_claim_.try_emplace(claim, static_cast<VolumeId>(volumes_.size()));
    if (added) {
      volumes_.emplace_back();
      volumes_.back().zone = world_.machines[run.machine].spec.zone;
    }
    volumes_[place->second].users.push_back(id);
    review(place->second);
  }
}

bool Volumes::all_attached(const PodRun& run) const {
  const auto claims = claims_of(run);
  return std::all_of(claims.begin(), claims.end(), [&](const ObjectName& claim) {
    const auto found = by_claim_.find(claim);
    if (found == by_claim_.end()) return true;  // it was shared when the pod was placed
    const Volume& volume = volumes_[found->second];
    return volume.phase == Phase::Attached && volume.machine == run.machine;
  });
}

std::optional<MachineId> Volumes::attached_to(const ObjectName& claim) const {
  const auto found = by_claim_.find(claim);
  if (found == by_claim_.end()) return std::nullopt;
  const Volume& volume = volumes_[found->second];
  return volume.phase == Phase::Attached ? volume.machine : kNone;
}

bool Volumes::attached_or_wait(PodId id) {
  if (world_.pods[id].pod().spec->claims.empty() || all_attached(world_.pods[id])) return true;
  waiting_.insert(id);
  return false;
}

bool Volumes::uses(PodId id) const {
  const PodRun& run = world_.pods[id];
  if (!run.gone && !run.pod().completed()) return true;
  // Its object has gone before its containers: the kubelet unmounts when they have ended.
  const bool runs = run.program != Program::Absent && run.program != Program::Ended;
  return runs && world_.machines[run.machine].alive;
}

void Volumes::pod_changed(PodId id) {
  const PodRun& run = world_.pods[id];
  if (run.machine == kNone || run.pod().spec->claims.empty()) return;
  waiting_.erase(id);
  for (const ObjectName& claim : claims_of(run)) {
    const auto found = by_claim_.find(claim);
    if (found != by_claim_.end()) review(found->second);
  }
}

void Volumes::machine_changed(MachineId id) {
  for (std::size_t i = 0; i < volumes_.size(); ++i) {
    if (volumes_[i].machine == id) review(static_cast<VolumeId>(i));
  }
}

bool Volumes::may_leave_dead(const Machine& machine) const {
  const auto* node = world_.store.get<NodeObject>({{}, machine.name.str()});
  if (node == nullptr) return world_.config.delays.volumes.freed_by_node_deletion;
  return std::any_of(node->node.taints.begin(), node->node.taints.end(),
                     [](const Taint& taint) { return taint.key == kOutOfService; });
}

void Volumes::review(VolumeId id) {
  Volume& volume = volumes_[id];
  std::erase_if(volume.users, [&](PodId user) { return !uses(user); });
  if (volume.phase == Phase::Detached) {
    const auto next = std::find_if(volume.users.begin(), volume.users.end(),
                                   [&](PodId user) { return world_.machines[world_.pods[user].machine].alive; });
    if (next != volume.users.end()) attach(id, world_.pods[*next].machine);
    return;
  }
  if (volume.phase != Phase::Attached) return;
  const bool used = std::any_of(volume.users.begin(), volume.users.end(),
                                [&](PodId user) { return world_.pods[user].machine == volume.machine; });
  if (!used) leave(id);
}

void Volumes::leave(VolumeId id) {
  Volume& volume = volumes_[id];
  const Machine& machine = world_.machines[volume.machine];
  if (machine.alive || may_leave_dead(machine)) return detach(id);
  if (volume.force_planned) return;
  volume.force_planned = true;
  world_.after(world_.config.delays.volumes.force_detach, EventKind::VolumeForced, id, volume.round);
}

void Volumes::attach(VolumeId id, MachineId machine) {
  Volume& volume = volumes_[id];
  volume.phase = Phase::Attaching;
  volume.machine = machine;
  volume.force_planned = false;
  ++volume.round;
  world_.after(around(world_.config.delays.volumes.attach), EventKind::VolumeAttached, id, volume.round);
}

void Volumes::detach(VolumeId id) {
  Volume& volume = volumes_[id];
  volume.phase = Phase::Detaching;
  ++volume.round;
  world_.after(around(world_.config.delays.volumes.detach), EventKind::VolumeDetached, id, volume.round);
}

void Volumes::handle(const Event& event) {
  Volume& volume = volumes_[event.a];
  if (event.b != volume.round) return;
  if (event.kind == EventKind::VolumeForced) {
    // Whoever uses it there by now is a pod of a machine that has come back.
    std::erase_if(volume.users, [&](PodId user) { return !uses(user); });
    const bool used = std::any_of(volume.users.begin(), volume.users.end(),
                                  [&](PodId user) { return world_.pods[user].machine == volume.machine; });
    if (used) {
      volume.force_planned = false;
      return;
    }
    return detach(event.a);
  }
  if (event.kind == EventKind::VolumeDetached) {
    volume.phase = Phase::Detached;
    volume.machine = kNone;
    return review(event.a);
  }
  volume.phase = Phase::Attached;
  std::vector<PodId> complete;
  for (const PodId user : volume.users) {
    if (waiting_.contains(user) && all_attached(world_.pods[user])) complete.push_back(user);
  }
  for (const PodId pod : complete) {
    waiting_.erase(pod);
    world_.kubelets->volumes_attached(pod);
  }
  review(event.a);
}

}  // namespace spotkeeper::sim
