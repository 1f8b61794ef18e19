#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "plan/provision/bound.h"
#include "plan/provision/plan.h"
#include "plan/provision/preferences.h"
#include "plan/provision/purchase.h"
#include "plan/provision/risk.h"
#include "plan/schedule/node_match.h"

namespace spotkeeper::plan {
namespace {

/// Bit i: the shape's term i is asked for as a rule.
using Terms = std::uint64_t;
constexpr std::size_t kMostTerms = 64;  // further ones of a shape are scored only
constexpr int kMostPasses = 6;          // in which pods give up one term each; then all of them
constexpr int kMostTrials = 8;          // of other choices of what is enforced
constexpr std::int64_t kCrowd = 10;     // pods alike for each zone, above which none asks to be alone in one

bool has(Terms terms, std::size_t i) { return i < kMostTerms && (terms >> i & 1U) != 0; }

/// Every node has it, so that a spread over it leaves no node out that other spreads count.
bool is_everywhere(std::string_view key) {
  return key == kHostnameLabel || key == kZoneLabel || key == kRegionLabel || key == kTypeLabel || key == kArchLabel;
}

class Enforcer {
 public:
  Enforcer(const Problem& problem, StepBudget budget, Seed seed)
      : problem_(problem), budget_(budget), seed_(seed), terms_(soft_terms_of(problem)) {
    count_pods_and_zones();
    for (ShapeId shape = 0; shape < problem.shapes.size(); ++shape) enforceable_.push_back(enforceable(shape));
  }

  [[nodiscard]] bool has_nothing_to_do() const {
    return std::ranges::all_of(enforceable_, [](Terms each) { return each == 0; });
  }

  /// The plan that meets most of what pods would like. Where not all of it can be kept at once, which terms nobody of a
  /// shape insists on decides about how much of the others can be.
  Plan first() {
    look_at_rules();
    const auto rate = [this](const Plan& plan, const Satisfaction& satisfaction) {
      return Rating(lack_of(plan), satisfaction.of - satisfaction.weight, plan.cost.micros);
    };
    Settled best = settled(by_pod(enforceable_));
    const Satisfaction now = satisfaction_of(problem_, best.plan);
    if (now.weight != now.of) {
      if (auto better = better_than(enforceable_, rate(best.plan, now), now, rate)) best = std::move(*better);
    }
    return proven(completed(finished(std::move(best))));
  }

  /// The plan that costs least with what its pods go without. What is enforced is chosen by shape and term: the best of
  /// nothing, everything, and what is better with one of them more or less.
  Plan cheapest() {
    look_at_rules();
    const auto rate = [this](const Plan& plan, const Satisfaction& satisfaction) {
      return Rating(lack_of(plan), price_of(plan, satisfaction), 0);
    };
    const Plan ignoring = quick(by_pod(nothing()));
    least_lack_ = lack_of(ignoring);
    const Satisfaction now = satisfaction_of(problem_, ignoring);
    if (now.weight == now.of) return make_hard_plan(problem_, budget_, seed_);
    auto best = better_than(nothing(), rate(ignoring, now), now, rate);
    if (!best || std::ranges::all_of(best->asked, [](Terms each) { return each == 0; }))
      return make_hard_plan(problem_, budget_, seed_);
    Plan with = completed(finished(std::move(*best)));
    Plan without = make_hard_plan(problem_, budget_, seed_);
    if (rate(without, satisfaction_of(problem_, without)) <= rate(with, satisfaction_of(problem_, with)))
      return without;
    return proven(std::move(with));
  }

 private:
  /// The priorities of pods without a place, the most important first; limits on risk that were given up.
  using Lack = std::pair<std::vector<std::int32_t>, std::int64_t>;
  /// Less is better: what is lacking first, then what counts most.
  using Rating = std::tuple<Lack, std::int64_t, std::int64_t>;
  /// What each pod asks for in the end, and a first plan with it.
  struct Settled {
    std::vector<Terms> asked;
    Plan plan;
  };

  [[nodiscard]] Lack lack_of(const Plan& plan) const {
    const std::vector<char> placed = placed_by(plan);
    std::vector<std::int32_t> left;
    for (PodId pod = 0; pod < problem_.pods.size(); ++pod)
      if (placed[pod] == 0) left.push_back(problem_.shapes[problem_.pods[pod].shape].spec->priority);
    std::ranges::sort(left, std::greater<>());
    return {std::move(left), limits_given_up(*rules_, plan)};
  }

