// What can go wrong between a client and the API server or the metadata service, as numbers, and the dice for it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/random.h"
#include "base/time.h"

namespace spotkeeper::sim {

/// Shares are of the requests made (0 to 1), independent of each other. A fault applies from `from` to `until` after
/// the scenario's start.
struct ApiFaults {
  Duration latency = 10ms;     // median of a request's log-normal latency
  double latency_sigma = 0.5;  // of its logarithm
  Duration watch_lag = 50ms;   // from a change to the watcher that hears of it: median
  double watch_lag_sigma = 0.5;
  double conflict = 0;           // 409 to a PATCH with an optimistic lock, as if somebody had been faster
  double throttled = 0;          // 429 with Retry-After
  double throttled_bare = 0;     // 429 without it
  Duration retry_after = 1s;     // what those say
  double unavailable = 0;        // 500 or 503; carried out or not, half each
  double lost_answer = 0;        // the connection breaks after the request was carried out
  double watch_gap = 0;          // a watch breaks at a change and has to list anew (410)
  double partial_view = 0;       // a list lacks a pod that a later change brings
  std::optional<Duration> from;  // none: always
  std::optional<Duration> until;
};

struct MetadataFaults {
  double unavailable = 0;    // 503
  double garbage = 0;        // 200 with bytes that mean nothing
  double half_answer = 0;    // the connection breaks within the body
  double unauthorized = 0;   // 401 for a token that was good
  double slow = 0;           // no answer before the client's time-out
  Duration token_life = 6h;  // a token ends after this, whatever was asked for
  Duration date_skew{};      // the service's Date header against the world's clock
  Duration latency = 1ms;
  std::optional<Duration> from;
  std::optional<Duration> until;
};

/// What becomes of one API request.
enum class ApiFate {
  Answered,
  Throttled,          // 429 with Retry-After: not carried out
  ThrottledBare,      // 429 without: not carried out
  UnavailableBefore,  // 5xx: not carried out
  UnavailableAfter,   // 5xx: carried out all the same
  LostAnswer,         // no answer: carried out
  Conflict,           // 409 (optimistic lock): not carried out
};

/// Draws fates and delays from a seed of its own, so that faults do not change what else is drawn.
class FaultDice {
 public:
  FaultDice(std::uint64_t seed, Instant start, ApiFaults api, MetadataFaults metadata);

  /// Scenario time zero: faults with `from` and `until` count from here.
  void set_start(Instant start) { start_ = start; }
  [[nodiscard]] const ApiFaults& api() const { return api_; }
  [[nodiscard]] const MetadataFaults& metadata() const { return metadata_; }

  [[nodiscard]] Duration latency();
  [[nodiscard]] Duration watch_lag();
  [[nodiscard]] ApiFate fate(Instant now, bool locked_patch);
  [[nodiscard]] bool watch_breaks(Instant now);
  [[nodiscard]] bool hides_pod(Instant now);

  enum class MetadataFate { Answered, Unavailable, Garbage, Half, Unauthorized, Silent };
  [[nodiscard]] MetadataFate metadata_fate(Instant now);
  /// Bytes that no parser of ours expects.
  [[nodiscard]] std::string garbage();

 private:
  [[nodiscard]] bool within(Instant now, const std::optional<Duration>& from,
                            const std::optional<Duration>& until) const;

  Random random_;
  Instant start_;
  ApiFaults api_;
  MetadataFaults metadata_;
};

}  // namespace spotkeeper::sim
