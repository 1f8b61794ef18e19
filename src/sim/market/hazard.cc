#include "sim/market/hazard.h"

#include "model/hazard.h"

namespace spotkeeper::sim::market {
namespace {

double hours_of(Duration length) { return seconds_of(length) / 3600; }

}  // namespace

double age_factor(Duration age) {
  for (const AgeFactor& piece : kAgeFactors) {
    if (age < piece.until) return piece.factor;
  }
  return 1;
}

Duration until_interruption(double per_hour, Duration age, double exponential) {
  double left = exponential;
  Duration at = age;
  for (const AgeFactor& piece : kAgeFactors) {
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
