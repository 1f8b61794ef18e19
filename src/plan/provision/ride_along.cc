#include "plan/provision/ride_along.h"

#include <algorithm>
#include <functional>
#include <limits>
#include <map>
#include <optional>
#include <tuple>
#include <utility>

namespace spotkeeper::plan {
namespace {

constexpr double kNever = std::numeric_limits<double>::infinity();
constexpr std::size_t kMostGrowth = 4;  // times that a machine may get larger for one pod

/// One bit of 64, by which two sets are known to have nothing in common.
std::uint64_t mark_of(std::uint32_t counter) { return std::uint64_t{1} << (counter % 64); }

class Ride {
 public:
  Ride(const Menu& menu, const std::vector<double>& worth, std::vector<std::int64_t>& left)
      : menu_(menu), worth_(worth), left_(left), resources_(menu.choices().front().room.size()) {
    find_rates();
    find_larger();
    find_twins();
    for (const Kind& kind : menu.kinds()) {
      std::uint64_t& marks = limit_marks_.emplace_back(0);
      for (const auto& limit : kind.host_limits) marks |= mark_of(limit.counter);
    }
  }

  std::vector<Content> run() {
    for (const ItemId item : menu_.apart())
      while (left_[item] > 0 && open(item)) --left_[item];
    choose_cells();
    std::vector<ItemId> riders;
    for (ItemId item = 0; item < left_.size(); ++item)
      if (left_[item] > 0 && !std::ranges::binary_search(menu_.apart(), item)) riders.push_back(item);
    // What minds who is there comes before those whom it minds.
    std::ranges::sort(riders, [&](ItemId a, ItemId b) { return rank(a) < rank(b); });
    for (const ItemId item : riders)
      while (left_[item] > 0 && seat(item)) --left_[item];
    std::vector<Content> out;
    out.reserve(machines_.size());
    for (Machine& each : machines_) out.push_back(std::move(each.content));
    return out;
  }

 private:
  struct Machine {
    double unused = 0;            // what its free room is worth
    double unused_if_larger = 0;  // and with what it would cost more, were it the next larger one
    ChoiceId choice = 0;
    std::optional<CellId> cell;  // it takes nothing that has to be in another
    Content content;
    std::uint64_t marks = 0;  // of the counters that count something here
    std::vector<std::pair<std::uint32_t, std::int32_t>> by_counter;
    std::vector<std::pair<std::uint32_t, std::int64_t>> by_workload;
    bool has_alone = false;
  };
  struct Place {
    std::size_t machine = 0;
    ChoiceId choice = 0;
  };

  [[nodiscard]] std::tuple<bool, double, ItemId> rank(ItemId item) const {
    const bool minds_none = menu_.kinds()[item].host_limits.empty();
    return {minds_none, minds_none ? -worth_[item] : 0, item};
  }
  [[nodiscard]] const Choice& choice(ChoiceId id) const { return menu_.choices()[id]; }

  /// What a unit of each resource is worth, if each bears the same part of all.
  void find_rates() {
    double all = 0;
    std::vector<double> wanted(resources_, 0);
    for (ItemId item = 0; item < left_.size(); ++item) {
      all += worth_[item] * static_cast<double>(left_[item]);
      for (std::size_t k = 0; k < resources_; ++k)
        wanted[k] += static_cast<double>(menu_.kinds()[item].wants[k]) * static_cast<double>(left_[item]);
    }
    for (const double each : wanted) rates_.push_back(each > 0 ? all / each / static_cast<double>(resources_) : 0);
  }

  /// Of each machine the cheapest that has more of something, less of nothing, in the same cell.
  void find_larger() {
    const std::size_t count = menu_.choices().size();
    larger_.resize(count);
    for (ChoiceId id = 0; id < count; ++id) {
      for (ChoiceId other = id + 1; other < count && !larger_[id]; ++other) {
        const bool covers = choice(other).cell == choice(id).cell && choice(other).room != choice(id).room &&
                            std::ranges::equal(choice(id).room, choice(other).room, std::less_equal<>());
        if (covers) larger_[id] = other;
      }
    }
  }

  /// The same machine in other cells.
  void find_twins() {
    std::map<Amounts, std::vector<ChoiceId>> by_room;
    for (ChoiceId id = 0; id < menu_.choices().size(); ++id) by_room[choice(id).room].push_back(id);
    twins_.resize(menu_.choices().size());
    for (const auto& [room, alike] : by_room)
      for (const ChoiceId id : alike) twins_[id] = alike;
  }

