#include "tests/property/checker/order.h"

#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <tuple>

#include "base/random.h"

namespace spotkeeper::checker {
namespace {

constexpr std::size_t kExhaustive = 14;  // up to so many pods every order is tried
constexpr int kShuffles = 60;

// In rounds over `placed`; what could not come in the end is returned.
std::vector<Placed> put_greedily(State& state, std::vector<Placed> waiting) {
  for (bool moved = true; moved && !waiting.empty();) {
    moved = false;
    std::vector<Placed> later;
    for (const Placed& one : waiting) {
      Host& host = state.hosts[one.host];
      if (refusal(state, *one.pod, host)) {
        later.push_back(one);
      } else {
        host.pods.push_back(one.pod);
        moved = true;
      }
    }
    waiting = std::move(later);
  }
  return waiting;
}

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
      host.pods.push_back(placed[i].pod);
      if (descend(there | 1U << i)) return true;
      host.pods.pop_back();
    }
    hopeless.insert(there);
    return false;
  };
  return descend(0);
}

}  // namespace

std::vector<std::string> put_in_some_order(State& state, const std::vector<Placed>& placed) {
  const State empty = state;
  const std::vector<Placed> left = put_greedily(state, in_turns(state, placed));
  if (left.empty()) return {};
  State other = empty;
  if (placed.size() <= kExhaustive) {
    if (put_exhaustively(other, placed)) {
      state = std::move(other);
      return {};
    }
  } else {
    Random random(placed.size());
    std::vector<Placed> shuffled = placed;
    for (int i = 0; i < kShuffles; ++i) {
      for (std::size_t k = shuffled.size(); k > 1; --k) std::swap(shuffled[k - 1], shuffled[random.below(k)]);
      other = empty;
      if (!put_greedily(other, shuffled).empty()) continue;
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
