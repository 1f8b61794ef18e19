#include "plan/provision/filling.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace spotkeeper::plan {
namespace {

constexpr double kLargeFirst = 0.5;    // by how much more a pod is wanted that fills a whole machine
constexpr double kLeastShare = 0.05;   // of a resource that is not scarce in all, but may be on one machine
constexpr double kCapped = 0.1;        // by how much more, for each further machine that its workload's caps will need
constexpr std::int64_t kChunk = 4;     // a kind is put in by this part of what would fit
constexpr std::size_t kSpares = 256;   // that are tried in the place of another, at most
constexpr int kExchanges = 16;         // on one machine, at most
constexpr double kLeastGain = 1e-6;    // of what the machine costs
constexpr double kFull = 0.998;        // of what it costs, that its room that is used bears: nothing is exchanged
constexpr std::size_t kFewKinds = 48;  // above which there are small ones among them that fill what is left

/// How many of the item are in it.
auto count_in(Content& content, ItemId item) {
  return std::ranges::find(content, item, &std::pair<ItemId, std::int64_t>::first);
}

void add_to(Content& content, ItemId item, std::int64_t count) {
  const auto known = count_in(content, item);
  if (known == content.end()) {
    content.emplace_back(item, count);
  } else {
    known->second += count;
  }
}

}  // namespace

double worth_of(const Content& content, const std::vector<double>& worth) {
  double sum = 0;
  for (const auto& [item, count] : content) sum += worth[item] * static_cast<double>(count);
  return sum;
}

Filler::Filler(const Menu& menu, const Allowance& allowance, std::size_t counters)
    : menu_(menu),
      allowance_(allowance),
      by_counter_(counters, 0),
      minded_(counters, 0),
      by_workload_(menu.workloads().size(), 0) {
  const auto& kinds = menu.kinds();
  for (std::size_t k = 0; !kinds.empty() && k < kinds.front().wants.size(); ++k)
    if (std::ranges::any_of(kinds, [&](const Kind& kind) { return kind.wants[k] > 0; })) resources_.push_back(k);
  for (const Kind& kind : kinds) {
    for (const std::size_t k : resources_) wants_.push_back(static_cast<double>(kind.wants[k]));
    plain_.push_back(kind.host_limits.empty() && kind.host_counters.empty() && !kind.alone ? 1 : 0);
  }
}

bool Filler::has_room(ItemId item) const {
  const double* const wants = &wants_[item * resources_.size()];
  for (std::size_t r = 0; r < resources_.size(); ++r)
    if (wants[r] > free_[r] && wants[r] > 0) return false;
  return true;
}

std::int64_t Filler::most_of(ItemId item, const Choice& choice, std::int64_t left) const {
  const Kind& kind = menu_.kinds()[item];
  if (kind.alone && has_alone_) return 0;
  std::int64_t most = kind.alone ? 1 : left;
  for (std::size_t r = 0; r < resources_.size(); ++r)
    if (const std::int64_t wants = kind.wants[resources_[r]]; wants > 0)
      most = std::min(most, static_cast<std::int64_t>(free_[r]) / wants);
  for (const auto& [workload, pods] : kind.workloads) {
    const std::int64_t here = by_workload_[workload];
    // Pods that were seated together stay so, however many they are.
    const std::int64_t of_node = kind.alone ? pods : menu_.workloads()[workload].node_cap - here;
    most = std::min({most, of_node / pods, (allowance_.room_in_pool(workload, choice) - here) / pods});
  }
  for (const auto& limit : kind.host_limits) {
    const std::int64_t here = by_counter_[limit.counter];
    if (here > limit.most_before) return 0;
    const auto own = std::ranges::find(kind.host_counters, limit.counter, &std::pair<std::uint32_t, int>::first);
    if (own != kind.host_counters.end()) most = std::min<std::int64_t>(most, limit.most_before - here + 1);
  }
  // Items come to the machine in their order, so that it is one for every machine: none before who minds it.
  for (const auto& [counter, pods] : kind.host_counters)
    if (minded_[counter] > item + 1) return 0;
  return most;
}

void Filler::take(ItemId item, std::int64_t count) {
  const Kind& kind = menu_.kinds()[item];
  for (std::size_t r = 0; r < resources_.size(); ++r)
    free_[r] -= wants_[item * resources_.size() + r] * static_cast<double>(count);
  for (const auto& [workload, pods] : kind.workloads) by_workload_[workload] += pods * count;
  for (const auto& [counter, pods] : kind.host_counters)
    by_counter_[counter] += pods * static_cast<std::int32_t>(count);
  for (const auto& limit : kind.host_limits) minded_[limit.counter] = std::max(minded_[limit.counter], item + 1);
  has_alone_ = has_alone_ || kind.alone;
}

void Filler::clear(const Content& content) {
  for (const auto& [item, count] : content) {
    const Kind& kind = menu_.kinds()[item];
    for (const auto& [workload, pods] : kind.workloads) by_workload_[workload] = 0;
    for (const auto& [counter, pods] : kind.host_counters) by_counter_[counter] = 0;
    for (const auto& limit : kind.host_limits) minded_[limit.counter] = 0;
  }
  has_alone_ = false;
}

