#include "plan/provision/menu.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace spotkeeper::plan {
namespace {

constexpr SearchEnd kSearchEnd{20, 1e-4};
constexpr std::size_t kDeep = 3;      // machines that must be better, before one is no choice any more
constexpr double kLeastPart = 1e-4;   // of an item, below which a fraction is the method's, not the plan's
constexpr double kMostUnlike = 0.1;   // in what machines have for their price, as sums of logarithms
constexpr std::size_t kCompared = 2;  // resources: CPU and memory

/// No dearer, and no smaller in anything.
bool is_better(const Candidate& a, const Candidate& b) {
  if (a.price > b.price) return false;
  for (std::size_t i = 0; i < a.room.size(); ++i)
    if (a.room[i] < b.room[i]) return false;
  return true;
}

double unlikeness(const Candidate& a, const Candidate& b) {
  double sum = 0;
  for (std::size_t k = 0; k < kCompared; ++k) {
    const auto dense = [&](const Candidate& each) {
      return static_cast<double>(std::max<std::int64_t>(each.room[k], 1)) /
             static_cast<double>(std::max<std::int64_t>(each.price.micros, 1));
    };
    sum += std::abs(std::log(dense(a) / dense(b)));
  }
  return sum;
}

std::vector<Wanted> wanted_of(const std::vector<Demand>& items) {
  std::vector<Wanted> out;
  out.reserve(items.size());
  for (const Demand& item : items) out.push_back(item.wanted);
  return out;
}

}  // namespace

Menu::Menu(const Purchase& purchase, const std::vector<Demand>& items) : purchase_(purchase), items_(items) {
  for (const Demand& item : items) kinds_.push_back(kind_of(item.wanted));
  const Takes takes(purchase, wanted_of(items), purchase.cells());
  choose(takes);
  find_prices(Relaxation(purchase, items, takes), takes);
}

std::uint32_t Menu::number_of(WorkloadId workload) {
  const auto [at, added] = numbers_.try_emplace(workload, static_cast<std::uint32_t>(workloads_.size()));
  if (added) {
    const Workloads& all = purchase_.workloads();
    workloads_.push_back({workload, all.pool_cap(workload), all.node_cap(workload)});
  }
  return at->second;
}

Kind Menu::kind_of(const Wanted& wanted) {
  const Topology& topology = purchase_.board().topology();
  Kind kind{amounts_of(purchase_.board(), wanted), wanted.cell, wanted.alone, {}, 0, {}, {}};
  std::map<std::uint32_t, std::int64_t> workloads;
  std::map<std::uint32_t, std::int32_t> counted;
  for (const auto& [shape, pods] : wanted.pods) {
    if (const WorkloadId id = purchase_.workloads().of(shape); id != kNoWorkload) workloads[number_of(id)] += pods;
    for (const std::uint32_t counter : topology.host_counters(shape)) counted[counter] += static_cast<int>(pods);
  }
  kind.workloads.assign(workloads.begin(), workloads.end());
  for (const auto& [workload, pods] : workloads) {
    const std::int64_t cap = std::min(workloads_[workload].pool_cap, workloads_[workload].node_cap);
    kind.of_caps = std::max(kind.of_caps, static_cast<double>(pods) / static_cast<double>(cap));
  }
  kind.host_counters.assign(counted.begin(), counted.end());
  for (const auto& [shape, pods] : wanted.pods) {
    for (Topology::HostLimit limit : topology.host_limits(shape)) {
      // The last of several that come together meets the others.
      if (const auto own = counted.find(limit.counter); own != counted.end()) limit.most_before -= own->second - 1;
      kind.host_limits.push_back(limit);
    }
  }
  return kind;
}

/// Of machines that others are better than in everything, those stay that have few such others: where a workload's
/// share of a pool is used up, the next best pool is needed.
void Menu::choose(const Takes& takes) {
  const auto& all = purchase_.candidates();
  std::vector<ShapeId> shapes;
  for (const Demand& item : items_)
    for (const auto& each : item.wanted.pods) shapes.push_back(each.first);
  std::vector<CandidateId> kept;
  std::map<CellId, bool> may_open;
  for (CandidateId id = 0; id < all.size(); ++id) {
    if (!takes.takes_any(id) || purchase_.has_min_values(all[id].pool)) continue;
    const auto [opens, asked] = may_open.try_emplace(purchase_.cells()[id], false);
    if (asked) opens->second = purchase_.board().topology().may_open(all[id].domains, shapes);
    if (!opens->second) continue;
    std::size_t better = 0;
    for (const CandidateId other : kept) {
      if (!is_better(all[other], all[id]) || !takes.covers(other, id)) continue;
      if (++better == kDeep) break;
    }
    if (better < kDeep) kept.push_back(id);
  }
  for (const CandidateId id : kept) add_choice(id, takes);
}

