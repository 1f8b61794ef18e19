// Services: the EndpointSlice controller, and the proxies that hear of its changes late.
//
// A change of a pod reaches its EndpointSlices after the controller's delay, and each machine's proxy after a delay of
// its own, which is drawn anew for every change (log-normal; one machine, chosen by the seed, is the straggler). A
// proxy applies the newest state it has heard of. kube-proxy's choice (KEP-1669): the Ready endpoints; where there are
// none, those that are terminating and still serving.
#pragma once

#include "sim/state.h"

namespace spotkeeper::sim {

struct Target {
  PodId pod = kNone;
  MachineId machine = kNone;
};

class Endpoints {
 public:
  explicit Endpoints(World::State& world) : world_(world), random_(Random(world.config.seed).fork(0xE9D)) {}

  ServiceId add_service(const ServiceObject& service);
  [[nodiscard]] ServiceId find(const ObjectName& service) const;
  void pod_changed(const PodRun& run);
  void handle(const Event& event);
  /// To which pod the proxy of `machine` sends a new connection now; kNone: it knows no endpoint.
  Target route(ServiceId service, MachineId machine, Random& random);
  /// Lets the proxy of `machine` apply what it has heard by now.
  void catch_up(ServiceId service, MachineId machine);
  /// As of its last catching up: whether it sends to `pod`; of kNone, whether it knows no endpoint.
  [[nodiscard]] bool sends_to(ServiceId service, MachineId machine, PodId pod) const;
  /// When it heard what it acts on.
  [[nodiscard]] Instant heard_at(ServiceId service, MachineId machine) const;
  [[nodiscard]] const ObjectName& name_of(ServiceId service) const { return services_[service].object.meta.name; }
  [[nodiscard]] std::size_t count() const { return services_.size(); }
  /// How many pods of the newest EndpointSlice answer now.
  [[nodiscard]] std::uint32_t serving(ServiceId service) const;

 private:
  struct Version {
    Instant published;
    std::vector<Target> targets;
  };
  struct Heard {
    std::uint32_t version;
    Instant at;
  };
  struct Proxy {
    std::uint32_t applied = 0;
    Instant applied_at;
    std::uint32_t told = 0;
    std::vector<Heard> pending;
  };
  struct Service {
    ServiceObject object;
    std::vector<Version> versions;  // the first is empty
    std::vector<Proxy> proxies;     // by machine
    bool planned = false;
    bool stored = false;
  };
  [[nodiscard]] Duration proxy_delay(MachineId machine);
  void publish(Service& service);
  void note_deaths(const std::vector<EndpointObject>& before, const std::vector<EndpointObject>& now);
  void note_left(const Version& before, const Version& now, Instant when);

  World::State& world_;
  Random random_;
  std::vector<Service> services_;
};

}  // namespace spotkeeper::sim
