#include "plan/provision/packing.h"

#include <algorithm>
#include <limits>
#include <map>
#include <numeric>
#include <queue>
#include <tuple>
#include <utility>

#include "plan/provision/ride_along.h"

namespace spotkeeper::plan {
namespace {

constexpr double kWellFilled = 0.92;  // of its price: what the machines of one part have to be worth
constexpr double kSpread = 0.15;      // of the worths, when machines are filled anew
constexpr double kBias = 0.2;         // by which a machine counts for less then, at most: others get their turn
constexpr std::size_t kFewest = 2;
constexpr std::size_t kMore = 8;     // machines that are filled anew together
constexpr std::size_t kPerStep = 4;  // machines that take a step's work, where all are filled anew
constexpr std::size_t kDraws = 3;    // of which the worst is
constexpr double kCorrection = 0.7;
constexpr int kPatience = 4;              // corrections in a row that made nothing better
constexpr std::int64_t kManyApart = 100;  // pods, above which nothing else is tried than that others ride along
constexpr double kNoLimit = std::numeric_limits<double>::infinity();

}  // namespace

Packer::Packer(const Purchase& purchase, std::vector<Demand> items)
    : items_(std::move(items)),
      menu_(purchase, items_),
      allowance_(purchase, menu_),
      filler_(menu_, allowance_, purchase.board().topology().counters()) {
  std::int64_t apart = 0;
  for (const ItemId item : menu_.apart()) apart += items_[item].count;
  all_ride_along_ = apart > kManyApart;
}

std::vector<Filled> Packer::machines() const {
  std::vector<Filled> out;
  out.reserve(machines_.size());
  for (const Machine& each : machines_) out.push_back({choice_of(each).candidate, each.content});
  return out;
}

// ---- Buying

void Packer::buy(ChoiceId choice, const Content& content) {
  machines_.push_back({choice, content});
  allowance_.count(menu_.choices()[choice], content, 1);
}

Packer::Machine Packer::sell(std::size_t machine) {
  allowance_.count(choice_of(machines_[machine]), machines_[machine].content, -1);
  Machine sold = std::move(machines_[machine]);
  if (machine + 1 != machines_.size()) machines_[machine] = std::move(machines_.back());
  machines_.pop_back();
  return sold;
}

void Packer::sell_from(std::size_t first) {
  while (machines_.size() > first) sell(machines_.size() - 1);
}

double Packer::price_from(std::size_t first) const {
  double sum = 0;
  for (std::size_t i = first; i < machines_.size(); ++i) sum += choice_of(machines_[i]).price;
  return sum;
}

bool Packer::pack(Counts& left, const Terms& terms) {
  const auto& choices = menu_.choices();
  std::vector<ItemId> open;
  double dearer = 0;  // than the linear program has it, at most
  for (ItemId item = 0; item < left.size(); ++item) {
    if (left[item] <= 0) continue;
    open.push_back(item);
    dearer = std::max(dearer, menu_.worth()[item] > 0 ? terms.worth[item] / menu_.worth()[item] : kNoLimit);
  }
  std::ranges::sort(open, {}, [&](ItemId item) { return std::pair(-terms.worth[item], item); });
  // What a machine's filling was worth for its price when it was last looked at, at first what it could be worth at
  // most; that only falls as pods run out, so the best is found without looking at every machine again.
  using Entry = std::tuple<double, std::int64_t, std::uint64_t>;  // worth for its price, minus the choice, when
  std::priority_queue<Entry> queue;
  std::vector<Content> fillings(choices.size());
  const auto bias = [&](std::size_t id) { return terms.bias == nullptr ? 1.0 : (*terms.bias)[id]; };
  for (std::size_t i = 0; i < choices.size(); ++i)
    if ((!terms.part || choices[i].part == terms.part) && choices[i].price < terms.most)
      queue.emplace(choices[i].value * dearer * bias(i), -static_cast<std::int64_t>(i), 0);
  std::uint64_t round = 1;
  double spent = 0;
  while (!queue.empty() && !open.empty()) {
    const auto [value, key, when] = queue.top();
    queue.pop();
    const auto id = static_cast<ChoiceId>(-key);
    const Choice& choice = choices[id];
    if (value < terms.least_value) break;
    if (!allowance_.within_limits(choice) || spent + choice.price >= terms.most) continue;
    if (when != round) {
      fillings[id] = filler_.fill(choice, left, open, terms.worth);
      if (!fillings[id].empty())
        queue.emplace(worth_of(fillings[id], terms.worth) / std::max(choice.price, 1.0) * bias(id), key, round);
      continue;
    }
    const std::int64_t copies = allowance_.copies_of(choice, fillings[id], left);
    for (std::int64_t i = 0; i < copies && spent + choice.price < terms.most; ++i) {
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
  Amounts free = choice.room;
  std::map<std::uint32_t, std::int64_t> by_workload;
  for (const auto& [item, count] : content) {
    if (choice.takes[item] == 0) return false;
    const Kind& kind = menu_.kinds()[item];
    for (std::size_t k = 0; k < free.size(); ++k) {
      free[k] -= kind.wants[k] * count;
      if (kind.wants[k] > 0 && free[k] < 0) return false;
    }
    for (const auto& [workload, pods] : kind.workloads) by_workload[workload] += pods * count;
  }
  return std::ranges::all_of(
      by_workload, [&](const auto& each) { return each.second <= allowance_.room_in_pool(each.first, choice); });
}

/// The cheapest machine that holds what is on this one takes its place.
void Packer::shrink(std::size_t machine) {
  const Machine old = machines_[machine];
  allowance_.count(choice_of(old), old.content, -1);
  const auto& choices = menu_.choices();
  ChoiceId best = old.choice;
  for (ChoiceId id = 0; id < choices.size() && choices[id].price < choice_of(old).price; ++id) {
    if (!allowance_.within_limits(choices[id]) || !holds(choices[id], old.content)) continue;
    best = id;
    break;
  }
  machines_[machine].choice = best;
  allowance_.count(choices[best], old.content, 1);
}

// ---- Everything

void Packer::fill() { pack_all(menu_.worth()); }

/// Each part on machines like the one that it is of, as long as they are filled well.
void Packer::pack_by_parts(Counts& left, const std::vector<double>& worth) {
  for (std::size_t part = 0; part < menu_.parts().size(); ++part) {
    Counts of_part = menu_.parts()[part];
    for (ItemId item = 0; item < left.size(); ++item) {
      of_part[item] = std::min(of_part[item], left[item]);
      left[item] -= of_part[item];
    }
    pack(of_part, {worth, kNoLimit, part, kWellFilled});
    for (ItemId item = 0; item < left.size(); ++item) left[item] += of_part[item];
  }
}

/// Everything around the pods that keep apart, if that costs less than what is bought now, which leaves out `left`;
/// returns what is left out then.
Counts Packer::pack_apart(Counts left, const std::vector<double>& worth) {
  const std::vector<Machine> before = machines_;
  const double price = price_from(0);
  sell_from(0);
  Counts others;
  for (const Demand& item : items_) others.push_back(item.count);
  const auto& choices = menu_.choices();
  for (const Content& content : ride_along(menu_, worth, others)) {
    const auto cheapest = std::ranges::find_if(
        choices, [&](const Choice& choice) { return allowance_.within_limits(choice) && holds(choice, content); });
    if (cheapest != choices.end()) {
      buy(static_cast<ChoiceId>(cheapest - choices.begin()), content);
    } else {
      for (const auto& [item, count] : content) others[item] += count;
    }
  }
  pack(others, {worth, kNoLimit, {}});
  const auto sum = [](const Counts& counts) { return std::accumulate(counts.begin(), counts.end(), std::int64_t{0}); };
  if (all_ride_along_ || std::pair(sum(others), price_from(0)) < std::pair(sum(left), price)) return others;
  sell_from(0);
  for (const Machine& each : before) buy(each.choice, each.content);
  return left;
}

std::int64_t Packer::pack_all(const std::vector<double>& worth) {
  Counts left;
  left.reserve(items_.size());
  for (const Demand& item : items_) left.push_back(item.count);
  const Counts all = left;
  if (!all_ride_along_) {
    pack_by_parts(left, worth);
    pack(left, {worth, kNoLimit, {}});
  }
  if (!menu_.apart().empty()) left = pack_apart(std::move(left), worth);
  const auto without_place = [&] {
    std::int64_t sum = 0;
    for (ItemId item = 0; item < left.size(); ++item) sum += menu_.kinds()[item].alone ? left[item] : 0;
    return sum;
  };
  if (without_place() > 0) {
    sell_from(0);
    Counts lone(all.size(), 0);
    left = all;
    for (ItemId item = 0; item < lone.size(); ++item)
      if (menu_.kinds()[item].alone) std::swap(lone[item], left[item]);
    pack(lone, {worth, kNoLimit, {}});
    pack(left, {worth, kNoLimit, {}});
    for (ItemId item = 0; item < lone.size(); ++item) left[item] += lone[item];
  }
  for (std::size_t i = 0; i < machines_.size(); ++i) shrink(i);
  std::int64_t out = 0;
  for (const std::int64_t each : left) out += each;
  return out;
}

// ---- Making it cheaper

void Packer::improve(std::uint64_t steps, Random& random) {
  if (machines_.empty()) return;
  steps -= pack_with_corrections(steps);
  for (; steps > 0; --steps) refill_some(random);
}

/// What filled its machines badly is worth more from now on, and what filled them well, less.
void Packer::correct(std::vector<double>& worth) const {
  std::vector<double> cost(worth.size(), 0);
  Counts pods(worth.size(), 0);
  for (const Machine& machine : machines_) {
    const double ratio = choice_of(machine).price / std::max(worth_of(machine.content, worth), 1.0);
    for (const auto& [item, count] : machine.content) {
      cost[item] += ratio * static_cast<double>(count);
      pods[item] += count;
    }
  }
  for (ItemId item = 0; item < worth.size(); ++item)
    if (pods[item] > 0) worth[item] *= 1 + kCorrection * (cost[item] / static_cast<double>(pods[item]) - 1);
}

/// With half of the steps at most; returns how many it took.
std::uint64_t Packer::pack_with_corrections(std::uint64_t steps) {
  std::vector<double> worth = menu_.worth();
  std::int64_t fewest_out = 0;
  for (const Demand& item : items_) fewest_out += item.count;
  for (const Machine& machine : machines_)
    for (const auto& [item, count] : machine.content) fewest_out -= count;
  std::vector<Machine> best = machines_;
  double least = price_from(0);
  std::uint64_t taken = 0;
  for (int in_vain = 0; in_vain < kPatience; ++in_vain) {
    const std::uint64_t more = std::max<std::uint64_t>(1, machines_.size() / kPerStep);
    if (taken + more > steps / 2) break;
    taken += more;
    correct(worth);
    sell_from(0);
    const std::int64_t out = pack_all(worth);
    const double price = price_from(0);
    if (std::pair(out, price) >= std::pair(fewest_out, least)) continue;
    fewest_out = out;
    least = price;
    best = machines_;
    in_vain = -1;
  }
  sell_from(0);
  for (const Machine& each : best) buy(each.choice, each.content);
  return taken;
}

/// A few machines are emptied and filled anew; what is cheaper is kept.
void Packer::refill_some(Random& random) {
  const auto use_of = [&](std::size_t machine) {
    return worth_of(machines_[machine].content, menu_.worth()) / std::max(choice_of(machines_[machine]).price, 1.0);
  };
  Counts left(items_.size(), 0);
  std::vector<Machine> sold;
  double price = 0;
  const std::size_t several = std::min(machines_.size(), kFewest + random.below(kMore));
  while (sold.size() < several) {
    std::size_t worst = random.below(machines_.size());
    for (std::size_t draw = 1; draw < kDraws && sold.size() < kFewest; ++draw) {
      const std::size_t other = random.below(machines_.size());
      if (use_of(other) < use_of(worst)) worst = other;
    }
    price += choice_of(machines_[worst]).price;
    sold.push_back(sell(worst));
    for (const auto& [item, count] : sold.back().content) left[item] += count;
  }
  std::vector<double> worth = menu_.worth();
  for (ItemId item = 0; item < worth.size(); ++item)
    if (left[item] > 0) worth[item] *= 1 + kSpread * (random.unit() - 0.5);
  std::vector<double> bias(menu_.choices().size());
  for (double& each : bias) each = 1 - kBias * random.unit();
  const std::size_t first = machines_.size();
  bool better = pack(left, {worth, price * 1.5, {}, 0, &bias});
  for (std::size_t i = first; better && i < machines_.size(); ++i) shrink(i);
  better = better && price_from(first) < price;
  // As many machines as pods that keep apart are enough, and each has something beside the pods.
  if (all_ride_along_) better = better && machines_.size() - first <= sold.size();
  if (better) return;
  sell_from(first);
  for (const Machine& each : sold) buy(each.choice, each.content);
}

}  // namespace spotkeeper::plan
