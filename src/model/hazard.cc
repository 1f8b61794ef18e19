#include "model/hazard.h"

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

}  // namespace spotkeeper
