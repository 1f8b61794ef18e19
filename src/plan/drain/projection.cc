#include <algorithm>
#include <queue>

#include "plan/drain/stagger.h"
#include "plan/drain/timing.h"

namespace spotkeeper::plan::drain {
namespace {

class Projection {
 public:
  Projection(const Scene& scene, const Rule& rule)
      : scene_(scene),
        rule_(rule),
        now_(scene.as_of),
        at_(scene.as_of),
        services_(scene.services),
        budgets_(scene.budgets),
        started_(scene.candidates.size(), false),
        left_(scene.candidates.size()),
        rooms_(scene.rooms) {
    outcome_.loss.assign(services_.size(), Duration::zero());
    outcome_.strain = outcome_.loss;
    for (const Service& service : services_) outcome_.least.push_back(service.serving);
    for (const Arrival& arrival : scene.arrivals) arrivals_.push(&arrival);
    made_.reserve(scene.candidates.size());
    horizon_ = horizon();
  }

  Outcome run() && {
    while (true) {
      arrive();
      start_due();
      start_early();
      note_least();
      const std::optional<Instant> next = next_event();
      const Instant until = std::min(next.value_or(horizon_), horizon_);
      account(until);
      if (!next || *next >= horizon_) break;
      at_ = *next;
    }
    return std::move(outcome_);
  }

 private:
  struct Later {
    bool operator()(const Arrival* a, const Arrival* b) const { return a->at > b->at; }
  };

  // Far enough that every start shows its whole effect; the same for every rule, so that losses compare.
  [[nodiscard]] Instant horizon() const {
    Instant last = now_;
    Duration longest = 0s;
    for (const Arrival& arrival : scene_.arrivals) last = std::max(last, arrival.at);
    for (const Candidate& candidate : scene_.candidates) {
      if (candidate.latest != Instant::max()) last = std::max(last, candidate.latest);
      longest = std::max(longest, candidate.successor_after.value_or(0s) + candidate.ends_after);
    }
    return std::min(last, now_ + kLongestLength) + 2 * longest + 1s;
  }

  void arrive() {
    while (!arrivals_.empty() && arrivals_.top()->at <= at_) {
      const Arrival& arrival = *arrivals_.top();
      arrivals_.pop();
      Service& service = services_[arrival.service];
      ++service.serving;
      --service.in_flight;
      for (const std::size_t budget : arrival.budgets) ++budgets_[budget].spare;
    }
  }

  void start_due() {
    for (std::size_t i = 0; i < scene_.candidates.size(); ++i)
      if (!started_[i] && scene_.candidates[i].latest <= at_) start(i, true);
  }

  void start_early() {
    for (std::size_t i = 0; i < scene_.candidates.size(); ++i)
      if (!started_[i] && may_start(i)) start(i, false);
  }

  [[nodiscard]] bool may_start(std::size_t index) const {
    const Candidate& candidate = scene_.candidates[index];
    if (candidate.verdict.handling != Handling::Early || !candidate.room) return false;
    if (candidate.successor_after && rooms_ <= 0) return false;
    if (rule_.held[index]) return false;
    if (rule_.settles && at_ < candidate.settled) return false;
    const Service& service = services_[candidate.service];
    if (service.one_at_a_time && !is_next_in_order(index)) return false;
    if (candidate.pod->ready && service.serving - 1 < rule_.keep_serving[candidate.service]) return false;
    return rule_.past_budgets[candidate.service] || !refused(candidate);
  }

  // The highest ordinal that is left goes, when all others are back.
  [[nodiscard]] bool is_next_in_order(std::size_t index) const {
    const Candidate& candidate = scene_.candidates[index];
    if (services_[candidate.service].in_flight > (candidate.pod->ready ? 0 : 1)) return false;
    for (std::size_t i = 0; i < scene_.candidates.size(); ++i) {
      const Candidate& other = scene_.candidates[i];
      if (!started_[i] && other.service == candidate.service && other.pod->ordinal > candidate.pod->ordinal)
        return false;
    }
    return true;
  }

  [[nodiscard]] bool refused(const Candidate& candidate) const {
    return std::ranges::any_of(candidate.budgets, [&](std::size_t budget) {
      return allowance(state_at(budget), *candidate.pod) == Allowance::Refused;
    });
  }

  // A stale status is caught up with in a moment (next_event); it only matters now.
  [[nodiscard]] BudgetState state_at(std::size_t budget) const {
    BudgetState state = budgets_[budget];
    state.stale = state.stale && at_ == now_;
    return state;
  }

  void start(std::size_t index, bool forced) {
    const Candidate& candidate = scene_.candidates[index];
    if (at_ == now_) outcome_.now.push_back({index, forced, refused(candidate)});
    started_[index] = true;
    --left_;
    Service& service = services_[candidate.service];
    if (candidate.pod->ready) {
      --service.serving;
      ++service.in_flight;
      for (const std::size_t budget : candidate.budgets) --budgets_[budget].spare;
    }
    if (!candidate.successor_after || !candidate.room || rooms_ <= 0) return;
    --rooms_;
    const Instant made = std::min(at_ + candidate.ends_after, std::max(candidate.gone_by, at_));
    made_.push_back({made + *candidate.successor_after, candidate.service, candidate.budgets});
    arrivals_.push(&made_.back());
  }

  void note_least() {
    for (std::size_t i = 0; i < services_.size(); ++i)
      outcome_.least[i] = at_ == now_ ? services_[i].serving : std::min(outcome_.least[i], services_[i].serving);
  }

  [[nodiscard]] std::optional<Instant> next_event() const {
    std::optional<Instant> next;
    if (!arrivals_.empty()) next = arrivals_.top()->at;
    if (left_ == 0) return next;
    if (at_ == now_ && std::ranges::any_of(budgets_, &BudgetState::stale))
      next = std::min(next.value_or(at_ + 1s), at_ + 1s);
    for (std::size_t i = 0; i < scene_.candidates.size(); ++i) {
      if (started_[i]) continue;
      const Candidate& candidate = scene_.candidates[i];
      const Instant due = candidate.latest;
      if (due != Instant::max()) next = std::min(next.value_or(due), due);
      if (rule_.settles && candidate.settled > at_) next = std::min(next.value_or(due), candidate.settled);
    }
    return next;
  }

  void account(Instant until) {
    for (std::size_t i = 0; i < services_.size(); ++i) {
      const std::int64_t missing = services_[i].floor - services_[i].serving;
      if (missing > 0) outcome_.loss[i] += missing * (until - at_);
      const std::int64_t beyond = services_[i].comfort - services_[i].serving;
      if (beyond > 0) outcome_.strain[i] += beyond * (until - at_);
    }
  }

  const Scene& scene_;
  const Rule& rule_;
  Instant now_;
  Instant at_;
  Instant horizon_;
  std::vector<Service> services_;
  std::vector<BudgetState> budgets_;
  std::vector<bool> started_;
  std::size_t left_;
  std::int64_t rooms_;
  std::vector<Arrival> made_;  // room is kept for all, so that pointers into it hold
  std::priority_queue<const Arrival*, std::vector<const Arrival*>, Later> arrivals_;
  Outcome outcome_;
};

}  // namespace

Outcome project(const Scene& scene, const Rule& rule) { return Projection(scene, rule).run(); }

}  // namespace spotkeeper::plan::drain