void Menu::add_choice(CandidateId id, const Takes& takes) {
  const Candidate& candidate = purchase_.candidates()[id];
  Choice choice;
  choice.candidate = id;
  choice.cell = purchase_.cells()[id];
  choice.price = static_cast<double>(candidate.price.micros);
  choice.room = candidate.room;
  choice.pool = candidate.pool;
  choice.spends = purchase_.spends(id);
  for (std::size_t item = 0; item < items_.size(); ++item) choice.takes.push_back(takes.takes(id, item) ? 1 : 0);
  if (const auto spot = purchase_.spot_pool_of(id); spot) {
    const auto [at, added] = spot_ids_.try_emplace(*spot, static_cast<std::uint32_t>(spot_ids_.size()));
    choice.spot = at->second;
    if (added) {
      std::vector<std::int64_t>& there = in_pools_.emplace_back();
      for (const Capped& workload : workloads_) there.push_back(purchase_.in_pool(workload.id, *spot));
    }
  }
  choices_.push_back(std::move(choice));
}

/// What each kind is worth, which resources of each machine are scarce, and what goes where.
void Menu::find_prices(const Relaxation& program, const Takes& takes) {
  const DualPrices prices = program.solve(kSearchEnd);
  worth_.assign(items_.size(), 0);
  for (std::size_t i = 0; i < program.known().size(); ++i)
    worth_[program.known()[i]] = prices.of_item[program.alike_of(i)];
  for (const std::size_t item : program.kept_apart(prices)) apart_.push_back(static_cast<ItemId>(item));
  const std::vector<CandidateId> bought = divide(program, prices);
  std::vector<LinearItem> items;
  for (const auto& [item, count] : program.alike()) {
    const Amounts& wants = program.wants(item);
    items.push_back({{wants.begin(), wants.end()}, static_cast<double>(count)});
  }
  const auto& all = purchase_.candidates();
  for (Choice& choice : choices_) {
    const Amounts room = program.room(choice.candidate);
    std::vector<char> of_alike;
    for (const auto& each : program.alike()) of_alike.push_back(choice.takes[each.item]);
    MachineWorth worth =
        worth_of({{room.begin(), room.end()}, std::max(choice.price, 1.0), std::move(of_alike)}, items, prices.of_item);
    choice.shares = std::move(worth.weights);
    choice.value = worth.value;
    double least = kMostUnlike;
    for (std::size_t part = 0; part < bought.size(); ++part) {
      const double unlike = unlikeness(all[bought[part]], all[choice.candidate]);
      if (unlike >= least || !takes.covers(bought[part], choice.candidate)) continue;
      least = unlike;
      choice.part = part;
    }
  }
}

/// Fills parts_; returns which machine each is of.
std::vector<CandidateId> Menu::divide(const Relaxation& program, const DualPrices& prices) {
  std::vector<CandidateId> bought;
  std::vector<double> carry(program.known().size(), 0.5);
  for (std::size_t c = 0; c < prices.shares.size(); ++c) {
    std::vector<std::int64_t> part(items_.size(), 0);
    for (std::size_t i = 0; i < program.known().size(); ++i) {
      const double share = prices.shares[c][program.alike_of(i)];
      if (share < kLeastPart) continue;
      const std::size_t item = program.known()[i];
      const double wanted = share * static_cast<double>(items_[item].count) + carry[i];
      part[item] = std::min(static_cast<std::int64_t>(wanted), items_[item].count);
      carry[i] = wanted - static_cast<double>(part[item]);
    }
    if (std::ranges::all_of(part, [](std::int64_t count) { return count == 0; })) continue;
    bought.push_back(program.machines()[c]);
    parts_.push_back(std::move(part));
  }
  return bought;
}

}  // namespace spotkeeper::plan
