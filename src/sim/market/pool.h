// One Spot pool as it is at the moment: its price, and whether a machine can be had in it. What happens to it does not
// depend on who runs machines in it, so that policies are compared on the same market.
#pragma once

#include <cstdint>
#include <optional>

#include "base/random.h"
#include "base/time.h"
#include "sim/market/price.h"
#include "sim/market/settings.h"

namespace spotkeeper::sim::market {

/// A storm: a share of the pool's machines is taken within minutes, and launches are refused for a while.
struct PlannedStorm {
  std::size_t pool = 0;
  Instant at;
  Instant rumour;  // when recommendations begin to come
  double takes = 0;
  Duration within{};
  Duration out{};
  bool by_chance = true;  // the next one is drawn when it strikes
};

class Pool {
 public:
  /// `random` is the pool's own; `begin` is when the clock starts.
  Pool(const MarketSettings& market, std::size_t index, Random random, Instant begin, Duration trace_start);

  [[nodiscard]] const PoolSettings& settings() const { return *settings_; }
  [[nodiscard]] Money price() const { return price_; }
  [[nodiscard]] const PriceHistory& history() const { return history_; }

  /// One step of the walk.
  void step(Instant now);
  /// The price anew, without a step: where a spike begins or ends.
  void reprice(Instant now);

  /// Launches are refused until `until`, or longer if they were already.
  void close(Instant until) { closed_until_ = std::max(closed_until_, until); }
  [[nodiscard]] bool closed(Instant now) const { return now < closed_until_; }

  /// How many machines there may be at most; none: any number.
  [[nodiscard]] std::optional<std::uint64_t> capacity() const { return capacity_; }
  /// The next instant at which the trace has another figure, and that figure in machines.
  struct CapacityChange {
    Instant at;
    std::uint64_t machines = 0;
  };
  [[nodiscard]] std::optional<CapacityChange> next_capacity() const;
  /// Takes the next figure of the trace.
  void advance_capacity();
  /// Which figure of the trace holds.
  [[nodiscard]] std::size_t tick() const { return tick_; }

  /// The pool's next storm by chance after `after`; none where it has no rate, or where a trace drives it.
  std::optional<PlannedStorm> draw_storm(Instant after);
  /// How long one recommendation is made before what it is about.
  Duration draw_lead();
  /// How long launches are refused after a storm.
  Duration draw_outage();
  /// Old machines' interruptions an hour: those that come one by one, and all of them.
  [[nodiscard]] double alone_per_hour() const;

 private:
  [[nodiscard]] Money effective(Instant now) const;

  const MarketSettings* market_;
  const PoolSettings* settings_;
  std::size_t index_;
  Instant begin_;
  Duration trace_start_;
  PriceWalk walk_;
  Money price_;
  PriceHistory history_;
  Random storms_;
  Random outages_;
  Random leads_;
  Instant closed_until_;
  std::size_t tick_ = 0;
  std::optional<std::uint64_t> capacity_;
};

}  // namespace spotkeeper::sim::market
