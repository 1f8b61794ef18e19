// What the cluster makes of machines that die or come back.
//
// A dead kubelet is noticed by its missing heartbeats (node-monitor-grace-period, checked every few seconds): the
// Node's Ready becomes Unknown, its pods count as not Ready, NoSchedule and NoExecute taints are set. Then either the
// cloud controller sees that the instance is gone and removes the Node, and the pod garbage collector its orphans (20 s
// checks, 40 s quarantine), or the default tolerations end after 300 s and the pods are told to end, which no kubelet
// hears. A Node that is not Ready and has the taint node.kubernetes.io/out-of-service loses its pods to the collector's
// next look (within 20 s), without quarantine.
#pragma once

#include "sim/state.h"

namespace spotkeeper::sim {

class NodeLifecycle {
 public:
  explicit NodeLifecycle(World::State& world) : world_(world) {}

  void add(NodeSpec spec);
  void kill(MachineId id);
  void reboot(MachineId id, Duration down);
  void handle(const Event& event);
  /// The Node object goes; its pods are orphans.
  void remove_node(MachineId id);
  /// Somebody has set taints on the Node.
  void taints_changed(MachineId id);

 private:
  [[nodiscard]] bool out_of_service(MachineId id) const;
  void lost(MachineId id);
  void evict_all(MachineId id);
  void collect(MachineId id);
  void returns(MachineId id);
  void store_node(const Machine& machine, MachineId id);

  World::State& world_;
};

}  // namespace spotkeeper::sim