  /// Each cell gets its part of the machines, so that none is without one when its pods' turn comes.
  void choose_cells() {
    std::map<CellId, double> wanted;
    double all = 0;
    for (ItemId item = 0; item < left_.size(); ++item) {
      if (!menu_.kinds()[item].cell || left_[item] == 0) continue;
      const double worth = worth_[item] * static_cast<double>(left_[item]);
      wanted[*menu_.kinds()[item].cell] += worth;
      all += worth;
    }
    std::map<CellId, double> has;
    for (std::size_t i = 0; i < machines_.size() && all > 0; ++i) {
      const auto lacks = [&](const auto& cell) {
        return cell.second / all * static_cast<double>(i + 1) - has[cell.first];
      };
      const auto most = std::ranges::max_element(wanted, {}, lacks);
      if (!machines_[i].cell) settle(i, most->first);
      if (machines_[i].cell) ++has[*machines_[i].cell];
    }
  }

  /// It is of this cell from now on, if there is such a machine in it.
  void settle(std::size_t machine, CellId cell) {
    for (const ChoiceId twin : twins_[machines_[machine].choice]) {
      const auto takes = [&](const auto& each) { return choice(twin).takes[each.first] != 0; };
      if (choice(twin).cell != cell || !std::ranges::all_of(machines_[machine].content, takes)) continue;
      machines_[machine].cell = cell;
      become(machine, twin);
      return;
    }
  }

  // ---- A machine

  bool open(ItemId item) {
    const Amounts& wants = menu_.kinds()[item].wants;
    for (ChoiceId id = 0; id < menu_.choices().size(); ++id) {
      if (choice(id).takes[item] == 0 || !fits(wants, choice(id).room)) continue;
      machines_.emplace_back().choice = id;
      free_.insert(free_.end(), choice(id).room.begin(), choice(id).room.end());
      free_if_larger_.resize(free_.size(), 0);
      put(item, {machines_.size() - 1, id});
      return true;
    }
    return false;
  }

  /// Its room is that of this choice from now on.
  void become(std::size_t at, ChoiceId id) {
    Machine& machine = machines_[at];
    const ChoiceId before = std::exchange(machine.choice, id);
    machine.unused = 0;
    machine.unused_if_larger = larger_[id] ? choice(*larger_[id]).price - choice(id).price : kNever;
    for (std::size_t k = 0; k < resources_; ++k) {
      const std::size_t i = at * resources_ + k;
      free_[i] += choice(id).room[k] - choice(before).room[k];
      machine.unused += rates_[k] * static_cast<double>(free_[i]);
      if (!larger_[id]) continue;
      free_if_larger_[i] = free_[i] + choice(*larger_[id]).room[k] - choice(id).room[k];
      machine.unused_if_larger += rates_[k] * static_cast<double>(free_if_larger_[i]);
    }
  }

  void put(ItemId item, Place place) {
    Machine& machine = machines_[place.machine];
    const Kind& kind = menu_.kinds()[item];
    for (std::size_t k = 0; k < resources_; ++k) free_[place.machine * resources_ + k] -= kind.wants[k];
    become(place.machine, place.choice);
    if (!machine.content.empty() && machine.content.back().first == item) {
      ++machine.content.back().second;
    } else {
      machine.content.emplace_back(item, 1);
    }
    if (kind.cell) machine.cell = kind.cell;
    for (const auto& [counter, pods] : kind.host_counters) {
      machine.marks |= mark_of(counter);
      add(machine.by_counter, counter, pods);
    }
    for (const auto& [workload, pods] : kind.workloads) add(machine.by_workload, workload, pods);
    machine.has_alone = machine.has_alone || kind.alone;
  }

  template <class Number>
  static void add(std::vector<std::pair<std::uint32_t, Number>>& counts, std::uint32_t key, Number more) {
    const auto known = std::ranges::find(counts, key, &std::pair<std::uint32_t, Number>::first);
    if (known == counts.end()) {
      counts.emplace_back(key, more);
    } else {
      known->second += more;
    }
  }
  template <class Number>
  static Number count_of(const std::vector<std::pair<std::uint32_t, Number>>& counts, std::uint32_t key) {
    const auto known = std::ranges::find(counts, key, &std::pair<std::uint32_t, Number>::first);
    return known == counts.end() ? 0 : known->second;
  }

