#include "base/time.h"

#include <array>
#include <cmath>
#include <limits>

#include <fmt/format.h>

namespace spotkeeper {
namespace {

constexpr std::int64_t kNanosPerSecond = 1'000'000'000;
constexpr std::int64_t kSecondsPerDay = 86'400;

struct Civil {
  std::int64_t year;
  unsigned month;
  unsigned day;
};

Civil civil_of_days(std::int64_t days) {
  const std::chrono::year_month_day ymd{std::chrono::sys_days{std::chrono::days{days}}};
  return {static_cast<int>(ymd.year()), static_cast<unsigned>(ymd.month()), static_cast<unsigned>(ymd.day())};
}

std::string format_whole_seconds(std::int64_t seconds) {
  std::int64_t days = seconds / kSecondsPerDay;
  std::int64_t rest = seconds % kSecondsPerDay;
  if (rest < 0) {
    rest += kSecondsPerDay;
    --days;
  }
  const Civil date = civil_of_days(days);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", date.year, date.month, date.day, rest / 3600,
                     rest / 60 % 60, rest % 60);
}

struct Split {
  std::int64_t seconds;
  std::int64_t nanos;  // 0 to 999,999,999
};

Split split(Instant t) {
  const std::int64_t count = t.time_since_epoch().count();
  std::int64_t seconds = count / kNanosPerSecond;
  std::int64_t nanos = count % kNanosPerSecond;
  if (nanos < 0) {
    nanos += kNanosPerSecond;
    --seconds;
  }
  return {seconds, nanos};
}

// Reads from the front of a text; every step either takes what it names or leaves `ok` false for good.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  [[nodiscard]] bool ok() const { return ok_; }
  [[nodiscard]] bool done() const { return ok_ && rest_.empty(); }

  int digits(std::size_t count) {
    if (!ok_ || rest_.size() < count) return bad();
    int value = 0;
    for (std::size_t i = 0; i < count; ++i) {
      if (rest_[i] < '0' || rest_[i] > '9') return bad();
      value = value * 10 + (rest_[i] - '0');
    }
    rest_.remove_prefix(count);
    return value;
  }

