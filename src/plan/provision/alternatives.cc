#include "plan/provision/alternatives.h"

#include <algorithm>
#include <map>
#include <utility>

namespace spotkeeper::plan {
namespace {

constexpr std::int64_t kSlackPercent = 10;  // by which an alternative may be dearer than the machine it stands in for

/// Machines next to each other that hold the same.
struct Group {
  CandidateId chosen = 0;
  std::size_t machines = 0;
  std::vector<CandidateId> able;  // what would do, cheapest first
  std::size_t next = 0;           // of `able`
  std::vector<CandidateId> taken;
  std::vector<std::pair<WorkloadId, std::int64_t>> workloads;  // with their pods, on all of the machines
};

/// How many pods of each workload each Spot pool has at most, whatever is launched.
class WorstCase {
 public:
  explicit WorstCase(const Purchase& purchase)
      : purchase_(purchase), id_of_(purchase.candidates().size(), kNotAsked), most_(purchase.workloads().size()) {
    for (WorkloadId id = 0; id < most_.size(); ++id) most_[id] = purchase.workloads().pool_cap(id);
  }

  /// The plan itself has so many there.
  void allow(const Group& group) {
    const Pool pool = pool_of(group.chosen);
    if (pool == kNotSpot) return;
    for (const auto& [workload, pods] : group.workloads)
      most_[workload] = std::max(most_[workload], at(pool, workload));
  }
  [[nodiscard]] bool has_room(const Group& group, CandidateId other) {
    const Pool pool = pool_of(other);
    return pool == kNotSpot || counts_already(group, pool) ||
           std::ranges::all_of(group.workloads, [&](const auto& each) {
             return at(pool, each.first) + each.second <= most_[each.first];
           });
  }
  void take(const Group& group, CandidateId other) {
    const Pool pool = pool_of(other);
    if (pool == kNotSpot || counts_already(group, pool)) return;
    for (const auto& [workload, pods] : group.workloads) at(pool, workload) += pods;
  }

 private:
  using Pool = std::uint32_t;
  static constexpr Pool kNotSpot = static_cast<Pool>(-1);
  static constexpr Pool kNotAsked = static_cast<Pool>(-2);
  static constexpr std::int64_t kNotCounted = -1;

  Pool pool_of(CandidateId candidate) {
    Pool& known = id_of_[candidate];
    if (known != kNotAsked) return known;
    known = kNotSpot;
    if (const auto pool = purchase_.spot_pool_of(candidate)) {
      const auto [at, added] = pools_.try_emplace(*pool, static_cast<Pool>(pods_.size()));
      if (added) {
        names_.push_back(&at->first);
        pods_.emplace_back(most_.size(), kNotCounted);
      }
      known = at->second;
    }
    return known;
  }
  bool counts_already(const Group& group, Pool pool) {
    return pool_of(group.chosen) == pool ||
           std::ranges::any_of(group.taken, [&](CandidateId each) { return pool_of(each) == pool; });
  }
  std::int64_t& at(Pool pool, WorkloadId workload) {
    std::int64_t& pods = pods_[pool][workload];
    if (pods == kNotCounted) pods = purchase_.in_pool(workload, *names_[pool]);
    return pods;
  }

  const Purchase& purchase_;
  std::vector<Pool> id_of_;  // by candidate
  std::map<SpotPool, Pool> pools_;
  std::vector<const SpotPool*> names_;           // by pool
  std::vector<std::vector<std::int64_t>> pods_;  // by pool, then workload
  std::vector<std::int64_t> most_;               // by workload
};

class Finder {
 public:
  Finder(const Purchase& purchase, const std::vector<NodeId>& nodes) : purchase_(purchase), worst_(purchase) {
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      if (i == 0 || !are_like(nodes[i], nodes[i - 1])) groups_.push_back(group_of(nodes[i]));
      ++groups_.back().machines;
    }
    for (Group& group : groups_) {
      for (auto& [workload, pods] : group.workloads) pods *= static_cast<std::int64_t>(group.machines);
      worst_.allow(group);
    }
  }

