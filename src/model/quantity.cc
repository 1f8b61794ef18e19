#include "model/quantity.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <optional>
#include <ranges>
#include <span>

namespace spotkeeper {
namespace {

constexpr Int128 kNano = 1'000'000'000;
constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kMin = std::numeric_limits<std::int64_t>::min();
// 10^37 nano. Larger amounts mean nothing to anybody, and stopping here leaves room to add some up.
constexpr int kMostDigits = 37;

constexpr Int128 power_of_ten(int exponent) {
  Int128 out = 1;
  while (exponent-- > 0) out *= 10;
  return out;
}
constexpr Int128 kLargest = power_of_ten(kMostDigits);

struct Suffix {
  std::string_view text;
  int exponent;  // of ten, or of two
};
constexpr std::array<Suffix, 10> kDecimal{
    {{"n", -9}, {"u", -6}, {"m", -3}, {"", 0}, {"k", 3}, {"M", 6}, {"G", 9}, {"T", 12}, {"P", 15}, {"E", 18}}};
constexpr std::array<Suffix, 6> kBinary{{{"Ki", 10}, {"Mi", 20}, {"Gi", 30}, {"Ti", 40}, {"Pi", 50}, {"Ei", 60}}};

std::optional<int> exponent_of(std::span<const Suffix> table, std::string_view text) {
  const auto found = std::ranges::find(table, text, &Suffix::text);
  return found == table.end() ? std::nullopt : std::optional(found->exponent);
}

/// "e3", "E-2": anything that does not fit is far beyond what an amount can be, either way.
std::optional<int> scientific_exponent(std::string_view text) {
  if (text.size() < 2 || (text[0] != 'e' && text[0] != 'E')) return std::nullopt;
  text.remove_prefix(1);
  if (text[0] == '+') text.remove_prefix(1);
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (end != text.data() + text.size() || text.empty()) return std::nullopt;
  if (error == std::errc::result_out_of_range) return text[0] == '-' ? -10'000 : 10'000;
  return error == std::errc{} ? std::optional(std::clamp(value, -10'000, 10'000)) : std::nullopt;
}

std::size_t count_digits(std::string_view text) { return std::min(text.find_first_not_of("0123456789"), text.size()); }

/// The digits before and after the point, as one number times 10^-`fraction_length`.
struct Digits {
  std::string text;  // without leading zeros
  int fraction_length = 0;
};

/// digits × 10^(exponent − fraction), in nano, rounded up.
Int128 decimal_nano(const Digits& digits, int exponent) {
  const int shift = exponent + 9 - digits.fraction_length;
  const auto length = static_cast<int>(digits.text.size());
  if (length == 0) return 0;
  if (length + shift > kMostDigits) return kLargest;
  if (length + shift < 0) return 1;  // something, however little, is asked for
  const int whole = std::min(length, length + shift);
  Int128 out = 0;
  for (int i = 0; i < whole; ++i) out = out * 10 + (digits.text[static_cast<std::size_t>(i)] - '0');
  if (shift > 0) return out * power_of_ten(shift);
  return out + (digits.text.find_first_not_of('0', static_cast<std::size_t>(whole)) != std::string::npos ? 1 : 0);
}

/// digits × 2^exponent × 10^-fraction, in nano, rounded up, at most 2^63−1 units.
Int128 binary_nano(const Digits& digits, int exponent) {
  constexpr Int128 kMostUnits = kMax * kNano;
  const Int128 scale = Int128{1} << exponent;
  const auto length = static_cast<int>(digits.text.size());
  if (length == 0) return 0;
  if (length - digits.fraction_length > 19) return kMostUnits;
  if (digits.fraction_length - length >= 28) return 1;  // less than a nano, even of an exbibyte
  // Eighteen decimals are exact; what stands behind them is rounded up with the rest.
  const int kept = std::max(0, std::min(length, length - digits.fraction_length + 18));
  const int decimals = digits.fraction_length - (length - kept);
  Int128 value = 0;
  for (int i = 0; i < kept; ++i) value = value * 10 + (digits.text[static_cast<std::size_t>(i)] - '0');
  if (digits.text.find_first_not_of('0', static_cast<std::size_t>(kept)) != std::string::npos) ++value;
  const Int128 unit = power_of_ten(std::max(0, decimals));
  const Int128 whole = value / unit;
  if (whole >= kMax / scale + 1) return kMostUnits;
  // What is behind the point is below one: 10^18 × 2^60 fits, and the 10^9 of nano is taken from the divisor first.
  const Int128 behind = value % unit * scale;
  const Int128 behind_nano = decimals <= 9 ? behind * power_of_ten(9 - std::max(0, decimals))
                                           : (behind + power_of_ten(decimals - 9) - 1) / power_of_ten(decimals - 9);
  return std::min(whole * scale * kNano + behind_nano, kMostUnits);
}

tl::unexpected<Error> not_a_quantity(std::string_view text) {
  constexpr std::size_t kShown = 64;
  return fail(ErrorCode::InvalidInput, "'" + std::string(text.substr(0, kShown)) +
                                           "' is not a quantity (a number with one of n u m k M G T P E, Ki Mi Gi Ti "
                                           "Pi Ei, or an exponent such as e3)");
}

std::int64_t saturate(Int128 value) {
  return value > kMax ? kMax : value < kMin ? kMin : static_cast<std::int64_t>(value);
}

/// Rounded towards plus infinity, as Go's Value() and MilliValue() do.
std::int64_t divide_up(Int128 value, Int128 by) {
  return saturate(value / by + (value > 0 && value % by != 0 ? 1 : 0));
}

std::string text_of(Int128 value) {
  const bool negative = value < 0;
  if (value == 0) return "0";
  std::string out;
  for (; value != 0; value /= 10) {
    const auto digit = static_cast<int>(value % 10);
    out.push_back(static_cast<char>('0' + (digit < 0 ? -digit : digit)));
  }
  if (negative) out.push_back('-');
  std::ranges::reverse(out);
  return out;
}

}  // namespace

Result<Quantity> Quantity::parse(std::string_view text) {
  std::string_view rest = text;
  const bool negative = rest.starts_with('-');
  if (negative || rest.starts_with('+')) rest.remove_prefix(1);

  const std::size_t whole = count_digits(rest);
  Digits digits{std::string(rest.substr(0, whole)), 0};
  rest.remove_prefix(whole);
  if (rest.starts_with('.')) {
    rest.remove_prefix(1);
    const std::size_t fraction = count_digits(rest);
    constexpr std::size_t kMostFraction = 10'000;
    if (fraction > kMostFraction) return not_a_quantity(text);
    digits.text += rest.substr(0, fraction);
    digits.fraction_length = static_cast<int>(fraction);
    rest.remove_prefix(fraction);
  }
  if (digits.text.empty() || digits.text.size() > 20'000) return not_a_quantity(text);
  digits.text.erase(0, std::min(digits.text.find_first_not_of('0'), digits.text.size()));

  Int128 nano = 0;
  if (const auto binary = exponent_of(kBinary, rest)) {
    nano = binary_nano(digits, *binary);
  } else if (const auto decimal = exponent_of(kDecimal, rest)) {
    nano = decimal_nano(digits, *decimal);
  } else if (const auto scientific = scientific_exponent(rest)) {
    nano = decimal_nano(digits, *scientific);
  } else {
    return not_a_quantity(text);
  }
  return Quantity(negative ? -nano : nano);
}

std::int64_t Quantity::ceil() const { return divide_up(nano_, kNano); }
std::int64_t Quantity::ceil_milli() const { return divide_up(nano_, kNano / 1000); }

std::string Quantity::str() const {
  if (nano_ == 0) return "0";
  // The largest suffix that loses nothing, which is the API's canonical form of a decimal amount.
  for (const auto& suffix : std::views::reverse(kDecimal)) {
    const Int128 unit = power_of_ten(suffix.exponent + 9);
    if (nano_ % unit == 0) return text_of(nano_ / unit) + std::string(suffix.text);
  }
  return text_of(nano_) + "n";
}

void Quantity::add(Quantity other) {
  // Both are within ±kLargest, so the sum itself can't overflow.
  nano_ = std::clamp(nano_ + other.nano_, -kLargest, kLargest);
}

}  // namespace spotkeeper
