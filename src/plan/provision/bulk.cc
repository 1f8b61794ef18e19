#include "plan/provision/bulk.h"

#include <algorithm>
#include <limits>
#include <map>
#include <utility>

namespace spotkeeper::plan {

bool Bulk::may_take(const Purchase& purchase, ShapeId id) {
  const Shape& shape = purchase.board().problem().shapes[id];
  const VolumeNeeds& volumes = shape.volumes;
  return shape.spec->host_ports.empty() && volumes.own.empty() && volumes.shared.empty() && volumes.exclusive.empty() &&
         !purchase.board().topology().wants_company(id);
}

Bulk::Bulk(Purchase& purchase, const std::vector<PodId>& pods)
    : purchase_(purchase),
      usable_(purchase.board().problem().shapes.size()),
      usable_known_(purchase.board().problem().shapes.size(), 0) {
  find_cells();
  settle(pods);
}

void Bulk::find_cells() {
  std::map<std::pair<std::vector<ValueId>, std::vector<bool>>, CellId> known;
  for (const Candidate& candidate : purchase_.candidates()) {
    const auto [at, added] =
        known.try_emplace({candidate.domains.values, candidate.domains.eligible}, static_cast<CellId>(domains_.size()));
    if (added) domains_.push_back(candidate.domains);
    cells_.push_back(at->second);
  }
}

/// The cells in which some machine takes the shape, the cheapest first.
const std::vector<std::pair<double, CellId>>& Bulk::cells_of(ShapeId shape) {
  auto& out = usable_[shape];
  if (std::exchange(usable_known_[shape], 1) != 0) return out;
  std::vector<double> cost(domains_.size(), std::numeric_limits<double>::infinity());
  const Wanted wanted{shape, {}};
  const Takes takes(purchase_, std::span(&wanted, 1), cells_, true);
  const Amounts& wants = purchase_.board().requests_of(shape);
  for (CandidateId id = 0; id < cells_.size(); ++id) {
    if (!takes.takes(id, 0)) continue;
    const Candidate& candidate = purchase_.candidates()[id];
    double share = 0;
    for (std::size_t k = 0; k < wants.size(); ++k)
      if (wants[k] > 0) share = std::max(share, static_cast<double>(wants[k]) / static_cast<double>(candidate.room[k]));
    cost[cells_[id]] = std::min(cost[cells_[id]], share * static_cast<double>(candidate.price.micros));
  }
  for (CellId cell = 0; cell < cost.size(); ++cell)
    if (cost[cell] < std::numeric_limits<double>::infinity()) out.emplace_back(cost[cell], cell);
  std::ranges::sort(out);
  return out;
}

void Bulk::settle(const std::vector<PodId>& pods) {
  std::map<std::pair<ShapeId, std::optional<CellId>>, std::size_t> known;
  Topology& topology = purchase_.board().topology();
  for (const PodId pod : pods) {
    const ShapeId shape = purchase_.board().problem().pods[pod].shape;
    std::optional<CellId> cell;
    if (topology.is_bound_above_hosts(shape)) {
      const auto& cells = cells_of(shape);
      const auto allowed = std::ranges::find_if(cells, [&](const auto& each) {
        return topology.allows(shape, domains_[each.second], Scope::AboveHosts) == Refusal::None;
      });
      if (allowed == cells.end()) continue;
      cell = allowed->second;
      topology.place(shape, domains_[*cell], false, Scope::AboveHosts);
    }
    const auto [at, added] = known.try_emplace({shape, cell}, groups_.size());
    if (added) groups_.push_back({{{shape, cell}, 0}, {}});
    ++groups_[at->second].item.count;
    groups_[at->second].pods.push_back(pod);
  }
}

void Bulk::put_back(ShapeId shape, const std::optional<CellId>& cell) {
  if (cell) purchase_.board().topology().remove(shape, domains_[*cell], Scope::AboveHosts);
}

void Bulk::place(std::uint64_t steps, Random& random, std::vector<std::optional<NodeId>>& places) {
  if (groups_.empty()) return;
  std::vector<PackItem> items;
  items.reserve(groups_.size());
  for (const Group& group : groups_) items.push_back(group.item);
  Packer packer(purchase_, std::move(items), cells_);
  packer.fill();
  for (std::uint64_t step = 0; step < steps; ++step) packer.improve(random);
  commit(packer.machines(), places);
}

void Bulk::commit(const std::vector<Filled>& machines, std::vector<std::optional<NodeId>>& places) {
  std::vector<std::size_t> next(groups_.size(), 0);
  bool all = true;
  for (const Filled& machine : machines) {
    const NodeId node = purchase_.open(machine.candidate);
    for (const auto& [item, count] : machine.content) {
      const ShapeId shape = groups_[item].item.wanted.shape;
      for (std::int64_t i = 0; i < count; ++i) {
        if (purchase_.allows(shape, node, {}, Scope::Hosts) != Refusal::None) break;
        purchase_.place(shape, node, Scope::Hosts);
        places[groups_[item].pods[next[item]++]] = node;
      }
    }
  }
  for (std::size_t item = 0; item < groups_.size(); ++item) {
    for (; next[item] < groups_[item].pods.size(); ++next[item]) {
      put_back(groups_[item].item.wanted.shape, groups_[item].item.wanted.cell);
      all = false;
    }
  }
  if (!all) mend(places);
}

/// Pods whose zone was settled with others that found no machine after all may now be too many there: they are taken
/// back until every spread holds.
void Bulk::mend(std::vector<std::optional<NodeId>>& places) {
  const Board& board = purchase_.board();
  for (bool changed = true; changed;) {
    changed = false;
    for (const Group& group : groups_) {
      for (const PodId pod : group.pods) {
        if (!places[pod] || board.topology().keeps_spread(group.item.wanted.shape, board.domains_of(*places[pod])))
          continue;
        purchase_.remove(group.item.wanted.shape, *places[pod]);
        places[pod].reset();
        changed = true;
      }
    }
  }
}

}  // namespace spotkeeper::plan