  std::vector<std::vector<std::uint32_t>> find() {
    for (Group& group : groups_)
      if (has_min_values(group)) fill_up(group);
    take_in_turns();
    std::vector<std::vector<std::uint32_t>> out;
    for (const Group& group : groups_) out.insert(out.end(), group.machines, offerings_of(group));
    return out;
  }

 private:
  [[nodiscard]] const Candidate& candidate(CandidateId id) const { return purchase_.candidates()[id]; }
  [[nodiscard]] const Offering& offering(CandidateId id) const {
    return purchase_.board().problem().offerings[candidate(id).offering];
  }
  [[nodiscard]] bool has_min_values(const Group& group) const {
    return purchase_.has_min_values(candidate(group.chosen).pool);
  }
  [[nodiscard]] bool are_like(NodeId a, NodeId b) const {
    return purchase_.bought_as(a) == purchase_.bought_as(b) && purchase_.pods_on(a) == purchase_.pods_on(b);
  }
  [[nodiscard]] Money most_for(CandidateId chosen) const {
    return candidate(chosen).price + candidate(chosen).price.percent(kSlackPercent);
  }
  [[nodiscard]] bool is_near(const Group& group, CandidateId other) const {
    return candidate(other).price <= most_for(group.chosen) &&
           offering(other).capacity == offering(group.chosen).capacity;
  }

  Group group_of(NodeId node) const {
    Group out;
    out.chosen = *purchase_.bought_as(node);
    out.able =
        purchase_.stand_ins(node, has_min_values(out) ? purchase_.candidates().back().price : most_for(out.chosen));
    std::map<WorkloadId, std::int64_t> pods;
    for (const auto& [shape, count] : purchase_.pods_on(node))
      if (const WorkloadId workload = purchase_.workloads().of(shape); workload != kNoWorkload) pods[workload] += count;
    out.workloads.assign(pods.begin(), pods.end());
    return out;
  }

  void take(Group& group, CandidateId other) {
    worst_.take(group, other);
    group.taken.push_back(other);
  }

  /// What minValues ask for comes first; beyond the caps, if it has to.
  void fill_up(Group& group) {
    const auto enough = [&] {
      std::vector<CandidateId> all{group.chosen};
      all.insert(all.end(), group.taken.begin(), group.taken.end());
      return purchase_.are_enough(all);
    };
    for (const bool within_caps : {true, false}) {
      for (const CandidateId other : group.able) {
        if (enough()) return;
        if (std::ranges::find(group.taken, other) == group.taken.end() &&
            (!within_caps || worst_.has_room(group, other)))
          take(group, other);
      }
    }
  }

  /// One for each, then another one for each: nobody takes all that there is room for.
  void take_in_turns() {
    for (bool some = true; some;) {
      some = false;
      for (Group& group : groups_) some = take_next(group) || some;
    }
  }
  bool take_next(Group& group) {
    for (; group.next < group.able.size(); ++group.next) {
      const CandidateId other = group.able[group.next];
      if (!is_near(group, other) || std::ranges::find(group.taken, other) != group.taken.end() ||
          !worst_.has_room(group, other))
        continue;
      take(group, other);
      return true;
    }
    return false;
  }

  [[nodiscard]] std::vector<std::uint32_t> offerings_of(const Group& group) const {
    std::vector<CandidateId> taken = group.taken;
    std::ranges::sort(taken);
    std::vector<std::uint32_t> out;
    out.reserve(taken.size());
    for (const CandidateId each : taken) out.push_back(candidate(each).offering);
    return out;
  }

  const Purchase& purchase_;
  WorstCase worst_;
  std::vector<Group> groups_;
};

}  // namespace

std::vector<std::vector<std::uint32_t>> find_alternatives(const Purchase& purchase, const std::vector<NodeId>& nodes) {
  return Finder(purchase, nodes).find();
}

}  // namespace spotkeeper::plan
