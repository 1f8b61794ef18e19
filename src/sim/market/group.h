// What a node group asks for: which pools in which order, and what a machine of it is as a node.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/random.h"
#include "sim/market/settings.h"
#include "sim/world.h"

namespace spotkeeper::sim::market {

/// One way to launch a machine.
struct Offer {
  std::size_t pool = 0;  // its type and zone, if it is on-demand
  bool on_demand = false;
};

/// What a group knows of one of its pools when it chooses.
struct PoolView {
  std::size_t pool = 0;
  Money price;
  std::uint64_t machines = 0;  // of the group, in it
};

/// The ways to try, one after the other, until one is not refused. `views` has one entry for each pool of the group, in
/// its order; never empty.
[[nodiscard]] std::vector<Offer> offers(const GroupSettings& group, std::span<const PoolView> views);

struct GroupReport {
  std::string name;
  std::uint32_t size = 0;
  std::uint32_t ready_least = 0;  // nodes that were Ready at the same time, at the worst
  Duration missing{};             // time that nodes were missing, summed up over those that were
};

/// A group while the clock runs: how many of its nodes are Ready, and its own random stream. It begins with all.
class GroupRun {
 public:
  /// `settings` outlive this.
  GroupRun(const GroupSettings& settings, Random random, Instant begin);
  [[nodiscard]] const GroupSettings& settings() const { return *settings_; }
  [[nodiscard]] Random& random() { return random_; }
  /// Of the next machine: each name once.
  std::string next_name();
  /// One more is Ready, or one less.
  void count_ready(int change, Instant now);
  [[nodiscard]] GroupReport report(Instant until) const;

 private:
  [[nodiscard]] Duration missing_since(Instant until) const;

  const GroupSettings* settings_;
  Random random_;
  std::uint32_t next_number_ = 1;
  std::uint32_t ready_;
  Instant ready_since_;
  GroupReport report_;
};

/// The node that a machine of that group becomes; `price` is what an hour of it costs when it is launched.
[[nodiscard]] NodeSpec node_of(const GroupSettings& group, const PoolSettings& pool, bool on_demand, Money price,
                               std::string name);

/// Where the group's first machines stand: as its policy would choose at the pools' mean prices. In the order of their
/// numbers, from 1.
[[nodiscard]] std::vector<Offer> first_machines(const MarketSettings& market, const GroupSettings& group);

}  // namespace spotkeeper::sim::market
