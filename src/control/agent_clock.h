// The time that an agent reckons with: the metadata service's, as well as it is known, without jumps while it matters.
//
// Notices, the records on Nodes and the API server's timestamps are on clocks that somebody keeps right; this machine's
// may be wrong, and be set while its node drains. So the agent takes the skew out (aws::SkewEstimate), and while a
// notice stands it goes by the steady clock alone, from one reading on: every last safe start stays where it is,
// whatever becomes of the wall clock. A process that is started anew reads the record with the skew that it finds.
#pragma once

#include <functional>
#include <optional>
#include <utility>

#include "base/time.h"

namespace spotkeeper::control {

class AgentClock final : public Clock {
 public:
  /// How far the machine's wall clock is ahead of the notifier's now; none: not known (yet), then it counts as right.
  using Skew = std::function<std::optional<Duration>()>;

  /// `machine` outlives this.
  AgentClock(const Clock& machine, Skew skew) : machine_(machine), skew_(std::move(skew)) {}

  [[nodiscard]] Instant now() const override;
  [[nodiscard]] Steady steady() const override { return machine_.steady(); }
  /// What `now()` was or will be at `when`.
  [[nodiscard]] Instant at(Steady when) const { return now() + (when - steady()); }

  /// From now on, time passes as on the steady clock, from what it is now. Called again, it changes nothing, but where
  /// the skew was not known the last time and is now, it begins anew with it.
  void hold();
  /// The wall clock counts again.
  void release() { anchor_.reset(); }

 private:
  struct Anchor {
    Duration offset{};  // from the steady clock to this one
    bool skew_known = false;
  };
  [[nodiscard]] Anchor reading() const;

  const Clock& machine_;
  Skew skew_;
  std::optional<Anchor> anchor_;
};

}  // namespace spotkeeper::control
