// Recorded Spot capacity: how many machines of one type could be had in one zone, at even intervals.
//
// A file is a JSON document {"metadata":{"gap_seconds":N},"data":[n0,n1,…]}, perhaps with "prices", which are not used.
// A folder holds one a zone; the file's name begins with the zone ("us-east-1a_v100_1.json").
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace spotkeeper::sim::market {

struct SpotTrace {
  Duration gap{};                    // 1 s to 24 h
  std::vector<std::uint32_t> units;  // at least one; each up to 100,000

  [[nodiscard]] Duration length() const { return gap * static_cast<std::int64_t>(units.size()); }
  /// The tick that holds at `at` after the trace's start; the last one holds for ever.
  [[nodiscard]] std::size_t tick_at(Duration at) const;
  /// The next tick after `tick` with another figure; units.size() if there is none.
  [[nodiscard]] std::size_t next_change(std::size_t tick) const;
};
using SpotTracePtr = std::shared_ptr<const SpotTrace>;

/// `file` names the text in errors: "a.json: line 1, column 9: …", "a.json: /data/3: out of range…".
Result<SpotTrace> parse_spot_trace(std::string_view json, std::string_view file);

struct NamedTrace {
  std::string name;  // the file's, without ".json"
  std::string zone;  // up to the first '_'
  SpotTracePtr trace;
};

/// Every *.json of the folder, by name. NotFound if there is none; one that can't be read is an error.
Result<std::vector<NamedTrace>> load_spot_traces(const std::string& directory);

struct MarketSettings;
/// Gives every pool the trace of its zone; of several the one whose name has the pool's type in it, else the first.
/// Zones that no file names get, in order, the zones of the files that no pool has. InvalidInput if those are too few,
/// or if there is no pool.
Result<void> drive_by_traces(MarketSettings& market, const std::vector<NamedTrace>& traces);

}  // namespace spotkeeper::sim::market
