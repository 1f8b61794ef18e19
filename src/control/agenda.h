// When to look again: the earliest of what falls due, in either kind of time.
#pragma once

#include <algorithm>
#include <optional>

#include "base/time.h"

namespace spotkeeper::control {

class Agenda {
 public:
  /// The next look is `at_most` from now at the latest. `clock` outlives this.
  Agenda(const Clock& clock, Duration at_most) : clock_(clock), next_(clock.steady() + at_most) {}

  void consider(Steady when) { next_ = std::min(next_, std::max(when, clock_.steady())); }
  /// None, and what is past, call for no look: what had to be done at an instant that is past has been decided on.
  void consider(std::optional<Instant> when) {
    if (when && *when > clock_.now()) consider(clock_.steady() + (*when - clock_.now()));
  }
  [[nodiscard]] Steady next() const { return next_; }

 private:
  const Clock& clock_;
  Steady next_;
};

}  // namespace spotkeeper::control
