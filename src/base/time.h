// Time as types. No function here reads a clock: a clock is a port (`Clock`), so that the simulator can be one.
//
// Two axes exist and do not mix. `Instant` is wall-clock time (Unix epoch), the axis of notices, deadlines and API
// timestamps; it may jump when the machine's clock is set. `Steady` never jumps (CLOCK_BOOTTIME, so it goes on while
// a VM is suspended); time-outs, leases and polls are measured on it.
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace spotkeeper {

using namespace std::chrono_literals;  // NOLINT(google-global-names-in-headers): 120s reads as 120 seconds everywhere

/// A length of time, in nanoseconds; about ±292 years.
using Duration = std::chrono::nanoseconds;

namespace detail {
template <class Tag>
struct Axis {  // a chrono clock without now(): nobody can read the time from it
  using rep = Duration::rep;
  using period = Duration::period;
  using duration = Duration;
  using time_point = std::chrono::time_point<Axis>;
  static constexpr bool is_steady = false;
};
}  // namespace detail

/// A point on the wall clock: nanoseconds since 1970-01-01T00:00:00Z.
using Instant = std::chrono::time_point<detail::Axis<struct WallTag>, Duration>;
/// A point on a clock that never jumps; only differences mean something.
using Steady = std::chrono::time_point<detail::Axis<struct SteadyTag>, Duration>;

/// The time port. The real one reads the system (net/event_loop), the simulated one is moved by the simulator.
class Clock {
 public:
  Clock() = default;
  Clock(const Clock&) = delete;
  Clock& operator=(const Clock&) = delete;
  virtual ~Clock() = default;

  [[nodiscard]] virtual Instant now() const = 0;
  [[nodiscard]] virtual Steady steady() const = 0;
};

/// The instant at which a machine dies. Not an Instant, so that it can't be confused with a notice's time.
struct Deadline {
  Instant at;
  friend constexpr auto operator<=>(const Deadline&, const Deadline&) = default;
};

/// How long a pod may take from SIGTERM (or preStop) to its end. Whole seconds, never negative
/// (PodSpec.terminationGracePeriodSeconds; the API server clamps negatives to 1).
class GracePeriod {
 public:
  constexpr GracePeriod() = default;
  constexpr explicit GracePeriod(std::chrono::seconds length) : length_(length < 0s ? 0s : length) {}
  [[nodiscard]] constexpr std::chrono::seconds length() const { return length_; }
  friend constexpr auto operator<=>(const GracePeriod&, const GracePeriod&) = default;

 private:
  std::chrono::seconds length_{30};  // Kubernetes' default
};

[[nodiscard]] constexpr double seconds_of(Duration d) { return std::chrono::duration<double>(d).count(); }
/// Seconds as a double to a Duration, saturating at the ends of its range; NaN is zero.
[[nodiscard]] Duration duration_of_seconds(double seconds);

/// "2026-11-22T16:01:14Z"; fractions of a second only if there are any, without trailing zeros.
[[nodiscard]] std::string format_rfc3339(Instant t);
/// "2026-11-22T16:01:14.000000Z": MicroTime, for which the API server refuses anything but six decimals.
[[nodiscard]] std::string format_rfc3339_micro(Instant t);
/// RFC 3339 with any fraction and any offset. Years 1 to 9999; what an Instant can't hold is an error.
Result<Instant> parse_rfc3339(std::string_view text);

/// "1h2m3.5s", "120s", "0s": the syntax of Go's durations, which Kubernetes uses.
[[nodiscard]] std::string format_duration(Duration d);
/// The same read back: a sign, then numbers with units out of ns us µs ms s m h. "0" needs no unit.
Result<Duration> parse_duration(std::string_view text);

}  // namespace spotkeeper