  /// Of the machines, and of what pods go without; in micros.
  [[nodiscard]] std::int64_t price_of(const Plan& plan, const Satisfaction& satisfaction) const {
    return plan.cost.micros + problem_.policy.weight_price.micros * (satisfaction.of - satisfaction.weight);
  }

  /// Everything enforced, and one term more or less than `best`, by shape, where that is rated better than `least`.
  /// `now`: what it misses.
  template <class Rate>
  [[nodiscard]] std::optional<Settled> better_than(std::vector<Terms> best, Rating least, const Satisfaction& now,
                                                   const Rate& rate) {
    std::optional<Settled> out;
    const auto consider = [&](std::vector<Terms> chosen) {
      if (chosen == best) return;
      Settled other = settled(by_pod(chosen));
      const Rating rating = rate(other.plan, satisfaction_of(problem_, other.plan));
      if (rating >= least) return;
      least = rating;
      best = std::move(chosen);
      out = std::move(other);
    };
    consider(enforceable_);
    for (const auto& [shape, term] : most_missed(now)) {
      std::vector<Terms> other = best;
      other[shape] ^= Terms{1} << term;
      consider(std::move(other));
    }
    return out;
  }

  void look_at_rules() { rules_ = std::make_unique<const Purchase>(problem_); }

  [[nodiscard]] std::vector<Terms> nothing() const { return std::vector<Terms>(terms_.size(), 0); }

  [[nodiscard]] std::vector<Terms> by_pod(const std::vector<Terms>& by_shape) const {
    std::vector<Terms> out;
    out.reserve(problem_.pods.size());
    for (const PendingPod& pod : problem_.pods) out.push_back(by_shape[pod.shape]);
    return out;
  }

  /// Terms that can stand beside the pod's rules without changing what these mean.
  [[nodiscard]] Terms enforceable(ShapeId id) const {
    const PodTemplate& spec = *problem_.shapes[id].spec;
    const bool spreads = std::ranges::any_of(spec.spread, &TopologySpread::hard);
    const auto is_spread_over = [&](const SelectorRequirement& each) {
      return std::ranges::any_of(spec.spread,
                                 [&](const auto& spread) { return spread.hard && spread.topology_key == each.key; });
    };
    bool has_affinity = !spec.affinity.pod_required.empty();
    Terms out = 0;
    for (std::size_t i = 0; i < std::min(terms_[id].size(), kMostTerms); ++i) {
      const SoftTerm& term = terms_[id][i];
      // It would take away the domains that it is to be spread over.
      if (term.kind == SoftTerm::Kind::Node &&
          std::ranges::any_of(spec.affinity.node_preferred[term.index].term.labels, is_spread_over))
        continue;
      // Several required terms of affinity ask for pods that match all of them.
      if (term.kind == SoftTerm::Kind::Affinity && std::exchange(has_affinity, true)) continue;
      if (term.kind == SoftTerm::Kind::AntiAffinity && is_crowded(id, spec.affinity.anti_preferred[term.index].term))
        continue;
      const bool may_hide_nodes = term.kind == SoftTerm::Kind::Spread && spreads;
      if (may_hide_nodes && !is_everywhere(spec.spread[term.index].topology_key)) continue;
      out |= Terms{1} << i;
    }
    return out;
  }

  void count_pods_and_zones() {
    pods_.assign(problem_.shapes.size(), 0);
    for (const PendingPod& pod : problem_.pods) ++pods_[pod.shape];
    std::set<std::string> zones(problem_.zones.begin(), problem_.zones.end());
    for (const ExistingNode& each : problem_.nodes)
      if (const std::string* const zone = each.node.labels.find(kZoneLabel); zone != nullptr) zones.insert(*zone);
    zones_ = static_cast<std::int64_t>(zones.size());
  }

  /// The shape's pods would each be alone in a zone, and are so many more than zones that hardly any could be: who was
  /// would keep all others out.
  [[nodiscard]] bool is_crowded(ShapeId id, const PodAffinityTerm& away) const {
    const Shape& shape = problem_.shapes[id];
    const bool of_own_namespace = away.namespaces.empty() && !away.namespace_selector;
    return away.topology_key == kZoneLabel && of_own_namespace && away.mismatch_label_keys.empty() && away.selector &&
           away.selector->matches(*shape.labels) && pods_[id] > kCrowd * zones_;
  }

  // ---- Asking for them

