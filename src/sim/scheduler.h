// A scheduler that is enough for the small world: resources, pods per node, taints, `unschedulable`, node selector and
// required node affinity, required spread and anti-affinity; among the nodes that pass, the one that spreads the
// workload best over zones, then nodes, and is emptiest.
#pragma once

#include "sim/state.h"

namespace spotkeeper::sim {

class Scheduler {
 public:
  explicit Scheduler(World::State& world) : world_(world) {}
  void handle();

 private:
  [[nodiscard]] MachineId choose(const PodRun& run) const;
  [[nodiscard]] bool fits(const PodRun& run, const Machine& machine, const NodeObject& object) const;
  [[nodiscard]] bool spreads(const PodRun& run, const NodeObject& object) const;
  [[nodiscard]] bool apart(const PodRun& run, const NodeObject& object) const;

  World::State& world_;
};

}  // namespace spotkeeper::sim
