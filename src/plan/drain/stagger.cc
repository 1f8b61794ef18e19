#include "plan/drain/stagger.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

namespace spotkeeper::plan::drain {
namespace {

// A choice among more than this many numbers is made among as many of them, evenly spaced.
constexpr std::int64_t kMostTried = 16;

constexpr int kMostHeldTried = 64;

// What is lost, and what is strained where nothing more is lost.
struct Cost {
  Duration loss;
  Duration strain;
  friend auto operator<=>(const Cost&, const Cost&) = default;
};

Duration total(const std::vector<Duration>& loss) {
  return std::accumulate(loss.begin(), loss.end(), Duration::zero());
}

Cost cost_of(const Outcome& outcome) { return {total(outcome.loss), total(outcome.strain)}; }

// What is decided for the whole of a scene before its services are paced.
struct Frame {
  bool settles = true;
  bool past_budgets = false;  // allowed where the rest loses something
};

class Chooser {
 public:
  Chooser(const Scene& scene, const Frame& frame) : scene_(scene), may_pass_budgets_(frame.past_budgets) {
    for (const Service& service : scene.services) {
      rule_.keep_serving.push_back(slowest_allowed(service));
      rule_.past_budgets.push_back(false);
    }
    rule_.held.assign(scene.candidates.size(), false);
    rule_.settles = frame.settles;
    best_ = project(scene_, rule_);
  }

  Outcome choose() && {
    for (std::size_t i = 0; i < scene_.services.size(); ++i)
      if (paced(i)) pace(i);
    for (std::size_t i = 0; i < scene_.services.size(); ++i)
      if (loses(i)) quicken(i);
    for (std::size_t i = 0; i < scene_.services.size(); ++i)
      if (loses(i)) hold_some(i);
    for (std::size_t i = 0; i < scene_.services.size(); ++i)
      if (may_pass_budgets_ && loses(i)) pass_budgets(i);
    return std::move(best_);
  }

 private:
  // As many at once as the policy allows, and never below the floor. Where so few are expected that every start falls
  // below it, waiting keeps nothing.
  [[nodiscard]] static std::int64_t slowest_allowed(const Service& service) {
    if (service.goes_last) return std::max(service.comfort, service.floor);
    return service.expected <= service.floor ? service.comfort : std::max(service.comfort, service.floor);
  }

  // Something that the choice can change.
  [[nodiscard]] bool loses(std::size_t service) const { return best_.loss[service] > 0s && paced(service); }

  // Without a deadline there is nothing to be paced by.
  [[nodiscard]] bool paced(std::size_t service) const {
    return std::ranges::any_of(scene_.candidates, [&](const Candidate& candidate) {
      return candidate.service == service && candidate.latest != Instant::max() &&
             candidate.verdict.handling == Handling::Early;
    });
  }

  // Of the paces within the policy's share the one that keeps most serving; among equals the quickest.
  void pace(std::size_t service) {
    const std::int64_t quickest = rule_.keep_serving[service];
    const Service& state = scene_.services[service];
    // To start none early can be best where every start falls below the floor.
    const std::int64_t slowest = state.expected <= state.floor ? state.expected : state.expected - 1;
    try_each(service, quickest + 1, slowest, false, [&](const Outcome& tried) {
      const Cost now = cost_of(tried);
      const Cost before = cost_of(best_);
      return now < before || (now == before && tried.least[service] > best_.least[service]);
    });
  }

  // More at once than the policy's share, where that loses less.
  void quicken(std::size_t service) {
    const Service& state = scene_.services[service];
    const std::int64_t slowest = rule_.keep_serving[service];
    try_each(service, state.floor, slowest - 1, true, [&](const Outcome& tried) { return loses_less(tried); });
  }

