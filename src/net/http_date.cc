#include "net/http_date.h"

#include <algorithm>
#include <array>
#include <ranges>
#include <span>

#include "base/text.h"

namespace spotkeeper::net {
namespace {

constexpr std::array<std::string_view, 7> kDays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

/// Writes `value` with leading zeros over all of `place`.
void write_number(std::span<char> place, unsigned value) {
  for (char& digit : place | std::views::reverse) {
    digit = static_cast<char>('0' + value % 10);
    value /= 10;
  }
}

}  // namespace

std::string format_http_date(Instant t) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(t.time_since_epoch());
  const std::chrono::sys_seconds time(seconds);
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  std::string text = "Day, 00 Mon 0000 00:00:00 GMT";
  const std::span<char> whole(text);
  std::ranges::copy(kDays[std::chrono::weekday(day).c_encoding()], text.begin());
  write_number(whole.subspan(5, 2), static_cast<unsigned>(date.day()));
  std::ranges::copy(kMonths[static_cast<unsigned>(date.month()) - 1], text.begin() + 8);
  write_number(whole.subspan(12, 4), static_cast<unsigned>(static_cast<int>(date.year())));
  write_number(whole.subspan(17, 2), static_cast<unsigned>(clock.hours().count()));
  write_number(whole.subspan(20, 2), static_cast<unsigned>(clock.minutes().count()));
  write_number(whole.subspan(23, 2), static_cast<unsigned>(clock.seconds().count()));
  return text;
}

Result<Instant> parse_http_date(std::string_view text) {
  // "Sun, 22 Nov 2026 16:01:14 GMT": 29 characters, all at fixed places; the rest is RFC 3339's business.
  const auto wrong = [&] { return fail(ErrorCode::InvalidInput, "not an HTTP date: " + quote(text)); };
  if (text.size() != 29 || text.substr(3, 2) != ", " || text.substr(25) != " GMT") return wrong();
  if (text[7] != ' ' || text[11] != ' ' || text[16] != ' ') return wrong();
  if (std::ranges::find(kDays, text.substr(0, 3)) == kDays.end()) return wrong();
  const auto* const month = std::ranges::find(kMonths, text.substr(8, 3));
  if (month == kMonths.end()) return wrong();
  std::string moment = "0000-00-00T00:00:00Z";
  std::ranges::copy(text.substr(12, 4), moment.begin());
  write_number(std::span<char>(moment).subspan(5, 2), static_cast<unsigned>(month - kMonths.begin()) + 1);
  std::ranges::copy(text.substr(5, 2), moment.begin() + 8);
  std::ranges::copy(text.substr(17, 8), moment.begin() + 11);
  auto instant = parse_rfc3339(moment);
  if (!instant) return wrong();
  return *instant;
}

}  // namespace spotkeeper::net
