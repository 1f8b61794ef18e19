#include "tests/property/checker/judge.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include <fmt/format.h>

#include "tests/property/checker/cheaper.h"
#include "tests/property/checker/kinds.h"
#include "tests/property/checker/left_out.h"
#include "tests/property/checker/new_hosts.h"
#include "tests/property/checker/order.h"
#include "tests/property/checker/selectors.h"
#include "tests/property/checker/shares.h"

namespace spotkeeper::checker {
namespace {

constexpr double kRounding = 1e-6;  // dollars
constexpr double kDearest = 1.1;    // an alternative, against what it stands in for (docs/plan.md)

bool asks_for_variety(const NodePool& pool) {
  return std::any_of(pool.requirements.begin(), pool.requirements.end(),
                     [](const Expression& e) { return e.min_values > 1; });
}

class Judge {
 public:
  Judge(const Problem& problem, const Answer& answer, const JudgeOptions& options)
      : problem_(problem), answer_(answer), options_(options), kinds_(problem), wrong_(answer.malformed) {
    for (const Pod& pod : problem.pods) pods_[pod.name] = &pod;
    state_.problem = &problem;
    state_.kinds = &kinds_;
    state_.hosts = problem.hosts;
    for (Host& host : state_.hosts) {
      for (const Pod& pod : problem.pods) {
        if (pod.node == host.name && !pod.finished) host.come(pod);
      }
    }
    for (Host& host : state_.hosts) add_missing_daemons(host);
  }

  std::vector<std::string> verdict() {
    count_pods();
    for (std::size_t i = 0; i < answer_.nodes.size(); ++i) look_at_node(i);
    for (const auto& [node, names] : answer_.existing) look_at_existing(node, names);
    for (const NodePool& pool : problem_.pools) look_at_limits(pool);
    look_at_money();
    ending_.start = state_;
    for (const std::string& each : put_in_some_order(state_, placed_)) say(each);
    if (wrong_.empty()) look_at_rules_elsewhere();
    if (options_.completeness && wrong_.empty()) look_for_places();
    return std::move(wrong_);
  }

 private:
  struct Elsewhere {
    std::vector<Host> hosts;  // as its labels may turn out
    std::size_t at = 0;       // of the planned host that it would be instead
    std::string name;
  };

  // They are on their way to where they have room.
  void add_missing_daemons(Host& host) {
    for (const DaemonSet& daemon : problem_.daemons) {
      const bool there = std::any_of(host.pods.begin(), host.pods.end(),
                                     [&](const Pod* pod) { return pod->owner == daemon.pod.owner; });
      if (!there && !refusal(state_, daemon.pod, host)) host.come(daemon.pod);
    }
  }

  void say(std::string what) { wrong_.push_back(std::move(what)); }

  void count_pods() {
    std::map<std::string, int> times;
    const auto place = [&](const std::vector<std::string>& names) {
      for (const std::string& name : names) {
        ++times[name];
        const auto pod = pods_.find(name);
        if (pod == pods_.end()) continue;
        for (const std::string& why : pod->second->broken) say(fmt::format("{} is placed, but broken: {}", name, why));
        if (pod->second->gated) say(name + " is placed, but has scheduling gates");
      }
    };
    for (const PlannedNode& node : answer_.nodes) place(node.pods);
    for (const auto& [node, names] : answer_.existing) place(names);
    for (const auto& [name, reason] : answer_.unplaced) {
      ++times[name];
      if (reason.empty()) say(name + " is left out without a reason");
    }
    for (const auto& [name, count] : times) {
      const auto pod = pods_.find(name);
      if (pod == pods_.end()) {
        say(name + " was never asked for");
      } else if (!pod->second->node.empty() || pod->second->finished) {
        say(name + " is not waiting for a place");
      } else if (count > 1) {
        say(name + " is in the plan " + std::to_string(count) + " times");
      }
    }
    for (const auto& [name, pod] : pods_) {
      const bool waits = pod->node.empty() && !pod->finished && !pod->gated && !pod->nominated && !pod->terminating;
      if (waits && !times.contains(name)) say(name + " is not in the plan");
    }
  }

  void look_at_node(std::size_t index) {
    const PlannedNode& node = answer_.nodes[index];
    const std::string title = fmt::format("new node {} ({} {} {})", index, node.type, node.zone, node.capacity_type);
    const NodePool* pool = find_pool(problem_, node.pool);
    if (pool == nullptr) return say(title + ": no such NodePool");
    std::vector<Host> hosts = offered_hosts(node, *pool, title, title, node.labels);
    if (hosts.empty()) return;
    if (node.pods.empty()) say(title + ": nothing runs on it");
    Host& chosen = choose(hosts, node);
    const std::size_t at = state_.hosts.size();
    state_.hosts.push_back(std::move(chosen));
    add_placed(node.pods, at);
    for (const PlannedOffering& other : node.alternatives) look_at_alternative(node, *pool, other, title, at);
    look_at_variety(node, *pool, title);
  }