  // Budgets do not count at a last safe start: to leave some of those that die first to theirs, and to spend what the
  // budget allows on pods that die later, can lose less.
  void hold_some(std::size_t service) {
    std::map<Instant, std::vector<std::size_t>> by_latest;
    for (std::size_t i = 0; i < scene_.candidates.size(); ++i) {
      const Candidate& candidate = scene_.candidates[i];
      if (candidate.service == service && candidate.latest != Instant::max() && candidate.pod->ready)
        by_latest[candidate.latest].push_back(i);
    }
    std::vector<std::vector<std::size_t>> classes;
    classes.reserve(by_latest.size());
    for (auto& [latest, members] : by_latest) classes.push_back(std::move(members));
    std::vector<bool> best_held = rule_.held;
    int tries = kMostHeldTried;
    try_holding(classes, 0, tries, best_held);
    rule_.held = std::move(best_held);
  }

  // Every number of each class, the later classes' first, as far as `tries` go.
  void try_holding(const std::vector<std::vector<std::size_t>>& classes, std::size_t from, int& tries,
                   std::vector<bool>& best_held) {
    if (tries-- <= 0 || total(best_.loss) == 0s) return;
    if (Outcome tried = project(scene_, rule_); loses_less(tried)) {
      best_ = std::move(tried);
      best_held = rule_.held;
    }
    for (std::size_t i = from; i < classes.size(); ++i) {
      const auto next = std::ranges::find_if(classes[i], [&](std::size_t member) { return !rule_.held[member]; });
      if (next == classes[i].end()) continue;
      rule_.held[*next] = true;
      try_holding(classes, i, tries, best_held);
      rule_.held[*next] = false;
    }
  }

  // Past its budgets, where that loses less; as little as does.
  void pass_budgets(std::size_t service) {
    const Service& state = scene_.services[service];
    rule_.past_budgets[service] = true;
    const bool better = try_each(service, state.floor, state.expected - 1, true,
                                 [&](const Outcome& tried) { return loses_less(tried); });
    rule_.past_budgets[service] = better;
  }

  [[nodiscard]] bool loses_less(const Outcome& tried) const { return total(tried.loss) < total(best_.loss); }

  // Tries the numbers from `low` to `high` (or downwards) for `service`, and keeps each that is better than the best.
  template <class Better>
  bool try_each(std::size_t service, std::int64_t low, std::int64_t high, bool downwards, Better better) {
    const std::int64_t count = high - low + 1;
    const std::int64_t tries = std::min(count, kMostTried);
    std::int64_t kept = rule_.keep_serving[service];
    bool found = false;
    for (std::int64_t i = 0; i < tries; ++i) {
      const std::int64_t offset = tries == 1 ? 0 : i * (count - 1) / (tries - 1);
      rule_.keep_serving[service] = downwards ? high - offset : low + offset;
      Outcome tried = project(scene_, rule_);
      if (!better(tried)) continue;
      best_ = std::move(tried);
      kept = rule_.keep_serving[service];
      found = true;
    }
    rule_.keep_serving[service] = kept;
    return found;
  }

  const Scene& scene_;
  bool may_pass_budgets_;
  Rule rule_;
  Outcome best_;
};

bool waits_to_settle(const Scene& scene) {
  return std::ranges::any_of(scene.candidates,
                             [&](const Candidate& candidate) { return candidate.settled > scene.as_of; });
}

}  // namespace

// The settling after a notice and budgets are given up one after the other, each only where that loses less.
Outcome choose(const Scene& scene) {
  Outcome best = Chooser(scene, {}).choose();
  const auto improve = [&](const Frame& frame) {
    Outcome tried = Chooser(scene, frame).choose();
    if (total(tried.loss) < total(best.loss)) best = std::move(tried);
  };
  if (total(best.loss) > 0s && waits_to_settle(scene)) improve({.settles = false, .past_budgets = false});
  // Nothing is settled where budgets have to go: every moment counts.
  if (total(best.loss) > 0s) improve({.settles = false, .past_budgets = true});
  return best;
}

}  // namespace spotkeeper::plan::drain
