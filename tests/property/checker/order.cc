#include "tests/property/checker/order.h"

#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <set>
#include <tuple>

#include "base/random.h"
#include "tests/property/checker/neighbours.h"

namespace spotkeeper::checker {
namespace {

constexpr std::size_t kExhaustive = 14;  // up to so many pods every order is tried
constexpr int kShuffles = 60;

// Pods coming to the hosts of a state.
class Arrivals {
 public:
  explicit Arrivals(State& state) : state_(state), neighbours_(state) {}

  // In rounds over those who wait; what could not come in the end is returned.
  std::vector<Placed> greedily(std::vector<Placed> waiting) {
    for (bool moved = true; moved && !waiting.empty();) {
      const std::size_t before = waiting.size();
      std::erase_if(waiting, [&](const Placed& one) { return can_come(one) && come(one); });
      moved = waiting.size() < before;
    }
    return waiting;
  }

  // The same, but who exceeds spreads of others that wait, for good, lets them come first; where there are only such,
  // who exceeds fewest goes on.
  std::vector<Placed> gently(std::vector<Placed> waiting) {
    for (const Placed& one : waiting) neighbours_.expect(*one.pod, one.host);
    for (const Placed& one : waiting) {
      if (neighbours_.is_hurried(*one.pod, one.host)) neighbours_.hurry(*one.pod, one.host);
    }
    while (!waiting.empty()) {
      const std::size_t before = waiting.size();
      std::erase_if(waiting, [&](const Placed& one) { return can_come(one) && harm(one) == 0 && come_expected(one); });
      if (waiting.size() < before) continue;
      std::optional<std::pair<std::int64_t, std::size_t>> least;
      for (std::size_t i = 0; i < waiting.size(); ++i) {
        if (!can_come(waiting[i])) continue;
        const std::pair candidate(harm(waiting[i]), i);
        if (!least || candidate < *least) least = candidate;
      }
      if (!least) break;
      come_expected(waiting[least->second]);
      waiting.erase(waiting.begin() + static_cast<std::ptrdiff_t>(least->second));
    }
    return waiting;
  }

 private:
  bool can_come(const Placed& one) const {
    return !neighbours_.refuse(*one.pod, one.host) && !host_refusal(state_, *one.pod, state_.hosts[one.host]);
  }
  bool come(const Placed& one) {
    state_.hosts[one.host].come(*one.pod);
    neighbours_.come(*one.pod, one.host);
    return true;
  }
  bool come_expected(const Placed& one) {
    if (neighbours_.is_hurried(*one.pod, one.host)) neighbours_.hurry(*one.pod, one.host, -1);
    neighbours_.expect(*one.pod, one.host, -1);
    return come(one);
  }
  std::int64_t harm(const Placed& one) const { return neighbours_.harm(*one.pod, one.host); }

