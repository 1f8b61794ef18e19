#include "control/hard_kills.h"

#include <algorithm>
#include <optional>
#include <string>

#include "base/log.h"
#include "control/event_notes.h"

namespace spotkeeper::control {
namespace {

constexpr Duration kSureBefore = 20s;  // the deadline: two scrapes of Prometheus' usual 10 s
constexpr Duration kLateStart = 3s;    // after a last safe start: the API server has had its chance
constexpr Duration kLastLook = 1s;     // before the deadline: afterwards nobody is left to count

std::string rounded(Duration length) { return format_duration(std::chrono::round<std::chrono::seconds>(length)); }

}  // namespace

bool is_moved(const Pod& pod, const plan::DrainPolicy& policy) {
  return !pod.completed() && !pod.mirror && (policy.evict_daemons || !pod.is_daemon()) &&
         (!policy.self || pod.name != *policy.self);
}

void HardKills::forget() {
  short_.clear();
  killed_.clear();
}

void HardKills::look(const Snapshot& cluster, const Interruption& what, Instant now, Agenda& agenda) {
  if (what.kind != InterruptionKind::Kill || !what.deadline) return;
  for (const Pod* pod : cluster.pods_on(what.node)) {
    if (!is_moved(*pod, policy_)) continue;
    short_of_grace(*pod, what, now);
    killed_hard(*pod, what, now, agenda);
  }
}

GracePeriod HardKills::own_grace(const Pod& pod) const { return policy_.pod_grace.value_or(pod.spec->grace); }

void HardKills::short_of_grace(const Pod& pod, const Interruption& what, Instant now) {
  const Instant since = std::max(what.noticed, pod.created);
  const Instant ends = pod.terminating() ? *pod.deletion : since + own_grace(pod).length() + policy_.margin;
  if (ends <= what.deadline->at) return shortened(pod, what);
  if (!short_.insert(pod.uid).second) return;
  metrics_.on_short_of_grace();
  const std::string own = format_duration(own_grace(pod).length());
  const std::string left = rounded(what.deadline->at - now);
  log::warn("a pod's grace period does not fit", {{"pod", pod.name.str()}, {"grace", own}, {"left", left}});
  cluster_.emit(event_on(pod.ref(), kube::EventNote::Type::Warning, "GraceDoesNotFit", "Drain",
                         "its grace period of " + own + " does not fit: node " + what.node.str() + " ends in " + left +
                             "; it gets as much of it as there is"));
  news_.trouble(what, "pod " + pod.name.str() + " can't have its grace period of " + own + ": " + left + " are left");
}

// What it was given ends in time, because it is less than its own.
void HardKills::shortened(const Pod& pod, const Interruption& what) {
  if (!pod.terminating() || !pod.deletion_grace || *pod.deletion_grace >= own_grace(pod)) return;
  if (*pod.deletion - pod.deletion_grace->length() < what.noticed || !short_.insert(pod.uid).second) return;
  metrics_.on_short_of_grace();
  const std::string own = format_duration(own_grace(pod).length());
  const std::string given = format_duration(pod.deletion_grace->length());
  log::warn("a pod's grace period was shortened", {{"pod", pod.name.str()}, {"grace", own}, {"given", given}});
  cluster_.emit(event_on(pod.ref(), kube::EventNote::Type::Warning, "GraceShortened", "Drain",
                         "it was told to end with " + given + " of its grace period of " + own + ", before node " +
                             what.node.str() + " ends"));
}

void HardKills::killed_hard(const Pod& pod, const Interruption& what, Instant now, Agenda& agenda) {
  const Instant deadline = what.deadline->at;
  const Instant since = std::max(what.noticed, pod.created);
  Instant sure = deadline - kLastLook;
  if (!pod.terminating()) {
    // The plan reckons with the same instant, and with nothing before the notice.
    const Instant planned = std::max(plan::last_safe_start(pod, *what.deadline, policy_, since), since);
    sure = std::min(sure, planned + kLateStart);
  } else if (*pod.deletion > deadline) {
    sure = deadline - kSureBefore;
  }
  agenda.consider(std::optional(sure));
  if (now < sure || !killed_.insert(pod.uid).second) return;
  metrics_.on_killed_hard();
  const std::string left = rounded(std::max(deadline - now, Duration(0)));
  log::error("a pod will be killed hard", {{"pod", pod.name.str()}, {"left", left}, {"told", pod.terminating()}});
  cluster_.emit(event_on(pod.ref(), kube::EventNote::Type::Warning, "KilledWithItsNode", "Drain",
                         (pod.terminating() ? "it is still ending" : "it could not be told to end") +
                             std::string(" and node ") + what.node.str() + " goes in " + left +
                             ": its containers will be cut off"));
  news_.trouble(what, "pod " + pod.name.str() + " will be cut off: " +
                          (pod.terminating() ? "it is still ending" : "it could not be told to end") + ", and " + left +
                          " are left");
}

}  // namespace spotkeeper::control
