// What several signals about the same machine amount to, and what to write on its Node because of them.
//
// Pure. A signal is an `Interruption` (model/interruption.h). The Node is the durable record: one change sets the
// taint, where due the cordon and the load-balancer exclusion, and says in an annotation what was set, so that exactly
// that can be taken back. Sources of the rules: docs/interruption.md.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/time.h"
#include "model/interruption.h"
#include "model/node.h"
#include "model/scheduling.h"
#include "model/snapshot.h"

namespace spotkeeper::plan {

/// How long before the end each kind of signal comes when it does not say itself (AWS: spot notices come two minutes
/// before, stop and terminate alike; ASG hooks wait until their heartbeat time-out).
struct NoticeLengths {
  Duration spot = 120s;
  Duration lifecycle = 120s;
};

/// The deadline: the earlier of the instant that the notice names and `received + length`. All on one clock that does
/// not jump and that the notifier's is known against (docs/interruption.md); the second holds where that knowledge is
/// wrong.
[[nodiscard]] Deadline settle_deadline(Instant announced, Instant received, Duration length);

/// One record for two signals about one node: the strongest kind (with its effect, source and id), the earliest
/// deadline, the earliest `noticed`, the highest confidence. Commutative, associative and idempotent.
[[nodiscard]] Interruption merge(const Interruption& a, const Interruption& b);
/// One record a node, ordered by deadline (none last), then name.
[[nodiscard]] std::vector<Interruption> merge_all(std::span<const Interruption> signals);

/// What we have put on a Node: parsed from, and written to, its annotation.
struct NodeMark {
  Interruption interruption;
  bool tainted = false;   // our own taint is there because we set it
  bool cordoned = false;  // spec.unschedulable was false and we set it
  bool excluded = false;  // node.kubernetes.io/exclude-from-external-load-balancers was absent and we set it
  std::string boot_id;    // of the machine when it was marked: another one means that it came back
  friend bool operator==(const NodeMark&, const NodeMark&) = default;
};

/// Our taint (NoSchedule; value: the kind, lower case).
inline constexpr std::string_view kTaintKey = "spotkeeper.dev/interruption";
inline constexpr std::string_view kExcludeLabel = "node.kubernetes.io/exclude-from-external-load-balancers";
inline constexpr std::string_view kExcludeValue = "spotkeeper";

struct MarkPolicy {
  std::string taint_key{kTaintKey};
  bool taint = true;
  TaintEffect taint_effect = TaintEffect::NoSchedule;
  /// Keys of their own for notices of these sources ("imds/spot"); the taint's value is then the notice's id, as a
  /// label value may be (63 of letters, digits, '-', '_' and '.').
  std::map<std::string, std::string> taint_keys = {};
  bool cordon_always = false;  // every kind of notice cordons, not a Kill alone
  bool exclude_from_load_balancers = true;
  bool exclude_every_drain = false;          // whatever is drained, a Retire and a Maintenance too, not a Kill alone
  std::string exclude_value{kExcludeValue};  // of the label
  /// Labels with these keys, while a Maintenance stands: its id, when it was noticed (seconds since 1970), and one with
  /// a value of its own.
  struct MaintenanceLabels {
    std::string id_key;
    std::string time_key;
    std::string action_key;
    std::string action;
  };
  std::optional<MaintenanceLabels> maintenance_labels = {};
  /// The share of the Ready nodes that stays in the load balancers while dying nodes are taken out, in [0, 1].
  double load_balancer_floor = 0.5;
  /// How long a balancer goes on sending to a target that it takes out (AWS: 300 s unless set; 30 s fit a spot notice).
  /// This long before its deadline a node is taken out whatever the floor says.
  Duration deregistration_delay = 30s;
};

/// Whether a node leaves the load balancers, as far as the floor allows, because of an interruption of this kind.
[[nodiscard]] bool leaves_load_balancers(InterruptionKind kind, const MarkPolicy& policy);

struct Marking {
  NodeChange change;  // without the annotation, which the shell writes where `mark` differs from the present one
  NodeMark mark;
};

/// What to change on `node` for `signal`, given what we marked before (none: nothing). Level-triggered: a second call
/// after the change has been made gives an empty one. A Kill also cordons and leaves the load balancers; what may be
/// undone (Maybe, Maintenance) and Retire use our NoSchedule taint alone. What somebody else set is neither claimed nor
/// touched. A present mark of another boot lends its claims, not its interruption. `may_exclude`: see
/// `load_balancer_exclusions`.
[[nodiscard]] Marking mark_node(const Node& node, const std::optional<NodeMark>& present, const Interruption& signal,
                                const MarkPolicy& policy, bool may_exclude);
/// Takes back what `mark` says we did and is still as we left it; what somebody else has changed since stays.
[[nodiscard]] NodeChange unmark_node(const Node& node, const NodeMark& mark, const MarkPolicy& policy);

struct Exclusions {
  std::vector<NodeName> nodes;       // to be out of the load balancers now, by name
  std::optional<Instant> next_look;  // when the next one is, whatever happens
};
/// Which of the nodes that a Kill takes may leave the load balancers. All of them, if without them the floor of healthy
/// targets stays (a target is a Ready node that no label excludes; the floor is a share of the Ready nodes, rounded
/// up). Else as many as the floor leaves, those that die first before the others (by name among equals); the rest at
/// deadline − deregistration delay, or when enough substitutes have joined. Nodes that are out already stay in the
/// answer.
[[nodiscard]] Exclusions load_balancer_exclusions(const Snapshot& cluster, std::span<const Interruption> dying,
                                                  const MarkPolicy& policy, Instant now);

enum class UndoReason {
  NothingFollowed,  // a Maybe that nothing stronger has followed for its hold time
  Cancelled,        // a Maybe or Maintenance that its source has withdrawn
  CameBack,         // the machine has booted since (reboot, stop and start, hibernation): what was coming has been
};
[[nodiscard]] std::string_view name_of(UndoReason reason);

struct Undo {
  std::optional<UndoReason> reason;  // none: the mark stays
  std::optional<Instant> next_look;  // when a hold time ends
};
/// Whether the mark is to be taken back. `boot_id`: the machine's now (empty: unknown, then it counts as the same).
/// `withdrawn`: the source has said that it will not happen (a scheduled event canceled or completed). A Kill and a
/// Retire end only with another boot; so does a terminating machine that comes back under the same name.
[[nodiscard]] Undo undo_of(const NodeMark& mark, std::string_view boot_id, bool withdrawn, Duration hold, Instant now);

}  // namespace spotkeeper::plan
