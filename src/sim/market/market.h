// The Spot market of a scenario while its clock runs, and the groups that buy in it: prices, interruptions, refused
// launches, replacements, and what it all costs.
//
// Who drives it: its owner moves it with `advance_to`, at `next_due()` or whenever something was told to it; it makes
// nothing happen by itself and acts on the cluster through its Ground alone. It hears nothing of pods or of who handles
// a notice, and every draw comes from a stream of its own (by the seed, and the name of the pool, group or machine), so
// the same seed gives the same market whatever the policy does.
//
// Machines that no group holds are only counted in the cost.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/time.h"
#include "model/money.h"
#include "sim/market/group.h"
#include "sim/market/machines.h"
#include "sim/market/pool.h"
#include "sim/market/settings.h"
#include "sim/world.h"

namespace spotkeeper::sim::market {

/// The cluster, as far as the market touches it.
class Ground {
 public:
  Ground() = default;
  Ground(const Ground&) = delete;
  Ground& operator=(const Ground&) = delete;
  virtual ~Ground() = default;

  /// A machine has booted and joins; its name is new.
  virtual void join(NodeSpec node) = 0;
  virtual void notice(const NodeName& node, const Notice& notice) = 0;
  virtual void kill(const NodeName& node) = 0;
};

struct MarketReport {
  Duration length{};
  Money total;            // of all machines, from their launch (or the clock's start) to their end
  Money on_demand_total;  // of the same machine time at on-demand prices
  Duration spot_time{};   // machine time on Spot, in groups
  std::uint64_t launched = 0;
  std::uint64_t launched_on_demand = 0;
  std::uint64_t capacity_errors = 0;  // launch requests refused
  std::uint64_t outbid = 0;           // launches not asked for, and machines lost, because the price exceeded max-price
  std::uint64_t interrupted = 0;      // machines that the market took; those with short or no notice among them
  std::uint64_t short_notices = 0;
  std::uint64_t unannounced = 0;
  std::uint64_t recommended = 0;  // rebalance recommendations; the false ones among them
  std::uint64_t falsely_recommended = 0;
  std::vector<GroupReport> groups;
  std::map<std::string, std::string> traces;  // pool → the trace that drives it

  /// An hour's share of a sum.
  [[nodiscard]] Money per_hour(Money sum) const;
};

class Market {
 public:
  /// `settings` and `ground` outlive this. `length`: how long the clock will run; where traces begin is drawn so that
  /// they last for it.
  Market(const MarketSettings& settings, std::uint64_t seed, Duration length, Ground& ground);
  Market(const Market&) = delete;
  Market& operator=(const Market&) = delete;
  ~Market();

  /// The clock starts; `nodes` are those that there are, the groups' first ones among them.
  void begin(Instant now, std::span<const NodeSpec> nodes);
  /// None before `begin`, or when nothing is planned.
  [[nodiscard]] std::optional<Instant> next_due() const;
  /// Makes everything happen that is due up to and including `now`, in order.
  void advance_to(Instant now);

  /// Somebody else has told the machine that it goes, or has ended it. Names of no group do no harm.
  void noticed(const NodeName& node, Instant now);
  void lost(const NodeName& node, Instant now);

  /// Up to `until`, which is not before the last `advance_to`.
  [[nodiscard]] MarketReport report(Instant until) const;

  // ---- Looking
  [[nodiscard]] std::span<const Pool> pools() const;
  /// Of the group's machines: those that are there, without those that were told to go, and those that boot.
  [[nodiscard]] std::uint64_t holding(std::size_t pool) const;
  /// All that there have been, in the order of their launches.
  [[nodiscard]] std::span<const Instance> machines() const;
  /// What each machine has cost up to `until`, by name.
  [[nodiscard]] std::map<NodeName, Money> costs(Instant until) const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace spotkeeper::sim::market
