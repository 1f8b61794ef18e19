#include "tests/property/checker/judge.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include <fmt/format.h>

#include "tests/property/checker/cheaper.h"
#include "tests/property/checker/left_out.h"
#include "tests/property/checker/new_hosts.h"
#include "tests/property/checker/order.h"
#include "tests/property/checker/selectors.h"

namespace spotkeeper::checker {
namespace {

constexpr double kRounding = 1e-6;  // dollars

class Judge {
 public:
  Judge(const Problem& problem, const Answer& answer, const JudgeOptions& options)
      : problem_(problem), answer_(answer), options_(options), wrong_(answer.malformed) {
    for (const Pod& pod : problem.pods) pods_[pod.name] = &pod;
    state_.problem = &problem;
    state_.hosts = problem.hosts;
    for (Host& host : state_.hosts) {
      for (const Pod& pod : problem.pods) {
        if (pod.node == host.name && !pod.finished) host.pods.push_back(&pod);
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
    if (options_.completeness && wrong_.empty()) look_for_places();
    return std::move(wrong_);
  }

 private:
  // They are on their way to where they have room.
  void add_missing_daemons(Host& host) {
    for (const DaemonSet& daemon : problem_.daemons) {
      const bool there = std::any_of(host.pods.begin(), host.pods.end(),
                                     [&](const Pod* pod) { return pod->owner == daemon.pod.owner; });
      if (!there && !refusal(state_, daemon.pod, host)) host.pods.push_back(&daemon.pod);
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
    std::vector<Host> hosts = offered_hosts(node, *pool, title, node.labels);
    if (hosts.empty()) return;
    if (node.pods.empty()) say(title + ": nothing runs on it");
    Host& chosen = choose(hosts, node);
    const std::size_t at = state_.hosts.size();
    state_.hosts.push_back(std::move(chosen));
    add_placed(node.pods, at);
    for (const PlannedOffering& other : node.alternatives) look_at_alternative(node, *pool, other, title);
    look_at_variety(node, *pool, title);
  }

  // The hosts that an offering makes, with the labels that are promised; none, and why, if it can't be had.
  std::vector<Host> offered_hosts(const PlannedOffering& offer, const NodePool& pool, const std::string& title,
                                  const Labels& promised) {
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
    auto hosts = new_hosts(problem_, pool, machine->second, offer.zone, offer.capacity_type, title);
    if (hosts.empty()) say(title + ": NodePool " + pool.name + " does not allow it");
    if (promised.empty() || hosts.empty()) return hosts;
    const auto host = promised_host(problem_, pool, machine->second, offer.zone, offer.capacity_type, title, promised);
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
      host.pods.push_back(pod->second);
    }
    return "";
  }

  void look_at_alternative(const PlannedNode& node, const NodePool& pool, const PlannedOffering& other,
                           const std::string& title) {
    const std::string name =
        fmt::format("{}: alternative {} {} {}", title, other.type, other.zone, other.capacity_type);
    const std::vector<Host> hosts = offered_hosts(other, pool, name, {});
    std::string why;
    for (const Host& host : hosts) {
      why = disagreement(node, host);
      if (why.empty()) return;
    }
    if (!hosts.empty()) say(name + " would not do: " + why);
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

  // What its budgets let be gone; without any, the share.
  double most_together(const Pod& pod, std::int64_t of) const {
    std::optional<std::int64_t> most;
    const auto percent = [&](std::int64_t of_them) { return (of * of_them + 99) / 100; };
    for (const Budget& budget : problem_.budgets) {
      if (budget.space != pod.space || !matches(budget.selector, pod.labels)) continue;
      std::int64_t gone = budget.max_gone.value_or(of);
      if (budget.max_gone_percent) gone = percent(*budget.max_gone_percent);
      if (budget.least) gone = of - *budget.least;
      if (budget.least_percent) gone = of - percent(*budget.least_percent);
      most = std::min(most.value_or(of), gone);
    }
    if (most) return static_cast<double>(*most);
    return *options_.pool_share * static_cast<double>(of) + 1e-9;
  }

  // At most this share of a workload, and at least one of it, in what is lost together: one type in one zone as Spot.
  // More only where the pod has no place that is not Spot.
  void look_at_shares(const PlaceRules& rules) {
    if (!options_.pool_share) return;
    std::map<std::string, std::int64_t> sizes;
    for (const Pod& pod : problem_.pods) {
      if (!pod.finished) ++sizes[pod.owner];
    }
    std::map<std::pair<std::string, std::string>, std::vector<const Pod*>> together;
    for (const PlannedNode& node : answer_.nodes) {
      if (node.capacity_type != "spot") continue;
      for (const std::string& name : node.pods) {
        const Pod* pod = pods_.at(name);
        if (!pod->owner.empty()) together[{pod->owner, node.type + " " + node.zone}].push_back(pod);
      }
    }
    for (const auto& [where, pods] : together) {
      if (pods.size() == 1 || static_cast<double>(pods.size()) <= most_together(*pods.front(), sizes[where.first])) {
        continue;
      }
      const std::string place = better_place(ending_, pods, rules);
      if (place.empty()) continue;
      say(fmt::format("{} of {}'s {} pods are in the Spot pool {}: {}", pods.size(), where.first, sizes[where.first],
                      where.second, place));
    }
  }

  // Whatever each new node is launched as: no more of a workload in one Spot pool than that, or than the plan has there
  // itself. What minValues ask for is there in any case.
  void look_at_launches() {
    if (!options_.pool_share) return;
    using Counts = std::map<std::string, std::int64_t>;  // by Spot pool
    struct Workload {
      const Pod* example = nullptr;
      std::int64_t pods = 0;
      Counts chosen, at_worst;
    };
    std::map<std::string, Workload> workloads;
    for (const Pod& pod : problem_.pods) {
      if (pod.finished || pod.owner.empty()) continue;
      Workload& workload = workloads[pod.owner];
      workload.example = &pod;
      ++workload.pods;
    }
    for (const PlannedNode& node : answer_.nodes) {
      const NodePool* pool = find_pool(problem_, node.pool);
      const bool varied = pool != nullptr && std::any_of(pool->requirements.begin(), pool->requirements.end(),
                                                         [](const Expression& each) { return each.min_values > 1; });
      const auto name = [](const PlannedOffering& offer) { return offer.type + " " + offer.zone; };
      std::set<std::string> others;
      for (const PlannedOffering& other : node.alternatives) {
        if (other.capacity_type == "spot" && !varied) others.insert(name(other));
      }
      if (node.capacity_type == "spot") others.erase(name(node));
      for (const std::string& each : node.pods) {
        const auto workload = workloads.find(pods_.at(each)->owner);
        if (workload == workloads.end()) continue;
        if (node.capacity_type == "spot") ++workload->second.chosen[name(node)];
        for (const std::string& other : others) ++workload->second.at_worst[other];
      }
    }
    for (auto& [owner, workload] : workloads) {
      std::int64_t most =
          std::max<std::int64_t>(1, static_cast<std::int64_t>(most_together(*workload.example, workload.pods)));
      for (const auto& [pool, count] : workload.chosen) most = std::max(most, count);
      for (const auto& [pool, count] : workload.at_worst) {
        const std::int64_t all = count + workload.chosen[pool];
        if (all > most)
          say(fmt::format("{} of {}'s {} pods may be launched into the Spot pool {}", all, owner, workload.pods, pool));
      }
    }
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
    const PlaceRules rules{options_.pool_share.has_value()};
    ending_.placed = placed_;
    ending_.final = state_;
    for (std::string& each : places_not_seen(ending_, left, rules)) say(std::move(each));
    if (!wrong_.empty()) return;
    for (std::string& each : less_important_placed(ending_, left, rules)) say(std::move(each));
    for (std::string& each : placements_not_seen(ending_, left)) say(std::move(each));
    for (std::string& each : needless_spot(ending_, rules)) say(std::move(each));
    look_at_shares(rules);
    look_at_launches();
    look_at_bound(rules);
  }

  const Problem& problem_;
  const Answer& answer_;
  const JudgeOptions& options_;
  std::vector<std::string> wrong_;
  std::map<std::string, const Pod*> pods_;
  State state_;
  std::vector<Placed> placed_;
  Ending ending_;
};

}  // namespace

std::vector<std::string> judge(const Problem& problem, const Answer& answer, const JudgeOptions& options) {
  return Judge(problem, answer, options).verdict();
}

}  // namespace spotkeeper::checker