  // The hosts of that name that an offering makes, with the labels that are promised; none, and why, if it can't be
  // had.
  std::vector<Host> offered_hosts(const PlannedOffering& offer, const NodePool& pool, const std::string& title,
                                  const std::string& name, const Labels& promised) {
    const auto machine = problem_.machines.find(offer.type);
    const Offering* offering = find_offering(problem_, offer.type, offer.zone, offer.capacity_type);
    if (machine == problem_.machines.end() || offering == nullptr) {
      say(title + ": this can't be had");
      return {};
    }
    const double price = static_cast<double>(offering->micros) / 1e6;
    if (std::abs(offer.price - price) > kRounding) {
      say(fmt::format("{}: the price is {}, not {}", title, price, offer.price));
    }
    auto hosts = new_hosts(problem_, pool, machine->second, offer.zone, offer.capacity_type, name);
    if (hosts.empty()) say(title + ": NodePool " + pool.name + " does not allow it");
    if (promised.empty() || hosts.empty()) return hosts;
    const auto host = promised_host(problem_, pool, machine->second, offer.zone, offer.capacity_type, name, promised);
    if (host) return {*host};
    say(title + ": its labels can't be these");
    return {};
  }

  // Of the ways its labels may turn out, one with which every pod there agrees.
  Host& choose(std::vector<Host>& hosts, const PlannedNode& node) {
    for (Host& host : hosts) {
      if (disagreement(node, host).empty()) return host;
    }
    return hosts.front();
  }

  std::string disagreement(const PlannedNode& node, Host host) {
    for (const std::string& name : node.pods) {
      const auto pod = pods_.find(name);
      if (pod == pods_.end()) continue;
      if (const auto why = host_refusal(state_, *pod->second, host)) return name + ": " + *why;
      host.come(*pod->second);
    }
    return "";
  }

  void look_at_alternative(const PlannedNode& node, const NodePool& pool, const PlannedOffering& other,
                           const std::string& title, std::size_t at) {
    const std::string name =
        fmt::format("{}: alternative {} {} {}", title, other.type, other.zone, other.capacity_type);
    if (!asks_for_variety(pool)) {
      if (other.capacity_type != node.capacity_type) say(name + ": not of the capacity type that was planned");
      if (other.price > node.price * kDearest + kRounding) say(name + ": too dear");
    }
    std::vector<Host> hosts = offered_hosts(other, pool, name, title, {});
    if (!hosts.empty() && !node.labels.empty()) {
      const auto host = stand_in_host(problem_, pool, problem_.machines.at(other.type), other.zone, other.capacity_type,
                                      title, node.labels);
      if (!host) return say(name + ": its labels can't be those that are promised");
      hosts = {*host};
    }
    std::vector<Host> able;
    std::string why;
    for (const Host& host : hosts) {
      why = disagreement(node, host);
      if (!why.empty()) continue;
      if (kinds_.alike(host, state_.hosts[at])) return;
      able.push_back(host);
    }
    if (!able.empty()) return elsewhere_.push_back({std::move(able), at, name});
    if (!hosts.empty()) say(name + " would not do: " + why);
  }

  // If the machine is launched as this alternative and the others are not, the pods still come in some order.
  void look_at_rules_elsewhere() {
    std::vector<std::pair<const Elsewhere*, std::string>> seen;  // and what stands in the way
    for (const Elsewhere& each : elsewhere_) {
      if (!seen.empty() && seen.front().first->at != each.at) seen.clear();
      const auto alike = std::find_if(seen.begin(), seen.end(), [&](const auto& one) {
        return std::equal(one.first->hosts.begin(), one.first->hosts.end(), each.hosts.begin(), each.hosts.end(),
                          [&](const Host& a, const Host& b) { return kinds_.alike(a, b); });
      });
      const std::string why = alike != seen.end() ? alike->second : in_the_way(each);
      if (!why.empty()) say(each.name + " would not do: " + why);
      if (alike == seen.end()) seen.emplace_back(&each, why);
    }
  }

  std::string in_the_way(const Elsewhere& of) {
    std::string out;
    for (const Host& host : of.hosts) {
      State other = ending_.start;
      other.hosts[of.at] = host;
      const std::vector<std::string> left = put_in_some_order(other, placed_);
      if (left.empty()) return "";
      out = left.front();
    }
    return out;
  }