  bool take(char c) {
    if (!ok_ || rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  void expect(char c) {
    if (!take(c)) bad();
  }
  void expect_either(char a, char b) {
    if (!take(a) && !take(b)) bad();
  }

  // A fraction of any length as nanoseconds; digits past the ninth are dropped.
  std::int64_t fraction() {
    std::int64_t nanos = 0;
    std::int64_t scale = kNanosPerSecond;
    std::size_t count = 0;
    while (count < rest_.size() && rest_[count] >= '0' && rest_[count] <= '9') {
      scale /= 10;
      nanos += scale * (rest_[count] - '0');
      ++count;
    }
    if (count == 0) return bad();
    rest_.remove_prefix(count);
    return nanos;
  }

 private:
  int bad() {
    ok_ = false;
    return 0;
  }
  std::string_view rest_;
  bool ok_ = true;
};

std::int64_t offset_seconds(Reader& in) {
  if (in.take('Z') || in.take('z')) return 0;
  const bool minus = in.take('-');
  if (!minus) in.expect('+');
  const int hours = in.digits(2);
  in.expect(':');
  const int minutes = in.digits(2);
  if (hours > 23 || minutes > 59) in.digits(100);  // out of range: a syntax error like any other
  const std::int64_t total = std::int64_t{hours} * 3600 + std::int64_t{minutes} * 60;
  return minus ? -total : total;
}

}  // namespace

Duration duration_of_seconds(double seconds) {
  if (std::isnan(seconds)) return Duration::zero();
  constexpr double kMost = 9.2e9;  // seconds; just inside 2^63 ns
  if (seconds >= kMost) return Duration::max();
  if (seconds <= -kMost) return Duration::min();
  return Duration(static_cast<std::int64_t>(std::llround(seconds * 1e9)));
}

std::string format_rfc3339(Instant t) {
  const Split parts = split(t);
  std::string text = format_whole_seconds(parts.seconds);
  if (parts.nanos != 0) {
    text += fmt::format(".{:09}", parts.nanos);
    text.erase(text.find_last_not_of('0') + 1);
  }
  return text + "Z";
}

std::string format_rfc3339_micro(Instant t) {
  const Split parts = split(t);
  return fmt::format("{}.{:06}Z", format_whole_seconds(parts.seconds), parts.nanos / 1000);
}

Result<Instant> parse_rfc3339(std::string_view text) {
  Reader in(text);
  const int year = in.digits(4);
  in.expect('-');
  const int month = in.digits(2);
  in.expect('-');
  const int day = in.digits(2);
  in.expect_either('T', 't');
  const int hour = in.digits(2);
  in.expect(':');
  const int minute = in.digits(2);
  in.expect(':');
  const int second = in.digits(2);
  const std::int64_t nanos = in.take('.') ? in.fraction() : 0;
  const std::int64_t offset = offset_seconds(in);

  const std::chrono::year_month_day date{std::chrono::year{year}, std::chrono::month{static_cast<unsigned>(month)},
                                         std::chrono::day{static_cast<unsigned>(day)}};
  // A leap second is written as :60; the API has no such instant, so it is taken as the next second.
  if (!in.done() || !date.ok() || hour > 23 || minute > 59 || second > 60)
    return fail(ErrorCode::InvalidInput,
                fmt::format("'{}' is not an RFC 3339 time such as 2026-11-22T16:01:14Z", text));

  const std::int64_t days = std::chrono::sys_days{date}.time_since_epoch().count();
  const std::int64_t seconds =
      days * kSecondsPerDay + std::int64_t{hour} * 3600 + std::int64_t{minute} * 60 + second - offset;
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max() / kNanosPerSecond - 1;
  if (seconds > kMost || seconds < -kMost)
    return fail(ErrorCode::InvalidInput, fmt::format("the time '{}' is outside the years 1678 to 2261", text));
  return Instant(Duration(seconds * kNanosPerSecond + nanos));
}

std::string format_duration(Duration d) {
  if (d == Duration::zero()) return "0s";
  // The magnitude as unsigned, since the most negative Duration has no positive twin.
  const bool minus = d < Duration::zero();
  const auto count = static_cast<std::uint64_t>(d.count());
  const std::uint64_t ns = minus ? ~count + 1 : count;
  std::string text = minus ? "-" : "";
  if (ns < 1'000) return text + fmt::format("{}ns", ns);
  if (ns < 1'000'000'000) {
    const bool milli = ns >= 1'000'000;
    const double value = static_cast<double>(ns) / (milli ? 1e6 : 1e3);
    return text + fmt::format("{}{}", value, milli ? "ms" : "us");
  }
  constexpr std::uint64_t kNs = 1'000'000'000;
  const std::uint64_t seconds = ns / kNs;
  const std::uint64_t rest = ns % kNs;
  if (seconds >= 3600) text += fmt::format("{}h", seconds / 3600);
  if (seconds % 3600 / 60 != 0) text += fmt::format("{}m", seconds / 60 % 60);
  if (seconds % 60 != 0 || rest != 0) {
    std::string part = fmt::format("{}", seconds % 60);
    if (rest != 0) {
      part += fmt::format(".{:09}", rest);
      part.erase(part.find_last_not_of('0') + 1);
    }
    text += part + "s";
  }
  return text;
}

Result<Duration> parse_duration(std::string_view text) {
  const auto bad = [&] {
    return fail(ErrorCode::InvalidInput, fmt::format("'{}' is not a duration such as 90s, 2m30s or 1h", text));
  };
  struct Unit {
    std::string_view name;
    double nanos;
  };
  static constexpr std::array<Unit, 8> kUnits{{{"ns", 1},
                                               {"us", 1e3},
                                               {"\xC2\xB5s", 1e3},
                                               {"\xCE\xBCs", 1e3},
                                               {"ms", 1e6},
                                               {"s", 1e9},
                                               {"m", 60e9},
                                               {"h", 3600e9}}};
  std::string_view rest = text;
  bool minus = false;
  if (!rest.empty() && (rest.front() == '-' || rest.front() == '+')) {
    minus = rest.front() == '-';
    rest.remove_prefix(1);
  }
  if (rest == "0") return Duration::zero();
  if (rest.empty()) return bad();
  long double total = 0;
  while (!rest.empty()) {
    long double value = 0;
    long double scale = 1;
    bool point = false;
    std::size_t digits = 0;
    std::size_t i = 0;
    for (; i < rest.size(); ++i) {
      if (rest[i] == '.' && !point) {
        point = true;
      } else if (rest[i] >= '0' && rest[i] <= '9') {
        ++digits;
        value = value * 10 + (rest[i] - '0');
        if (point) scale *= 10;
      } else {
        break;
      }
    }
    if (digits == 0) return bad();
    rest.remove_prefix(i);
    const Unit* found = nullptr;  // the longest that fits: "ms" before "m"
    for (const Unit& unit : kUnits)
      if (rest.substr(0, unit.name.size()) == unit.name && (found == nullptr || unit.name.size() > found->name.size()))
        found = &unit;
    if (found == nullptr) return bad();
    rest.remove_prefix(found->name.size());
    total += value / scale * found->nanos;
  }
  if (total > 9.2e18L)
    return fail(ErrorCode::InvalidInput, fmt::format("the duration '{}' is longer than 292 years", text));
  const auto count = static_cast<std::int64_t>(std::llround(total));
  return Duration(minus ? -count : count);
}

}  // namespace spotkeeper
