#include "net/http_date.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace spotkeeper::net {
namespace {

constexpr std::array<std::string_view, 7> kDays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

std::string padded(unsigned value, std::size_t width) {
  const std::string text = std::to_string(value);
  return text.size() < width ? std::string(width - text.size(), '0') + text : text;
}

}  // namespace

std::string format_http_date(Instant t) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(t.time_since_epoch());
  const std::chrono::sys_seconds time(seconds);
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  std::string text(kDays[std::chrono::weekday(day).c_encoding()]);
  text += ", " + padded(static_cast<unsigned>(date.day()), 2) + " ";
  text += kMonths[static_cast<unsigned>(date.month()) - 1];
  text += " " + padded(static_cast<unsigned>(static_cast<int>(date.year())), 4) + " ";
  text += padded(static_cast<unsigned>(clock.hours().count()), 2) + ":";
  text += padded(static_cast<unsigned>(clock.minutes().count()), 2) + ":";
  text += padded(static_cast<unsigned>(clock.seconds().count()), 2) + " GMT";
  return text;
}

Result<Instant> parse_http_date(std::string_view text) {
  // "Sun, 22 Nov 2026 16:01:14 GMT": 29 characters, all at fixed places; the rest is RFC 3339's business.
  const auto wrong = fail(ErrorCode::InvalidInput, "not an HTTP date: " + quote(text));
  if (text.size() != 29 || text.substr(3, 2) != ", " || text.substr(25) != " GMT") return wrong;
  if (text[7] != ' ' || text[11] != ' ' || text[16] != ' ') return wrong;
  if (std::ranges::find(kDays, text.substr(0, 3)) == kDays.end()) return wrong;
  const auto* const month = std::ranges::find(kMonths, text.substr(8, 3));
  if (month == kMonths.end()) return wrong;
  const std::string number = padded(static_cast<unsigned>(month - kMonths.begin()) + 1, 2);
  const std::string day(text.substr(5, 2));
  const std::string year(text.substr(12, 4));
  auto instant = parse_rfc3339(year + "-" + number + "-" + day + "T" + std::string(text.substr(17, 8)) + "Z");
  if (!instant) return wrong;
  return *instant;
}

}  // namespace spotkeeper::net
