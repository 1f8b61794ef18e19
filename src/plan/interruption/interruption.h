// What several signals about the same machine amount to, and what to write on its Node because of them.
//
// Pure. A signal is an `Interruption` (model/interruption.h). The Node is the durable record: one change sets the
// taint, where due the cordon and the load-balancer exclusion, and says in an annotation what was set, so that exactly
// that can be taken back. Sources of the rules: docs/interruption.md.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/time.h"
#include "model/interruption.h"
#include "model/node.h"

namespace spotkeeper::plan {

/// How long before the end each kind of signal comes when it does not say itself (AWS: spot notices come two minutes
/// before, stop and terminate alike; ASG hooks wait until their heartbeat time-out).
struct NoticeLengths {
  Duration spot = 120s;
  Duration lifecycle = 120s;
};

/// The deadline on this machine's clock: the earlier of the notice's instant, moved by `skew` (how far our clock is
/// ahead of the notifier's), and `received + length`. The second holds when clocks jump or disagree.
[[nodiscard]] Deadline settle_deadline(Instant announced, Duration skew, Instant received, Duration length);

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

struct MarkPolicy {
  std::string taint_key = "spotkeeper.dev/interruption";  // NoSchedule; value: the kind, lower case
  bool exclude_from_load_balancers = true;
  /// An excluded node leaves every balancer at once. Kill nodes are excluded only while, of the nodes that are Ready
  /// and neither excluded nor dying, at least this share of all Ready nodes remains (DESIGN: a floor of healthy
  /// targets).
  double load_balancer_floor = 0.5;
};

struct Marking {
  NodeChange change;  // without the annotation, which the shell writes from `mark`; empty: nothing to do
  NodeMark mark;
};

inline constexpr std::string_view kExcludeLabel = "node.kubernetes.io/exclude-from-external-load-balancers";
inline constexpr std::string_view kExcludeValue = "spotkeeper";

/// What to change on `node` for `signal`, given what we marked before (none: nothing). A Kill also cordons; what may be
/// undone (Maybe, Maintenance) uses our NoSchedule taint alone. What somebody else set is neither claimed nor touched.
/// `may_exclude`: the floor of healthy targets allows it (see `may_exclude_from_load_balancers`).
[[nodiscard]] Marking mark_node(const Node& node, const std::optional<NodeMark>& present, const Interruption& signal,
                                const MarkPolicy& policy, bool may_exclude);
/// Takes back what `mark` says we did and is still as we left it; what somebody else has changed since stays.
[[nodiscard]] NodeChange unmark_node(const Node& node, const NodeMark& mark, const MarkPolicy& policy);

}  // namespace spotkeeper::plan
