#include "base/backoff.h"

#include <algorithm>

namespace spotkeeper {

Duration Backoff::next() {
  const Duration base = std::min(base_, policy_.most);
  base_ = std::min(duration_of_seconds(seconds_of(base) * policy_.factor), policy_.most);
  return base + duration_of_seconds(seconds_of(base) * policy_.jitter * random_.unit());
}

}  // namespace spotkeeper
