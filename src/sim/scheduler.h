// The scheduler: kube-scheduler's filters (resources, pods per node, taints, `unschedulable`, volumes' zones, and what
// sim/placement.h knows); among the nodes that pass, the one that the pod likes best, then the one that spreads its
// workload best over zones, then nodes, and is emptiest.
//
// A pod that fits nowhere preempts, as DefaultPreemption does: on each node it takes away in thought everything of
// lower priority, and where it would fit then gives back what it can, pods whose budget allows no disruption first,
// then the more important ones. Of the nodes it takes the one where fewest budgets are overridden, then where the
// highest victim is lowest, their sum is least, they are fewest, and the most important one is youngest. The victims
// are deleted with their own grace, the node is nominated, and pods of lower priority reckon with who is nominated
// there.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <vector>

#include "sim/placement.h"
#include "sim/state.h"

namespace spotkeeper::sim {

class Scheduler {
 public:
  explicit Scheduler(World::State& world) : world_(world) {}
  void handle();

 private:
  struct Room {
    Resources used;
    std::int64_t pods = 0;
  };
  struct Sacrifice {
    MachineId machine = kNone;
    std::vector<PodId> victims;
    std::int64_t overridden = 0;  // budgets
  };
  [[nodiscard]] MachineId choose(const PodRun& run, PodId id) const;
  [[nodiscard]] bool fits(const PodRun& run, const Machine& machine, const NodeObject& object, Room room) const;
  [[nodiscard]] Room room_on(MachineId machine, const PodRun& run, PodId id) const;
  void preempt(PodId id);
  [[nodiscard]] bool victims_are_leaving(const PodRun& run, MachineId machine) const;
  [[nodiscard]] std::optional<Sacrifice> sacrifice_on(MachineId machine, const NodeObject& object, PodId id) const;
  /// Of these pods, in the order of their importance: who is covered by a budget that allows no more.
  [[nodiscard]] std::set<PodId> protected_of(const std::vector<PodId>& pods) const;
  [[nodiscard]] bool better(const Sacrifice& a, const Sacrifice& b) const;

  World::State& world_;
  std::map<PodId, MachineId> nominated_;
};

}  // namespace spotkeeper::sim