  /// Whatever its size.
  [[nodiscard]] bool bears(const Machine& machine, ItemId item) const {
    const Kind& kind = menu_.kinds()[item];
    if (kind.alone && machine.has_alone) return false;
    if ((limit_marks_[item] & machine.marks) != 0) {
      for (const auto& limit : kind.host_limits)
        if (count_of(machine.by_counter, limit.counter) > limit.most_before) return false;
    }
    // Pods that were seated together stay so, however many they are.
    return kind.alone || std::ranges::all_of(kind.workloads, [&](const auto& each) {
             return count_of(machine.by_workload, each.first) + each.second <= menu_.workloads()[each.first].node_cap;
           });
  }

  /// The choice, or the same in another cell, that takes the item beside what is there.
  [[nodiscard]] std::optional<ChoiceId> with(const Machine& machine, ChoiceId id, ItemId item) const {
    for (const ChoiceId twin : twins_[id]) {
      if (machine.cell && choice(twin).cell != *machine.cell) continue;
      const auto takes = [&](const auto& each) { return choice(twin).takes[each.first] != 0; };
      if (choice(twin).takes[item] != 0 && std::ranges::all_of(machine.content, takes)) return twin;
    }
    return std::nullopt;
  }

  // ---- Where to

  bool seat(ItemId item) {
    auto place = best(item, free_, false);
    if (!place) place = best(item, free_if_larger_, true);
    if (!place) place = best_grown(item);
    if (place) put(item, *place);
    return place.has_value();
  }

  /// By the room that it leaves, and what a larger machine costs more.
  [[nodiscard]] std::optional<Place> best(ItemId item, const std::vector<std::int64_t>& free, bool larger) const {
    const Kind& kind = menu_.kinds()[item];
    std::optional<Place> out;
    double least = kNever;
    for (std::size_t i = 0; i < machines_.size(); ++i) {
      const Machine& machine = machines_[i];
      const double unused = larger ? machine.unused_if_larger : machine.unused;
      if (unused >= least || (kind.cell && machine.cell && *kind.cell != *machine.cell)) continue;
      if (!has_room(kind.wants, &free[i * resources_]) || !bears(machine, item)) continue;
      const auto as = with(machine, larger ? *larger_[machine.choice] : machine.choice, item);
      if (!as) continue;
      least = unused;
      out = {i, *as};
    }
    return out;
  }

  [[nodiscard]] bool has_room(const Amounts& wants, const std::int64_t* room) const {
    for (std::size_t k = 0; k < resources_; ++k)
      if (wants[k] > room[k]) return false;
    return true;
  }

  /// On a machine that becomes much larger.
  [[nodiscard]] std::optional<Place> best_grown(ItemId item) const {
    const Amounts& wants = menu_.kinds()[item].wants;
    std::optional<Place> out;
    double least = kNever;
    for (std::size_t i = 0; i < machines_.size(); ++i) {
      const Machine& machine = machines_[i];
      ChoiceId id = machine.choice;
      std::vector<std::int64_t> room(&free_[i * resources_], &free_[i * resources_] + resources_);
      for (std::size_t step = 0; step < kMostGrowth && larger_[id] && !has_room(wants, room.data()); ++step) {
        for (std::size_t k = 0; k < resources_; ++k) room[k] += choice(*larger_[id]).room[k] - choice(id).room[k];
        id = *larger_[id];
      }
      const double dearer = choice(id).price - choice(machine.choice).price;
      if (dearer >= least || !has_room(wants, room.data()) || !bears(machine, item)) continue;
      const auto as = with(machine, id, item);
      if (!as) continue;
      least = dearer;
      out = {i, *as};
    }
    return out;
  }

  const Menu& menu_;
  const std::vector<double>& worth_;
  std::vector<std::int64_t>& left_;
  std::size_t resources_;
  std::vector<double> rates_;                    // by resource
  std::vector<std::optional<ChoiceId>> larger_;  // by choice
  std::vector<std::vector<ChoiceId>> twins_;     // by choice, itself among them
  std::vector<std::uint64_t> limit_marks_;       // by item: of the counters that it minds
  std::vector<Machine> machines_;
  std::vector<std::int64_t> free_;            // by machine, then resource
  std::vector<std::int64_t> free_if_larger_;  // were it the next larger one
};

}  // namespace

std::vector<Content> ride_along(const Menu& menu, const std::vector<double>& worth, std::vector<std::int64_t>& left) {
  if (menu.choices().empty()) return {};
  return Ride(menu, worth, left).run();
}

}  // namespace spotkeeper::plan
