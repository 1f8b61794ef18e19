#include <array>
#include <chrono>
#include <cstdlib>

#include <fmt/format.h>

#include "base/text.h"
#include "observe/template/print.h"

namespace spotkeeper::observe {
namespace {

constexpr std::array<std::string_view, 12> months = {"January",   "February", "March",    "April",
                                                     "May",       "June",     "July",     "August",
                                                     "September", "October",  "November", "December"};
constexpr std::array<std::string_view, 7> days = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                                  "Thursday", "Friday", "Saturday"};

struct Parts {
  int year = 1, month = 1, day = 1, weekday = 1, day_of_year = 1;
  int hour = 0, minute = 0, second = 0, nanosecond = 0;
};

Parts parts_of(const GoTime& time) {
  if (!time.at) return {};  // 1 January of the year 1, a Monday
  using std::chrono::floor;
  const std::chrono::sys_time<Duration> at(time.at->time_since_epoch());
  const auto date = floor<std::chrono::days>(at);
  const std::chrono::year_month_day calendar(date);
  const std::chrono::hh_mm_ss clock(at - date);
  Parts parts;
  parts.year = static_cast<int>(calendar.year());
  parts.month = static_cast<int>(static_cast<unsigned>(calendar.month()));
  parts.day = static_cast<int>(static_cast<unsigned>(calendar.day()));
  parts.weekday = static_cast<int>(std::chrono::weekday(date).c_encoding());
  const std::chrono::sys_days new_year(calendar.year() / std::chrono::January / 1);
  parts.day_of_year = static_cast<int>((date - new_year).count()) + 1;
  parts.hour = static_cast<int>(clock.hours().count());
  parts.minute = static_cast<int>(clock.minutes().count());
  parts.second = static_cast<int>(clock.seconds().count());
  parts.nanosecond = static_cast<int>(clock.subseconds().count());
  return parts;
}

/// A fraction of a second: '0' keeps all of its digits, '9' drops zeros at the end and with them the point.
std::string fraction(const Parts& parts, std::string_view layout) {
  std::string digits = fmt::format("{:09}", parts.nanosecond).substr(0, layout.size() - 1);
  if (layout[1] == '9') {
    while (!digits.empty() && digits.back() == '0') digits.pop_back();
    if (digits.empty()) return "";
  }
  return layout[0] + digits;
}

struct Part {
  std::string_view layout;
  std::string (*write)(const Parts&);
};

// Longer layouts before those that they begin with.
constexpr Part table[] = {
    {"January", [](const Parts& p) { return std::string(months[static_cast<std::size_t>(p.month - 1)]); }},
    {"Jan", [](const Parts& p) { return std::string(months[static_cast<std::size_t>(p.month - 1)].substr(0, 3)); }},
    {"Monday", [](const Parts& p) { return std::string(days[static_cast<std::size_t>(p.weekday)]); }},
    {"Mon", [](const Parts& p) { return std::string(days[static_cast<std::size_t>(p.weekday)].substr(0, 3)); }},
    {"MST", [](const Parts&) { return std::string("UTC"); }},
    {"2006", [](const Parts& p) { return fmt::format("{:04}", p.year); }},
    {"01", [](const Parts& p) { return fmt::format("{:02}", p.month); }},
    {"002", [](const Parts& p) { return fmt::format("{:03}", p.day_of_year); }},
    {"02", [](const Parts& p) { return fmt::format("{:02}", p.day); }},
    {"03", [](const Parts& p) { return fmt::format("{:02}", (p.hour + 11) % 12 + 1); }},
    {"04", [](const Parts& p) { return fmt::format("{:02}", p.minute); }},
    {"05", [](const Parts& p) { return fmt::format("{:02}", p.second); }},
    {"06", [](const Parts& p) { return fmt::format("{:02}", p.year % 100); }},
    {"15", [](const Parts& p) { return fmt::format("{:02}", p.hour); }},
    {"__2", [](const Parts& p) { return fmt::format("{:3}", p.day_of_year); }},
    {"_2", [](const Parts& p) { return fmt::format("{:2}", p.day); }},
    {"1", [](const Parts& p) { return fmt::format("{}", p.month); }},
    {"2", [](const Parts& p) { return fmt::format("{}", p.day); }},
    {"3", [](const Parts& p) { return fmt::format("{}", (p.hour + 11) % 12 + 1); }},
    {"4", [](const Parts& p) { return fmt::format("{}", p.minute); }},
    {"5", [](const Parts& p) { return fmt::format("{}", p.second); }},
    {"PM", [](const Parts& p) { return std::string(p.hour >= 12 ? "PM" : "AM"); }},
    {"pm", [](const Parts& p) { return std::string(p.hour >= 12 ? "pm" : "am"); }},
    {"-07:00:00", [](const Parts&) { return std::string("+00:00:00"); }},
    {"-07:00", [](const Parts&) { return std::string("+00:00"); }},
    {"-070000", [](const Parts&) { return std::string("+000000"); }},
    {"-0700", [](const Parts&) { return std::string("+0000"); }},
    {"-07", [](const Parts&) { return std::string("+00"); }},
    {"Z07:00:00", [](const Parts&) { return std::string("Z"); }},
    {"Z07:00", [](const Parts&) { return std::string("Z"); }},
    {"Z070000", [](const Parts&) { return std::string("Z"); }},
    {"Z0700", [](const Parts&) { return std::string("Z"); }},
    {"Z07", [](const Parts&) { return std::string("Z"); }},
};

bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// "Jan" is no part of "Janet", and "Mon" none of "Monet".
bool cut_short(std::string_view layout, std::string_view rest) {
  return (layout == "Jan" || layout == "Mon") && rest.size() > 3 && is_lower(rest[3]);
}

/// How long the fraction at the beginning is: a point or comma, then only zeros or only nines, then no digit.
std::size_t fraction_length(std::string_view rest) {
  if (rest.size() < 2 || (rest[0] != '.' && rest[0] != ',') || (rest[1] != '0' && rest[1] != '9')) return 0;
  std::size_t end = 1;
  while (end < rest.size() && rest[end] == rest[1]) ++end;
  return (end < rest.size() && is_digit(rest[end])) || end > 10 ? 0 : end;
}

}  // namespace

std::string format_time(const GoTime& time, std::string_view layout) {
  const Parts parts = parts_of(time);
  std::string out;
  while (!layout.empty()) {
    std::size_t taken = 0;
    for (const Part& part : table) {
      if (!layout.starts_with(part.layout) || cut_short(part.layout, layout)) continue;
      // "_2006" is a '_' and a year, not a day.
      if (part.layout == "_2" && layout.starts_with("_2006")) continue;
      out += part.write(parts);
      taken = part.layout.size();
      break;
    }
    if (taken == 0) {
      taken = fraction_length(layout);
      if (taken > 0) out += fraction(parts, layout.substr(0, taken));
    }
    if (taken == 0) {
      out += layout.front();
      taken = 1;
    }
    layout.remove_prefix(taken);
  }
  return out;
}

std::string time_text(const GoTime& time) { return format_time(time, "2006-01-02 15:04:05.999999999 -0700 MST"); }

std::int64_t unix_seconds(const GoTime& time) {
  constexpr std::int64_t year_one = -62135596800;
  return time.at ? std::chrono::floor<std::chrono::seconds>(time.at->time_since_epoch()).count() : year_one;
}

}  // namespace spotkeeper::observe
