// Amounts of money, exact.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"

namespace spotkeeper {

/// US dollars in whole millionths: what EC2's price list has (six decimals at most), and no rounding in sums. Beside a
/// machine it is the price of an hour.
struct Money {
  std::int64_t micros = 0;

  /// "0.204", "13.2", "5": digits, perhaps a point and up to six more; up to a billion dollars. No sign, no currency.
  static Result<Money> parse(std::string_view text);
  /// "0.204", "13.20", "5.00", "-0.50": at least two decimals, and as many as are needed.
  [[nodiscard]] std::string str() const;

  /// What `length` costs at this price an hour, to the nearest millionth (halves away from zero); saturates.
  [[nodiscard]] Money over(Duration length) const;
  /// `percent` hundredths of it, to the nearest millionth (halves away from zero); saturates.
  [[nodiscard]] Money percent(std::int64_t percent) const;

  friend constexpr auto operator<=>(const Money&, const Money&) = default;
  constexpr Money& operator+=(Money other) { return micros += other.micros, *this; }
  constexpr Money& operator-=(Money other) { return micros -= other.micros, *this; }
  friend constexpr Money operator+(Money a, Money b) { return a += b; }
  friend constexpr Money operator-(Money a, Money b) { return a -= b; }
  friend constexpr Money operator*(Money a, std::int64_t times) { return Money{a.micros * times}; }
};

}  // namespace spotkeeper
