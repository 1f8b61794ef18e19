#include "plan/provision/plan.h"

#include <algorithm>
#include <array>
#include <functional>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <tuple>
#include <utility>

#include "base/random.h"
#include "plan/provision/alternatives.h"
#include "plan/provision/bound.h"
#include "plan/provision/bulk.h"
#include "plan/provision/purchase.h"
#include "plan/provision/reasons.h"
#include "plan/provision/seating.h"

namespace spotkeeper::plan {
namespace {

constexpr std::size_t kFewPods = 12;  // for which every order to come in is tried
// What is given up, one after the other. A machine is lost alone, a pool with all its machines: the share of the one
// goes first.
constexpr std::array<Leniency, 6> kLeniencies = {{{},
                                                  {.node_share = true},
                                                  {.node_share = true, .pool_share = true},
                                                  {.steady = true},
                                                  {.node_share = true, .steady = true},
                                                  {.node_share = true, .pool_share = true, .steady = true}}};

/// Places pod after pod: on a node that is there, on one that is bought already, on a new one.
class Planner {
 public:
  Planner(const Problem& problem, StepBudget budget, Seed seed)
      : Planner(problem, std::make_unique<Purchase>(problem, Purchase::Machines::Later), budget, seed) {}
  /// `purchase`, with which nothing has been placed or bought, outlives this object.
  Planner(const Problem& problem, Purchase& purchase, StepBudget budget, Seed seed)
      : problem_(problem),
        purchase_(purchase),
        full_up_to_(problem.shapes.size(), 0),
        place_(problem.pods.size()),
        budget_(budget),
        seed_(seed),
        random_(seed.value) {
    order_pods();
  }
  Planner(const Problem& problem, std::unique_ptr<Purchase> purchase, StepBudget budget, Seed seed)
      : Planner(problem, *purchase, budget, seed) {
    own_ = std::move(purchase);
  }

  /// All pods together, which packs them best.
  void place_together() {
    order_ = all_;
    if (all_on_existing({})) return;
    purchase_.look_up_machines();
    if (purchase_.candidates().empty() && all_on_existing(kAnything)) return;
    place_in_turn();
  }

  /// Who is more important has come, by whatever way, before anybody else does.
  void place_by_priority() {
    purchase_.look_up_machines();
    for (auto next = all_.begin(); next != all_.end();) {
      const auto end =
          std::find_if(next, all_.end(), [&](PodId pod) { return priority_of(pod) != priority_of(*next); });
      order_.assign(next, end);
      place_in_turn();
      next = end;
    }
  }

  /// Somebody is left out who is more important than somebody else who has a place.
  [[nodiscard]] bool passes_over() const {
    const auto left = std::ranges::find_if(all_, [&](PodId pod) { return !place_[pod]; });
    return std::any_of(left, all_.end(),
                       [&](PodId pod) { return place_[pod] && priority_of(pod) < priority_of(*left); });
  }

  /// Has places for more of the most important pods that the two do not agree on.
  [[nodiscard]] bool is_fairer_than(const Planner& other) const {
    std::map<std::int32_t, std::int64_t> more;  // the most important first
    for (const PodId pod : all_) more[-priority_of(pod)] += (place_[pod] ? 1 : 0) - (other.place_[pod] ? 1 : 0);
    const auto differs = std::ranges::find_if(more, [](const auto& each) { return each.second != 0; });
    return differs != more.end() && differs->second > 0;
  }

  /// Where few pods on few nodes are left, every way to seat them is tried; nothing if none is better.
  [[nodiscard]] std::unique_ptr<Planner> reseated(SeatingRules rules) {
    const auto seats = seat_all(purchase_, all_, place_, rules);
    if (!seats) return nullptr;
    auto out = std::make_unique<Planner>(problem_, budget_, seed_);
    out->order_ = all_;
    out->purchase_.look_up_machines();
    std::map<NodeId, NodeId> nodes;  // a machine that is empty now is not bought
    for (const PodId pod : all_) {
      const auto& seat = (*seats)[pod];
      if (!seat) continue;
      const auto [at, added] = nodes.try_emplace(*seat, *seat);
      if (added && *seat >= problem_.nodes.size()) at->second = out->purchase_.open(*purchase_.bought_as(*seat));
      out->put(pod, at->second);
    }
    // Who had to leave a seat to another may find a new machine.
    out->place_the_rest();
    return out;
  }

