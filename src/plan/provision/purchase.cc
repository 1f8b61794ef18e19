#include "plan/provision/purchase.h"

#include <algorithm>
#include <set>
#include <tuple>
#include <utility>

#include "plan/schedule/node_match.h"

namespace spotkeeper::plan {
namespace {

/// What decides which machines suit a shape, but for its size.
using SuitKey = std::tuple<Labels, bool, std::vector<NodeSelectorTerm>, std::vector<Toleration>,
                           std::vector<std::vector<NodeSelectorTerm>>>;

SuitKey suit_key(const Shape& shape) {
  const PodTemplate& spec = *shape.spec;
  return {spec.node_selector, spec.affinity.has_node_required, spec.affinity.node_required, spec.tolerations,
          shape.volumes.where};
}

bool takes_long_to_end(const Shape& shape, const Policy& policy) {
  if (!policy.steady_on_demand) return false;
  const PodTemplate& spec = *shape.spec;
  const bool slow = spec.grace.length() > policy.notice ||
                    (spec.pre_stop && spec.pre_stop->sleep && *spec.pre_stop->sleep > policy.notice);
  const bool keeps_data = shape.workload && shape.workload->kind == "StatefulSet" && !spec.claims.empty();
  return slow || keeps_data ||
         (shape.workload && shape.workload->kind == "StatefulSet" &&
          (!shape.volumes.own.empty() || !shape.volumes.shared.empty()));
}

}  // namespace

Purchase::Purchase(const Problem& problem, Machines machines, const Purchase* like)
    : problem_(problem), like_(like), board_(problem), workloads_(problem) {
  for (const Shape& shape : problem.shapes) steady_.push_back(takes_long_to_end(shape, problem.policy) ? 1 : 0);
  bought_.resize(board_.nodes());
  on_node_.resize(board_.nodes());
  for (NodeId node = 0; node < board_.nodes(); ++node) {
    spot_.push_back(id_of(plan::spot_pool_of(*board_.facts_of(node).labels)));
    count_shares(node, 1);
  }
  spent_.resize(problem.pools.size());
  for (const ExistingNode& existing : problem.nodes) count_limits(existing, 1);
  if (machines == Machines::Now) look_up_machines();
}

void Purchase::look_up_machines() {
  if (!candidates_.empty()) return;
  candidates_ = like_ == nullptr ? candidates_of(board_) : candidates_of(board_, like_->candidates());
  classify();
  find_cells();
  find_rooms();
}

void Purchase::find_cells() {
  std::map<std::pair<std::vector<ValueId>, std::vector<bool>>, CellId> known;
  cells_.reserve(candidates_.size());
  for (const Candidate& each : candidates_)
    cells_.push_back(known.try_emplace({each.domains.values, each.domains.eligible}, static_cast<CellId>(known.size()))
                         .first->second);
}

void Purchase::find_rooms() {
  std::map<std::pair<std::uint32_t, Amounts>, std::uint32_t> known;  // the type first, which mostly decides
  rooms_.reserve(candidates_.size());
  for (const Candidate& each : candidates_)
    rooms_.push_back(
        known.try_emplace({problem_.offerings[each.offering].type, each.room}, static_cast<std::uint32_t>(known.size()))
            .first->second);
}

void Purchase::classify() {
  class_of_.clear();
  suited_.clear();
  std::map<SuitKey, std::uint32_t> classes;
  for (ShapeId shape = 0; shape < problem_.shapes.size(); ++shape) {
    const auto [at, added] =
        classes.try_emplace(suit_key(problem_.shapes[shape]), static_cast<std::uint32_t>(suited_.size()));
    class_of_.push_back(at->second);
    if (!added) continue;
    std::vector<char> suits;
    suits.reserve(candidates_.size());
    for (const Candidate& each : candidates_) suits.push_back(board_.suits(shape, each.facts) == Refusal::None ? 1 : 0);
    suited_.push_back(std::move(suits));
  }
}

// ---- Limits of NodePools

void Purchase::count_limits(const ExistingNode& existing, std::int64_t by) {
  const std::string* const name = existing.node.labels.find(kPoolLabel);
  if (name == nullptr) return;
  const auto pool = std::ranges::find(problem_.pools, *name, &NodePool::name);
  if (pool == problem_.pools.end()) return;
  auto& spent = spent_[static_cast<std::size_t>(pool - problem_.pools.begin())];
  const auto type = std::ranges::find(problem_.types, existing.node.instance_type(),
                                      [](const InstanceType& each) { return each.name.str(); });
  const bool known = type != problem_.types.end();
  spent["nodes"] += by;
  spent["cpu"] += by * (known ? type->vcpus * 1000 : existing.node.allocatable.cpu.value);
  spent["memory"] += by * (known ? type->memory.value : existing.node.allocatable.memory.value);
  for (const auto& [resource, amount] : existing.node.allocatable.other) spent[resource] += by * amount;
}

std::int64_t Purchase::capacity(const Candidate& candidate, const std::string& resource) const {
  const InstanceType& type = problem_.types[problem_.offerings[candidate.offering].type];
  if (resource == "nodes") return 1;
  if (resource == "cpu") return type.vcpus * 1000;
  if (resource == "memory") return type.memory.value;
  if (resource == "pods") return type.max_pods;
  if (resource == "nvidia.com/gpu" || resource == "amd.com/gpu") return type.gpus ? type.gpus->count : 0;
  return 0;
}

std::vector<std::int64_t> Purchase::limits_left(std::uint32_t pool) const {
  std::vector<std::int64_t> out;
  for (const auto& [resource, most] : problem_.pools[pool].limits) {
    const auto spent = spent_[pool].find(resource);
    out.push_back(most - (spent == spent_[pool].end() ? 0 : spent->second));
  }
  return out;
}

std::vector<std::int64_t> Purchase::spends(CandidateId candidate) const {
  std::vector<std::int64_t> out;
  for (const auto& [resource, most] : problem_.pools[candidates_[candidate].pool].limits)
    out.push_back(capacity(candidates_[candidate], resource));
  return out;
}

bool Purchase::has_min_values(std::uint32_t pool) const {
  return std::ranges::any_of(problem_.pools[pool].requirements,
                             [](const PoolRequirement& each) { return each.min_values.has_value(); });
}

bool Purchase::within_limits(const Candidate& candidate) const {
  return std::ranges::all_of(problem_.pools[candidate.pool].limits, [&](const auto& limit) {
    const auto spent = spent_[candidate.pool].find(limit.first);
    const std::int64_t before = spent == spent_[candidate.pool].end() ? 0 : spent->second;
    return before + capacity(candidate, limit.first) <= limit.second;
  });
}

// ---- Shares

void Purchase::count_shares(NodeId node, std::int64_t by) {
  if (!spot_[node]) return;
  for (const BoundPod& pod : problem_.nodes[node].pods) {
    const WorkloadId workload = workloads_.of(pod.shape);
    if (workload != kNoWorkload && !pod.terminating) in_pool_[{workload, *spot_[node]}] += by;
  }
}

std::optional<SpotPool> Purchase::spot_pool_of(CandidateId candidate) const {
  if (!is_spot_offer(candidate)) return std::nullopt;
  const Offering& offering = problem_.offerings[candidates_[candidate].offering];
  return SpotPool{problem_.types[offering.type].name.str(), problem_.zones[offering.zone]};
}

std::optional<SpotPoolId> Purchase::id_of(const std::optional<SpotPool>& pool) {
  if (!pool) return std::nullopt;
  return spot_ids_.try_emplace(*pool, static_cast<SpotPoolId>(spot_ids_.size())).first->second;
}

std::int64_t Purchase::in_pool(WorkloadId workload, const SpotPool& pool) const {
  const auto found = spot_ids_.find(pool);
  return found == spot_ids_.end() ? 0 : in_pool(workload, found->second);
}

std::int64_t Purchase::in_pool(WorkloadId workload, SpotPoolId pool) const {
  const auto found = in_pool_.find({workload, pool});
  return found == in_pool_.end() ? 0 : found->second;
}

std::optional<CandidateId> Purchase::bought_as(NodeId node) const { return bought_[node]; }

Refusal Purchase::allows_share(ShapeId shape, NodeId node, Leniency leniency) const {
  const WorkloadId workload = workloads_.of(shape);
  if (workload == kNoWorkload) return Refusal::None;
  if (spot_[node] && !leniency.pool_share) {
    if (in_pool(workload, *spot_[node]) >= workloads_.pool_cap(workload)) return Refusal::SpotShare;
  }
  if (!bought_[node] || leniency.node_share) return Refusal::None;
  std::int64_t here = 0;
  for (const auto& [other, pods] : on_node_[node]) here += workloads_.of(other) == workload ? pods : 0;
  return here >= workloads_.node_cap(workload) ? Refusal::NodeShare : Refusal::None;
}

// ---- What may be placed

Refusal Purchase::allows(ShapeId shape, NodeId node, Leniency leniency, Scope scope) const {
  if (problem_.shapes[shape].wishes) leniency = {};
  const bool known_to_suit = bought_[node] && suited(shape)[*bought_[node]] != 0;
  const Refusal hard = known_to_suit ? board_.allows_suited(shape, node, scope) : board_.allows(shape, node, scope);
  if (hard != Refusal::None) return hard;
  if (!leniency.steady && is_steady(shape) && spot_[node]) return Refusal::Steady;
  if (const Refusal no = allows_share(shape, node, leniency); no != Refusal::None) return no;
  if (!bought_[node] || !has_min_values(candidates_[*bought_[node]].pool)) return Refusal::None;
  auto pods = on_node_[node];
  ++pods[shape];
  return keeps_min_values(*bought_[node], pods) ? Refusal::None : Refusal::MinValues;
}

Refusal Purchase::allows_new(ShapeId shape, CandidateId id, Leniency leniency) const {
  if (problem_.shapes[shape].wishes) leniency = {};
  const Candidate& candidate = candidates_[id];
  if (suited(shape)[id] == 0) return board_.suits(shape, candidate.facts);
  const auto spot = spot_pool_of(id);
  if (!leniency.steady && spot && is_steady(shape)) return Refusal::Steady;
  if (!within_limits(candidate)) return Refusal::PoolLimit;
  if (!board_.topology().may_open(candidate.domains, {&shape, 1})) return Refusal::Spread;
  if (const Refusal no = board_.allows_on_fresh(shape, candidate.facts, candidate.domains); no != Refusal::None)
    return no;
  const WorkloadId workload = workloads_.of(shape);
  if (!leniency.pool_share && spot && workload != kNoWorkload) {
    if (in_pool(workload, *spot) >= workloads_.pool_cap(workload)) return Refusal::SpotShare;
  }
  return keeps_min_values(id, {{shape, 1}}) ? Refusal::None : Refusal::MinValues;
}

NodeId Purchase::open(CandidateId id) {
  const Candidate& candidate = candidates_[id];
  const NodeId node = board_.open(candidate.facts, candidate.domains);
  bought_.emplace_back(id);
  on_node_.emplace_back();
  spot_.push_back(id_of(spot_pool_of(id)));
  for (const auto& [resource, most] : problem_.pools[candidate.pool].limits)
    spent_[candidate.pool][resource] += capacity(candidate, resource);
  return node;
}

void Purchase::reserve(std::size_t more) {
  const std::size_t nodes = board_.nodes() + more;
  board_.reserve(nodes);
  bought_.reserve(nodes);
  on_node_.reserve(nodes);
  spot_.reserve(nodes);
}

void Purchase::place(ShapeId shape, NodeId node, Scope scope) {
  board_.place(shape, node, false, scope);
  ++on_node_[node][shape];
  const WorkloadId workload = workloads_.of(shape);
  if (spot_[node] && workload != kNoWorkload) ++in_pool_[{workload, *spot_[node]}];
}

void Purchase::remove(ShapeId shape, NodeId node, Scope scope) {
  board_.remove(shape, node, scope);
  if (--on_node_[node][shape] == 0) on_node_[node].erase(shape);
  const WorkloadId workload = workloads_.of(shape);
  if (spot_[node] && workload != kNoWorkload) --in_pool_[{workload, *spot_[node]}];
}

void Purchase::lose(NodeId node) {
  count_shares(node, -1);
  count_limits(problem_.nodes[node], -1);
  board_.lose(node);
  const auto at = static_cast<std::ptrdiff_t>(node);
  bought_.erase(bought_.begin() + at);
  on_node_.erase(on_node_.begin() + at);
  spot_.erase(spot_.begin() + at);
}

void Purchase::give_back(NodeId node) {
  board_.close(node);
  const Candidate& candidate = candidates_[*bought_[node]];
  for (const auto& [resource, most] : problem_.pools[candidate.pool].limits)
    spent_[candidate.pool][resource] -= capacity(candidate, resource);
}

// ---- What else would do

Amounts Purchase::used_by(const std::map<ShapeId, std::int64_t>& pods) const {
  Amounts used(board_.resources().size(), 0);
  for (const auto& [shape, count] : pods)
    for (std::size_t i = 0; i < used.size(); ++i) used[i] += board_.requests_of(shape)[i] * count;
  return used;
}

bool Purchase::would_do(CandidateId id, CandidateId chosen_id, const std::map<ShapeId, std::int64_t>& pods,
                        const Amounts& used) const {
  const Candidate& other = candidates_[id];
  const Candidate& chosen = candidates_[chosen_id];
  if (other.pool != chosen.pool || other.variant != chosen.variant) return false;
  if (!fits(used, other.room)) return false;
  // Elsewhere, the rules between pods would have to be asked again.
  if (other.domains.values != chosen.domains.values) return false;
  for (const auto& [resource, most] : problem_.pools[chosen.pool].limits)
    if (capacity(other, resource) > capacity(chosen, resource)) return false;
  const bool same = other.domains.eligible == chosen.domains.eligible;
  return std::ranges::all_of(pods, [&](const auto& each) {
    return suited(each.first)[id] != 0 &&
           (same || board_.topology().are_alike(each.first, other.domains, chosen.domains));
  });
}

std::vector<CandidateId> Purchase::stand_ins(NodeId node, Money most) const {
  std::vector<CandidateId> out;
  const CandidateId chosen = *bought_[node];
  const Amounts used = used_by(on_node_[node]);
  for (CandidateId id = 0; id < candidates_.size() && candidates_[id].price <= most; ++id)
    if (id != chosen && would_do(id, chosen, on_node_[node], used)) out.push_back(id);
  return out;
}

bool Purchase::are_enough(const std::vector<CandidateId>& candidates) const {
  const NodePool& pool = problem_.pools[candidates_[candidates.front()].pool];
  return std::ranges::all_of(pool.requirements, [&](const PoolRequirement& each) {
    if (!each.min_values) return true;
    std::set<std::string> values;
    for (const CandidateId id : candidates)
      if (const std::string* value = candidates_[id].facts.labels->find(each.key); value != nullptr)
        values.insert(*value);
    return std::cmp_greater_equal(values.size(), *each.min_values);
  });
}

bool Purchase::keeps_min_values(CandidateId chosen, const std::map<ShapeId, std::int64_t>& pods) const {
  if (!has_min_values(candidates_[chosen].pool)) return true;
  const Amounts used = used_by(pods);
  std::vector<CandidateId> able{chosen};
  for (CandidateId id = 0; id < candidates_.size(); ++id)
    if (id != chosen && would_do(id, chosen, pods, used)) able.push_back(id);
  return are_enough(able);
}

}  // namespace spotkeeper::plan
