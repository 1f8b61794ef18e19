#include "control/agent_clock.h"

namespace spotkeeper::control {

AgentClock::Anchor AgentClock::reading() const {
  const std::optional<Duration> skew = skew_();
  const Instant wall = machine_.now() - skew.value_or(Duration(0));
  return {wall.time_since_epoch() - machine_.steady().time_since_epoch(), skew.has_value()};
}

Instant AgentClock::now() const {
  const Anchor anchor = anchor_ ? *anchor_ : reading();
  return Instant(machine_.steady().time_since_epoch() + anchor.offset);
}

void AgentClock::hold() {
  const bool better = anchor_ && !anchor_->skew_known && skew_().has_value();
  if (!anchor_ || better) anchor_ = reading();
}

}  // namespace spotkeeper::control
