// The rate limit of client-go's flowcontrol: `burst` queries at once, then one every 1/rate of a second, first come,
// first served.
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/time.h"

namespace spotkeeper::sim {

class TokenBucket {
 public:
  TokenBucket(double per_second, std::uint32_t burst, Steady now)
      : rate_(per_second), burst_(burst), tokens_(burst), at_(now) {}

  /// Takes one token and says how long to wait for it; zero: none. `now` never goes back.
  [[nodiscard]] Duration take(Steady now) {
    tokens_ = std::min<double>(burst_, tokens_ + seconds_of(now - at_) * rate_);
    at_ = now;
    tokens_ -= 1;
    return tokens_ >= 0 ? Duration{} : duration_of_seconds(-tokens_ / rate_);
  }

 private:
  double rate_;
  double burst_;
  double tokens_;  // negative: so many are waiting
  Steady at_;
};

}  // namespace spotkeeper::sim