  /// Who is where it should rather not be, and has a better place, goes there: what was given up for one may be
  /// needless when another has come. For few pods.
  void take_back_needless_leniency() {
    if (all_.size() > kFewPods) return;
    for (const PodId pod : all_) {
      if (!place_[pod]) continue;
      const NodeId before = *place_[pod];
      purchase_.remove(shape_of(pod), before);
      const auto better = less_lenient(shape_of(pod), before);
      put(pod, better.value_or(before));
      if (!better || can_come_in_turn()) continue;
      purchase_.remove(shape_of(pod), *better);
      put(pod, before);
    }
  }

  /// On top of what `plan` has, those that it leaves out; false: its machines are none of this problem.
  bool place_left_out_by(const Plan& plan) {
    order_ = all_;
    purchase_.look_up_machines();
    for (NodeId node = 0; node < plan.existing.size(); ++node)
      for (const PodId pod : plan.existing[node]) put(pod, node);
    for (const NewNode& each : plan.nodes) {
      const auto same = std::ranges::find_if(purchase_.candidates(), [&](const Candidate& one) {
        return one.pool == each.pool && one.offering == each.offering && *one.facts.labels == *each.labels;
      });
      if (same == purchase_.candidates().end()) return false;
      const NodeId node = purchase_.open(static_cast<CandidateId>(same - purchase_.candidates().begin()));
      for (const PodId pod : each.pods) put(pod, node);
    }
    place_the_rest();
    return true;
  }

  Plan result(Bound bound) {
    Plan plan;
    plan.existing.resize(problem_.nodes.size());
    std::vector<std::vector<PodId>> pods(purchase_.board().nodes());
    for (PodId pod = 0; pod < place_.size(); ++pod)
      if (place_[pod]) pods[*place_[pod]].push_back(pod);
    std::vector<NodeId> bought;
    for (NodeId node = 0; node < pods.size(); ++node) {
      if (node < problem_.nodes.size()) {
        plan.existing[node] = std::move(pods[node]);
      } else if (!pods[node].empty()) {
        bought.push_back(node);
        plan.nodes.push_back(new_node(node, std::move(pods[node])));
        plan.cost += problem_.offerings[plan.nodes.back().offering].price;
      }
    }
    auto alternatives = find_alternatives(purchase_, bought);
    for (std::size_t i = 0; i < bought.size(); ++i) plan.nodes[i].alternatives = std::move(alternatives[i]);
    plan.unplaced = unplaced();
    if (bound == Bound::Proven && !plan.nodes.empty())
      plan.lower_bound = lower_bound(purchase_, demand_of(purchase_, plan));
    plan.steps = budget_;
    plan.seed = seed_;
    return plan;
  }

 private:
  [[nodiscard]] ShapeId shape_of(PodId pod) const { return problem_.pods[pod].shape; }
  [[nodiscard]] std::int32_t priority_of(PodId pod) const { return problem_.shapes[shape_of(pod)].spec->priority; }

  /// The pods of order_.
  void place_in_turn() {
    expect_domains();
    place_where_room_is();
    place_by_rank();
    place_all({});
    // From here on only pods that would be left out otherwise.
    purchase_.board().topology().forget_expected();
    place_the_rest();
  }

  /// Who has more priority goes first; then the large ones, for which it is harder to find room; of two alike who may
  /// not be on Spot.
  void order_pods() {
    std::int64_t cpu = 1;
    std::int64_t memory = 1;
    for (const PendingPod& pod : problem_.pods) {
      cpu += requests(pod.shape)[ResourceNames::kCpu];
      memory += requests(pod.shape)[ResourceNames::kMemory] >> 10U;
    }
    const auto size = [&](ShapeId shape) {
      const Amounts& wanted = requests(shape);
      return static_cast<double>(wanted[ResourceNames::kCpu]) / static_cast<double>(cpu) +
             static_cast<double>(wanted[ResourceNames::kMemory] >> 10U) / static_cast<double>(memory);
    };
    using Rank = std::tuple<std::int32_t, double, bool, ShapeId, PodId>;
    std::vector<Rank> ranked;
    for (PodId pod = 0; pod < problem_.pods.size(); ++pod) {
      const ShapeId shape = shape_of(pod);
      const Shape& like = problem_.shapes[shape];
      if (!like.refused.empty()) continue;
      ranked.emplace_back(-like.spec->priority, -size(shape), !like.kept_off_spot, shape, pod);
    }
    std::ranges::sort(ranked);
    for (const Rank& each : ranked) all_.push_back(std::get<4>(each));
  }
  [[nodiscard]] const Amounts& requests(ShapeId shape) const { return purchase_.board().requests_of(shape); }

