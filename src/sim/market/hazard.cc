#include "sim/market/hazard.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace spotkeeper::sim::market {
namespace {

constexpr double kHoursInMonth = 730.5;

struct Piece {
  Duration until;
  double factor;
};
constexpr std::array<Piece, 5> kPieces{{{30min, 10}, {1h, 5}, {3h, 2.4}, {6h, 1.5}, {kNever, 1}}};

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

double hours_of(Duration length) { return seconds_of(length) / 3600; }

}  // namespace

double interruptions_per_hour(InterruptionRate rate) { return -std::log1p(-monthly_share(rate)) / kHoursInMonth; }

double age_factor(Duration age) {
  for (const Piece& piece : kPieces) {
    if (age < piece.until) return piece.factor;
  }
  return 1;
}

Duration until_interruption(double per_hour, Duration age, double exponential) {
  double left = exponential;
  Duration at = age;
  for (const Piece& piece : kPieces) {
    if (at >= piece.until) continue;
    const double rate = per_hour * piece.factor;
    const double in_piece = rate * hours_of(piece.until - at);
    if (rate > 0 && left <= in_piece) return at - age + duration_of_seconds(left / rate * 3600);
    left -= in_piece;
    at = piece.until;
  }
  return kNever;
}

}  // namespace spotkeeper::sim::market
