#include "sim/endpoints.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "sim/death_book.h"
#include "sim/load_balancers.h"

namespace spotkeeper::sim {
namespace {

bool selects(const Labels& selector, const Labels& labels) {
  if (selector.empty()) return false;
  return std::all_of(selector.begin(), selector.end(), [&](const Labels::Entry& wanted) {
    const auto* value = labels.find(wanted.first);
    return value != nullptr && *value == wanted.second;
  });
}

}  // namespace

ServiceId Endpoints::add_service(const ServiceObject& service) {
  Service added;
  added.object = service;
  added.versions.push_back({world_.now, {}});
  services_.push_back(std::move(added));
  const auto id = static_cast<ServiceId>(services_.size() - 1);
  services_[id].planned = true;
  world_.after(world_.config.delays.controller, EventKind::SyncEndpoints, id);
  return id;
}

ServiceId Endpoints::find(const ObjectName& service) const {
  for (std::size_t i = 0; i < services_.size(); ++i) {
    if (services_[i].object.meta.name == service) return static_cast<ServiceId>(i);
  }
  return kNone;
}

void Endpoints::pod_changed(const PodRun& run) {
  for (std::size_t i = 0; i < services_.size(); ++i) {
    Service& service = services_[i];
    if (service.planned || service.object.meta.name.ns != run.pod().name.ns) continue;
    if (!selects(service.object.selector, *run.pod().labels)) continue;
    service.planned = true;
    world_.after(world_.around(world_.config.delays.controller), EventKind::SyncEndpoints,
                 static_cast<std::uint32_t>(i));
  }
}

void Endpoints::handle(const Event& event) {
  Service& service = services_[event.a];
  service.planned = false;
  publish(service);
}

void Endpoints::publish(Service& service) {
  const ObjectName name{service.object.meta.name.ns, service.object.meta.name.name + "-endpoints"};
  EndpointSliceObject slice;
  if (const auto* present = world_.store.get<EndpointSliceObject>(name); present != nullptr) {
    slice = *present;
    ++slice.meta.generation;
  } else {
    slice.meta.name = name;
    slice.meta.uid = world_.new_uid();
    slice.meta.created = world_.now;
    slice.meta.labels = {{"endpointslice.kubernetes.io/managed-by", "endpointslice-controller.k8s.io"},
                         {"kubernetes.io/service-name", service.object.meta.name.name}};
    slice.service = service.object.meta.name.name;
    slice.port = service.object.target_port;
  }
  const std::vector<EndpointObject> before = std::exchange(slice.endpoints, {});
  std::vector<Target> ready;
  std::vector<Target> still_serving;
  const auto& ns = service.object.meta.name.ns;
  for (auto at = world_.pods_by_name.lower_bound({ns, ""}); at != world_.pods_by_name.end() && at->first.ns == ns;
       ++at) {
    const PodRun& run = world_.pods[at->second];
    const Pod& pod = run.pod();
    if (run.machine == kNone || run.object.ip.empty() || pod.completed() || !pod.started) continue;
    if (!selects(service.object.selector, *pod.labels)) continue;
    slice.endpoints.push_back({run.object.ip, pod.name, pod.uid, pod.node, world_.machines[run.machine].spec.zone,
                               pod.serving(), pod.ready, pod.terminating()});
    if (pod.serving()) ready.push_back({at->second, run.machine});
    if (pod.ready && pod.terminating()) still_serving.push_back({at->second, run.machine});
  }
  if (world_.deaths) note_deaths(before, slice.endpoints);
  world_.store.put(std::move(slice));
  world_.balancers->endpoints_changed(static_cast<ServiceId>(&service - services_.data()), ready);
  service.versions.push_back({world_.now, ready.empty() ? std::move(still_serving) : std::move(ready)});
}

void Endpoints::note_deaths(const std::vector<EndpointObject>& before, const std::vector<EndpointObject>& now) {
  const auto id_of = [this](const EndpointObject& endpoint) {
    return std::ranges::find_if(world_.pods, [&](const PodRun& run) { return run.pod().uid == endpoint.pod_uid; }) -
           world_.pods.begin();
  };
  for (const EndpointObject& endpoint : now) {
    if (!endpoint.terminating) continue;
    world_.note_death(static_cast<PodId>(id_of(endpoint)), DeathMoment::EndpointNotReady);
  }
  for (const EndpointObject& endpoint : before) {
    if (std::ranges::find(now, endpoint.pod_uid, &EndpointObject::pod_uid) != now.end()) continue;
    world_.note_death(static_cast<PodId>(id_of(endpoint)), DeathMoment::EndpointGone);
  }
}

void Endpoints::note_left(const Version& before, const Version& now, Instant when) {
  for (const Target& target : before.targets) {
    if (std::ranges::find(now.targets, target.pod, &Target::pod) == now.targets.end())
      world_.deaths->left(target.pod, DeathMoment::ProxiesLeft, when);
  }
}

Duration Endpoints::proxy_delay(MachineId machine) {
  const Delays& delays = world_.config.delays;
  // ln(p99/median) is 2.326 sigma.
  const double sigma = std::log(seconds_of(delays.proxy_p99) / seconds_of(delays.proxy_median)) / 2.326;
  const Duration drawn = std::min(random_.lognormal(delays.proxy_median, std::max(sigma, 0.0)), delays.proxy_most);
  const bool straggles = machine == world_.config.seed % world_.machines.size();
  return straggles ? std::max(drawn, delays.straggler) : drawn;
}

void Endpoints::catch_up(ServiceId id, MachineId machine) {
  Service& service = services_[id];
  if (service.proxies.size() <= machine) service.proxies.resize(world_.machines.size());
  Proxy& proxy = service.proxies[machine];
  const auto newest = static_cast<std::uint32_t>(service.versions.size() - 1);
  while (proxy.told < newest) {
    ++proxy.told;
    proxy.pending.push_back({proxy.told, service.versions[proxy.told].published + proxy_delay(machine)});
  }
  if (!proxy.pending.empty()) {
    for (const Heard& heard : proxy.pending) {
      if (heard.at > world_.now || heard.version <= proxy.applied) continue;
      if (world_.deaths && world_.machines[machine].alive)
        note_left(service.versions[proxy.applied], service.versions[heard.version], heard.at);
      proxy.applied = heard.version;
      proxy.applied_at = heard.at;
    }
    std::erase_if(proxy.pending, [&](const Heard& heard) { return heard.version <= proxy.applied; });
  }
}

Target Endpoints::route(ServiceId id, MachineId machine, Random& random) {
  catch_up(id, machine);
  const Service& service = services_[id];
  const auto& targets = service.versions[service.proxies[machine].applied].targets;
  if (targets.empty()) return {};
  return targets[random.below(targets.size())];
}

bool Endpoints::sends_to(ServiceId id, MachineId machine, PodId pod) const {
  const Service& service = services_[id];
  const auto& targets = service.versions[service.proxies[machine].applied].targets;
  if (pod == kNone) return targets.empty();
  return std::any_of(targets.begin(), targets.end(), [&](const Target& target) { return target.pod == pod; });
}

Instant Endpoints::heard_at(ServiceId id, MachineId machine) const { return services_[id].proxies[machine].applied_at; }

std::uint32_t Endpoints::serving(ServiceId id) const {
  const auto& targets = services_[id].versions.back().targets;
  return static_cast<std::uint32_t>(std::count_if(targets.begin(), targets.end(), [&](const Target& target) {
    const PodRun& run = world_.pods[target.pod];
    return world_.machines[target.machine].alive && run.pod().serving() && run.program == Program::Serving;
  }));
}

}  // namespace spotkeeper::sim