  void look_at_variety(const PlannedNode& node, const NodePool& pool, const std::string& title) {
    for (const Expression& requirement : pool.requirements) {
      if (requirement.min_values <= 1) continue;
      std::set<std::string> values;
      std::vector<PlannedOffering> offers = node.alternatives;
      offers.push_back(node);
      for (const PlannedOffering& offer : offers) {
        const auto machine = problem_.machines.find(offer.type);
        if (machine == problem_.machines.end()) continue;
        const auto value = machine->second.labels.find(requirement.key);
        if (value != machine->second.labels.end()) values.insert(value->second);
        if (requirement.key == "topology.kubernetes.io/zone") values.insert(offer.zone);
        if (requirement.key == "karpenter.sh/capacity-type") values.insert(offer.capacity_type);
      }
      if (static_cast<std::int64_t>(values.size()) < requirement.min_values) {
        say(fmt::format("{}: {} values of {}, minValues {}", title, values.size(), requirement.key,
                        requirement.min_values));
      }
    }
  }

  void look_at_existing(const std::string& node, const std::vector<std::string>& names) {
    for (std::size_t i = 0; i < problem_.hosts.size(); ++i) {
      if (problem_.hosts[i].name == node) return add_placed(names, i);
    }
    say("node " + node + " does not exist");
  }

  void add_placed(const std::vector<std::string>& names, std::size_t host) {
    for (const std::string& name : names) {
      if (const auto pod = pods_.find(name); pod != pods_.end()) placed_.push_back({pod->second, host});
    }
  }

  void look_at_limits(const NodePool& pool) {
    const bool more = std::any_of(answer_.nodes.begin(), answer_.nodes.end(),
                                  [&](const PlannedNode& node) { return node.pool == pool.name; });
    const std::string limit = exceeded_limit(pool, used_of_limits(pool, state_.hosts));
    if (more && !limit.empty()) say("NodePool " + pool.name + ": its limit of " + limit + " is exceeded");
  }

  void look_at_money() {
    double sum = 0;
    for (const PlannedNode& node : answer_.nodes) sum += node.price;
    if (std::abs(sum - answer_.cost) > kRounding * static_cast<double>(answer_.nodes.size() + 1)) {
      say(fmt::format("the nodes cost {}, cost_per_hour is {}", sum, answer_.cost));
    }
    if (answer_.bound > answer_.cost + kRounding) {
      say(fmt::format("the lower bound {} is above the cost {}", answer_.bound, answer_.cost));
    }
    if (answer_.bound < 0) say("the lower bound is negative");
  }

  // A plan of our own that costs less than the bound disproves it.
  void look_at_bound(const PlaceRules& rules) {
    State there = ending_.start;
    there.hosts.resize(problem_.hosts.size());
    std::vector<Placed> stay;
    std::vector<const Pod*> bought;
    for (const Placed& one : placed_) {
      if (one.host < there.hosts.size()) {
        stay.push_back(one);
      } else {
        bought.push_back(one.pod);
      }
    }
    if (!put_in_some_order(there, stay).empty()) return;
    const auto cost = cost_of_some_plan(there, bought, rules);
    if (!cost || static_cast<double>(*cost) / 1e6 >= answer_.bound - kRounding) return;
    say(fmt::format("the lower bound is {}, and there is a plan for {}", answer_.bound,
                    static_cast<double>(*cost) / 1e6));
  }

  void look_for_places() {
    std::vector<const Pod*> left;
    for (const auto& [name, reason] : answer_.unplaced) {
      const Pod& pod = *pods_.at(name);
      const bool may_be = !pod.broken.empty() || !pod.doubtful.empty() || pod.gated || pod.nominated || pod.terminating;
      if (!may_be) left.push_back(&pod);
    }
    const PlaceRules rules{options_.pool_share.has_value(), std::nullopt};
    ending_.placed = placed_;
    ending_.final = state_;
    for (std::string& each : places_not_seen(ending_, left, rules)) say(std::move(each));
    if (!wrong_.empty()) return;
    for (std::string& each : less_important_placed(ending_, left, rules)) say(std::move(each));
    for (std::string& each : placements_not_seen(ending_, left)) say(std::move(each));
    for (std::string& each : needless_spot(ending_, rules)) say(std::move(each));
    for (std::string& each : shares_exceeded(answer_, ending_, {options_.pool_share, options_.node_share})) {
      say(std::move(each));
    }
    look_at_bound(rules);
  }

  const Problem& problem_;
  const Answer& answer_;
  const JudgeOptions& options_;
  const Kinds kinds_;
  std::vector<std::string> wrong_;
  std::map<std::string, const Pod*> pods_;
  State state_;
  std::vector<Placed> placed_;
  std::vector<Elsewhere> elsewhere_;  // alternatives that rules between pods tell from what is planned
  Ending ending_;
};

}  // namespace

std::vector<std::string> judge(const Problem& problem, const Answer& answer, const JudgeOptions& options) {
  return Judge(problem, answer, options).verdict();
}

}  // namespace spotkeeper::checker
