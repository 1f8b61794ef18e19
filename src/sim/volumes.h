// Volumes that one node has at a time (ReadWriteOnce, as EBS): in which zone each lies, where it is attached, and who
// waits for it.
//
// The rules are those of kube-controller-manager's attach-detach controller (pkg/controller/volume/attachdetach,
// reconciler.go) and of a storage class that binds when its first pod is placed (WaitForFirstConsumer):
//   - A volume is made in the zone of the node that its first pod is bound to, and never leaves it.
//   - It is attached to the node of a pod that is bound there; the kubelet starts no container before that.
//   - When no pod on that node uses it any more it is detached: at once where the node's kubelet lives and has
//   unmounted
//     it, which it has when the pod's object is gone. Only then it is attached to the next pod's node.
//   - On a machine that died nobody unmounts. The controller waits six minutes from when it would have detached
//     (maxWaitForUnmountDuration), then forces it. The taint node.kubernetes.io/out-of-service ends the wait. That the
//     Node's object is deleted does not, in releases up to now: the last status of the Node stays what is believed
//     (github.com/kubernetes/kubernetes/pull/136029 would change that; `VolumeDelays::freed_by_node_deletion`).
//
// Which claims that is about: those that each pod of a StatefulSet has for itself, and those of a workload with a
// single replica. What several replicas share is taken as a file system that every node can have at the same time.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "sim/state.h"

namespace spotkeeper::sim {

/// Whoever sets it on a Node knows that its machine is off for good.
inline constexpr std::string_view kOutOfService = "node.kubernetes.io/out-of-service";

class Volumes {
 public:
  explicit Volumes(World::State& world) : world_(world), random_(Random(world.config.seed).fork(0xEB5)) {}

  /// Its volumes lie in the machine's zone, or nowhere yet.
  [[nodiscard]] bool reachable(const PodRun& run, const Machine& machine) const;
  void pod_bound(PodId id);
  /// Whether all its volumes are on its machine. Where they are not, Kubelets::volumes_attached is called when they
  /// are.
  [[nodiscard]] bool attached_or_wait(PodId id);
  /// Its object has gone, or its containers have ended.
  void pod_changed(PodId id);
  /// It came back, or its Node was deleted or marked as out of service.
  void machine_changed(MachineId id);
  void handle(const Event& event);

  /// For who judges the world: where the claim's volume is attached; kNone: nowhere, or not yet. None: there is no
  /// volume of that claim.
  [[nodiscard]] std::optional<MachineId> attached_to(const ObjectName& claim) const;

 private:
  using VolumeId = std::uint32_t;
  enum class Phase { Detached, Attaching, Attached, Detaching };
  struct Volume {
    std::string zone;
    Phase phase = Phase::Detached;
    MachineId machine = kNone;   // where it is attached, or about to be
    std::uint32_t round = 0;     // of its attachments: an event of an earlier one is void
    bool force_planned = false;  // in this round
    std::vector<PodId> users;    // bound, in the order of their binding
  };
  /// Names of claims that matter here.
  [[nodiscard]] std::vector<ObjectName> claims_of(const PodRun& run) const;
  [[nodiscard]] bool uses(PodId id) const;
  [[nodiscard]] bool all_attached(const PodRun& run) const;
  void review(VolumeId id);
  void attach(VolumeId id, MachineId machine);
  void detach(VolumeId id);
  void leave(VolumeId id);
  [[nodiscard]] bool may_leave_dead(const Machine& machine) const;
  [[nodiscard]] Duration around(Duration median) { return random_.lognormal(median, 0.3); }

  World::State& world_;
  Random random_;
  std::vector<Volume> volumes_;
  std::map<ObjectName, VolumeId> by_claim_;
  std::set<PodId> waiting_;
};

}  // namespace spotkeeper::sim