  [[nodiscard]] Shape enforced(ShapeId id, Terms asked) const {
    Shape out = problem_.shapes[id];
    out.wishes = true;
    PodTemplate spec = *out.spec;
    for (std::size_t i = 0; i < terms_[id].size(); ++i) {
      if (!has(asked, i)) continue;
      const std::size_t index = terms_[id][i].index;
      switch (terms_[id][i].kind) {
        case SoftTerm::Kind::Node:
          // Not as node affinity, which would decide about which nodes a spread counts.
          out.volumes.where.push_back({spec.affinity.node_preferred[index].term});
          break;
        case SoftTerm::Kind::Affinity:
          spec.affinity.pod_required.push_back(spec.affinity.pod_preferred[index].term);
          break;
        case SoftTerm::Kind::AntiAffinity:
          spec.affinity.anti_required.push_back(spec.affinity.anti_preferred[index].term);
          break;
        case SoftTerm::Kind::Spread: spec.spread[index].hard = true; break;
        case SoftTerm::Kind::Taint: out.volumes.where.push_back({where_welcome(spec)}); break;
      }
    }
    out.spec = std::make_shared<const PodTemplate>(std::move(spec));
    return out;
  }

  /// Neither a node nor a NodePool with a taint that the pod can't stand.
  [[nodiscard]] NodeSelectorTerm where_welcome(const PodTemplate& spec) const {
    SelectorRequirement pools{std::string(kPoolLabel), SelectorOperator::NotIn, {}};
    SelectorRequirement nodes{"metadata.name", SelectorOperator::NotIn, {}};
    for (const NodePool& each : problem_.pools)
      if (are_unwelcome(each.taints, spec.tolerations)) pools.values.push_back(each.name);
    for (const ExistingNode& each : problem_.nodes)
      if (are_unwelcome(each.node.taints, spec.tolerations)) nodes.values.push_back(each.node.name.str());
    return {{std::move(pools)}, {std::move(nodes)}};
  }

  [[nodiscard]] Problem with(const std::vector<Terms>& asked) const {
    Problem out = problem_;
    std::map<std::pair<ShapeId, Terms>, ShapeId> known;
    for (PodId pod = 0; pod < out.pods.size(); ++pod) {
      if (asked[pod] == 0) continue;
      const ShapeId shape = out.pods[pod].shape;
      const auto [at, added] = known.try_emplace({shape, asked[pod]}, static_cast<ShapeId>(out.shapes.size()));
      if (added) out.shapes.push_back(enforced(shape, asked[pod]));
      out.pods[pod].shape = at->second;
    }
    return out;
  }

  // ---- Giving them up

  [[nodiscard]] std::vector<char> placed_by(const Plan& plan) const {
    std::vector<char> placed(problem_.pods.size(), 0);
    const auto mark = [&](const std::vector<PodId>& pods) {
      for (const PodId pod : pods) placed[pod] = 1;
    };
    std::ranges::for_each(plan.existing, mark);
    for (const NewNode& each : plan.nodes) mark(each.pods);
    return placed;
  }

  /// Pods that have no place and ask for something give up their lightest term, or all; false: there is no such pod.
  bool give_up(const Plan& plan, std::vector<Terms>& asked, bool all) const {
    const std::vector<char> placed = placed_by(plan);
    bool some = false;
    for (PodId pod = 0; pod < asked.size(); ++pod) {
      if (placed[pod] != 0 || asked[pod] == 0) continue;
      asked[pod] = all ? 0 : without_lightest(problem_.pods[pod].shape, asked[pod]);
      some = true;
    }
    return some;
  }

  [[nodiscard]] Terms without_lightest(ShapeId shape, Terms asked) const {
    std::optional<std::size_t> lightest;
    for (std::size_t i = 0; i < terms_[shape].size(); ++i) {
      if (!has(asked, i)) continue;
      if (!lightest || terms_[shape][i].weight <= terms_[shape][*lightest].weight) lightest = i;
    }
    return asked & ~(Terms{1} << lightest.value_or(0));
  }

  [[nodiscard]] Plan quick(const std::vector<Terms>& asked) const { return hard_plan(asked, {}); }
  [[nodiscard]] Plan hard_plan(const std::vector<Terms>& asked, StepBudget budget) const {
    const Problem problem = with(asked);
    Purchase purchase(problem, Purchase::Machines::Later, rules_.get());
    return make_hard_plan(problem, purchase, budget, seed_, Bound::None);
  }