void Filler::find_able(const Choice& choice, const Counts& left, const std::vector<ItemId>& open,
                       const std::vector<double>& worth) {
  able_.clear();
  for (const ItemId item : open) {
    if (choice.takes[item] == 0 || left[item] <= 0 || !has_room(item)) continue;
    const Kind& kind = menu_.kinds()[item];
    const auto has_share = [&](const auto& each) { return allowance_.room_in_pool(each.first, choice) >= each.second; };
    if (!std::ranges::all_of(kind.workloads, has_share)) continue;
    const double* const wants = &wants_[item * resources_.size()];
    double largest = 0;
    for (std::size_t r = 0; r < resources_.size(); ++r) largest = std::max(largest, wants[r] / std::max(free_[r], 1.0));
    able_.push_back({item, left[item], wants, worth[item] * (1 + kLargeFirst * largest), kind.of_caps, 0});
  }
}

/// Best is what is worth most for what it uses up of what is left, where what runs short weighs more. What needs many
/// machines yet by its caps comes first: left to the last, it would need small ones of its own. Who has no room left is
/// forgotten.
void Filler::score_able(const Choice& choice) {
  scarcity_.resize(resources_.size());
  for (std::size_t r = 0; r < resources_.size(); ++r)
    scarcity_[r] = std::max(choice.shares[resources_[r]], kLeastShare) / std::max(free_[r], 1.0);
  const std::size_t resources = resources_.size();
  const double* const free = free_.data();
  const double* const scarcity = scarcity_.data();
  std::erase_if(able_, [&](Able& each) {
    double use = 0;
    for (std::size_t r = 0; r < resources; ++r) {
      if (each.wants[r] > free[r] && each.wants[r] > 0) return true;
      use += scarcity[r] * each.wants[r];
    }
    const double more = std::max(0.0, static_cast<double>(each.left) * each.of_caps - 1);
    each.score = each.worth / use * (1 + kCapped * more);
    return false;
  });
}

/// Takes again and again some of the best kind, so that everything runs out together; then one takes the place of
/// another, as long as that is worth more.
Content Filler::fill(const Choice& choice, const Counts& left, const std::vector<ItemId>& open,
                     const std::vector<double>& worth) {
  free_.clear();
  for (const std::size_t k : resources_) free_.push_back(static_cast<double>(choice.room[k]));
  find_able(choice, left, open, worth);
  find_spares();
  Content content;
  bool scored = false;
  for (;;) {
    // Scores change only with what is taken.
    if (!scored) score_able(choice);
    scored = true;
    if (able_.empty()) break;
    const auto best = std::ranges::max_element(able_, {}, &Able::score);
    const std::int64_t most = most_of(best->item, choice, best->left);
    const std::int64_t taken = most <= 0 ? 0 : std::max<std::int64_t>(1, most / kChunk);
    if (taken > 0) {
      scored = false;
      take(best->item, taken);
      best->left -= taken;
      add_to(content, best->item, taken);
    }
    if (taken > 0 && best->left > 0) continue;
    *best = able_.back();
    able_.pop_back();
  }
  for (int times = 0; times < kExchanges && is_wasteful(choice, content) && exchange_one(choice, left, worth, content);
       ++times) {
  }
  clear(content);
  return content;
}

// ---- One in the place of another

bool Filler::is_wasteful(const Choice& choice, const Content& content) const {
  if (content.size() > kFewKinds) return false;
  double unused = 0;
  for (std::size_t r = 0; r < resources_.size(); ++r) {
    const std::size_t k = resources_[r];
    unused += choice.shares[k] * free_[r] / static_cast<double>(std::max<std::int64_t>(choice.room[k], 1));
  }
  return unused > 1 - kFull;
}

/// A part of what the machine may take that is not too large, another one for each machine.
void Filler::find_spares() {
  spares_.clear();
  const std::size_t step = (able_.size() + kSpares - 1) / kSpares;
  ++filled_;
  for (std::size_t i = step > 0 ? filled_ % step : 0; i < able_.size(); i += step)
    if (plain_[able_[i].item] != 0) spares_.push_back(able_[i].item);
}

/// Does what gains most; false where nothing gains.
bool Filler::exchange_one(const Choice& choice, const Counts& left, const std::vector<double>& worth,
                          Content& content) {
  double most = kLeastGain * choice.price;
  std::optional<ItemId> comes;
  std::optional<ItemId> goes;
  const auto look = [&](std::optional<ItemId> out) {
    const double lost = out ? worth[*out] : 0;
    for (const ItemId in : spares_) {
      if (worth[in] - lost <= most) return;
      if (in == out || !has_room(in)) continue;
      const auto there = count_in(content, in);
      if (most_of(in, choice, left[in] - (there == content.end() ? 0 : there->second)) <= 0) continue;
      most = worth[in] - lost;
      comes = in;
      goes = out;
      return;
    }
  };
  look(std::nullopt);
  for (const auto& [item, count] : content) {
    if (plain_[item] == 0) continue;
    take(item, -1);
    look(item);
    take(item, 1);
  }
  if (!comes) return false;
  if (goes) {
    take(*goes, -1);
    const auto there = count_in(content, *goes);
    if (--there->second == 0) content.erase(there);
  }
  take(*comes, 1);
  add_to(content, *comes, 1);
  return true;
}

}  // namespace spotkeeper::plan
