#include "plan/provision/bulk.h"

#include <algorithm>
#include <iterator>
#include <limits>
#include <map>
#include <set>
#include <utility>

namespace spotkeeper::plan {

bool Bulk::may_take(const Purchase& purchase, ShapeId id) {
  const Shape& shape = purchase.board().problem().shapes[id];
  const VolumeNeeds& volumes = shape.volumes;
  const Topology& topology = purchase.board().topology();
  return shape.spec->host_ports.empty() && volumes.own.empty() && volumes.shared.empty() && volumes.exclusive.empty() &&
         !topology.wants_company(id) && !topology.minds(id, purchase.board().problem().daemons);
}

Bulk::Bulk(Purchase& purchase, const std::vector<PodId>& pods) : purchase_(purchase) {
  find_cells();
  settle(pods);
}

void Bulk::find_cells() {
  for (CandidateId id = 0; id < purchase_.candidates().size(); ++id)
    if (purchase_.cells()[id] == domains_.size()) domains_.push_back(purchase_.candidates()[id].domains);
}

/// The cells in which some machine takes the shape, the cheapest first.
const std::vector<std::pair<double, CellId>>& Bulk::cells_of(ShapeId shape) {
  const Amounts& wants = purchase_.board().requests_of(shape);
  const bool steady = purchase_.is_steady(shape);
  const auto [at, added] = usable_.try_emplace({purchase_.class_of(shape), wants, steady});
  Usable& out = at->second;
  if (!added) return out;
  std::vector<double> cost(domains_.size(), std::numeric_limits<double>::infinity());
  const Wanted wanted{{{shape, 1}}, {}, steady, false};
  const Takes takes(purchase_, std::span(&wanted, 1), purchase_.cells());
  for (CandidateId id = 0; id < purchase_.cells().size(); ++id) {
    if (!takes.takes(id, 0)) continue;
    const Candidate& candidate = purchase_.candidates()[id];
    double share = 0;
    for (std::size_t k = 0; k < wants.size(); ++k)
      if (wants[k] > 0) share = std::max(share, static_cast<double>(wants[k]) / static_cast<double>(candidate.room[k]));
    cost[purchase_.cells()[id]] =
        std::min(cost[purchase_.cells()[id]], share * static_cast<double>(candidate.price.micros));
  }
  for (CellId cell = 0; cell < cost.size(); ++cell)
    if (cost[cell] < std::numeric_limits<double>::infinity()) out.emplace_back(cost[cell], cell);
  std::ranges::sort(out);
  return out;
}

/// Of those alike in priority who minds others on its host comes first, as it does there: what is settled in another
/// order finds them there. Where it needs somebody who comes later, it has its turn once more.
void Bulk::settle(const std::vector<PodId>& pods) {
  const Board& board = purchase_.board();
  const auto priority = [&](PodId pod) { return board.problem().shapes[shape_of(pod)].spec->priority; };
  std::map<ShapeId, bool> minds_hosts;
  for (const PodId pod : pods)
    if (const auto [at, added] = minds_hosts.try_emplace(shape_of(pod)); added)
      at->second = !board.topology().host_limits(shape_of(pod)).empty();
  for (auto next = pods.begin(); next != pods.end();) {
    const auto end = std::find_if(next, pods.end(), [&](PodId pod) { return priority(pod) != priority(*next); });
    std::vector<PodId> later;
    for (const PodId pod : std::ranges::subrange(next, end))
      if (!minds_hosts[shape_of(pod)] || !settle_one(pod)) later.push_back(pod);
    for (const PodId pod : later) settle_one(pod);
    next = end;
  }
}

/// False: no zone takes it.
bool Bulk::settle_one(PodId pod) {
  Topology& topology = purchase_.board().topology();
  const ShapeId shape = shape_of(pod);
  std::optional<CellId> cell;
  if (topology.is_bound_above_hosts(shape)) {
    const auto& cells = cells_of(shape);
    const auto allowed = std::ranges::find_if(cells, [&](const auto& each) {
      return topology.allows(shape, domains_[each.second], Scope::AboveHosts) == Refusal::None;
    });
    if (allowed == cells.end()) return false;
    cell = allowed->second;
    topology.place(shape, domains_[*cell], false, Scope::AboveHosts);
    settled_.push_back(pod);
  }
  const auto [at, added] = group_of_.try_emplace({shape, cell}, groups_.size());
  if (added) groups_.push_back({{{{{shape, 1}}, cell, purchase_.is_steady(shape), false}, 0}, {}, cell});
  ++groups_[at->second].demand.count;
  groups_[at->second].pods.push_back(pod);
  return true;
}

void Bulk::adopt(NodeId node, const std::vector<PodId>& pods) {
  const CellId cell = purchase_.cells()[*purchase_.bought_as(node)];
  Group group{{{{}, {}, false, true}, 1}, pods, cell};
  std::map<ShapeId, std::int64_t> shapes;
  for (const PodId pod : pods) {
    const ShapeId shape = shape_of(pod);
    ++shapes[shape];
    adopted_.push_back(pod);
    group.demand.wanted.no_spot = group.demand.wanted.no_spot || purchase_.is_steady(shape);
    if (purchase_.board().topology().is_bound_above_hosts(shape)) group.demand.wanted.cell = cell;
    purchase_.remove(shape, node, Scope::Hosts);
  }
  if (!group.demand.wanted.cell) {
    for (const PodId pod : pods) put_back(group, pod);
    group.counted.reset();
  }
  group.demand.wanted.pods.assign(shapes.begin(), shapes.end());
  groups_.push_back(std::move(group));
  purchase_.give_back(node);
}

void Bulk::put_back(const Group& group, PodId pod) {
  if (group.counted) purchase_.board().topology().remove(shape_of(pod), domains_[*group.counted], Scope::AboveHosts);
}

void Bulk::place(std::uint64_t steps, Random& random, std::vector<std::optional<NodeId>>& places) {
  if (groups_.empty()) return;
  std::vector<Demand> items;
  items.reserve(groups_.size());
  for (const Group& group : groups_) items.push_back(group.demand);
  Packer packer(purchase_, std::move(items));
  packer.fill();
  packer.improve(steps, random);
  commit(packer.machines(), places);
}

void Bulk::seat(const Group& group, std::int64_t count, NodeId node, std::size_t& next,
                std::vector<std::optional<NodeId>>& places) {
  std::int64_t pods = 0;
  for (const auto& each : group.demand.wanted.pods) pods += each.second * count;
  for (; pods > 0; --pods) {
    const PodId pod = group.pods[next];
    if (purchase_.allows(shape_of(pod), node, {}, Scope::Hosts) != Refusal::None) return;
    purchase_.place(shape_of(pod), node, Scope::Hosts);
    places[pod] = node;
    ++next;
  }
}

/// The content, but what the rules above hosts count comes in the order in which they have counted it: a rule over
/// hosts that holds in another order only holds in none that keeps every rule.
Content Bulk::as_settled(Content content) const {
  const auto is_counted = [&](const auto& each) { return groups_[each.first].counted.has_value(); };
  Content counted;
  std::ranges::copy_if(content, std::back_inserter(counted), is_counted);
  std::ranges::sort(counted);
  auto next = counted.begin();
  for (auto& each : content)
    if (is_counted(each)) each = *next++;
  return content;
}

void Bulk::commit(const std::vector<Filled>& machines, std::vector<std::optional<NodeId>>& places) {
  std::vector<std::size_t> next(groups_.size(), 0);
  bool all = true;
  purchase_.reserve(machines.size());
  for (const Filled& machine : machines) {
    std::vector<ShapeId> coming;
    for (const auto& content : machine.content)
      for (const auto& each : groups_[content.first].demand.wanted.pods) coming.push_back(each.first);
    if (!purchase_.board().topology().may_open(purchase_.candidates()[machine.candidate].domains, coming)) continue;
    const NodeId node = purchase_.open(machine.candidate);
    const Content content = as_settled(machine.content);
    // What others were seated beside before, first.
    for (const bool alone : {true, false})
      for (const auto& [item, count] : content)
        if (groups_[item].demand.wanted.alone == alone) seat(groups_[item], count, node, next[item], places);
    if (purchase_.pods_on(node).empty()) purchase_.give_back(node);
  }
  for (std::size_t item = 0; item < groups_.size(); ++item) {
    for (; next[item] < groups_[item].pods.size(); ++next[item]) {
      put_back(groups_[item], groups_[item].pods[next[item]]);
      all = false;
    }
  }
  if (!all) mend(places);
}

/// Pods whose zone was settled with others that found no machine after all may not be allowed there without them: all
/// come again, one after the other, and who is not allowed any more is taken back.
void Bulk::mend(std::vector<std::optional<NodeId>>& places) {
  const Board& board = purchase_.board();
  Topology& topology = purchase_.board().topology();
  std::vector<PodId> waiting;
  for (const auto* list : {&adopted_, &settled_})
    for (const PodId pod : *list)
      if (places[pod] && topology.is_bound_above_hosts(shape_of(pod))) waiting.push_back(pod);
  const auto domains = [&](PodId pod) { return board.domains_of(*places[pod]); };
  for (const PodId pod : waiting) topology.remove(shape_of(pod), domains(pod), Scope::AboveHosts);
  std::erase_if(waiting, [&](PodId pod) {
    if (topology.allows(shape_of(pod), domains(pod), Scope::AboveHosts) != Refusal::None) return false;
    topology.place(shape_of(pod), domains(pod), false, Scope::AboveHosts);
    return true;
  });
  // Who comes later than was settled meets others on the host, too.
  for (const PodId pod : waiting) purchase_.remove(shape_of(pod), *places[pod], Scope::Hosts);
  for (std::size_t before = waiting.size() + 1; waiting.size() < before;) {
    before = waiting.size();
    std::erase_if(waiting, [&](PodId pod) {
      if (purchase_.allows(shape_of(pod), *places[pod], {}) != Refusal::None) return false;
      purchase_.place(shape_of(pod), *places[pod]);
      return true;
    });
  }
  std::set<NodeId> left;
  for (const PodId pod : waiting) left.insert(*std::exchange(places[pod], std::nullopt));
  for (const NodeId node : left)
    if (purchase_.pods_on(node).empty()) purchase_.give_back(node);
}

}  // namespace spotkeeper::plan
