#include "plan/provision/preferences.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <memory>
#include <span>
#include <utility>

#include "plan/schedule/board.h"
#include "plan/schedule/node_match.h"

namespace spotkeeper::plan {
namespace {

constexpr std::int32_t kUnweighted = 100;

bool is_unwelcome(const Taint& taint, std::span<const Toleration> tolerations) {
  return taint.effect == TaintEffect::PreferNoSchedule &&
         std::ranges::none_of(tolerations, [&](const Toleration& each) { return each.tolerates(taint); });
}

std::vector<SoftTerm> soft_terms_of(const PodTemplate& spec, std::span<const Taint> taints) {
  std::vector<SoftTerm> out;
  const Affinity& affinity = spec.affinity;
  using Kind = SoftTerm::Kind;
  out.reserve(affinity.node_preferred.size() + affinity.pod_preferred.size() + affinity.anti_preferred.size() +
              spec.spread.size() + 1);
  for (std::size_t i = 0; i < affinity.node_preferred.size(); ++i)
    out.push_back({Kind::Node, i, affinity.node_preferred[i].weight});
  for (std::size_t i = 0; i < affinity.pod_preferred.size(); ++i)
    out.push_back({Kind::Affinity, i, affinity.pod_preferred[i].weight});
  for (std::size_t i = 0; i < affinity.anti_preferred.size(); ++i)
    out.push_back({Kind::AntiAffinity, i, affinity.anti_preferred[i].weight});
  for (std::size_t i = 0; i < spec.spread.size(); ++i)
    if (!spec.spread[i].hard) out.push_back({Kind::Spread, i, kUnweighted});
  if (are_unwelcome(taints, spec.tolerations)) out.push_back({Kind::Taint, 0, kUnweighted});
  return out;
}

/// Every taint with PreferNoSchedule that a node has or a NodePool gives.
std::vector<Taint> soft_taints(const Problem& problem) {
  std::vector<Taint> out;
  const auto add = [&](const std::vector<Taint>& taints) {
    std::ranges::copy_if(taints, std::back_inserter(out),
                         [](const Taint& each) { return each.effect == TaintEffect::PreferNoSchedule; });
  };
  for (const ExistingNode& each : problem.nodes) add(each.node.taints);
  for (const NodePool& each : problem.pools) add(each.taints);
  std::ranges::sort(out);
  const auto again = std::ranges::unique(out);
  out.erase(again.begin(), again.end());
  return out;
}

/// The problem with a shape more for each term between pods, that asks for this term alone: what the rules say of it is
/// whether the term is met.
class Probes {
 public:
  explicit Probes(const Problem& problem) : problem_(problem), terms_(plan::soft_terms_of(problem)) {
    for (ShapeId shape = 0; shape < terms_.size(); ++shape) {
      std::vector<ShapeId>& mine = probes_.emplace_back();
      for (const SoftTerm& term : terms_[shape]) mine.push_back(probe(problem.shapes[shape], term));
    }
  }

  [[nodiscard]] const Problem& problem() const { return problem_; }
  [[nodiscard]] const std::vector<std::vector<SoftTerm>>& terms() const { return terms_; }

  /// Of a pod of this shape that has just been taken from the node.
  [[nodiscard]] bool meets(const Board& board, NodeId node, ShapeId id, std::size_t which) const {
    const NodeFacts& facts = board.facts_of(node);
    const PodTemplate& spec = *problem_.shapes[id].spec;
    const SoftTerm& term = terms_[id][which];
    switch (term.kind) {
      case SoftTerm::Kind::Node:
        return matches(spec.affinity.node_preferred[term.index].term, *facts.labels, facts.name);
      case SoftTerm::Kind::Taint: return !are_unwelcome(facts.taints, spec.tolerations);
      default: return board.topology().allows(probes_[id][which], board.domains_of(node)) == Refusal::None;
    }
  }

