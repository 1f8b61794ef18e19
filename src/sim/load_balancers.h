// Load balancers with IP targets in front of services: the AWS Load Balancer Controller, which registers and
// deregisters pods, and an Application or Network Load Balancer, which does so late.
//
// The controller hears of an EndpointSlice after a while, and calls the API; a pod is a target while it is Ready and
// not ending. From then on it takes a target so long to join, and to leave, as it does in practice whatever the
// deregistration delay is set to, for that only bounds how long connections that are open may stay:
//   - ALB: a target that leaves gets new requests for 5 to 25 s more (aws-load-balancer-controller issues 1064, 1719,
//     2106); one that joins gets the first after two health checks, 15 s apart.
//   - NLB: new connections for some 120 s more (issues 2366, 3270); the first after 90 to 180 s (issue 1834).
// A target that does not answer is passed over after its health checks have failed; where all have, all get requests.
// Kept connections lead through an NLB to the pod, and stay there. Through an ALB they end at the ALB, which chooses a
// target for every request.
#pragma once

#include <string>
#include <vector>

#include "sim/endpoints.h"
#include "sim/state.h"

namespace spotkeeper::sim {

/// Stands for the load balancer of a service where the number of a machine says whose proxy chose.
inline constexpr MachineId kLoadBalancer = kNone - 1;

class LoadBalancers {
 public:
  explicit LoadBalancers(World::State& world) : world_(world), random_(Random(world.config.seed).fork(0xE1B)) {}

  void add(ServiceId service, const LoadBalancerSettings& settings);
  [[nodiscard]] bool stands_before(ServiceId service) const { return find(service) != nullptr; }
  /// Every request over a kept connection is sent to a target of its own.
  [[nodiscard]] bool chooses_per_request(ServiceId service) const;
  /// "the NLB of shop/web".
  [[nodiscard]] std::string name_of(ServiceId service) const;
  /// The EndpointSlice has changed; `ready` are the endpoints that are Ready and not ending.
  void endpoints_changed(ServiceId service, const std::vector<Target>& ready);
  void handle(const Event& event);
  /// Where a new connection, or a request through an ALB, goes; no pod: there is no target.
  [[nodiscard]] Target route(ServiceId service, Random& random) const;
  /// Whether it may send to `pod` now; of kNone, whether it has no target.
  [[nodiscard]] bool sends_to(ServiceId service, PodId pod) const;
  /// When it stopped sending to `pod`; of kNone, when it got its newest target.
  [[nodiscard]] Instant stopped_at(ServiceId service, PodId pod) const;

 private:
  struct Member {
    Target target;
    Instant from;
    Instant until = Instant::max();
  };
  struct Balancer {
    ServiceId service = kNone;
    LoadBalancerSettings settings;
    std::vector<Target> wanted;   // the newest endpoints
    std::vector<Member> members;  // those that left stay, for stopped_at
    bool planned = false;
  };
  [[nodiscard]] const Balancer* find(ServiceId service) const;
  [[nodiscard]] Duration draw(const DelayRange& range) { return random_.between(range.least, range.most); }
  [[nodiscard]] bool registered(const Member& member) const;
  [[nodiscard]] Instant failed_at(const Balancer& balancer, PodId pod) const;
  [[nodiscard]] std::vector<Target> targets(const Balancer& balancer) const;

  World::State& world_;
  Random random_;
  std::vector<Balancer> balancers_;
};

}  // namespace spotkeeper::sim
