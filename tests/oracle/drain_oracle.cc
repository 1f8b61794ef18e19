#include "tests/oracle/drain_oracle.h"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <string>
#include <unordered_map>

namespace spotkeeper::oracle {
namespace {

struct State {
  Seconds at = 0;
  std::uint32_t left = 0;  // bit i: pods[i] has not been started
  int slots = 0;
  std::vector<int> serving;
  std::vector<int> in_flight;
  std::vector<Arrival> arrivals;  // sorted
};

bool before(const Arrival& a, const Arrival& b) { return a.at != b.at ? a.at < b.at : a.service < b.service; }

class Search {
 public:
  Search(const World& world, Budgets budgets) : world_(world), obey_(budgets == Budgets::Obeyed) {}

  long run() {
    State state;
    state.at = world_.now;
    state.slots = world_.slots;
    for (std::size_t i = 0; i < world_.pods.size(); ++i) state.left |= 1U << i;
    for (const Service& service : world_.services) {
      state.serving.push_back(service.serving);
      state.in_flight.push_back(service.in_flight);
    }
    state.arrivals = world_.arrivals;
    std::ranges::sort(state.arrivals, before);
    return from(std::move(state));
  }

 private:
  [[nodiscard]] const Service& service_of(const Pod& pod) const {
    return world_.services[static_cast<std::size_t>(pod.service)];
  }

  // The least loss from a point in time on, before anything happens at it.
  long from(State state) {
    while (!state.arrivals.empty() && state.arrivals.front().at <= state.at) {
      const auto service = static_cast<std::size_t>(state.arrivals.front().service);
      ++state.serving[service];
      --state.in_flight[service];
      state.arrivals.erase(state.arrivals.begin());
    }
    if (state.at >= world_.horizon) return 0;
    if (state.left == 0) return pass(std::move(state));
    const std::string key = key_of(state);
    if (const auto known = known_.find(key); known != known_.end()) return known->second;
    const long least = force(state, 0);
    known_.emplace(key, least);
    return least;
  }

  // Starts what can't wait any longer, pods[index] and those after it, then decides about the others.
  long force(const State& state, std::size_t index) {
    for (; index < world_.pods.size(); ++index) {
      if (!is_left(state, index) || world_.pods[index].latest > state.at) continue;
      long yielding = -1;
      if (scarce(state)) yielding = force(started(state, index, false), index + 1);
      const long with = force(started(state, index, true), index + 1);
      return yielding < 0 ? with : std::min(with, yielding);
    }
    return try_all(state, 0);
  }

  // Somebody will go without a successor, and who that is makes a difference.
  [[nodiscard]] bool scarce(const State& state) const {
    return state.slots > 0 && state.slots < std::popcount(state.left);
  }

  // Decides about pods[index] and those after it, at this point in time.
  long try_all(const State& state, std::size_t index) {
    while (index < world_.pods.size() && !may_start(state, index)) ++index;
    if (index == world_.pods.size()) return pass(state);
    long with = try_all(started(state, index, true), index + 1);
    if (with != 0 && scarce(state)) with = std::min(with, try_all(started(state, index, false), index + 1));
    if (with == 0) return 0;
    // Of pods that are alike only the first is left for later: which one it is makes no difference.
    std::size_t next = index + 1;
    while (next < world_.pods.size() && alike(index, next)) ++next;
    return std::min(with, try_all(state, next));
  }

  [[nodiscard]] static bool is_left(const State& state, std::size_t index) { return (state.left >> index & 1U) != 0; }

  [[nodiscard]] bool alike(std::size_t a, std::size_t b) const {
    const Pod& one = world_.pods[a];
    const Pod& other = world_.pods[b];
    return one.service == other.service && one.latest == other.latest && one.ready == other.ready &&
           one.early == other.early && one.successor == other.successor && one.lasts == other.lasts &&
           one.gone == other.gone && !service_of(one).one_at_a_time;
  }

  [[nodiscard]] bool may_start(const State& state, std::size_t index) const {
    const Pod& pod = world_.pods[index];
    if (!is_left(state, index) || !pod.early) return false;
    if (service_of(pod).one_at_a_time && !its_turn(state, index)) return false;
    return !obey_ ||
           std::ranges::all_of(world_.budgets, [&](const Budget& budget) { return allows(budget, state, pod); });
  }

  [[nodiscard]] bool its_turn(const State& state, std::size_t index) const {
    const Pod& pod = world_.pods[index];
    if (state.in_flight[static_cast<std::size_t>(pod.service)] > (pod.ready ? 0 : 1)) return false;
    for (std::size_t i = 0; i < world_.pods.size(); ++i)
      if (is_left(state, i) && world_.pods[i].service == pod.service && world_.pods[i].ordinal > pod.ordinal)
        return false;
    return true;
  }

  [[nodiscard]] static bool allows(const Budget& budget, const State& state, const Pod& pod) {
    if (std::ranges::find(budget.services, pod.service) == budget.services.end()) return true;
    int healthy = 0;
    for (const int service : budget.services) healthy += state.serving[static_cast<std::size_t>(service)];
    if (!pod.ready && healthy >= budget.desired && budget.desired > 0) return true;
    return healthy > budget.desired;
  }

  // `replaced`: its successor may take a slot, if there is one.
  [[nodiscard]] State started(State state, std::size_t index, bool replaced) const {
    const Pod& pod = world_.pods[index];
    const Service& service = service_of(pod);
    const auto of = static_cast<std::size_t>(pod.service);
    state.left &= ~(1U << index);
    if (pod.ready) {
      --state.serving[of];
      ++state.in_flight[of];
    }
    if (!pod.successor || !replaced || state.slots == 0) return state;
    --state.slots;
    const Seconds made =
        service.one_at_a_time ? std::min(state.at + pod.lasts, std::max(pod.gone, state.at + 1)) : state.at;
    const Arrival arrival{made + service.ready_after, pod.service};
    state.arrivals.insert(std::ranges::upper_bound(state.arrivals, arrival, before), arrival);
    return state;
  }

  // Lets one step pass and goes on.
  long pass(State state) {
    long missing = 0;
    for (std::size_t i = 0; i < world_.services.size(); ++i)
      missing += std::max(0, world_.services[i].floor - state.serving[i]);
    state.at += world_.step;
    return missing * world_.step + from(std::move(state));
  }

  [[nodiscard]] static std::string key_of(const State& state) {
    std::string key;
    const auto add = [&](int value) {
      key.append({static_cast<char>(value & 0xff), static_cast<char>(value >> 8 & 0xff)});
    };
    add(state.at);
    add(static_cast<int>(state.left));
    add(state.slots);
    for (const int serving : state.serving) add(serving);
    for (const Arrival& arrival : state.arrivals) {
      add(arrival.at);
      add(arrival.service);
    }
    return key;
  }

  const World& world_;
  bool obey_;
  std::unordered_map<std::string, long> known_;
};

}  // namespace

Seconds last_safe_start(const Ending& ending, Seconds deadline, Seconds margin, Grace mode) {
  const bool fits = ending.since + ending.grace <= deadline;
  const bool whole = fits && (mode != Grace::Yields || !ending.successor);
  return deadline - (whole ? ending.grace : std::min(ending.grace, ending.requests)) - margin;
}

long least_loss(const World& world, Budgets budgets) { return Search(world, budgets).run(); }

long least_loss(const World& world) {
  const long obeyed = least_loss(world, Budgets::Obeyed);
  return obeyed == 0 ? 0 : least_loss(world, Budgets::Ignored);
}

}  // namespace spotkeeper::oracle
