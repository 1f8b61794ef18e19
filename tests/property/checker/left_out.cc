#include "tests/property/checker/left_out.h"

#include <algorithm>
#include <functional>
#include <set>

#include "tests/property/checker/new_hosts.h"

namespace spotkeeper::checker {
namespace {

// The pod may come to the host by every reading of the rules, and nobody who is there would mind.
bool has_place(const State& state, const Pod& pod, const Host& host, const std::vector<Host>& possible) {
  if (host_refusal(state, pod, host) || affinity_refusal(state, pod, host)) return false;
  return !spread_refusal(state, pod, host, Domains::OfNodes, {}) &&
         !spread_refusal(state, pod, host, Domains::AlsoPossible, possible);
}

bool some_limit_binds(const State& state, const NodePool& pool, const Host& more) {
  if (pool.limits.empty()) return false;
  std::vector<Host> all = state.hosts;
  all.push_back(more);
  return !exceeded_limit(pool, used_of_limits(pool, all)).empty();
}

bool asks_for_variety(const NodePool& pool) {
  return std::any_of(pool.requirements.begin(), pool.requirements.end(),
                     [](const Expression& e) { return e.min_values > 1; });
}

bool is_spot(const Host& host) {
  const auto found = host.labels.find("karpenter.sh/capacity-type");
  return found != host.labels.end() && found->second == "spot";
}

State with_room_kept(const State& state) {
  State out = state;
  for (Host& host : out.hosts) {
    if (host.pool == nullptr) keep_room_for_daemons(host, *state.problem);
  }
  return out;
}

std::string place_of(const State& final, const Pod& pod, const std::vector<Host>& possible, const PlaceRules& rules) {
  const auto doubtful = [&](const Host& host) {
    if (host.pool != nullptr && asks_for_variety(*host.pool)) return true;
    return is_spot(host) && ((rules.shares_capped && !pod.owner.empty()) || pod.too_slow_for_spot);
  };
  for (const Host& host : final.hosts) {
    if (!doubtful(host) && has_place(final, pod, host, possible)) return host.name;
  }
  State with = final;
  with.hosts.emplace_back();
  for (const Host& host : possible) {
    if (doubtful(host) || label_refusal(final, pod, host) || some_limit_binds(final, *host.pool, host)) continue;
    with.hosts.back() = host;
    if (has_place(with, pod, with.hosts.back(), possible)) {
      return "a new " + host.labels.at("node.kubernetes.io/instance-type") + " (" +
             host.labels.at("karpenter.sh/capacity-type") + ") in " + host.labels.at("topology.kubernetes.io/zone") +
             " of " + host.pool_name;
    }
  }
  return "";
}

// Every pod somewhere, in some order.
bool can_all_come(const State& start, const std::vector<const Pod*>& pods) {
  State state = start;
  std::set<std::vector<std::size_t>> hopeless;  // where each pod is, plus one; 0: not yet anywhere
  std::vector<std::size_t> where(pods.size(), 0);
  const std::function<bool(std::size_t)> descend = [&](std::size_t there) {
    if (there == pods.size()) return true;
    if (hopeless.contains(where)) return false;
    for (std::size_t i = 0; i < pods.size(); ++i) {
      if (where[i] != 0) continue;
      for (std::size_t h = 0; h < state.hosts.size(); ++h) {
        if (refusal(state, *pods[i], state.hosts[h])) continue;
        state.hosts[h].pods.push_back(pods[i]);
        where[i] = h + 1;
        if (descend(there + 1)) return true;
        where[i] = 0;
        state.hosts[h].pods.pop_back();
      }
    }
    hopeless.insert(where);
    return false;
  };
  return descend(0);
}

}  // namespace

std::vector<std::string> places_not_seen(const State& final, const std::vector<const Pod*>& left,
                                         const PlaceRules& rules) {
  std::vector<std::string> out;
  if (left.empty()) return out;
  const std::vector<Host> possible = possible_hosts(*final.problem);
  const State state = with_room_kept(final);
  for (const Pod* pod : left) {
    const std::string place = place_of(state, *pod, possible, rules);
    if (!place.empty()) out.push_back(pod->name + " is left out, and there is a place on " + place);
  }
  return out;
}

std::string better_place(const State& final, const std::vector<const Pod*>& pods, const PlaceRules& rules) {
  const std::vector<Host> possible = possible_hosts(*final.problem);
  for (const Pod* pod : pods) {
    State without = with_room_kept(final);
    for (Host& host : without.hosts) std::erase(host.pods, pod);
    const std::string place = place_of(without, *pod, possible, rules);
    if (!place.empty()) return pod->name + " could be on " + place;
  }
  return "";
}

std::vector<std::string> needless_spot(const State& final, const PlaceRules& rules) {
  std::vector<std::string> out;
  for (const Host& host : final.hosts) {
    if (host.pool == nullptr || !is_spot(host)) continue;
    for (const Pod* pod : host.pods) {
      if (!pod->too_slow_for_spot) continue;
      const std::string place = better_place(final, {pod}, rules);
      if (!place.empty()) out.push_back("it does not end within a Spot notice: " + place);
    }
  }
  return out;
}

std::vector<std::string> placements_not_seen(const State& start, const std::vector<Placed>& placed,
                                             const std::vector<const Pod*>& left) {
  std::vector<std::string> out;
  if (!start.problem->pools.empty() || start.hosts.size() > 3 || placed.size() + left.size() > 6) return out;
  const State state = with_room_kept(start);
  for (const Pod* pod : left) {
    std::vector<const Pod*> together = {pod};
    for (const Placed& one : placed) {
      if (one.pod->priority >= pod->priority) together.push_back(one.pod);
    }
    const bool lonely = std::none_of(state.hosts.begin(), state.hosts.end(),
                                     [&](const Host& host) { return !host_refusal(state, *pod, host); });
    if (lonely || !can_all_come(state, together)) continue;
    out.push_back(pod->name + " is left out, and can come together with all that are as important");
  }
  return out;
}

}  // namespace spotkeeper::checker
