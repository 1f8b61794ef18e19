// The market's part of a report, as documented in docs/simulate.md.
#pragma once

#include "format/json.h"
#include "sim/market/market.h"

namespace spotkeeper::sim::market {

/// "cost": USD, of all machines.
[[nodiscard]] format::JsonObject cost_json(const MarketReport& report);
/// "market": launches, interruptions, and each group's nodes.
[[nodiscard]] format::JsonObject market_json(const MarketReport& report);

}  // namespace spotkeeper::sim::market
