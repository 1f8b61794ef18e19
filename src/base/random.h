// Seeded randomness. Every draw in the product comes from a generator that somebody was given, so that a run replays.
#pragma once

#include <cstdint>

#include "base/time.h"

namespace spotkeeper {

/// xoshiro256**, seeded through SplitMix64: the same numbers on every machine and compiler, unlike <random>'s
/// distributions. Not for secrets.
class Random {
 public:
  explicit Random(std::uint64_t seed);

  /// Uniform over all 64-bit values.
  std::uint64_t next();
  /// Uniform in [0, bound); 0 if `bound` is 0.
  std::uint64_t below(std::uint64_t bound);
  /// Uniform in [0, 1).
  double unit();
  /// True with the given probability.
  bool chance(double probability) { return unit() < probability; }
  /// Uniform in [low, high].
  Duration between(Duration low, Duration high);
  /// Exponential with the given mean.
  Duration exponential(Duration mean);
  /// Log-normal, given by its median and the sigma of its logarithm.
  Duration lognormal(Duration median, double sigma);
  /// Standard normal.
  double normal();
  /// A generator of its own, whose draws do not change when somebody else draws more or less from this one.
  [[nodiscard]] Random fork(std::uint64_t stream) const;

 private:
  std::uint64_t state_[4];
};

}  // namespace spotkeeper