  /// Whether the nodes that are there have room for everything, so that nothing has to be bought.
  bool all_on_existing(Leniency leniency) {
    std::vector<std::pair<PodId, NodeId>> placed;
    for (const PodId pod : order_) {
      auto node = first_node(shape_of(pod), {});
      if (!node) node = first_node(shape_of(pod), leniency);
      if (!node) break;
      purchase_.place(shape_of(pod), *node);
      placed.emplace_back(pod, *node);
    }
    if (placed.size() == order_.size()) {
      for (const auto& [pod, node] : placed) place_[pod] = node;
      return true;
    }
    for (const auto& [pod, node] : placed) purchase_.remove(shape_of(pod), node);
    std::ranges::fill(full_up_to_, 0);
    return false;
  }

  /// Machines that can be bought are domains for those who can use them.
  void expect_domains() {
    std::set<ShapeId> seen;
    for (const PodId pod : order_) {
      const ShapeId shape = shape_of(pod);
      if (!seen.insert(shape).second || !purchase_.board().topology().is_spread(shape)) continue;
      std::vector<char> expected;  // by cell
      for (CandidateId id = 0; id < purchase_.candidates().size(); ++id) {
        const CellId cell = purchase_.cells()[id];
        if (cell >= expected.size()) expected.resize(cell + 1, 0);
        if (expected[cell] != 0 || !fits_candidate(shape, id)) continue;
        expected[cell] = 1;
        purchase_.board().topology().expect(shape, purchase_.candidates()[id].domains);
      }
    }
  }

  /// On nodes that are there or bought already. A shape that has found none once is not asked again.
  void place_where_room_is() {
    std::vector<char> full(problem_.shapes.size(), purchase_.board().nodes() == 0 ? 1 : 0);
    for (const PodId pod : order_) {
      const ShapeId shape = shape_of(pod);
      if (place_[pod] || full[shape] != 0) continue;
      const auto node = first_node(shape, {});
      if (node) {
        put(pod, *node);
      } else {
        full[shape] = 1;
      }
    }
  }

  void put(PodId pod, NodeId node) {
    purchase_.place(shape_of(pod), node);
    place_[pod] = node;
  }

  /// On new machines. Where NodePools have limits, those of more priority come first.
  void place_by_rank() {
    const bool limited = std::ranges::any_of(problem_.pools, [](const NodePool& pool) { return !pool.limits.empty(); });
    const auto rank_of = [&](ShapeId shape) { return limited ? -problem_.shapes[shape].spec->priority : 0; };
    std::set<std::int32_t> ranks;
    for (const PodId pod : order_)
      if (!place_[pod]) ranks.insert(rank_of(shape_of(pod)));
    for (const std::int32_t rank : ranks) {
      const auto first_new = static_cast<NodeId>(purchase_.board().nodes());
      place_all({}, [&](ShapeId shape) { return rank_of(shape) == rank && !Bulk::may_take(purchase_, shape); });
      std::vector<PodId> kinds;
      for (const PodId pod : order_)
        if (!place_[pod] && rank_of(shape_of(pod)) == rank && Bulk::may_take(purchase_, shape_of(pod)))
          kinds.push_back(pod);
      place_bulk(kinds, first_new, budget_.steps / ranks.size());
    }
  }

  /// Most pods, by their kinds; nodes from `first_new` on have those that were placed one by one.
  void place_bulk(const std::vector<PodId>& pods, NodeId first_new, std::uint64_t steps) {
    std::map<NodeId, std::vector<PodId>> seated;
    for (const PodId pod : order_)
      if (place_[pod] && *place_[pod] >= first_new) seated[*place_[pod]].push_back(pod);
    Bulk bulk(purchase_, pods);
    for (const auto& [node, group] : seated) {
      if (purchase_.has_min_values(purchase_.candidates()[*purchase_.bought_as(node)].pool)) continue;
      bulk.adopt(node, group);
      for (const PodId pod : group) place_[pod].reset();
    }
    bulk.place(steps, random_, place_);
  }

