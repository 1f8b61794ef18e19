#include "plan/provision/explain.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "plan/provision/purchase.h"
#include "plan/schedule/node_match.h"

namespace spotkeeper::plan {
namespace {

constexpr std::size_t kNamesShown = 8;

std::string_view text_of(TaintEffect effect) {
  switch (effect) {
    case TaintEffect::NoSchedule: return "NoSchedule";
    case TaintEffect::PreferNoSchedule: return "PreferNoSchedule";
    case TaintEffect::NoExecute: return "NoExecute";
  }
  return "";
}

std::string text_of(const Taint& taint) {
  return fmt::format("{}{}{}:{}", taint.key, taint.value.empty() ? "" : "=", taint.value, text_of(taint.effect));
}

/// What of the node selector the labels have not; else it is the affinity.
std::string unmet_selector(const PodTemplate& spec, const Labels& labels) {
  for (const auto& [key, value] : spec.node_selector) {
    const std::string* const present = labels.find(key);
    if (present == nullptr || *present != value) return fmt::format("it selects {}={}", key, value);
  }
  return "its node affinity";
}

/// A node or a machine with its answer.
struct Answer {
  Refusal why = Refusal::None;
  std::string detail;
  std::optional<std::size_t> resource;  // of which there is too little
  std::int64_t left = 0;
  std::string name;
  std::optional<Money> price;
};

/// Answers alike, put together.
class Tally {
 public:
  explicit Tally(const ResourceNames& names, const Amounts& wants) : names_(names), wants_(wants) {}

  void add(Answer answer) {
    Group& group = groups_[{answer.why, answer.detail, answer.resource.value_or(0)}];
    ++group.count;
    if (answer.resource) group.most_left = std::max(group.most_left, answer.left);
    if (group.seen.insert(answer.name).second && group.names.size() < kNamesShown)
      group.names.push_back(std::move(answer.name));
    if (answer.price && (!group.cheapest || *answer.price < *group.cheapest)) group.cheapest = answer.price;
  }

  [[nodiscard]] std::vector<Answers> take() {
    // By what comes first, and what is alike in that as the groups are ordered.
    std::multimap<std::pair<int, std::int64_t>, Answers> sorted;
    for (auto& [key, group] : groups_) {
      auto& [why, detail, resource] = key;
      Answers answers{why, detail, group.count, std::move(group.names), 0, group.cheapest};
      if (group.cheapest) answers.types = static_cast<std::int64_t>(group.seen.size());
      if (group.most_left >= 0) answers.detail = lack_of(resource, group.most_left);
      sorted.emplace(std::pair(why == Refusal::None ? 0 : 1, -answers.count), std::move(answers));
    }
    std::vector<Answers> out;
    out.reserve(sorted.size());
    for (auto& [rank, answers] : sorted) out.push_back(std::move(answers));
    return out;
  }

 private:
  struct Group {
    std::int64_t count = 0;
    std::int64_t most_left = -1;
    std::set<std::string> seen;
    std::vector<std::string> names;
    std::optional<Money> cheapest;
  };

  [[nodiscard]] std::string lack_of(std::size_t resource, std::int64_t left) const {
    return fmt::format("wants {}, {} at most are left", names_.text_of(resource, wants_[resource]),
                       names_.text_of(resource, left));
  }

  const ResourceNames& names_;
  const Amounts& wants_;
  std::map<std::tuple<Refusal, std::string, std::size_t>, Group> groups_;
};

class Explainer {
 public:
  Explainer(const Problem& problem, const Plan& plan)
      : problem_(problem), plan_(plan), purchase_(problem), place_(problem.pods.size()) {
    restore();
  }

  [[nodiscard]] Explanation of(PodId pod) {
    Explanation out;
    out.pod = problem_.pods[pod].name.str();
    out.shape = problem_.pods[pod].shape;
    const auto own = place_[pod];
    if (own) {
      if (*own < problem_.nodes.size()) {
        out.node = own;
      } else {
        out.machine = static_cast<std::uint32_t>(*own - problem_.nodes.size());
        describe_machine(*own, out);
      }
      purchase_.remove(out.shape, *own);
      out.given_up = purchase_.allows(out.shape, *own, {});
    } else {
      const auto at = std::ranges::find(plan_.unplaced, out.pod, &Unplaced::pod);
      if (at != plan_.unplaced.end()) out.unplaced = at->reason;
    }
    if (problem_.shapes[out.shape].refused.empty()) ask_all(out, own);
    if (own) purchase_.place(out.shape, *own);
    return out;
  }