  State& state_;
  Neighbours neighbours_;
};

// Who looks at spreads comes first; the first of every kind of pod in each zone, then the second…: the order in which
// spreads are kept most easily.
std::vector<Placed> in_turns(const State& state, const std::vector<Placed>& placed) {
  std::map<std::tuple<std::string, Labels, std::string>, std::size_t> so_far;
  std::vector<std::tuple<bool, std::size_t, std::size_t>> ranked;
  for (std::size_t i = 0; i < placed.size(); ++i) {
    const Pod& pod = *placed[i].pod;
    const Labels& labels = state.hosts[placed[i].host].labels;
    const auto zone = labels.find("topology.kubernetes.io/zone");
    const std::string where = zone != labels.end() ? zone->second : "";
    ranked.emplace_back(pod.spreads.empty(), so_far[{pod.owner, pod.labels, where}]++, i);
  }
  std::sort(ranked.begin(), ranked.end());
  std::vector<Placed> out;
  out.reserve(ranked.size());
  for (const auto& [last, turn, i] : ranked) out.push_back(placed[i]);
  return out;
}

// Who looks at others on its host comes first, then who requests most of what all do, those alike one after the other:
// the order in which hosts are filled most easily.
std::vector<Placed> by_size(const State& state, const std::vector<Placed>& placed) {
  constexpr std::array kResources = {"cpu", "memory"};
  const auto amount = [](const Pod& pod, const char* resource) {
    const auto found = pod.requests.find(resource);
    return found == pod.requests.end() ? 0.0 : static_cast<double>(found->second);
  };
  std::array<double, kResources.size()> all = {1, 1};
  for (const Placed& one : placed) {
    for (std::size_t k = 0; k < all.size(); ++k) all[k] += amount(*one.pod, kResources[k]);
  }
  const auto over_hosts = [](const auto& rule) { return rule.key == "kubernetes.io/hostname"; };
  std::map<std::pair<const Pod*, Amounts>, const Pod*> first;  // of those alike
  const auto first_like = [&](const Pod& pod) -> const Pod*& {
    return first.try_emplace({state.kinds->of(pod).example, pod.requests}, &pod).first->second;
  };
  for (const Placed& one : placed) first_like(*one.pod) = std::min(first_like(*one.pod), one.pod);
  using Rank = std::tuple<bool, double, const Pod*, const Pod*, std::size_t>;  // pods as they are in the documents
  std::vector<Rank> ranked;
  for (std::size_t i = 0; i < placed.size(); ++i) {
    const Pod& pod = *placed[i].pod;
    double part = 0;
    for (std::size_t k = 0; k < all.size(); ++k) part += amount(pod, kResources[k]) / all[k];
    const bool looks = std::any_of(pod.spreads.begin(), pod.spreads.end(), over_hosts) ||
                       std::any_of(pod.anti_affinity.begin(), pod.anti_affinity.end(), over_hosts);
    ranked.emplace_back(!looks, -part, first_like(pod), &pod, i);
  }
  std::sort(ranked.begin(), ranked.end());
  std::vector<Placed> out;
  out.reserve(ranked.size());
  for (const Rank& each : ranked) out.push_back(placed[std::get<4>(each)]);
  return out;
}

// By depth, with the sets of pods that were seen to lead nowhere.
bool put_exhaustively(State& state, const std::vector<Placed>& placed) {
  std::set<unsigned> hopeless;
  const unsigned all = (1U << placed.size()) - 1;
  const std::function<bool(unsigned)> descend = [&](unsigned there) {
    if (there == all) return true;
    if (hopeless.contains(there)) return false;
    for (std::size_t i = 0; i < placed.size(); ++i) {
      if ((there >> i & 1U) != 0) continue;
      Host& host = state.hosts[placed[i].host];
      if (refusal(state, *placed[i].pod, host)) continue;
      host.come(*placed[i].pod);
      if (descend(there | 1U << i)) return true;
      host.leave(*placed[i].pod);
    }
    hopeless.insert(there);
    return false;
  };
  return descend(0);
}

}  // namespace

std::vector<std::string> put_in_some_order(State& state, const std::vector<Placed>& placed) {
  const State empty = state;
  const std::vector<Placed> turns = in_turns(state, placed);
  const std::vector<Placed> left = Arrivals(state).greedily(turns);
  if (left.empty()) return {};
  State other = empty;
  if (placed.size() <= kExhaustive) {
    if (put_exhaustively(other, placed)) {
      state = std::move(other);
      return {};
    }
  } else {
    if (Arrivals(other).gently(turns).empty()) {
      state = std::move(other);
      return {};
    }
    other = empty;
    if (Arrivals(other).greedily(by_size(state, placed)).empty()) {
      state = std::move(other);
      return {};
    }
    Random random(placed.size());
    std::vector<Placed> shuffled = placed;
    for (int i = 0; i < kShuffles; ++i) {
      for (std::size_t k = shuffled.size(); k > 1; --k) std::swap(shuffled[k - 1], shuffled[random.below(k)]);
      other = empty;
      if (!Arrivals(other).greedily(shuffled).empty()) continue;
      state = std::move(other);
      return {};
    }
  }
  std::vector<std::string> out;
  out.reserve(left.size());
  for (const Placed& one : left) {
    const Host& host = state.hosts[one.host];
    out.push_back(one.pod->name + " on " + host.name + ": " + refusal(state, *one.pod, host).value_or(""));
  }
  return out;
}

}  // namespace spotkeeper::checker
