// The machines of a market, dead ones too: what the market knows of each, and the sums over all of them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <vector>

#include "base/random.h"
#include "base/time.h"
#include "model/money.h"
#include "model/node.h"
#include "sim/market/pool.h"

namespace spotkeeper::sim::market {

inline constexpr std::size_t kNowhere = static_cast<std::size_t>(-1);

struct Instance {
  NodeName name;
  std::size_t group = kNowhere;  // kNowhere: none holds it
  std::size_t pool = kNowhere;   // its type and zone, of a group's
  bool spot = false;             // in a pool, at the pool's price
  Money fixed_price;             // an hour, if it is not
  Money on_demand_price;
  Instant launched;
  std::optional<Instant> ended;
  bool ready = false;        // its node has joined
  bool doomed = false;       // it was told to go, or ends before it joins
  bool recommended = false;  // it was recommended to rebalance
  bool replaced = false;     // another one was asked for in its place
  Random random{0};          // forks of it decide what happens to this machine

  [[nodiscard]] bool holds() const { return !doomed && !ended; }
};

/// From the launch to the end, or to `until`; nothing is charged after it.
[[nodiscard]] Duration time_of(const Instance& instance, Instant until);
[[nodiscard]] Money cost_of(const Instance& instance, std::span<const Pool> pools, Instant until);

}  // namespace spotkeeper::sim::market
