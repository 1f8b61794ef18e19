// Carries out what a drain plan says, call by call, and remembers what every answer means for the next try.
//
// Level-triggered like the plan: give it the plan after every look, and it starts what is neither under way nor
// resting. The same call is safe to repeat: each names its pod by uid. Answers are handled as docs/agent.md lists them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "base/backoff.h"
#include "base/random.h"
#include "base/time.h"
#include "control/ports.h"
#include "kube/answers.h"
#include "model/names.h"
#include "model/snapshot.h"
#include "net/runtime.h"
#include "net/signal.h"
#include "net/task.h"
#include "net/task_group.h"
#include "plan/drain/drain.h"

namespace spotkeeper::control {

/// Hears of every answer; for metrics.
class DrainObserver {
 public:
  DrainObserver() = default;
  DrainObserver(const DrainObserver&) = delete;
  DrainObserver& operator=(const DrainObserver&) = delete;
  virtual ~DrainObserver() = default;

  virtual void on_eviction(kube::EvictOutcome outcome) = 0;
  /// "accepted", "gone", "replaced", or the name of the error.
  virtual void on_delete(std::string_view outcome) = 0;
  /// A delete that no budget, or no do-not-disrupt annotation, would have allowed was accepted.
  virtual void on_override(const plan::DeleteNow& action) = 0;
};

struct ExecutorConfig {
  NodeName node;                   // pods that are not on it are never touched
  std::size_t max_evictions = 16;  // under way at the same time
  std::size_t max_deletes = 64;    // the same; apart, so that a last safe start never queues behind evictions
  std::uint64_t seed = 1;          // of jitter
};

class Executor {
 public:
  /// `clock` is the one that deadlines are on.
  Executor(net::Runtime& runtime, const Clock& clock, ClusterApi& cluster, DrainObserver& observer,
           ExecutorConfig config);

  using Action = std::variant<plan::Evict, plan::DeleteNow>;
  /// Starts what can be started, in order. The pods' machine ends at `deadline`, if that is known.
  void carry_out(ClusterView& view, std::span<const Action> actions, std::optional<Deadline> deadline);
  /// The view that hears of accepted calls from now on; nullptr: none. Called before a view goes.
  void use_view(ClusterView* view) { view_ = view; }

  /// Withdraws what is under way; nothing is sent any more.
  void end() { tasks_.cancel_all(); }

  /// Calls that have no answer yet.
  [[nodiscard]] std::size_t under_way() const { return evictions_ + deletes_; }
  /// When something that rests may be tried again; none: nothing rests.
  [[nodiscard]] std::optional<Steady> next_try() const;
  /// When the last call was accepted.
  [[nodiscard]] std::optional<Instant> last_accepted() const { return last_accepted_; }
  /// Pods whose end has been accepted through this executor.
  [[nodiscard]] std::size_t accepted() const { return accepted_; }
  /// Notified after every answer.
  [[nodiscard]] net::Signal& changed() { return changed_; }

 private:
  /// What is known of one pod's end.
  struct Attempt {
    bool evicting = false;
    bool deleting = false;
    bool was_ending = false;               // when its eviction was sent
    bool ended = false;                    // accepted, or gone
    bool eviction_pointless = false;       // several budgets: only a delete will do
    bool unheard = false;                  // an eviction had no answer: it may have been accepted
    bool reported = false;                 // the trouble with it has been said in an event
    Steady evict_from;                     // not before
    Steady delete_from;                    // not before
    std::optional<Steady> evict_early;     // from then on, if one of its budgets has changed
    std::vector<ResourceVersion> budgets;  // as they were when one refused
    std::optional<Backoff> quick;
    std::optional<Backoff> slow;
  };

  void start(const plan::Evict& action, const Snapshot& cluster);
  void start(const plan::DeleteNow& action, const Snapshot& cluster);
  [[nodiscard]] bool may_evict(const Attempt& attempt, const Pod& pod, const Snapshot& cluster) const;
  net::Task<void> evict(plan::Evict action, GracePeriod grace);
  net::Task<void> remove(plan::DeleteNow action, std::string budgets);
  void conclude(const plan::Evict& action, GracePeriod grace, const kube::EvictAnswer& answer);
  void rest_after(Attempt& attempt, const plan::Evict& action, const kube::EvictAnswer& answer);
  void conclude(const plan::DeleteNow& action, const std::string& budgets, const Result<kube::DeleteOutcome>& answer);
  void accept(const PodRef& pod, GracePeriod grace, bool evicted);
  void count_accepted(const PodRef& pod, GracePeriod grace, bool evicted);
  /// Evictions whose answer was lost, and whose pods end all the same, count as accepted.
  void settle_unheard(const Snapshot& cluster);
  /// `wait`, or what the deadline allows of it.
  [[nodiscard]] Duration within_deadline(Duration wait) const;
  Duration quick(Attempt& attempt);
  Duration slow(Attempt& attempt);
  void forget_what_is_gone(const Snapshot& cluster);
  void tell(kube::EventNote::Type type, const PodRef& pod, std::string_view reason, std::string_view action,
            std::string note);
  void tell_evicted(const PodRef& pod);
  void complain(Attempt& attempt, const PodRef& pod, std::string_view reason, std::string note);

  net::Runtime& runtime_;
  const Clock& clock_;
  ClusterApi& cluster_;
  DrainObserver& observer_;
  ExecutorConfig config_;
  Random random_;
  net::Signal changed_;
  ClusterView* view_ = nullptr;
  std::optional<Deadline> deadline_;
  std::map<Uid, Attempt> attempts_;
  Steady throttled_until_;
  std::size_t evictions_ = 0;
  std::size_t deletes_ = 0;
  std::size_t accepted_ = 0;
  std::optional<Instant> last_accepted_;
  net::TaskGroup tasks_;  // last: what runs in it uses the rest
};

/// "app/web (allows 0 of 3)": the budgets that cover the pod, for people.
[[nodiscard]] std::string describe_budgets(const Snapshot& cluster, const Pod& pod);

}  // namespace spotkeeper::control