 private:
  /// The plan as it is carried out.
  void restore() {
    std::map<std::pair<std::uint32_t, std::uint32_t>, std::vector<CandidateId>> candidates;
    for (CandidateId id = 0; id < purchase_.candidates().size(); ++id) {
      const Candidate& each = purchase_.candidates()[id];
      candidates[{each.pool, each.offering}].push_back(id);
    }
    const auto put = [&](const std::vector<PodId>& pods, NodeId node) {
      for (const PodId pod : pods) {
        purchase_.place(problem_.pods[pod].shape, node);
        place_[pod] = node;
      }
    };
    for (NodeId node = 0; node < problem_.nodes.size(); ++node) put(plan_.existing[node], node);
    for (const NewNode& bought : plan_.nodes) {
      const auto& able = candidates[{bought.pool, bought.offering}];
      const auto same = std::ranges::find(able, *bought.labels, [&](CandidateId id) -> const Labels& {
        return *purchase_.candidates()[id].facts.labels;
      });
      put(bought.pods, purchase_.open(*same));
    }
  }

  /// Half by CPU and half by memory of what pods ask for there.
  void describe_machine(NodeId node, Explanation& out) const {
    const Candidate& own = purchase_.candidates()[*purchase_.bought_as(node)];
    const Amounts& wants = purchase_.board().requests_of(out.shape);
    Amounts used(wants.size(), 0);
    for (const auto& [shape, pods] : purchase_.pods_on(node))
      for (std::size_t k = 0; k < used.size(); ++k) used[k] += purchase_.board().requests_of(shape)[k] * pods;
    const auto part = [&](std::size_t k) {
      return used[k] == 0 ? 0.0 : static_cast<double>(wants[k]) / static_cast<double>(used[k]);
    };
    const double share = (part(ResourceNames::kCpu) + part(ResourceNames::kMemory)) / 2;
    out.bears = Money{static_cast<std::int64_t>(share * static_cast<double>(own.price.micros))};
    for (CandidateId id = 0; id < purchase_.candidates().size(); ++id) {
      const Candidate& other = purchase_.candidates()[id];
      if (other.price >= own.price) break;
      if (purchase_.suited(out.shape)[id] == 0 || !fits(wants, other.room)) continue;
      if (purchase_.allows_new(out.shape, id, {}) != Refusal::None) continue;
      ++out.cheaper;
      const bool is_spot = purchase_.spot_pool_of(id).has_value();
      const bool suits_all = std::ranges::all_of(purchase_.pods_on(node), [&](const auto& each) {
        return purchase_.suited(each.first)[id] != 0 && !(is_spot && purchase_.is_steady(each.first));
      });
      if (suits_all && fits(used, other.room)) ++out.cheaper_for_all;
    }
  }

  void ask_all(Explanation& out, std::optional<NodeId> own) const {
    const Amounts& wants = purchase_.board().requests_of(out.shape);
    const ResourceNames& names = purchase_.board().resources();
    const Leniency leniency = own ? Leniency{} : kAnything;
    Tally nodes(names, wants);
    Tally bought(names, wants);
    for (NodeId node = 0; node < purchase_.board().nodes(); ++node) {
      if (node == own) continue;
      const bool is_there = node < problem_.nodes.size();
      (is_there ? nodes : bought).add(ask_node(out.shape, node, leniency));
    }
    out.nodes = nodes.take();
    out.bought = bought.take();
    std::map<std::uint32_t, Tally> pools;
    for (CandidateId id = 0; id < purchase_.candidates().size(); ++id) {
      const std::uint32_t pool = purchase_.candidates()[id].pool;
      pools.try_emplace(pool, names, wants).first->second.add(ask_candidate(out.shape, id, leniency));
    }
    for (auto& [pool, tally] : pools) out.pools.push_back({pool, tally.take()});
  }

