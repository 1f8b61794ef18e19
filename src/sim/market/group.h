// What a node group asks for: which pools in which order, and what a machine of it is as a node.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

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

/// The node that a machine of that group becomes; `price` is what an hour of it costs when it is launched.
[[nodiscard]] NodeSpec node_of(const GroupSettings& group, const PoolSettings& pool, bool on_demand, Money price,
                               std::string name);

/// Where the group's first machines stand: as its policy would choose at the pools' mean prices. In the order of their
/// numbers, from 1.
[[nodiscard]] std::vector<Offer> first_machines(const MarketSettings& market, const GroupSettings& group);

}  // namespace spotkeeper::sim::market
