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

// Some rule between pods is over a label whose value on new nodes of the pool is anybody's choice.
bool has_open_domain(const Problem& problem, const NodePool& pool) {
  const auto is_open = [&](const std::string& key) {
    return std::any_of(pool.requirements.begin(), pool.requirements.end(),
                       [&](const Expression& e) { return e.key == key && e.op != "In" && !pool.labels.contains(key); });
  };
  return std::any_of(problem.pods.begin(), problem.pods.end(), [&](const Pod& pod) {
    const auto over = [&](const auto& each) { return !is_well_known(each.key) && is_open(each.key); };
    return std::any_of(pod.spreads.begin(), pod.spreads.end(), over) ||
           std::any_of(pod.affinity.begin(), pod.affinity.end(), over) ||
           std::any_of(pod.anti_affinity.begin(), pod.anti_affinity.end(), over);
  });
}

// Where a pod could be: one of the hosts, or the new one behind them.
struct Place {
  std::size_t host = 0;
  std::optional<Host> bought;
  std::string name;
};

std::string words_for(const Host& host) {
  return "a new " + host.labels.at("node.kubernetes.io/instance-type") + " (" +
         host.labels.at("karpenter.sh/capacity-type") + ") in " + host.labels.at("topology.kubernetes.io/zone") +
         " of " + host.pool_name;
}

// Enough different machines of the pool would do for the pod in the same zone and of the same kind, so that its
// minValues stand in nobody's way.
bool leaves_variety(const State& with, const Pod& pod, const Host& chosen, const std::vector<Host>& possible) {
  const auto same = [&](const Host& host, const char* key) { return host.labels.at(key) == chosen.labels.at(key); };
  const auto counts_alike = [&](const Host& host) {
    return std::all_of(with.problem->pods.begin(), with.problem->pods.end(), [&](const Pod& each) {
      return std::all_of(each.spreads.begin(), each.spreads.end(), [&](const Spread& spread) {
        return counts_for(each, spread, host) == counts_for(each, spread, chosen);
      });
    });
  };
  for (const Expression& requirement : chosen.pool->requirements) {
    if (requirement.min_values <= 1) continue;
    std::set<std::string> values;
    for (const Host& host : possible) {
      const auto value = host.labels.find(requirement.key);
      if (host.pool != chosen.pool || value == host.labels.end() || !same(host, "topology.kubernetes.io/zone") ||
          !same(host, "karpenter.sh/capacity-type") || !counts_alike(host) ||
          some_limit_binds(with, *host.pool, host)) {
        continue;
      }
      State other = with;
      other.hosts.back() = host;
      if (has_place(other, pod, other.hosts.back(), possible)) values.insert(value->second);
    }
    if (static_cast<std::int64_t>(values.size()) < requirement.min_values) return false;
  }
  return true;
}

std::optional<Place> place_of(const State& final, const Pod& pod, const std::vector<Host>& possible,
                              const PlaceRules& rules) {
  const auto doubtful = [&](const Host& host) {
    return is_spot(host) && ((rules.shares_capped && !pod.owner.empty()) || pod.too_slow_for_spot);
  };
  const auto is_full = [&](const Host& host) {
    if (!rules.most_on_new_node || host.pool == nullptr || pod.owner.empty()) return false;
    return std::count_if(host.pods.begin(), host.pods.end(),
                         [&](const Pod* other) { return other->owner == pod.owner; }) >= *rules.most_on_new_node;
  };
  for (std::size_t i = 0; i < final.hosts.size(); ++i) {
    const Host& host = final.hosts[i];
    if (doubtful(host) || is_full(host) || (host.pool != nullptr && asks_for_variety(*host.pool))) continue;
    if (has_place(final, pod, host, possible)) return Place{i, {}, host.name};
  }
  State with = final;
  with.hosts.emplace_back();
  for (const Host& host : possible) {
    if (doubtful(host) || label_refusal(final, pod, host) || some_limit_binds(final, *host.pool, host)) continue;
    if (has_open_domain(*final.problem, *host.pool)) continue;
    with.hosts.back() = host;
    if (!has_place(with, pod, with.hosts.back(), possible)) continue;
    with.hosts.back() = Host();
    if (asks_for_variety(*host.pool) && !leaves_variety(with, pod, host, possible)) continue;
    return Place{final.hosts.size(), host, words_for(host)};
  }
  return std::nullopt;
}

