// Who drains a node: the controller that has acknowledged it and goes on, else the agent on it.
#pragma once

#include <optional>

#include "base/time.h"
#include "control/node_record.h"
#include "model/interruption.h"

namespace spotkeeper::control {

enum class Owner {
  Undecided,   // a controller may still acknowledge
  Controller,  // it has, and its progress does not stand still
  Agent,
};

struct OwnershipPolicy {
  Duration acknowledge_within;  // 0: there is no controller
  Duration progress_within;
};

struct Verdict {
  Owner owner = Owner::Agent;
  std::optional<Steady> next_look;  // when time alone changes it
};

/// `most`, or a tenth of the time between the notice and its deadline, if that is less.
[[nodiscard]] Duration share_of_notice(const Interruption& what, Duration most);

/// Remembers when the claim on the Node last changed. A claim's own time is another machine's clock: only that it
/// changes is looked at, on ours.
class ClaimWatch {
 public:
  [[nodiscard]] Verdict judge(const std::optional<DrainClaim>& claim, const Interruption& what, OwnershipPolicy policy,
                              Instant now, Steady steady);

 private:
  std::optional<DrainClaim> last_;
  Steady changed_;
};

}  // namespace spotkeeper::control