  [[nodiscard]] bool fits_candidate(ShapeId shape, CandidateId id) const {
    return purchase_.suited(shape)[id] != 0 && fits(requests(shape), purchase_.candidates()[id].room);
  }

  std::optional<NodeId> first_node(ShapeId shape, Leniency leniency) {
    // Where no other pod can make a place, a node that had none will have none.
    const bool only_fills = !leniency.gives_up_anything() && purchase_.board().topology().is_unbound(shape) &&
                            problem_.shapes[shape].volumes == VolumeNeeds{};
    NodeId node = only_fills ? full_up_to_[shape] : 0;
    while (node < purchase_.board().nodes() && purchase_.allows(shape, node, leniency) != Refusal::None) ++node;
    if (only_fills) full_up_to_[shape] = node;
    return node < purchase_.board().nodes() ? std::optional(node) : std::nullopt;
  }

  /// The machine on which one such pod costs least, if as many of them as are still to be placed share it.
  std::optional<CandidateId> best_new(ShapeId shape, std::int64_t pods, Leniency leniency) const {
    std::optional<CandidateId> best;
    double best_cost = 0;
    for (CandidateId id = 0; id < purchase_.candidates().size(); ++id) {
      if (!fits_candidate(shape, id)) continue;
      const Candidate& candidate = purchase_.candidates()[id];
      std::int64_t held = pods;
      const Amounts& wanted = requests(shape);
      for (std::size_t i = 0; i < wanted.size(); ++i)
        if (wanted[i] > 0) held = std::min(held, candidate.room[i] / wanted[i]);
      const double cost =
          static_cast<double>(candidate.price.micros) / static_cast<double>(std::max<std::int64_t>(held, 1));
      if (best && cost >= best_cost) continue;
      if (purchase_.allows_new(shape, id, leniency) != Refusal::None) continue;
      best = id;
      best_cost = cost;
    }
    return best;
  }

  /// One where less has to be given up.
  std::optional<NodeId> less_lenient(ShapeId shape, NodeId than) {
    if (purchase_.allows(shape, than, kAnything) != Refusal::None) return std::nullopt;
    for (const Leniency leniency : kLeniencies) {
      if (purchase_.allows(shape, than, leniency) == Refusal::None) return std::nullopt;
      purchase_.look_up_machines();
      std::ranges::fill(full_up_to_, 0);
      if (const auto node = some_node(shape, 1, leniency)) return node;
    }
    return std::nullopt;
  }

  /// One that is there or bought already, else a new one that suits so many such pods.
  std::optional<NodeId> some_node(ShapeId shape, std::int64_t pods, Leniency leniency) {
    if (const auto node = first_node(shape, leniency)) return node;
    const auto candidate = best_new(shape, pods, leniency);
    if (!candidate) return std::nullopt;
    const NodeId node = purchase_.open(*candidate);
    if (purchase_.allows(shape, node, leniency) != Refusal::None) return std::nullopt;
    return node;
  }

  void place_all(Leniency leniency) {
    place_all(leniency, [](ShapeId) { return true; });
  }
  void place_all(Leniency leniency, const std::function<bool(ShapeId)>& concerns) {
    std::map<ShapeId, std::int64_t> left;
    for (const PodId pod : order_) left[shape_of(pod)] += place_[pod] ? 0 : 1;
    std::map<ShapeId, std::size_t> failed;  // with how many had been placed by then: until one more is, it would again
    std::size_t placed = 0;
    for (const PodId pod : order_) {
      if (place_[pod] || !concerns(shape_of(pod))) continue;
      const ShapeId shape = shape_of(pod);
      if (const auto before = failed.find(shape); before != failed.end() && before->second == placed) continue;
      failed[shape] = placed;
      // What was given up for one may have made a place for the next that gives up nothing.
      auto node = some_node(shape, left[shape], {});
      if (!node && leniency.gives_up_anything()) node = some_node(shape, left[shape], leniency);
      if (!node) continue;
      put(pod, *node);
      ++placed;
      --left[shape];
    }
  }

