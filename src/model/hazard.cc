#include "model/hazard.h"

#include <algorithm>
#include <cmath>

namespace spotkeeper {
namespace {

constexpr double kHoursInMonth = 730.5;

double monthly_share(InterruptionRate rate) {
  switch (rate) {
    case InterruptionRate::Below5: return 0.025;
    case InterruptionRate::From5To10: return 0.075;
    case InterruptionRate::From10To15: return 0.125;
    case InterruptionRate::From15To20: return 0.175;
    case InterruptionRate::Above20: return 0.25;
  }
  return 0.25;
}

}  // namespace

double interruptions_per_hour(InterruptionRate rate) { return -std::log1p(-monthly_share(rate)) / kHoursInMonth; }

double interruptions_in_first_day(InterruptionRate rate) {
  double weighted = 0;  // hours of an old machine
  Duration from{};
  for (const AgeFactor& piece : kAgeFactors) {
    const Duration until = std::min<Duration>(piece.until, 24h);
    weighted += seconds_of(until - from) / 3600 * piece.factor;
    from = until;
  }
  return weighted * interruptions_per_hour(rate);
}

}  // namespace spotkeeper