 private:
  ShapeId probe(const Shape& shape, const SoftTerm& term) {
    PodTemplate spec;
    spec.node_selector = shape.spec->node_selector;
    spec.tolerations = shape.spec->tolerations;
    spec.affinity.has_node_required = shape.spec->affinity.has_node_required;
    spec.affinity.node_required = shape.spec->affinity.node_required;
    const Affinity& affinity = shape.spec->affinity;
    switch (term.kind) {
      case SoftTerm::Kind::Affinity:
        spec.affinity.pod_required.push_back(affinity.pod_preferred[term.index].term);
        break;
      case SoftTerm::Kind::AntiAffinity:
        spec.affinity.anti_required.push_back(affinity.anti_preferred[term.index].term);
        break;
      case SoftTerm::Kind::Spread:
        spec.spread.push_back(shape.spec->spread[term.index]);
        spec.spread.back().hard = true;
        break;
      default: return 0;  // what a node is by itself needs no probe
    }
    Shape out;
    out.ns = shape.ns;
    out.labels = shape.labels;
    out.spec = std::make_shared<const PodTemplate>(std::move(spec));
    problem_.shapes.push_back(std::move(out));
    return static_cast<ShapeId>(problem_.shapes.size() - 1);
  }

  Problem problem_;
  std::vector<std::vector<SoftTerm>> terms_;
  std::vector<std::vector<ShapeId>> probes_;  // by shape and term
};

/// How many pods of each shape a node has got by the plan.
using Seats = std::vector<std::pair<NodeId, std::map<ShapeId, std::int64_t>>>;

/// `plan` outlives the board's use.
Seats carry_out(const Plan& plan, Board& board) {
  const Problem& problem = board.problem();
  Seats out;
  const auto put = [&](NodeId node, const std::vector<PodId>& pods) {
    auto& seats = out.emplace_back(node, std::map<ShapeId, std::int64_t>()).second;
    for (const PodId pod : pods) {
      board.place(problem.pods[pod].shape, node);
      ++seats[problem.pods[pod].shape];
    }
  };
  for (NodeId node = 0; node < plan.existing.size(); ++node) put(node, plan.existing[node]);
  board.reserve(board.nodes() + plan.nodes.size());
  std::map<const Labels*, DomainsOfNode> domains;  // machines that are bought alike share their labels
  for (const NewNode& each : plan.nodes) {
    NodeFacts facts;
    facts.labels = each.labels;
    facts.taints = problem.pools[each.pool].taints;
    facts.allocatable.assign(board.resources().size(), 0);
    const auto [known, added] = domains.try_emplace(each.labels.get());
    if (added) known->second = board.topology().domains_of(*facts.labels, facts.taints, {}, true);
    put(board.open(std::move(facts), known->second), each.pods);
  }
  return out;
}

}  // namespace

bool are_unwelcome(std::span<const Taint> taints, std::span<const Toleration> tolerations) {
  return std::ranges::any_of(taints, [&](const Taint& taint) { return is_unwelcome(taint, tolerations); });
}

std::vector<std::vector<SoftTerm>> soft_terms_of(const Problem& problem) {
  const std::vector<Taint> taints = soft_taints(problem);
  std::vector<std::vector<SoftTerm>> out;
  out.reserve(problem.shapes.size());
  for (const Shape& shape : problem.shapes) out.push_back(soft_terms_of(*shape.spec, taints));
  return out;
}

Satisfaction satisfaction_of(const Problem& problem, const Plan& plan) {
  Satisfaction out;
  out.missed.resize(problem.shapes.size());
  const auto terms = soft_terms_of(problem);
  if (std::ranges::all_of(terms, [](const auto& each) { return each.empty(); })) return out;
  const Probes probes(problem);
  Board board(probes.problem());
  const Seats seats = carry_out(plan, board);
  for (ShapeId shape = 0; shape < terms.size(); ++shape) out.missed[shape].assign(terms[shape].size(), 0);
  for (const auto& [node, pods] : seats) {
    for (const auto& [shape, count] : pods) {
      if (terms[shape].empty()) continue;
      board.remove(shape, node);
      for (std::size_t i = 0; i < terms[shape].size(); ++i) {
        const std::int64_t weight = terms[shape][i].weight * count;
        out.of += weight;
        if (probes.meets(board, node, shape, i)) {
          out.weight += weight;
        } else {
          out.missed[shape][i] += count;
        }
      }
      board.place(shape, node);
    }
  }
  return out;
}

}  // namespace spotkeeper::plan
