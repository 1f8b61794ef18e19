// The kubelets: what happens to a pod on its machine, in the real kubelet's order.
//
// Start: once the pod's volumes are attached and its image is on the machine, the container runs after the pod's start
// delay, its program listens after its own, and the next readiness probe after that makes the pod Ready. End
// (kuberuntime_container.go): preStop first, within the grace; SIGTERM when it is over; what is left of the grace,
// raised to 2 s, until SIGKILL. A grace that is shortened meanwhile counts from then. A program that has done its work
// ends by itself, and its pod stays as Succeeded. A machine's death ends everything on it at once, and nobody reports
// it.
#pragma once

#include "sim/state.h"

namespace spotkeeper::sim {

/// The least time between SIGTERM and SIGKILL (minimumGracePeriodInSeconds).
inline constexpr Duration kLeastGrace = 2s;

class Kubelets {
 public:
  explicit Kubelets(World::State& world) : world_(world) {}

  void pod_bound(PodId id);
  /// deletionTimestamp was set or brought nearer.
  void pod_deleting(PodId id);
  /// The object was removed with grace 0: the containers are killed as soon as the kubelet hears.
  void pod_removed(PodId id);
  /// A pod that waited for its volumes has them.
  void volumes_attached(PodId id);
  void handle(const Event& event);
  /// Ends everything on that machine this instant.
  void machine_died(Machine& machine);
  /// Starts again what was on it.
  void machine_returned(MachineId id);
  /// Called by the clients when the last request of a closing program has been answered.
  void drained(PodId id);

 private:
  [[nodiscard]] bool void_event(const PodRun& run) const;
  void start(PodId id);
  void runs(PodId id);
  void listens(PodId id);
  void ready(PodId id);
  void work_done(PodId id, std::uint32_t start);
  /// How long until the machine has the pod's image; the first pod there that needs it pulls it for all.
  [[nodiscard]] Duration pull(const PodRun& run);
  void begin_end(PodId id);
  void terminate(PodId id, std::uint32_t round);
  void close_listener(PodId id, std::uint32_t round);
  void kill(PodId id, std::uint32_t round);
  void end(PodId id, std::int32_t exit_code);
  void report(PodId id);

  World::State& world_;
};

}  // namespace spotkeeper::sim