  [[nodiscard]] Answer ask_node(ShapeId shape, NodeId node, Leniency leniency) const {
    const Board& board = purchase_.board();
    const NodeFacts& facts = board.facts_of(node);
    Answer out;
    // What a node is by itself says more than how full it happens to be.
    out.why = board.suits(shape, facts);
    if (out.why == Refusal::None) out.why = purchase_.allows(shape, node, leniency);
    out.name = facts.name;
    if (const auto as = purchase_.bought_as(node); as) out.name = type_of(*as);
    add_detail(shape, facts, out, [&](std::size_t k) { return board.free(node, k); });
    return out;
  }

  [[nodiscard]] Answer ask_candidate(ShapeId shape, CandidateId id, Leniency leniency) const {
    const Candidate& candidate = purchase_.candidates()[id];
    Answer out;
    out.why = purchase_.allows_new(shape, id, leniency);
    out.name = type_of(id);
    out.price = candidate.price;
    add_detail(shape, candidate.facts, out, [&](std::size_t k) { return candidate.room[k]; });
    return out;
  }

  [[nodiscard]] std::string type_of(CandidateId id) const {
    return problem_.types[problem_.offerings[purchase_.candidates()[id].offering].type].name.str();
  }

  template <class Left>
  void add_detail(ShapeId shape, const NodeFacts& facts, Answer& answer, const Left& left) const {
    const PodTemplate& spec = *problem_.shapes[shape].spec;
    switch (answer.why) {
      case Refusal::Taint: answer.detail = text_of(*untolerated(spec.tolerations, facts.taints)); break;
      case Refusal::Selector: answer.detail = unmet_selector(spec, *facts.labels); break;
      case Refusal::Cpu:
      case Refusal::Memory:
      case Refusal::Pods:
      case Refusal::Other: {
        const Amounts& wants = purchase_.board().requests_of(shape);
        for (std::size_t k = 0; k < wants.size() && !answer.resource; ++k)
          if (wants[k] > 0 && wants[k] > left(k)) answer.resource = k;
        if (answer.resource) answer.left = std::max<std::int64_t>(left(*answer.resource), 0);
        break;
      }
      default: break;
    }
  }

  const Problem& problem_;
  const Plan& plan_;
  Purchase purchase_;
  std::vector<std::optional<NodeId>> place_;
};

/// One that is on its node already.
std::optional<Explanation> of_bound(const Problem& problem, std::string_view pod) {
  for (std::uint32_t node = 0; node < problem.nodes.size(); ++node) {
    for (const BoundPod& each : problem.nodes[node].pods) {
      if (each.name.str() != pod) continue;
      Explanation out;
      out.pod = pod;
      out.shape = each.shape;
      out.node = node;
      out.bound = true;
      return out;
    }
  }
  return std::nullopt;
}

}  // namespace

std::vector<BindingRule> binding_rules(const Explanation& explanation) {
  std::map<Refusal, BindingRule> rules;
  const auto add = [&](const std::vector<Answers>& all, std::int64_t BindingRule::* which) {
    for (const Answers& each : all) {
      if (each.why == Refusal::None) continue;
      BindingRule& rule = rules[each.why];
      rule.rule = each.why;
      rule.*which += each.count;
    }
  };
  add(explanation.nodes, &BindingRule::nodes);
  add(explanation.bought, &BindingRule::nodes);
  for (const AnswersOfPool& pool : explanation.pools) add(pool.answers, &BindingRule::machines);
  std::vector<BindingRule> out;
  out.reserve(rules.size());
  for (const auto& [refusal, rule] : rules) out.push_back(rule);
  return out;
}

std::optional<Explanation> explain(const Problem& problem, const Plan& plan, std::string_view pod) {
  const auto pending = std::ranges::find(problem.pods, pod, [](const PendingPod& each) { return each.name.str(); });
  if (pending != problem.pods.end())
    return Explainer(problem, plan).of(static_cast<PodId>(pending - problem.pods.begin()));
  if (auto bound = of_bound(problem, pod); bound) return bound;
  const auto unplaced = std::ranges::find(plan.unplaced, pod, &Unplaced::pod);
  if (unplaced == plan.unplaced.end()) return std::nullopt;
  Explanation out;
  out.pod = pod;
  out.unplaced = unplaced->reason;
  return out;
}

}  // namespace spotkeeper::plan
