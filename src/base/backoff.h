// How long to wait before the next try: one policy for everything that is tried again.
#pragma once

#include "base/random.h"
#include "base/time.h"

namespace spotkeeper {

/// Waits grow from `first` by `factor` up to `most`; each is then lengthened by a uniform share in [0, jitter], so that
/// clients that failed together don't come back together.
struct BackoffPolicy {
  Duration first = 800ms;
  double factor = 2.0;
  double jitter = 1.0;
  Duration most = 30s;
};

/// The state of one thing that is being tried. Not shared between things.
class Backoff {
 public:
  Backoff(BackoffPolicy policy, Random random) : policy_(policy), random_(random), base_(policy.first) {}

  /// The next wait; each call is a further failure. At most `most` × (1 + jitter).
  Duration next();
  /// It worked: the next failure waits `first` again.
  void reset() { base_ = policy_.first; }

 private:
  BackoffPolicy policy_;
  Random random_;
  Duration base_;
};

}  // namespace spotkeeper
