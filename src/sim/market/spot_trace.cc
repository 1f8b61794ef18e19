#include "sim/market/spot_trace.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>
#include <system_error>

#include "base/file.h"
#include "base/text.h"
#include "format/json.h"
#include "format/yaml.h"
#include "sim/market/settings.h"

namespace spotkeeper::sim::market {
namespace {

constexpr std::size_t kMostBytes = std::size_t{64} << 20;
constexpr double kLongestGap = 86'400;
constexpr std::int64_t kMostUnits = 100'000;

Result<SpotTrace> read_trace(const format::JsonField& root) {
  SK_CHECK(root.is_object());
  SK_CHECK(root.only_keys({"metadata", "data", "prices"}));
  const auto gap_field = root["metadata"]["gap_seconds"];
  SK_TRY(const auto gap, gap_field.as<double>());
  if (gap < 1 || gap > kLongestGap) return fail(gap_field.error("out of range: 1 to 86400"));
  SpotTrace trace;
  trace.gap = duration_of_seconds(gap);
  SK_TRY(const auto ticks, root["data"].elements());
  if (ticks.empty()) return fail(root["data"].error("expected at least one figure"));
  trace.units.reserve(ticks.size());
  for (const format::JsonField& tick : ticks) {
    SK_TRY(const auto units, tick.as<std::int64_t>());
    if (units < 0 || units > kMostUnits) return fail(tick.error("out of range: 0 to 100000"));
    trace.units.push_back(static_cast<std::uint32_t>(units));
  }
  return trace;
}

}  // namespace

std::size_t SpotTrace::tick_at(Duration at) const {
  if (at < gap) return 0;
  return std::min(static_cast<std::size_t>(at / gap), units.size() - 1);
}

std::size_t SpotTrace::next_change(std::size_t tick) const {
  std::size_t next = tick + 1;
  while (next < units.size() && units[next] == units[tick]) ++next;
  return std::min(next, units.size());
}

Result<SpotTrace> parse_spot_trace(std::string_view json, std::string_view file) {
  const auto document = format::parse_json(json);
  if (!document) return fail(document.error().within(file));
  auto trace = read_trace(format::JsonField(*document));
  if (trace) return trace;
  // A mistake is read once more as YAML, of which JSON is a part, for the line that it stands in.
  if (const auto placed = format::parse_yaml(json)) {
    if (auto again = read_trace(placed->root()); !again) return std::move(again).within(file);
  }
  return std::move(trace).within(file);
}

Result<std::vector<NamedTrace>> load_spot_traces(const std::string& directory) {
  std::set<std::filesystem::path> files;
  std::error_code problem;
  for (auto at = std::filesystem::directory_iterator(directory, problem);
       !problem && at != std::filesystem::directory_iterator(); at.increment(problem)) {
    if (at->path().extension() == ".json") files.insert(at->path());
  }
  if (problem) return fail(ErrorCode::NotFound, "reading the folder " + directory + ": " + problem.message());
  if (files.empty()) return fail(ErrorCode::NotFound, "no *.json file in " + directory);
  std::vector<NamedTrace> traces;
  for (const auto& path : files) {
    SK_TRY(const auto text, read_file(path.string(), kMostBytes));
    SK_TRY(auto trace, parse_spot_trace(text, path.string()));
    NamedTrace named;
    named.name = path.stem().string();
    named.zone = split(named.name, '_').front();
    named.trace = std::make_shared<const SpotTrace>(std::move(trace));
    traces.push_back(std::move(named));
  }
  return traces;
}

Result<void> drive_by_traces(MarketSettings& market, const std::vector<NamedTrace>& traces) {
  if (market.pools.empty()) {
    return fail(ErrorCode::InvalidInput, "traces drive the pools of a scenario's groups, and it has none");
  }
  std::map<std::string, std::vector<const NamedTrace*>> by_zone;
  for (const NamedTrace& trace : traces) by_zone[trace.zone].push_back(&trace);
  std::map<std::string, std::string> recorded;  // the pool's zone, and whose trace it gets
  for (const PoolSettings& pool : market.pools) recorded[pool.zone] = by_zone.contains(pool.zone) ? pool.zone : "";
  auto spare = by_zone.begin();
  for (auto& [zone, from] : recorded) {
    if (!from.empty()) continue;
    while (spare != by_zone.end() && recorded.contains(spare->first)) ++spare;
    if (spare == by_zone.end()) {
      return fail(ErrorCode::InvalidInput, "no trace for zone " + quote(zone) + ": the " +
                                               std::to_string(recorded.size()) + " zones of the groups need one each");
    }
    from = (spare++)->first;
  }
  for (PoolSettings& pool : market.pools) {
    const auto& candidates = by_zone.at(recorded.at(pool.zone));
    const auto of_type = std::find_if(candidates.begin(), candidates.end(), [&](const NamedTrace* trace) {
      return trace->name.find(pool.type.name.str()) != std::string::npos;
    });
    const NamedTrace& chosen = of_type != candidates.end() ? **of_type : *candidates.front();
    pool.trace = chosen.trace;
    pool.trace_name = chosen.name;
  }
  return {};
}

}  // namespace spotkeeper::sim::market
