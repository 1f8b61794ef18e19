#include "control/executor.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "base/text.h"
#include "control/event_notes.h"

namespace spotkeeper::control {
namespace {

using kube::EvictOutcome;

// A budget that refused will mostly allow within seconds: its workload is getting a successor ready.
constexpr BackoffPolicy kQuick = {.first = 250ms, .factor = 2.0, .jitter = 0.2, .most = 2s};
constexpr BackoffPolicy kSlow = {.first = 1s, .factor = 2.0, .jitter = 0.2, .most = 10s};
constexpr Duration kBudgetSettles = 2s;    // the most a stale budget is waited for, whatever Retry-After says
constexpr Duration kThrottleDefault = 1s;  // where the server throttles and does not say for how long
constexpr Duration kShortest = 50ms;

}  // namespace

std::string describe_budgets(const Snapshot& cluster, const Pod& pod) {
  std::vector<std::string> texts;
  for (const DisruptionBudget* budget : cluster.budgets_of(pod))
    texts.push_back(budget->name.str() + " (allows " + std::to_string(budget->disruptions_allowed) + "; " +
                    std::to_string(budget->current_healthy) + " healthy, " + std::to_string(budget->desired_healthy) +
                    " wanted)");
  return join(texts, ", ");
}

Executor::Executor(net::Runtime& runtime, const Clock& clock, ClusterApi& cluster, DrainObserver& observer,
                   ExecutorConfig config)
    : runtime_(runtime),
      clock_(clock),
      cluster_(cluster),
      observer_(observer),
      config_(std::move(config)),
      random_(config_.seed),
      changed_(runtime),
      tasks_(runtime) {}

void Executor::carry_out(ClusterView& view, std::span<const Action> actions, std::optional<Deadline> deadline) {
  view_ = &view;
  deadline_ = deadline;
  const Snapshot& cluster = view.snapshot();
  settle_unheard(cluster);
  forget_what_is_gone(cluster);
  for (const Action& action : actions) std::visit([&](const auto& one) { start(one, cluster); }, action);
}

void Executor::settle_unheard(const Snapshot& cluster) {
  for (auto& [uid, attempt] : attempts_) {
    const Pod* const pod = attempt.unheard && !attempt.ended ? cluster.find_pod(uid) : nullptr;
    if (pod == nullptr || !pod->terminating()) continue;
    attempt.ended = true;
    count_accepted(pod->ref(), pod->deletion_grace.value_or(pod->spec->grace), true);
    tell_evicted(pod->ref());
  }
}

void Executor::forget_what_is_gone(const Snapshot& cluster) {
  std::erase_if(attempts_, [&](const auto& entry) {
    const Attempt& attempt = entry.second;
    return !attempt.evicting && !attempt.deleting && cluster.find_pod(entry.first) == nullptr;
  });
}

bool Executor::may_evict(const Attempt& attempt, const Pod& pod, const Snapshot& cluster) const {
  const Steady now = runtime_.steady();
  if (attempt.ended || attempt.evicting || attempt.deleting || attempt.eviction_pointless) return false;
  if (now < throttled_until_) return false;
  if (now >= attempt.evict_from) return true;
  if (!attempt.evict_early || now < *attempt.evict_early) return false;
  std::vector<ResourceVersion> budgets;
  for (const DisruptionBudget* budget : cluster.budgets_of(pod)) budgets.push_back(budget->version);
  return budgets != attempt.budgets;
}

void Executor::start(const plan::Evict& action, const Snapshot& cluster) {
  // The uid is looked up once more: an eviction of a uid that has gone costs its budget a disruption for two minutes.
  const Pod* const pod = cluster.find_pod(action.pod.uid);
  if (pod == nullptr || pod->node != config_.node || evictions_ >= config_.max_evictions) return;
  Attempt& attempt = attempts_[action.pod.uid];
  if (!may_evict(attempt, *pod, cluster)) return;
  attempt.evicting = true;
  attempt.was_ending = pod->terminating();
  attempt.budgets.clear();
  for (const DisruptionBudget* budget : cluster.budgets_of(*pod)) attempt.budgets.push_back(budget->version);
  ++evictions_;
  tasks_.start(evict(action, action.grace.value_or(pod->spec->grace)));
}

void Executor::start(const plan::DeleteNow& action, const Snapshot& cluster) {
  const Pod* const pod = cluster.find_pod(action.pod.uid);
  if (pod == nullptr || pod->node != config_.node || deletes_ >= config_.max_deletes) return;
  Attempt& attempt = attempts_[action.pod.uid];
  // An eviction under way does not hold it up: it may hang at the server for ten seconds, and two of them do no harm.
  if (attempt.ended || attempt.deleting || runtime_.steady() < attempt.delete_from) return;
  attempt.deleting = true;
  ++deletes_;
  tasks_.start(remove(action, describe_budgets(cluster, *pod)));
}

net::Task<void> Executor::evict(plan::Evict action, GracePeriod grace) {
  const kube::EvictAnswer answer = co_await cluster_.evict(action.pod, action.grace);
  --evictions_;
  conclude(action, grace, answer);
  changed_.notify();
}

net::Task<void> Executor::remove(plan::DeleteNow action, std::string budgets) {
  const Result<kube::DeleteOutcome> answer = co_await cluster_.delete_pod(action.pod, action.grace);
  --deletes_;
  conclude(action, budgets, answer);
  changed_.notify();
}

void Executor::conclude(const plan::Evict& action, GracePeriod grace, const kube::EvictAnswer& answer) {
  observer_.on_eviction(answer.outcome);
  Attempt& attempt = attempts_[action.pod.uid];
  attempt.evicting = false;
  switch (answer.outcome) {
    case EvictOutcome::Accepted:
      attempt.ended = true;
      accept(action.pod, grace, true);
      return tell_evicted(action.pod);
    case EvictOutcome::Gone:
    case EvictOutcome::Replaced: attempt.ended = true; return;
    default: rest_after(attempt, action, answer);
  }
}

void Executor::rest_after(Attempt& attempt, const plan::Evict& action, const kube::EvictAnswer& answer) {
  const Steady now = runtime_.steady();
  Duration wait{};
  attempt.evict_early.reset();
  switch (answer.outcome) {
    case EvictOutcome::BudgetRefused:
      wait = quick(attempt);
      attempt.evict_early = now + kQuick.first;
      break;
    case EvictOutcome::BudgetStale:
      wait = std::min(answer.retry_after.value_or(kBudgetSettles), kBudgetSettles);
      attempt.evict_early = now + kQuick.first;
      break;
    case EvictOutcome::Throttled:
      // The server protects itself: nothing more is sent to be evicted until it says so. Deletes at a last safe start
      // are few and are still tried.
      throttled_until_ = std::max(throttled_until_, now + answer.retry_after.value_or(kThrottleDefault));
      break;
    case EvictOutcome::SeveralBudgets:
      attempt.eviction_pointless = true;
      complain(attempt, action.pod, "SeveralBudgets",
               "more than one disruption budget covers this pod, so that it can't be evicted; it will be deleted when "
               "its time comes: " +
                   answer.message);
      break;
    case EvictOutcome::Forbidden:
    case EvictOutcome::WebhookFailed:
    case EvictOutcome::Failed:
      wait = slow(attempt);
      complain(attempt, action.pod, "EvictionFailed", "eviction failed and is tried again: " + answer.message);
      break;
    case EvictOutcome::Unreachable:
      attempt.unheard = true;
      wait = quick(attempt);
      break;
    default: wait = quick(attempt);  // Contention, NamespaceTerminating
  }
  attempt.evict_from = now + within_deadline(wait);
  log::debug("eviction not accepted", {{"pod", action.pod.name.str()},
                                       {"answer", kube::name_of(answer.outcome)},
                                       {"message", answer.message},
                                       {"again_in", format_duration(attempt.evict_from - now)}});
}

void Executor::conclude(const plan::DeleteNow& action, const std::string& budgets,
                        const Result<kube::DeleteOutcome>& answer) {
  Attempt& attempt = attempts_[action.pod.uid];
  attempt.deleting = false;
  if (!answer) {
    observer_.on_delete(name_of(answer.error().code));
    const bool throttled = answer.error().code == ErrorCode::Throttled;
    attempt.delete_from = runtime_.steady() + within_deadline(throttled ? kThrottleDefault : quick(attempt));
    complain(attempt, action.pod, "DeleteFailed", "deleting failed and is tried again: " + answer.error().message);
    return;
  }
  attempt.ended = true;
  if (*answer != kube::DeleteOutcome::Accepted) {
    observer_.on_delete(*answer == kube::DeleteOutcome::Gone ? "gone" : "replaced");
    return;
  }
  observer_.on_delete("accepted");
  accept(action.pod, action.grace, false);
  const std::string why(plan::name_of(action.reason));
  if (!action.overrides_budget && !action.overrides_do_not_disrupt) {
    tell(kube::EventNote::Type::Normal, action.pod, "DeletedFromDyingNode", "Delete",
         "deleted from node " + config_.node.str() + ", which is going away (" + why + ")");
    return;
  }
  observer_.on_override(action);
  std::vector<std::string> what;
  if (action.overrides_budget) what.push_back("disruption budget " + budgets);
  if (action.overrides_do_not_disrupt) what.emplace_back("do-not-disrupt annotation");
  tell(kube::EventNote::Type::Warning, action.pod,
       action.overrides_budget ? "BudgetOverridden" : "DoNotDisruptOverridden", "Delete",
       "overrode " + join(what, " and ") + " because node " + config_.node.str() + " is going away (" + why + ")");
}

void Executor::accept(const PodRef& pod, GracePeriod grace, bool evicted) {
  const bool budgets_asked = evicted && !attempts_[pod.uid].was_ending;
  if (view_ != nullptr) view_->assume_ending(pod, clock_.now() + grace.length(), budgets_asked);
  count_accepted(pod, grace, evicted);
}

void Executor::count_accepted(const PodRef& pod, GracePeriod grace, bool evicted) {
  ++accepted_;
  last_accepted_ = clock_.now();
  log::info(evicted ? "pod evicted" : "pod deleted",
            {{"pod", pod.name.str()}, {"grace", format_duration(grace.length())}});
}

std::optional<Steady> Executor::next_try() const {
  const Steady now = runtime_.steady();
  std::optional<Steady> next;
  const auto consider = [&](Steady when) {
    if (when > now && (!next || when < *next)) next = when;
  };
  consider(throttled_until_);
  for (const auto& [uid, attempt] : attempts_) {
    if (attempt.ended) continue;
    consider(attempt.evict_from);
    consider(attempt.delete_from);
    if (attempt.evict_early) consider(*attempt.evict_early);
  }
  return next;
}

Duration Executor::within_deadline(Duration wait) const {
  if (!deadline_) return wait;
  return std::min(wait, std::max(kShortest, (deadline_->at - clock_.now()) / 10));
}

Duration Executor::quick(Attempt& attempt) {
  if (!attempt.quick) attempt.quick.emplace(kQuick, random_.fork(random_.next()));
  return attempt.quick->next();
}

Duration Executor::slow(Attempt& attempt) {
  if (!attempt.slow) attempt.slow.emplace(kSlow, random_.fork(random_.next()));
  return attempt.slow->next();
}

void Executor::tell(kube::EventNote::Type type, const PodRef& pod, std::string_view reason, std::string_view action,
                    std::string note) {
  cluster_.emit(event_on(pod, type, reason, action, std::move(note)));
}

void Executor::tell_evicted(const PodRef& pod) {
  tell(kube::EventNote::Type::Normal, pod, "EvictedFromDyingNode", "Evict",
       "evicted from node " + config_.node.str() + ", which is going away");
}

void Executor::complain(Attempt& attempt, const PodRef& pod, std::string_view reason, std::string note) {
  if (std::exchange(attempt.reported, true)) return;
  log::warn("a pod can't be moved as planned", {{"pod", pod.name.str()}, {"reason", reason}, {"detail", note}});
  tell(kube::EventNote::Type::Warning, pod, reason, "Evict", std::move(note));
}

}  // namespace spotkeeper::control
