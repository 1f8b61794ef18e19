#include "tests/property/checker/cheaper.h"

#include <algorithm>
#include <functional>

#include "tests/property/checker/new_hosts.h"
#include "tests/property/checker/order.h"

namespace spotkeeper::checker {
namespace {

constexpr std::size_t kMostPods = 5;
using Group = std::vector<const Pod*>;

struct Choice {
  Host host;
  std::int64_t micros = 0;
};

std::int64_t price_of(const Problem& problem, const Host& host) {
  const auto label = [&](const char* key) { return host.labels.at(key); };
  const Offering* offering = find_offering(problem, label("node.kubernetes.io/instance-type"),
                                           label("topology.kubernetes.io/zone"), label("karpenter.sh/capacity-type"));
  return offering->micros;
}

bool takes(const State& state, Host host, const Group& group, const PlaceRules& rules) {
  for (const Pod* pod : group) {
    const bool may_be_refused = pod->too_slow_for_spot || rules.shares_capped ||
                                state.problem->spot_shares.contains(pod->owner);  // who of them stays, the plan says
    if (is_spot(host) && may_be_refused) return false;
    if (host_refusal(state, *pod, host)) return false;
    host.come(*pod);
  }
  return true;
}

// Every way to divide the pods into groups.
void for_each_grouping(const std::vector<const Pod*>& pods, const std::function<void(const std::vector<Group>&)>& use) {
  std::vector<Group> groups;
  const std::function<void(std::size_t)> descend = [&](std::size_t next) {
    if (next == pods.size()) return use(groups);
    const std::size_t open = groups.size();  // of which more come and go below
    for (std::size_t i = 0; i < open; ++i) {
      groups[i].push_back(pods[next]);
      descend(next + 1);
      groups[i].pop_back();
    }
    groups.push_back({pods[next]});
    descend(next + 1);
    groups.pop_back();
  };
  descend(0);
}

// The cost of this grouping; nothing if it does not work out.
std::optional<std::int64_t> cost_of(const State& start, const std::vector<Group>& groups,
                                    const std::vector<Choice>& cheapest_first, const PlaceRules& rules) {
  State state = start;
  std::vector<Placed> placed;
  std::int64_t cost = 0;
  for (const Group& group : groups) {
    const auto chosen = std::find_if(cheapest_first.begin(), cheapest_first.end(),
                                     [&](const Choice& choice) { return takes(start, choice.host, group, rules); });
    if (chosen == cheapest_first.end()) return std::nullopt;
    cost += chosen->micros;
    for (const Pod* pod : group) placed.push_back({pod, state.hosts.size()});
    state.hosts.push_back(chosen->host);
    state.hosts.back().name += "-" + std::to_string(state.hosts.size());
    state.hosts.back().labels["kubernetes.io/hostname"] = state.hosts.back().name;
  }
  for (const NodePool& pool : start.problem->pools) {
    if (!exceeded_limit(pool, used_of_limits(pool, state.hosts)).empty()) return std::nullopt;
  }
  if (!put_in_some_order(state, placed).empty()) return std::nullopt;
  return cost;
}

}  // namespace

std::optional<std::int64_t> cost_of_some_plan(const State& start, const std::vector<const Pod*>& pods,
                                              const PlaceRules& rules) {
  if (pods.empty() || pods.size() > kMostPods) return std::nullopt;
  std::vector<Choice> choices;
  for (Host& host : possible_hosts(*start.problem)) {
    const bool variety = std::any_of(host.pool->requirements.begin(), host.pool->requirements.end(),
                                     [](const Expression& e) { return e.min_values > 1; });
    const std::int64_t micros = price_of(*start.problem, host);
    if (!variety) choices.push_back({std::move(host), micros});
  }
  std::sort(choices.begin(), choices.end(), [](const Choice& a, const Choice& b) {
    return std::pair(a.micros, a.host.name) < std::pair(b.micros, b.host.name);
  });
  std::optional<std::int64_t> least;
  for_each_grouping(pods, [&](const std::vector<Group>& groups) {
    const auto cost = cost_of(start, groups, choices, rules);
    if (cost && (!least || *cost < *least)) least = cost;
  });
  return least;
}

}  // namespace spotkeeper::checker