  /// More is lacking than if nobody asked for anything: what some pods have is what others lack.
  [[nodiscard]] bool takes_from_others(const Plan& plan) {
    const Lack lack = lack_of(plan);
    if (lack == Lack()) return false;
    if (!least_lack_) least_lack_ = lack_of(quick(by_pod(nothing())));
    return lack > *least_lack_;
  }

  /// Pods no longer ask to be away from others; false: none did.
  bool let_others_near(std::vector<Terms>& asked) const {
    bool some = false;
    for (PodId pod = 0; pod < asked.size(); ++pod) {
      const std::vector<SoftTerm>& terms = terms_[problem_.pods[pod].shape];
      for (std::size_t i = 0; i < terms.size(); ++i) {
        if (terms[i].kind != SoftTerm::Kind::AntiAffinity || !has(asked[pod], i)) continue;
        asked[pod] &= ~(Terms{1} << i);
        some = true;
      }
    }
    return some;
  }

  /// A first plan in which nobody is without a place, and no limit is given up, for what somebody would like.
  [[nodiscard]] Settled settled(std::vector<Terms> asked) {
    for (int pass = 1;; ++pass) {
      Plan plan = quick(asked);
      if (give_up(plan, asked, pass >= kMostPasses)) continue;
      if (!takes_from_others(plan)) return {std::move(asked), std::move(plan)};
      if (!let_others_near(asked)) std::ranges::fill(asked, 0);
    }
  }

  /// The same with all steps.
  [[nodiscard]] Plan finished(Settled settled) {
    auto& [asked, plan] = settled;
    if (budget_.steps == 0) return std::move(plan);
    while (true) {
      plan = hard_plan(asked, budget_);
      if (!give_up(plan, asked, true)) break;
    }
    if (!takes_from_others(plan)) return std::move(plan);
    std::ranges::fill(asked, 0);
    return make_hard_plan(problem_, budget_, seed_, Bound::None);
  }

  /// What is enforced for some keeps others away from them, who may come by the rules.
  [[nodiscard]] Plan completed(Plan plan) const {
    const Lack lack = lack_of(plan);
    if (lack.first.empty()) return plan;
    const Plan more = with_left_out(problem_, plan);
    return lack_of(more).first < lack.first ? more : plan;
  }

  /// The shapes' terms that most weight is missed of.
  [[nodiscard]] std::vector<std::pair<ShapeId, std::size_t>> most_missed(const Satisfaction& now) const {
    std::vector<std::tuple<std::int64_t, ShapeId, std::size_t>> ranked;
    for (ShapeId shape = 0; shape < now.missed.size(); ++shape)
      for (std::size_t i = 0; i < now.missed[shape].size(); ++i)
        if (now.missed[shape][i] > 0 && has(enforceable_[shape], i))
          ranked.emplace_back(-now.missed[shape][i] * terms_[shape][i].weight, shape, i);
    std::ranges::sort(ranked);
    std::vector<std::pair<ShapeId, std::size_t>> out;
    for (const auto& [weight, shape, term] : ranked)
      if (out.size() < kMostTrials) out.emplace_back(shape, term);
    return out;
  }

  /// With the bound of what is hard alone.
  [[nodiscard]] Plan proven(Plan plan) const {
    plan.lower_bound = lower_bound(*rules_, demand_of(*rules_, plan));
    plan.steps = budget_;
    return plan;
  }

  const Problem& problem_;
  StepBudget budget_;
  Seed seed_;
  std::vector<std::vector<SoftTerm>> terms_;  // by shape
  std::vector<std::int64_t> pods_;            // by shape: those to be placed
  std::int64_t zones_ = 0;
  std::vector<Terms> enforceable_;         // by shape
  std::unique_ptr<const Purchase> rules_;  // in which nothing is bought
  std::optional<Lack> least_lack_;         // with nothing enforced
};

}  // namespace

bool minds_preferences(const Problem& problem) {
  return problem.policy.preferences != Preferences::Ignore && !Enforcer(problem, {}, {}).has_nothing_to_do();
}

Plan make_plan(const Problem& problem, StepBudget budget, Seed seed) {
  if (problem.policy.preferences != Preferences::Ignore) {
    Enforcer enforcer(problem, budget, seed);
    if (!enforcer.has_nothing_to_do())
      return problem.policy.preferences == Preferences::First ? enforcer.first() : enforcer.cheapest();
  }
  return make_hard_plan(problem, budget, seed);
}

}  // namespace spotkeeper::plan
