// Reads the sections `market:` and `groups:` of a scenario file.
#pragma once

#include <vector>

#include "base/result.h"
#include "format/json.h"
#include "model/catalog.h"
#include "sim/market/settings.h"
#include "sim/world.h"

namespace spotkeeper::sim::market {

/// Both sections may be absent. Types, with their prices and rates, are looked up in `catalog`.
Result<MarketSettings> read_market(const format::JsonField& market, const format::JsonField& groups,
                                   const Catalog& catalog);

/// The nodes that the groups begin with, at the pools' mean prices: where each group's policy puts them.
[[nodiscard]] std::vector<NodeSpec> first_nodes(const MarketSettings& market);

}  // namespace spotkeeper::sim::market
