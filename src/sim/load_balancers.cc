#include "sim/load_balancers.h"

#include <fmt/format.h>

#include <algorithm>

#include "sim/death_book.h"

namespace spotkeeper::sim {
namespace {

constexpr Duration kRemembered = 10min;  // who left: for the explanation of what was lost meanwhile

}  // namespace

std::string_view name_of(LoadBalancerType type) { return type == LoadBalancerType::Alb ? "ALB" : "NLB"; }

LoadBalancerSettings usual(LoadBalancerType type) {
  LoadBalancerSettings settings;
  settings.type = type;
  if (type == LoadBalancerType::Nlb) {
    settings.join = {90s, 180s};
    settings.leave = {115s, 125s};
  }
  return settings;
}

void LoadBalancers::add(ServiceId service, const LoadBalancerSettings& settings) {
  Balancer balancer;
  balancer.service = service;
  balancer.settings = settings;
  balancers_.push_back(std::move(balancer));
}

const LoadBalancers::Balancer* LoadBalancers::find(ServiceId service) const {
  const auto found = std::find_if(balancers_.begin(), balancers_.end(),
                                  [&](const Balancer& balancer) { return balancer.service == service; });
  return found == balancers_.end() ? nullptr : &*found;
}

bool LoadBalancers::chooses_per_request(ServiceId service) const {
  const Balancer* balancer = find(service);
  return balancer != nullptr && balancer->settings.type == LoadBalancerType::Alb;
}

std::string LoadBalancers::name_of(ServiceId service) const {
  const Balancer* balancer = find(service);
  if (balancer == nullptr) return {};
  return fmt::format("the {} of {}", sim::name_of(balancer->settings.type), world_.endpoints->name_of(service).str());
}

void LoadBalancers::endpoints_changed(ServiceId service, const std::vector<Target>& ready) {
  for (std::size_t i = 0; i < balancers_.size(); ++i) {
    Balancer& balancer = balancers_[i];
    if (balancer.service != service) continue;
    balancer.wanted = ready;
    if (balancer.planned) continue;
    balancer.planned = true;
    const Duration late = draw(balancer.settings.controller) + draw(balancer.settings.api);
    world_.after(late, EventKind::SyncLoadBalancer, static_cast<std::uint32_t>(i));
  }
}

void LoadBalancers::handle(const Event& event) {
  Balancer& balancer = balancers_[event.a];
  balancer.planned = false;
  std::erase_if(balancer.members, [&](const Member& member) { return member.until < world_.now - kRemembered; });
  const auto stays = [](const Member& member) { return member.until == Instant::max(); };
  for (Member& member : balancer.members) {
    const bool wanted = std::any_of(balancer.wanted.begin(), balancer.wanted.end(),
                                    [&](const Target& target) { return target.pod == member.target.pod; });
    if (wanted || !stays(member)) continue;
    member.until = world_.now + draw(balancer.settings.leave);
    if (world_.deaths) world_.deaths->left(member.target.pod, DeathMoment::BalancerLeft, member.until);
  }
  for (const Target& target : balancer.wanted) {
    const bool known = std::any_of(balancer.members.begin(), balancer.members.end(), [&](const Member& member) {
      return stays(member) && member.target.pod == target.pod;
    });
    if (!known) balancer.members.push_back({target, world_.now + draw(balancer.settings.join)});
  }
}

bool LoadBalancers::registered(const Member& member) const {
  return member.from <= world_.now && world_.now < member.until;
}

Instant LoadBalancers::failed_at(const Balancer& balancer, PodId pod) const {
  const PodRun& run = world_.pods[pod];
  const bool ended = run.program == Program::Closing || run.program == Program::Ended;
  return ended ? run.ended_at + balancer.settings.unhealthy_after : Instant::max();
}

std::vector<Target> LoadBalancers::targets(const Balancer& balancer) const {
  std::vector<Target> healthy;
  std::vector<Target> all;
  for (const Member& member : balancer.members) {
    if (!registered(member)) continue;
    all.push_back(member.target);
    if (world_.now < failed_at(balancer, member.target.pod)) healthy.push_back(member.target);
  }
  return healthy.empty() ? all : healthy;
}

Target LoadBalancers::route(ServiceId service, Random& random) const {
  const Balancer* balancer = find(service);
  if (balancer == nullptr) return {};
  const std::vector<Target> open = targets(*balancer);
  return open.empty() ? Target{} : open[random.below(open.size())];
}

bool LoadBalancers::sends_to(ServiceId service, PodId pod) const {
  const Balancer* balancer = find(service);
  if (balancer == nullptr) return false;
  const std::vector<Target> open = targets(*balancer);
  if (pod == kNone) return open.empty();
  return std::any_of(open.begin(), open.end(), [&](const Target& target) { return target.pod == pod; });
}

Instant LoadBalancers::stopped_at(ServiceId service, PodId pod) const {
  const Balancer* balancer = find(service);
  if (balancer == nullptr) return world_.now;
  Instant newest = world_.config.start;
  for (const Member& member : balancer->members) {
    if (member.target.pod == pod) return std::min({member.until, failed_at(*balancer, pod), world_.now});
    if (member.from <= world_.now) newest = std::max(newest, member.from);
  }
  return newest;
}

}  // namespace spotkeeper::sim