  void place_the_rest() {
    if (std::ranges::all_of(order_, [&](PodId pod) { return place_[pod].has_value(); })) return;
    for (const Leniency leniency : kLeniencies) place_all(leniency);
  }

  /// All that are placed could come to their nodes one after the other, in whatever order. For few pods.
  bool can_come_in_turn() {
    std::vector<PodId> pods;
    std::ranges::copy_if(all_, std::back_inserter(pods), [&](PodId pod) { return place_[pod].has_value(); });
    for (const PodId pod : pods) purchase_.remove(shape_of(pod), *place_[pod]);
    std::set<std::vector<bool>> tried;  // who of them had come
    const std::function<bool(std::vector<bool>, std::size_t)> go_on = [&](std::vector<bool> come, std::size_t count) {
      if (count == pods.size()) return true;
      if (!tried.insert(come).second) return false;
      for (std::size_t i = 0; i < pods.size(); ++i) {
        const NodeId node = *place_[pods[i]];
        if (come[i] || purchase_.allows(shape_of(pods[i]), node, kAnything) != Refusal::None) continue;
        purchase_.place(shape_of(pods[i]), node);
        come[i] = true;
        if (go_on(come, count + 1)) return true;
        come[i] = false;
        purchase_.remove(shape_of(pods[i]), node);
      }
      return false;
    };
    if (go_on(std::vector<bool>(pods.size(), false), 0)) return true;
    for (const PodId pod : pods) purchase_.place(shape_of(pod), *place_[pod]);
    return false;
  }

  // ---- The answer

  NewNode new_node(NodeId id, std::vector<PodId> pods) const {
    NewNode out;
    const Candidate& chosen = purchase_.candidates()[*purchase_.bought_as(id)];
    out.pool = chosen.pool;
    out.offering = chosen.offering;
    out.labels = chosen.facts.labels;
    out.pods = std::move(pods);
    return out;
  }

  std::vector<Unplaced> unplaced() {
    std::vector<Unplaced> out;
    std::map<ShapeId, std::string> reasons;
    for (PodId pod = 0; pod < place_.size(); ++pod) {
      if (place_[pod]) continue;
      auto& reason = reasons[shape_of(pod)];
      if (reason.empty()) reason = reason_of(purchase_, shape_of(pod));
      out.push_back({problem_.pods[pod].name.str(), reason});
    }
    for (const auto& [what, why] : problem_.unreadable) out.push_back({what, why});
    std::ranges::sort(out, {}, &Unplaced::pod);
    return out;
  }

  const Problem& problem_;
  std::unique_ptr<Purchase> own_;
  Purchase& purchase_;
  std::vector<PodId> all_;          // in the order of their importance
  std::vector<PodId> order_;        // of these, those whose turn it is
  std::vector<NodeId> full_up_to_;  // by shape: no node before this one takes one more, unless something is given up
  std::vector<std::optional<NodeId>> place_;
  StepBudget budget_;
  Seed seed_;
  Random random_;
};

}  // namespace

Plan make_hard_plan(const Problem& problem, StepBudget budget, Seed seed, Bound bound) {
  Purchase nothing(problem, Purchase::Machines::Later);
  return make_hard_plan(problem, nothing, budget, seed, bound);
}

Plan make_hard_plan(const Problem& problem, Purchase& prepared, StepBudget budget, Seed seed, Bound bound) {
  auto best = std::make_unique<Planner>(problem, prepared, budget, seed);
  best->place_together();
  if (best->passes_over()) {
    auto fair = std::make_unique<Planner>(problem, budget, seed);
    fair->place_by_priority();
    if (fair->is_fairer_than(*best)) best = std::move(fair);
  }
  for (const Leniency leniency : {Leniency(), kAnything}) {
    for (const bool new_machines : {true, false}) {
      auto other = best->reseated({leniency, new_machines});
      if (other && other->is_fairer_than(*best)) best = std::move(other);
    }
  }
  best->take_back_needless_leniency();
  return best->result(bound);
}

Plan with_left_out(const Problem& problem, const Plan& plan) {
  Planner planner(problem, plan.steps, plan.seed);
  return planner.place_left_out_by(plan) ? planner.result(Bound::None) : plan;
}

}  // namespace spotkeeper::plan
