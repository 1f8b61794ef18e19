// When a client may try again: the rules of a load's retries, and the budget that all its clients share.
//
// The budget is the one of Finagle (com.twitter.finagle.service.RetryBudget), Linkerd and Envoy (retry_budget): retries
// may be so many per cent of the first tries in a sliding window, so that clients whose every request fails do not
// multiply the load on what is left. Without a floor: where few requests come there are few retries, too.
//
// What a try may be followed by is what RFC 9110 (9.2.2) and those proxies say: a request that no program has begun on
// (refused, unreachable, reset before a byte of the answer, answered 503 by a full queue) may always be sent again; one
// that was cut off or never answered may have been carried out, and only a client that knows it to be idempotent sends
// it again.
#pragma once

#include <array>
#include <cstdint>
#include <limits>

#include "base/random.h"
#include "sim/losses.h"
#include "sim/traffic.h"

namespace spotkeeper::sim {

class RetryBudget {
 public:
  static constexpr std::int64_t kSeconds = 10;  // of the window

  explicit RetryBudget(double share) : share_(share) {}
  void first_try(Instant now);
  /// Takes a retry from the budget; false: there is none left.
  bool spend(Instant now);

 private:
  struct Second {
    std::int64_t of = std::numeric_limits<std::int64_t>::min();  // which second, since the epoch
    std::uint32_t firsts = 0;
    std::uint32_t retries = 0;
  };
  Second& at(Instant now);

  double share_;
  std::array<Second, kSeconds> seconds_{};
};

/// Whether a client may try again after `tries` of them, the last of which ended so; the budget is not asked.
[[nodiscard]] NoRetry may_retry(const RetrySettings& settings, std::uint32_t tries, Outcome outcome);

/// How long it waits before the next try: `after`, doubled with every try before, between half of it and all of it.
[[nodiscard]] Duration back_off(const RetrySettings& settings, std::uint32_t tries, Random& random);

/// At most so long from a request's first try to the end of its last one.
[[nodiscard]] Duration longest_call(const Load& load);

}  // namespace spotkeeper::sim
