#include "plan/drain/outlook.h"

#include <algorithm>
#include <set>
#include <tuple>

#include "plan/drain/timing.h"

namespace spotkeeper::plan::drain {
namespace {

constexpr int kTimesWaitedFor = 3;     // what its siblings took
constexpr Duration kEndsLateBy = 10s;  // a pod that should be gone is looked for again after so long

class Teller {
 public:
  Teller(Duration ready_after, const DrainPolicy& policy, Instant now)
      : ready_after_(ready_after), policy_(policy), now_(now), told_{.arrivals = {}, .turns = Turns(now)} {}

  Outlook tell(std::span<const Pod* const> pods, const Pod* ended, bool one_at_a_time,
               const std::function<Hope(const Pod&)>& hope) && {
    for (const Pod* pod : pods) {
      // One that has ended keeps its name, without which no StatefulSet goes on, until its kubelet lets it go.
      if (pod->completed() && !(one_at_a_time && pod->terminating())) continue;
      told_.min_serving = std::max(told_.min_serving, pod->spec->wishes.min_serving.value_or(0));
      if (pod->terminating()) {
        ending_.push_back(pod);
      } else {
        ++told_.replicas;
        look_at(*pod, hope);
      }
    }
    if (one_at_a_time) {
      for (const Pod* pod : ending_) expect_in_place_of(*pod);
      expect_missing(pods, ended);
    } else {
      expect_unmade(pods);
    }
    told_.replicas += told_.unmade;
    return std::move(told_);
  }

 private:
  void look_at(const Pod& pod, const std::function<Hope(const Pod&)>& hope) {
    told_.turns.at(pod.created);
    if (pod.ready) {
      ++told_.serving;
      if (pod.ready_since) told_.turns.at(*pod.ready_since);
      return;
    }
    const Hope of_it = hope(pod);
    if (of_it == Hope::Comes) expect(pod);
    if (of_it == Hope::Leaves) ++told_.in_flight;
  }

  // A pod that is not Ready yet will be after one, two or three times what its siblings took, whichever is next. One
  // that is older crashes, or waits for something that does not come.
  void expect(const Pod& pod) {
    std::optional<Instant> at;
    for (int times = kTimesWaitedFor; times > 0; --times) {
      const Instant then = pod.created + times * ready_after_;
      told_.turns.at(then);
      if (then > now_) at = then;
    }
    if (!at) return;
    ++told_.in_flight;
    told_.arrivals.push_back({*at, &pod});
  }

  // The name is free when the old pod is gone.
  void expect_in_place_of(const Pod& ending) {
    told_.turns.at(end_began(ending));
    const Instant gone = first_after(*ending.deletion, kEndsLateBy);
    told_.arrivals.push_back({gone + ready_after_, &ending});
    ++told_.in_flight;
    ++told_.unmade;
  }

  // An old pod is gone a moment before its successor is made: its number is missing then. Above and below all others it
  // is known to be missing only from the pod that ended last. When that went is not to be seen, so that its successor
  // is looked for in steps from what happened before.
  void expect_missing(std::span<const Pod* const> pods, const Pod* ended) {
    std::set<std::int32_t> named;
    std::set<std::int32_t> held;
    for (const Pod* pod : pods) {
      if (!pod->ordinal) continue;
      named.insert(*pod->ordinal);
      if (!pod->completed() || pod->terminating()) held.insert(*pod->ordinal);
    }
    if (ended != nullptr && is_replaced(*ended)) named.insert(*ended->ordinal);
    if (named.empty()) return;
    const std::int64_t between = std::int64_t{*named.rbegin()} - *named.begin() + 1;
    const std::int64_t missing = std::min(between - std::ssize(held), std::ssize(pods));
    if (missing <= 0) return;
    const Instant at = first_after(std::max(told_.turns.last(), Instant()) + ready_after_, ready_after_);
    told_.in_flight += missing;
    told_.unmade += missing;
    for (std::int64_t i = 0; i < missing; ++i) told_.arrivals.push_back({at, pods.front()});
  }

  // Or the workload has become smaller.
  bool is_replaced(const Pod& ended) {
    const Instant given_up = *ended.deletion + policy_.successor_made_within;
    told_.turns.at(end_began(ended));
    told_.turns.at(given_up);
    return now_ < given_up;
  }

  // The first of `from`, `from` + `step`, … that is still to come.
  Instant first_after(Instant from, Duration step) {
    const std::int64_t passed = now_ < from ? 0 : (now_ - from) / step + 1;
    const Instant at = from + passed * step;
    told_.turns.at(at);
    if (passed > 0) told_.turns.at(at - step);
    return at;
  }

  // Successors that have been made belong to the ends that came before them, in order; the other ends still wait for
  // theirs.
  void expect_unmade(std::span<const Pod* const> pods) {
    if (ending_.empty()) return;
    std::ranges::sort(ending_, [](const Pod* a, const Pod* b) {
      const Instant first = end_began(*a);
      const Instant second = end_began(*b);
      return first != second ? first < second : a->name < b->name;
    });
    // API times are whole seconds: a successor may seem to be made a moment before the end that caused it.
    const Instant since = end_began(*ending_.front()) - 1s;
    std::vector<Instant> made;
    for (const Pod* pod : pods)
      if (!pod->completed() && !pod->terminating() && pod->created >= since) made.push_back(pod->created);
    std::ranges::sort(made);
    auto next = made.begin();
    for (const Pod* pod : ending_) {
      const Instant began = end_began(*pod);
      told_.turns.at(began);
      while (next != made.end() && *next < began - 1s) ++next;
      if (next != made.end()) {
        ++next;
      } else {
        expect_after(*pod, began);
      }
    }
  }

  void expect_after(const Pod& ending, Instant began) {
    const Instant given_up = began + policy_.successor_made_within;
    told_.turns.at(given_up);
    if (now_ >= given_up) return;
    told_.arrivals.push_back({first_after(began + ready_after_, ready_after_), &ending});
    ++told_.unmade;
  }

  Duration ready_after_;
  const DrainPolicy& policy_;
  Instant now_;
  Outlook told_;
  std::vector<const Pod*> ending_;
};

}  // namespace

Outlook outlook(std::span<const Pod* const> pods, const Pod* ended, bool one_at_a_time, Duration ready_after,
                const DrainPolicy& policy, Instant now, const std::function<Hope(const Pod&)>& hope) {
  return Teller(ready_after, policy, now).tell(pods, ended, one_at_a_time, hope);
}

}  // namespace spotkeeper::plan::drain
