#include "sim/death_book.h"

#include <algorithm>

#include "sim/endpoints.h"

namespace spotkeeper::sim {

void DeathBook::note(PodId pod, DeathMoment moment) {
  if (moment == DeathMoment::Told || moment == DeathMoment::Ended) {
    if (!found_.contains(pod)) order_.push_back(pod);
    found_.try_emplace(pod);
  }
  const auto known = found_.find(pod);
  if (known == found_.end()) return;
  auto& at = known->second.at[static_cast<std::size_t>(moment)];
  if (!at) at = world_.now;
}

void DeathBook::left(PodId pod, DeathMoment moment, Instant when) {
  const auto known = found_.find(pod);
  if (known == found_.end()) return;
  auto& at = known->second.at[static_cast<std::size_t>(moment)];
  at = std::max(at.value_or(when), when);
}

bool DeathBook::a_proxy_sends_to(PodId pod) const {
  for (ServiceId service = 0; service < world_.endpoints->count(); ++service) {
    for (MachineId machine = 0; machine < world_.machines.size(); ++machine) {
      if (world_.machines[machine].alive && world_.endpoints->sends_to(service, machine, pod)) return true;
    }
  }
  return false;
}

std::vector<PodDeath> DeathBook::deaths() {
  for (ServiceId service = 0; service < world_.endpoints->count(); ++service) {
    for (MachineId machine = 0; machine < world_.machines.size(); ++machine)
      world_.endpoints->catch_up(service, machine);
  }
  std::vector<PodDeath> all;
  all.reserve(order_.size());
  for (const PodId id : order_) {
    PodDeath death = found_.at(id);
    const PodRun& run = world_.pods[id];
    death.pod = run.pod().name;
    if (run.machine != kNone) death.node = world_.machines[run.machine].name;
    for (auto& at : death.at) {
      if (at && *at > world_.now) at.reset();  // a balancer that has yet to act
    }
    if (a_proxy_sends_to(id)) death.at[static_cast<std::size_t>(DeathMoment::ProxiesLeft)].reset();
    all.push_back(std::move(death));
  }
  return all;
}

}  // namespace spotkeeper::sim
