#include "plan/provision/packing.h"

#include <algorithm>
#include <limits>
#include <queue>
#include <ranges>
#include <tuple>

namespace spotkeeper::plan {
namespace {

constexpr SearchEnd kSearchEnd{20, 1e-4};
constexpr std::size_t kDeep = 3;      // machines that must be better, before one is no choice any more
constexpr double kLargeFirst = 0.5;   // by how much more a pod is wanted that fills a whole machine
constexpr double kLeastShare = 0.05;  // of a resource that is not scarce in all, but may be on one machine
constexpr std::int64_t kChunk = 4;    // a kind is put in by this part of what would fit
constexpr double kSpread = 0.3;       // of the worths, when machines are filled anew
constexpr std::size_t kFewest = 2;
constexpr std::size_t kMore = 4;   // machines that are filled anew together
constexpr std::size_t kDraws = 3;  // of which the worst is
constexpr double kNoLimit = std::numeric_limits<double>::infinity();

/// No dearer, and no smaller in anything.
bool is_better(const Candidate& a, const Candidate& b) {
  if (a.price > b.price) return false;
  for (std::size_t i = 0; i < a.room.size(); ++i)
    if (a.room[i] < b.room[i]) return false;
  return true;
}

}  // namespace

Packer::Packer(const Purchase& purchase, std::vector<Demand> items, std::vector<CellId> cells)
    : purchase_(purchase), items_(std::move(items)), cells_(std::move(cells)) {
  std::vector<Wanted> wanted;
  wanted.reserve(items_.size());
  for (const Demand& item : items_) wanted.push_back(item.wanted);
  const Takes takes(purchase, wanted, cells_);
  read_kinds();
  for (std::uint32_t pool = 0; pool < purchase.board().problem().pools.size(); ++pool)
    limits_left_.push_back(purchase.limits_left(pool));
  choose(takes);
  find_prices_of(takes);
  scratch_.by_counter.assign(purchase.board().topology().counters(), 0);
  scratch_.by_workload.assign(purchase.workloads().size(), 0);
}

std::vector<Filled> Packer::machines() const {
  std::vector<Filled> out;
  out.reserve(machines_.size());
  for (const Machine& each : machines_) out.push_back({choices_[each.choice].candidate, each.content});
  return out;
}

// ---- What there is to choose from

void Packer::read_kinds() {
  for (const Demand& item : items_) kinds_.push_back(kind_of(item.wanted));
}

Packer::Kind Packer::kind_of(const Wanted& wanted) const {
  const Topology& topology = purchase_.board().topology();
  Kind kind{amounts_of(purchase_.board(), wanted), wanted.alone, {}, {}, {}};
  std::map<WorkloadId, std::int64_t> workloads;
  std::map<std::uint32_t, std::int32_t> counted;
  for (const auto& [shape, pods] : wanted.pods) {
    if (const WorkloadId id = purchase_.workloads().of(shape); id != kNoWorkload) workloads[id] += pods;
    for (const std::uint32_t counter : topology.host_counters(shape)) counted[counter] += static_cast<int>(pods);
  }
  kind.workloads.assign(workloads.begin(), workloads.end());
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
void Packer::choose(const Takes& takes) {
  const auto& all = purchase_.candidates();
  std::vector<CandidateId> kept;
  for (CandidateId id = 0; id < all.size(); ++id) {
    if (!takes.takes_any(id) || purchase_.has_min_values(all[id].pool)) continue;
    if (!purchase_.board().topology().may_open(all[id].domains)) continue;
    std::size_t better = 0;
    for (const CandidateId other : kept) {
      if (!is_better(all[other], all[id]) || !takes.covers(other, id)) continue;
      if (++better == kDeep) break;
    }
    if (better < kDeep) kept.push_back(id);
  }
  for (const CandidateId id : kept) add_choice(id, takes);
}

void Packer::add_choice(CandidateId id, const Takes& takes) {
  const Candidate& candidate = purchase_.candidates()[id];
  Choice choice;
  choice.candidate = id;
  choice.price = static_cast<double>(candidate.price.micros);
  choice.room = candidate.room;
  choice.shares.assign(candidate.room.size(), 1 / static_cast<double>(candidate.room.size()));
  choice.pool = candidate.pool;
  choice.spends = purchase_.spends(id);
  for (std::size_t item = 0; item < items_.size(); ++item) choice.takes.push_back(takes.takes(id, item) ? 1 : 0);
  if (const auto spot = purchase_.spot_pool_of(id); spot) {
    const auto [at, added] = spot_ids_.try_emplace(*spot, static_cast<std::uint32_t>(spot_ids_.size()));
    choice.spot = at->second;
    if (added) {
      std::vector<std::int64_t>& there = in_pool_.emplace_back();
      for (WorkloadId workload = 0; workload < purchase_.workloads().size(); ++workload)
        there.push_back(purchase_.in_pool(workload, *spot));
    }
  }
  choices_.push_back(std::move(choice));
}

/// What each kind is worth, and which resources of each machine are scarce.
void Packer::find_prices_of(const Takes& takes) {
  const Relaxation program(purchase_, items_, takes);
  const DualPrices prices = program.solve(kSearchEnd);
  worth_.assign(items_.size(), 0);
  for (std::size_t i = 0; i < program.known().size(); ++i) worth_[program.known()[i]] = prices.of_item[i];
  const std::vector<CandidateId>& dense = program.machines();
  // Every choice is as scarce as the densest machine most like it: the one that has most for its price of what it has.
  for (Choice& choice : choices_) {
    double best = -1;
    for (std::size_t c = 0; c < dense.size(); ++c) {
      if (!takes.covers(dense[c], choice.candidate)) continue;
      double worth = 0;
      const Candidate& like = purchase_.candidates()[dense[c]];
      for (std::size_t k = 0; k < choice.room.size(); ++k)
        if (like.room[k] > 0)
          worth += prices.weights[c][k] * static_cast<double>(choice.room[k]) / static_cast<double>(like.room[k]);
      worth *= static_cast<double>(like.price.micros) / std::max(choice.price, 1.0);
      if (worth <= best) continue;
      best = worth;
      choice.shares = prices.weights[c];
    }
  }
}

// ---- Filling one machine

std::int64_t Packer::room_in_pool(WorkloadId workload, const Choice& choice) const {
  if (workload == kNoWorkload || !choice.spot) return std::numeric_limits<std::int64_t>::max();
  return purchase_.workloads().pool_cap(workload) - in_pool_[*choice.spot][workload];
}

std::int64_t Packer::most_of(ItemId item, const Choice& choice, std::int64_t left) const {
  const Kind& kind = kinds_[item];
  if (kind.alone && scratch_.has_alone) return 0;
  std::int64_t most = kind.alone ? 1 : left;
  for (std::size_t k = 0; k < kind.wants.size(); ++k)
    if (kind.wants[k] > 0) most = std::min(most, scratch_.free[k] / kind.wants[k]);
  for (const auto& [workload, pods] : kind.workloads) {
    const std::int64_t here = scratch_.by_workload[workload];
    // Pods that were seated together stay so, however many they are.
    const std::int64_t of_node = kind.alone ? pods : purchase_.workloads().node_cap(workload) - here;
    most = std::min({most, of_node / pods, (room_in_pool(workload, choice) - here) / pods});
  }
  for (const auto& limit : kind.host_limits) {
    const std::int64_t here = scratch_.by_counter[limit.counter];
    if (here > limit.most_before) return 0;
    const auto own = std::ranges::find(kind.host_counters, limit.counter, &std::pair<std::uint32_t, int>::first);
    if (own != kind.host_counters.end()) most = std::min<std::int64_t>(most, limit.most_before - here + 1);
  }
  return most;
}

void Packer::take(ItemId item, std::int64_t count) {
  const Kind& kind = kinds_[item];
  for (std::size_t k = 0; k < kind.wants.size(); ++k) scratch_.free[k] -= kind.wants[k] * count;
  for (const auto& [workload, pods] : kind.workloads) scratch_.by_workload[workload] += pods * count;
  for (const auto& [counter, pods] : kind.host_counters)
    scratch_.by_counter[counter] += pods * static_cast<std::int32_t>(count);
  scratch_.has_alone = scratch_.has_alone || kind.alone;
}

void Packer::clear_scratch(const Content& content) {
  for (const auto& [item, count] : content) {
    const Kind& kind = kinds_[item];
    for (const auto& [workload, pods] : kind.workloads) scratch_.by_workload[workload] = 0;
    for (const auto& [counter, pods] : kind.host_counters) scratch_.by_counter[counter] = 0;
  }
  scratch_.has_alone = false;
}

/// Takes again and again some of the kind that is worth most for what it uses up of what is left, where what runs short
/// weighs more: so that everything runs out together.
Content Packer::fill_one(const Choice& choice, const std::vector<std::int64_t>& left, const std::vector<ItemId>& open,
                         const std::vector<double>& worth) {
  scratch_.free = choice.room;
  std::vector<std::pair<ItemId, std::int64_t>> able;  // with how many of it are left
  for (const ItemId item : open)
    if (choice.takes[item] != 0 && left[item] > 0) able.emplace_back(item, left[item]);
  std::vector<double> scarcity(choice.room.size());
  Content content;
  while (!able.empty()) {
    for (std::size_t k = 0; k < scarcity.size(); ++k)
      scarcity[k] =
          std::max(choice.shares[k], kLeastShare) / static_cast<double>(std::max<std::int64_t>(scratch_.free[k], 1));
    double best_score = -1;
    std::size_t best = 0;
    for (std::size_t i = 0; i < able.size(); ++i) {
      const std::vector<std::int64_t>& wants = kinds_[able[i].first].wants;
      double use = 0;
      double largest = 0;
      for (std::size_t k = 0; k < wants.size(); ++k) {
        if (wants[k] == 0) continue;
        const auto wanted = static_cast<double>(wants[k]);
        use += scarcity[k] * wanted;
        largest = std::max(largest, wanted / static_cast<double>(choice.room[k]));
      }
      const double score = worth[able[i].first] / use * (1 + kLargeFirst * largest);
      if (score <= best_score) continue;
      best_score = score;
      best = i;
    }
    auto& [item, count] = able[best];
    const std::int64_t most = most_of(item, choice, count);
    if (most <= 0) {
      able[best] = able.back();
      able.pop_back();
      continue;
    }
    const std::int64_t taken = std::max<std::int64_t>(1, most / kChunk);
    take(item, taken);
    count -= taken;
    const auto known = std::ranges::find(content, item, &std::pair<ItemId, std::int64_t>::first);
    if (known == content.end()) {
      content.emplace_back(item, taken);
    } else {
      known->second += taken;
    }
    if (count == 0) {
      able[best] = able.back();
      able.pop_back();
    }
  }
  clear_scratch(content);
  std::ranges::sort(content);
  return content;
}

// ---- Buying

bool Packer::within_limits(const Choice& choice) const {
  const auto& left = limits_left_[choice.pool];
  for (std::size_t i = 0; i < left.size(); ++i)
    if (choice.spends[i] > left[i]) return false;
  return true;
}

std::int64_t Packer::copies_of(const Choice& choice, const Content& content,
                               const std::vector<std::int64_t>& left) const {
  std::int64_t copies = std::numeric_limits<std::int64_t>::max();
  std::map<WorkloadId, std::int64_t> by_workload;
  for (const auto& [item, count] : content) {
    copies = std::min(copies, left[item] / count);
    for (const auto& [workload, pods] : kinds_[item].workloads) by_workload[workload] += pods * count;
  }
  for (const auto& [workload, count] : by_workload) copies = std::min(copies, room_in_pool(workload, choice) / count);
  for (std::size_t i = 0; i < choice.spends.size(); ++i)
    if (choice.spends[i] > 0) copies = std::min(copies, limits_left_[choice.pool][i] / choice.spends[i]);
  return std::max<std::int64_t>(copies, 1);
}

void Packer::count(const Machine& machine, std::int64_t by) {
  const Choice& choice = choices_[machine.choice];
  for (std::size_t i = 0; i < choice.spends.size(); ++i) limits_left_[choice.pool][i] -= choice.spends[i] * by;
  if (!choice.spot) return;
  for (const auto& [item, count] : machine.content)
    for (const auto& [workload, pods] : kinds_[item].workloads) in_pool_[*choice.spot][workload] += pods * count * by;
}

void Packer::buy(std::uint32_t choice, const Content& content) {
  machines_.push_back({choice, content});
  count(machines_.back(), 1);
}

Packer::Machine Packer::sell(std::size_t machine) {
  count(machines_[machine], -1);
  Machine sold = std::move(machines_[machine]);
  if (machine + 1 != machines_.size()) machines_[machine] = std::move(machines_.back());
  machines_.pop_back();
  return sold;
}

double Packer::price_from(std::size_t first) const {
  double sum = 0;
  for (std::size_t i = first; i < machines_.size(); ++i) sum += choices_[machines_[i].choice].price;
  return sum;
}

bool Packer::pack(std::vector<std::int64_t>& left, const std::vector<double>& worth, double most) {
  std::vector<ItemId> open;
  for (ItemId item = 0; item < left.size(); ++item)
    if (left[item] > 0) open.push_back(item);
  // What a machine's filling was worth for its price when it was last looked at; that only falls as pods run out, so
  // the best is found without looking at every machine again.
  using Entry = std::tuple<double, std::int64_t, std::uint64_t>;  // worth for its price, minus the choice, when
  std::priority_queue<Entry> queue;
  std::vector<Content> fillings(choices_.size());
  for (std::size_t i = 0; i < choices_.size(); ++i) queue.emplace(kNoLimit, -static_cast<std::int64_t>(i), 0);
  std::uint64_t round = 1;
  double spent = 0;
  while (!queue.empty() && !open.empty()) {
    const auto [value, key, when] = queue.top();
    queue.pop();
    const auto id = static_cast<std::uint32_t>(-key);
    const Choice& choice = choices_[id];
    if (!within_limits(choice) || spent + choice.price >= most) continue;
    if (when != round) {
      fillings[id] = fill_one(choice, left, open, worth);
      double sum = 0;
      for (const auto& [item, count] : fillings[id]) sum += worth[item] * static_cast<double>(count);
      if (!fillings[id].empty()) queue.emplace(sum / std::max(choice.price, 1.0), key, round);
      continue;
    }
    const std::int64_t copies = copies_of(choice, fillings[id], left);
    for (std::int64_t i = 0; i < copies && spent + choice.price < most; ++i) {
      buy(id, fillings[id]);
      spent += choice.price;
      for (const auto& [item, count] : fillings[id]) left[item] -= count;
    }
    std::erase_if(open, [&](ItemId item) { return left[item] == 0; });
    queue.emplace(value, key, 0);
    ++round;
  }
  return open.empty();
}

bool Packer::holds(const Choice& choice, const Content& content) const {
  std::vector<std::int64_t> free = choice.room;
  std::map<WorkloadId, std::int64_t> by_workload;
  for (const auto& [item, count] : content) {
    if (choice.takes[item] == 0) return false;
    for (std::size_t k = 0; k < free.size(); ++k) {
      free[k] -= kinds_[item].wants[k] * count;
      if (kinds_[item].wants[k] > 0 && free[k] < 0) return false;
    }
    for (const auto& [workload, pods] : kinds_[item].workloads) by_workload[workload] += pods * count;
  }
  return std::ranges::all_of(by_workload,
                             [&](const auto& each) { return each.second <= room_in_pool(each.first, choice); });
}

/// The cheapest machine that holds what is on this one takes its place.
void Packer::shrink(std::size_t machine) {
  const Machine old = machines_[machine];
  count(old, -1);
  std::uint32_t best = old.choice;
  for (std::uint32_t id = 0; id < choices_.size(); ++id) {
    if (choices_[id].price >= choices_[old.choice].price) break;
    if (!within_limits(choices_[id]) || !holds(choices_[id], old.content)) continue;
    best = id;
    break;
  }
  machines_[machine].choice = best;
  count(machines_[machine], 1);
}

void Packer::fill() {
  std::vector<std::int64_t> all;
  all.reserve(items_.size());
  for (const Demand& item : items_) all.push_back(item.count);
  std::vector<std::int64_t> left = all;
  pack(left, worth_, kNoLimit);
  const auto is_left = [&](ItemId item) { return kinds_[item].alone && left[item] > 0; };
  if (std::ranges::any_of(std::views::iota(ItemId{0}, static_cast<ItemId>(left.size())), is_left)) {
    while (!machines_.empty()) sell(machines_.size() - 1);
    std::vector<std::int64_t> lone(all.size(), 0);
    for (ItemId item = 0; item < lone.size(); ++item)
      if (kinds_[item].alone) lone[item] = std::exchange(all[item], 0);
    pack(lone, worth_, kNoLimit);
    pack(all, worth_, kNoLimit);
  }
  for (std::size_t i = 0; i < machines_.size(); ++i) shrink(i);
}

void Packer::improve(Random& random) {
  if (machines_.empty()) return;
  const auto use_of = [&](std::size_t machine) {
    double sum = 0;
    for (const auto& [item, count] : machines_[machine].content) sum += worth_[item] * static_cast<double>(count);
    return sum / std::max(choices_[machines_[machine].choice].price, 1.0);
  };
  std::vector<std::int64_t> left(items_.size(), 0);
  std::vector<Machine> sold;
  double price = 0;
  const std::size_t several = std::min(machines_.size(), kFewest + random.below(kMore));
  while (sold.size() < several) {
    std::size_t worst = random.below(machines_.size());
    for (std::size_t draw = 1; draw < kDraws && sold.size() < kFewest; ++draw) {
      const std::size_t other = random.below(machines_.size());
      if (use_of(other) < use_of(worst)) worst = other;
    }
    price += choices_[machines_[worst].choice].price;
    sold.push_back(sell(worst));
    for (const auto& [item, count] : sold.back().content) left[item] += count;
  }
  std::vector<double> worth = worth_;
  for (ItemId item = 0; item < worth.size(); ++item)
    if (left[item] > 0) worth[item] *= 1 + kSpread * (random.unit() - 0.5);
  const std::size_t first = machines_.size();
  bool better = pack(left, worth, price * 1.5);
  for (std::size_t i = first; better && i < machines_.size(); ++i) shrink(i);
  better = better && price_from(first) < price;
  if (better) return;
  while (machines_.size() > first) sell(machines_.size() - 1);
  for (const Machine& each : sold) buy(each.choice, each.content);
}

}  // namespace spotkeeper::plan
