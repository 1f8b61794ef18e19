#include "control/ownership.h"

#include <algorithm>

namespace spotkeeper::control {
namespace {

// Clocks differ by seconds. A claim that is older than the notice by more than this is about an earlier one.
constexpr Duration kClockTolerance = 30s;

}  // namespace

Duration share_of_notice(const Interruption& what, Duration most) {
  if (!what.deadline) return most;
  return std::clamp((what.deadline->at - what.noticed) / 10, Duration(0), most);
}

Verdict ClaimWatch::judge(const std::optional<DrainClaim>& claim, const Interruption& what, OwnershipPolicy policy,
                          Instant now, Steady steady) {
  const bool about_this = claim && claim->progress >= what.noticed - kClockTolerance;
  if (!about_this) {
    last_.reset();
    const Instant until = what.noticed + share_of_notice(what, policy.acknowledge_within);
    if (now >= until) return {Owner::Agent, std::nullopt};
    return {Owner::Undecided, steady + (until - now)};
  }
  if (claim != last_) {
    last_ = claim;
    changed_ = steady;
  }
  Duration patience = policy.progress_within;
  if (what.deadline) patience = std::clamp((what.deadline->at - now) / 10, Duration(0), patience);
  const Steady until = changed_ + patience;
  if (steady >= until) return {Owner::Agent, std::nullopt};
  return {Owner::Controller, until};
}

}  // namespace spotkeeper::control