// Whether the others can still come, in some order, when this one is there, and nowhere else.
bool holds_with(const Ending& ending, const Pod* moved, const Place& place) {
  State state = ending.start;
  if (place.bought) state.hosts.push_back(*place.bought);
  std::vector<Placed> placed = ending.placed;
  std::erase_if(placed, [&](const Placed& one) { return one.pod == moved; });
  placed.push_back({moved, place.host});
  return put_in_some_order(state, placed).empty();
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
        state.hosts[h].come(*pods[i]);
        where[i] = h + 1;
        if (descend(there + 1)) return true;
        where[i] = 0;
        state.hosts[h].leave(*pods[i]);
      }
    }
    hopeless.insert(where);
    return false;
  };
  return descend(0);
}

}  // namespace

std::vector<std::string> places_not_seen(const Ending& ending, const std::vector<const Pod*>& left,
                                         const PlaceRules& rules) {
  std::vector<std::string> out;
  if (left.empty()) return out;
  const std::vector<Host> possible = possible_hosts(*ending.start.problem);
  for (const Pod* pod : left) {
    const auto place = place_of(ending.final, *pod, possible, rules);
    if (place && holds_with(ending, pod, *place)) {
      out.push_back(pod->name + " is left out, and there is a place on " + place->name);
    }
  }
  return out;
}

std::vector<std::string> less_important_placed(const Ending& ending, const std::vector<const Pod*>& left,
                                               const PlaceRules& rules) {
  std::vector<std::string> out;
  for (const Pod* pod : left) {
    const auto comes_later = [&](const Placed& one) { return one.pod->priority < pod->priority; };
    std::vector<Placed> before = ending.placed;
    if (std::erase_if(before, comes_later) == 0) continue;
    State state = ending.start;
    const std::size_t there = state.problem->hosts.size();
    std::vector<Host> kept;  // without the machines that would not have been bought
    std::vector<std::size_t> moved(state.hosts.size());
    for (std::size_t i = 0; i < state.hosts.size(); ++i) {
      const bool used = std::any_of(before.begin(), before.end(), [&](const Placed& one) { return one.host == i; });
      moved[i] = kept.size();
      if (i < there || used) kept.push_back(state.hosts[i]);
    }
    state.hosts = std::move(kept);
    for (Placed& one : before) one.host = moved[one.host];
    const State start = state;
    if (!put_in_some_order(state, before).empty()) continue;
    const auto place = place_of(state, *pod, possible_hosts(*state.problem), rules);
    if (place && holds_with({start, before, state}, pod, *place))
      out.push_back(pod->name + " is left out for less important pods: it could be on " + place->name);
  }
  return out;
}

std::string better_place(const Ending& ending, const std::vector<const Pod*>& pods, const PlaceRules& rules) {
  const std::vector<Host> possible = possible_hosts(*ending.start.problem);
  for (const Pod* pod : pods) {
    State without = ending.final;
    for (Host& host : without.hosts) host.leave(*pod);
    const auto place = place_of(without, *pod, possible, rules);
    if (place && holds_with(ending, pod, *place)) return pod->name + " could be on " + place->name;
  }
  return "";
}

std::vector<std::string> needless_spot(const Ending& ending, const PlaceRules& rules) {
  std::vector<std::string> out;
  for (const Host& host : ending.final.hosts) {
    if (host.pool == nullptr || !is_spot(host)) continue;
    for (const Pod* pod : host.pods) {
      if (!pod->too_slow_for_spot || pod->daemon) continue;
      const std::string place = better_place(ending, {pod}, rules);
      if (!place.empty()) out.push_back("it does not end within a Spot notice: " + place);
    }
  }
  return out;
}

std::vector<std::string> placements_not_seen(const Ending& ending, const std::vector<const Pod*>& left) {
  const State& state = ending.start;
  std::vector<std::string> out;
  if (!state.problem->pools.empty() || state.hosts.size() > 3 || ending.placed.size() + left.size() > 6) return out;
  for (const Pod* pod : left) {
    std::vector<const Pod*> together = {pod};
    for (const Placed& one : ending.placed) {
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
