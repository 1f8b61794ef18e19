#include "tests/property/checker/shares.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "tests/property/checker/new_hosts.h"
#include "tests/property/checker/selectors.h"

namespace spotkeeper::checker {
namespace {

using Together = std::map<std::pair<std::string, std::string>, std::vector<const Pod*>>;  // by workload and where

class Shares {
 public:
  Shares(const Answer& answer, const Ending& ending, const ShareCaps& caps)
      : answer_(answer), ending_(ending), problem_(*ending.start.problem), caps_(caps) {
    for (const Pod& pod : problem_.pods) {
      pods_[pod.name] = &pod;
      if (!pod.finished) ++sizes_[pod.owner];
    }
  }

  std::vector<std::string> exceeded() {
    if (caps_.pool) look_at_pools();
    if (caps_.pool) look_at_launches();
    if (caps_.node) look_at_nodes();
    return std::move(wrong_);
  }

 private:
  // What its budgets let be gone; without any, the share.
  double most_in_pool(const Pod& pod, std::int64_t of) const {
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
    return *caps_.pool * static_cast<double>(of) + 1e-9;
  }

  // One type in one zone as Spot. More only where the pod has no place that is not Spot.
  void look_at_pools() {
    Together together;
    for (const PlannedNode& node : answer_.nodes) {
      if (node.capacity_type != "spot") continue;
      for (const std::string& name : node.pods) {
        const Pod* pod = pods_.at(name);
        if (!pod->owner.empty()) together[{pod->owner, node.type + " " + node.zone}].push_back(pod);
      }
    }
    for (const auto& [where, pods] : together) {
      const std::int64_t of = sizes_[where.first];
      if (static_cast<double>(pods.size()) > most_in_pool(*pods.front(), of)) {
        complain(where.first, pods, "the Spot pool " + where.second, {true, std::nullopt});
      }
    }
  }

  // Whatever each new node is launched as: no more of a workload in one Spot pool than that, or than the plan has there
  // itself. What minValues ask for is there in any case.
  void look_at_launches() {
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
          std::max<std::int64_t>(1, static_cast<std::int64_t>(most_in_pool(*workload.example, workload.pods)));
      for (const auto& [pool, count] : workload.chosen) most = std::max(most, count);
      for (const auto& [pool, count] : workload.at_worst) {
        const std::int64_t all = count + workload.chosen[pool];
        if (all > most)
          wrong_.push_back(
              fmt::format("{} of {}'s {} pods may be launched into the Spot pool {}", all, owner, workload.pods, pool));
      }
    }
  }

  // More only where the pod has no place but on Spot, or beside as many of its workload.
  void look_at_nodes() {
    Together together;
    for (std::size_t i = 0; i < answer_.nodes.size(); ++i) {
      for (const std::string& name : answer_.nodes[i].pods) {
        const Pod* pod = pods_.at(name);
        if (!pod->owner.empty()) together[{pod->owner, std::to_string(i)}].push_back(pod);
      }
    }
    for (const auto& [where, pods] : together) {
      const auto most = static_cast<std::int64_t>(*caps_.node * static_cast<double>(sizes_[where.first]) + 1e-9);
      if (static_cast<std::int64_t>(pods.size()) > most) {
        complain(where.first, pods, "the new node " + where.second,
                 {caps_.pool.has_value(), std::max<std::int64_t>(most, 1)});
      }
    }
  }

  void complain(const std::string& owner, const std::vector<const Pod*>& pods, const std::string& where,
                const PlaceRules& rules) {
    if (pods.size() == 1) return;
    const std::string place = better_place(ending_, pods, rules);
    if (place.empty()) return;
    wrong_.push_back(fmt::format("{} of {}'s {} pods are in {}: {}", pods.size(), owner, sizes_[owner], where, place));
  }

  const Answer& answer_;
  const Ending& ending_;
  const Problem& problem_;
  ShareCaps caps_;
  std::map<std::string, const Pod*> pods_;
  std::map<std::string, std::int64_t> sizes_;
  std::vector<std::string> wrong_;
};

}  // namespace

std::vector<std::string> shares_exceeded(const Answer& answer, const Ending& ending, const ShareCaps& caps) {
  return Shares(answer, ending, caps).exceeded();
}

}  // namespace spotkeeper::checker
