// Keeps when what happened to every pod that ends, as the world's components tell it. Internal to src/sim.
#pragma once

#include <map>
#include <vector>

#include "sim/deaths.h"
#include "sim/state.h"

namespace spotkeeper::sim {

class DeathBook {
 public:
  explicit DeathBook(World::State& world) : world_(world) {}

  /// It happens now. Of what happens to a pod twice (a grace that shrinks), the first time counts.
  void note(PodId pod, DeathMoment moment);
  /// A proxy, or a load balancer, sends to it no more from `when` on; the latest of them counts.
  void left(PodId pod, DeathMoment moment, Instant when);
  /// Pods that were told to end or whose program has ended, in the order in which that happened.
  [[nodiscard]] std::vector<PodDeath> deaths();

 private:
  [[nodiscard]] bool a_proxy_sends_to(PodId pod) const;

  World::State& world_;
  std::map<PodId, PodDeath> found_;
  std::vector<PodId> order_;
};

}  // namespace spotkeeper::sim
