#include "model/money.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "base/text.h"
#include "model/quantity.h"

namespace spotkeeper {
namespace {

constexpr std::int64_t micros_of_dollar = 1'000'000;
constexpr std::size_t decimals = 6;

/// value × numerator ÷ denominator in 128 bits, rounded half away from zero, clamped to what Money holds.
Money scaled(std::int64_t value, std::int64_t numerator, std::int64_t denominator) {
  const Int128 product = static_cast<Int128>(value) * numerator;
  const Int128 half = product < 0 ? -denominator / 2 : denominator / 2;
  const Int128 quotient = (product + half) / denominator;
  using Limits = std::numeric_limits<std::int64_t>;
  return Money{static_cast<std::int64_t>(std::clamp<Int128>(quotient, Limits::min(), Limits::max()))};
}

}  // namespace

Result<Money> Money::parse(std::string_view text) {
  const auto refuse = [&] {
    return fail(ErrorCode::InvalidInput,
                fmt::format("{} is not an amount in dollars such as 0.204 (at most six decimals)", quote(text)));
  };
  const std::size_t point = std::min(text.find('.'), text.size());
  const std::string_view whole = text.substr(0, point);
  const std::string_view fraction = point < text.size() ? text.substr(point + 1) : std::string_view();
  const bool dangling_point = point < text.size() && fraction.empty();
  const std::string_view digits = "0123456789";
  if (whole.empty() || dangling_point || fraction.size() > decimals) return refuse();
  if (whole.find_first_not_of(digits) != std::string_view::npos) return refuse();
  if (fraction.find_first_not_of(digits) != std::string_view::npos) return refuse();
  SK_TRY(const std::int64_t dollars, parse_int<std::int64_t>(whole, 0, 1'000'000'000));
  std::string padded(fraction);
  padded.append(decimals - fraction.size(), '0');
  SK_TRY(const std::int64_t rest, parse_int<std::int64_t>(padded));
  return Money{dollars * micros_of_dollar + rest};
}

std::string Money::str() const {
  const std::uint64_t size = micros < 0 ? 0 - static_cast<std::uint64_t>(micros) : static_cast<std::uint64_t>(micros);
  std::string text = fmt::format("{}{}.{:06}", micros < 0 ? "-" : "", size / micros_of_dollar, size % micros_of_dollar);
  const std::size_t least = text.size() - (decimals - 2);
  while (text.size() > least && text.back() == '0') text.pop_back();
  return text;
}

Money Money::over(Duration length) const { return scaled(micros, length.count(), Duration(1h).count()); }

Money Money::percent(std::int64_t percent) const { return scaled(micros, percent, 100); }

}  // namespace spotkeeper
