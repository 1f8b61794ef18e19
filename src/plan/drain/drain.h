// Decides what to do next about the pods of nodes that are going to die.
//
// Pure: the answer depends on the arguments alone. Level-triggered: call it after every change of the snapshot and at
// `next_look`; asked twice about the same snapshot it gives the same plan. Rules and their sources: docs/drain.md
// (eviction API, disruption budgets, kubectl drain's filters).
#pragma once

#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "base/time.h"
#include "model/interruption.h"
#include "model/snapshot.h"

namespace spotkeeper::plan {

struct DrainPolicy {
  Duration margin = 2s;                // between the last thing a pod needs and the deadline
  Duration endpoint_propagation = 5s;  // until no proxy sends to a pod that is ending
  Duration longest_request = 10s;      // where the pod's annotation does not say
  Duration volume_detach = 10s;        // unmount and detach, for pods with volumes
  Duration default_ready_after = 60s;  // from eviction to a Ready successor, where none has been seen yet
  /// A pod that took longer than this to become Ready has flapped or waited for a machine: no measure for the next one.
  Duration longest_ready_after = 10min;
  /// A controller makes a successor within this, or has been scaled down and makes none.
  Duration successor_made_within = 30s;
  /// After the notice of a Kill nothing of that node is started early for the lesser of this and a tenth of the time
  /// left, while other nodes of its (zone, type) are unmarked: theirs may be on its way, and successors would land
  /// there.
  Duration neighbours_heard = 3s;
  Duration completed_after_kill = 2s;  // the kubelet's least grace
  Duration unstated_notice = 120s;     // a Kill without a deadline comes this long after it was noticed
  /// A Maintenance's drain begins this long before its deadline, or twice what its pods need one after the other, if
  /// that is more.
  Duration maintenance_lead = 10min;
  /// Of a workload's pods that serve or are about to, at most this share (at least one pod) is out at once, budget or
  /// none, unless more is what keeps it above its floor. In (0, 1].
  double share_at_once = 0.25;
  /// A pod whose successor has no room on a Ready node stays until its last safe start. False beside an autoscaler that
  /// buys room only for pods that are pending already.
  bool wait_for_room = true;
  /// A pod that somebody makes anew waits for its turn until only what its requests need is left of its grace. Of
  /// workloads whose graces barely fit fewer are then out at once, and some pods get less grace than would have fitted.
  bool grace_may_yield = false;
  /// Instead of each pod's own grace; still cut to what is left of the notice.
  std::optional<GracePeriod> pod_grace = {};
  /// Where there is no deadline, pods without an owner and a Job's stay.
  bool keep_what_is_not_made_anew = false;
  bool evict_daemons = false;       // DaemonSet pods: last, or never
  bool obey_do_not_disrupt = true;  // for Maybe and Retire; a Kill's deadline overrides it
  std::optional<ObjectName> self;   // the pod that this process is: never touched
};

/// Through the eviction API: a budget may refuse. `grace` only where it is not the pod's own.
struct Evict {
  PodRef pod;
  std::optional<GracePeriod> grace;
  friend bool operator==(const Evict&, const Evict&) = default;
};

enum class DeleteReason {
  LastSafeStart,   // a later SIGTERM would not leave what the pod needs: a budget no longer decides
  KeepServing,     // obeying the budget would leave the workload without a Ready pod (or below its min-serving share)
  SeveralBudgets,  // more than one budget covers the pod: the eviction API would refuse for ever
};
[[nodiscard]] std::string_view name_of(DeleteReason reason);

/// A plain delete: no budget is asked. `grace` is what fits before the deadline, at least one second.
struct DeleteNow {
  PodRef pod;
  GracePeriod grace;
  DeleteReason reason = DeleteReason::LastSafeStart;
  bool overrides_budget = false;          // a budget that allowed nothing stood against it
  bool overrides_do_not_disrupt = false;  // so did its annotation
  friend bool operator==(const DeleteNow&, const DeleteNow&) = default;
};

enum class WaitReason {
  Budget,        // its budget allows no disruption now
  Pace,          // as many of its workload are out as may be: it goes when a successor is Ready
  Room,          // no Ready node has room for its successor
  Order,         // a StatefulSet's next pod goes when the one before it is back; DaemonSet pods go last
  NoSuccessor,   // nobody makes it anew (elsewhere), or it runs to an end of its own: it goes as late as is safe
  DoNotDisrupt,  // its annotation asks for it, and the interruption allows waiting
  NotDraining,   // this kind of interruption does not drain (Maybe), or not yet (Maintenance)
  Terminating,   // it has been told to end and is ending
  Never,         // static pods, DaemonSet pods, this process itself: they go with the machine
};
[[nodiscard]] std::string_view name_of(WaitReason reason);

struct Waiting {
  PodRef pod;
  WaitReason reason = WaitReason::Budget;
  std::string detail;            // for people: which budget, which pod before it
  std::optional<Instant> until;  // when it is acted on in any case
  friend bool operator==(const Waiting&, const Waiting&) = default;
};

struct DrainPlan {
  std::vector<std::variant<Evict, DeleteNow>> now;  // in the order to be sent
  std::optional<Instant> next_look;                 // nothing falls due before it, if nothing changes
  std::vector<Waiting> waiting;                     // who waits for what, for `spotkeeper status`
  friend bool operator==(const DrainPlan&, const DrainPlan&) = default;
};

/// What to send now. `dying` in any order, one or more records a node; pods on nodes that are not in it are never
/// touched. Total: every snapshot has a plan, and a pod that cannot be helped is in `waiting` with its reason.
[[nodiscard]] DrainPlan plan_drain(const Snapshot& cluster, std::span<const Interruption> dying,
                                   const DrainPolicy& policy, Instant now);

/// How long the pod takes from the start of its end: its whole grace period where that still fits between `now` and the
/// deadline (and need not yield, see DrainPolicy::grace_may_yield); else preStop + endpoint propagation + its longest
/// request (never more than its grace; all of it where the length of preStop is unknown); with volumes also their
/// detaching.
[[nodiscard]] Duration time_needed(const Pod& pod, Deadline deadline, const DrainPolicy& policy, Instant now);

/// The last instant at which what the pod needs still fits: deadline − need − margin. It may lie before `now`. The plan
/// asks as of the notice (or of the pod's creation, if that is later), so that a look that comes late does not decide
/// that there is more time.
[[nodiscard]] Instant last_safe_start(const Pod& pod, Deadline deadline, const DrainPolicy& policy, Instant now);

}  // namespace spotkeeper::plan
