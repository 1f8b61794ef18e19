#include "sim/retries.h"

#include <algorithm>

namespace spotkeeper::sim {

RetryBudget::Second& RetryBudget::at(Instant now) {
  const std::int64_t of = std::chrono::floor<std::chrono::seconds>(now.time_since_epoch()).count();
  Second& second = seconds_.at(static_cast<std::size_t>((of % kSeconds + kSeconds) % kSeconds));
  if (second.of != of) second = {of, 0, 0};
  return second;
}

void RetryBudget::first_try(Instant now) { ++at(now).firsts; }

bool RetryBudget::spend(Instant now) {
  Second& present = at(now);
  std::uint64_t firsts = 0;
  std::uint64_t retries = 0;
  for (const Second& second : seconds_) {
    if (second.of + kSeconds <= present.of) continue;
    firsts += second.firsts;
    retries += second.retries;
  }
  if (static_cast<double>(retries + 1) > share_ * static_cast<double>(firsts)) return false;
  ++present.retries;
  return true;
}

NoRetry may_retry(const RetrySettings& settings, std::uint32_t tries, Outcome outcome) {
  if (settings.most == 0) return NoRetry::NeverTries;
  const bool begun = outcome == Outcome::Cut || outcome == Outcome::Timeout;
  if (begun && !settings.idempotent) return NoRetry::MayBeDone;
  return tries > settings.most ? NoRetry::UsedUp : NoRetry::MayTry;
}

Duration back_off(const RetrySettings& settings, std::uint32_t tries, Random& random) {
  const Duration longest = settings.after * (1LL << std::min(tries - 1, 20U));
  return random.between(longest / 2, longest);
}

Duration longest_call(const Load& load) {
  const RetrySettings& retries = load.retries;
  Duration sum = load.time_limit;
  for (std::uint32_t tries = 1; tries <= retries.most; ++tries) {
    sum += load.time_limit + retries.connect_limit + retries.after * (1LL << std::min(tries - 1, 20U));
  }
  return sum;
}

}  // namespace spotkeeper::sim
