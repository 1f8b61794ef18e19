// Every signal that a machine may or will go away, as one value.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"
#include "model/names.h"

namespace spotkeeper {

/// Weakest first: of several signals about one node the strongest decides.
enum class InterruptionKind {
  Maybe,        // rebalance recommendation: the pool is likelier to be interrupted
  Maintenance,  // scheduled event: reboot, stop or retirement at a stated time
  Retire,       // somebody asked for the node to go: ASG lifecycle hook, a user
  Kill,         // spot notice, instance stopping or terminating: nothing undoes it
};
/// In lower case: "kill", "maintenance".
[[nodiscard]] std::string_view name_of(InterruptionKind kind);
[[nodiscard]] std::optional<InterruptionKind> interruption_kind_of(std::string_view name);

/// What the machine does at the deadline. A stop or hibernation may bring the same node back.
enum class InterruptionEffect { Terminate, Stop, Hibernate, Reboot };
/// In lower case: "terminate", "hibernate".
[[nodiscard]] std::string_view name_of(InterruptionEffect effect);
[[nodiscard]] std::optional<InterruptionEffect> interruption_effect_of(std::string_view name);

struct Interruption {
  NodeName node;
  InterruptionKind kind = InterruptionKind::Kill;
  InterruptionEffect effect = InterruptionEffect::Terminate;
  std::string source;  // "imds/spot", "imds/rebalance", "imds/scheduled", "imds/asg", "node" (read back), …
  std::string id;      // names the signal: the same id again is the same signal
  // Both on the notifier's clock, which all machines share: what each of them knows it by is its own affair.
  Instant noticed;                   // when it reached us
  std::optional<Deadline> deadline;  // a Maybe has none
  double confidence = 1.0;           // that it will come to pass, in (0, 1]
  friend bool operator==(const Interruption&, const Interruption&) = default;
};

}  // namespace spotkeeper
