#include "sim/market/report_json.h"

#include <utility>

namespace spotkeeper::sim::market {
namespace {

double dollars(Money amount) { return static_cast<double>(amount.micros) / 1e6; }

}  // namespace

format::JsonObject cost_json(const MarketReport& report) {
  format::JsonObject cost;
  cost["total"] = dollars(report.total);
  cost["per_hour"] = dollars(report.per_hour(report.total));
  cost["on_demand_per_hour"] = dollars(report.per_hour(report.on_demand_total));
  return cost;
}

format::JsonObject market_json(const MarketReport& report) {
  format::JsonObject market;
  market["launched"] = report.launched;
  market["launched_on_demand"] = report.launched_on_demand;
  market["capacity_errors"] = report.capacity_errors;
  market["outbid"] = report.outbid;
  market["interrupted"] = report.interrupted;
  market["short_notices"] = report.short_notices;
  market["unannounced"] = report.unannounced;
  market["recommended"] = report.recommended;
  market["falsely_recommended"] = report.falsely_recommended;
  market["spot_hours"] = seconds_of(report.spot_time) / 3600;
  format::JsonObject groups;
  for (const GroupReport& group : report.groups) {
    format::JsonObject row;
    row["size"] = group.size;
    row["ready_least"] = group.ready_least;
    row["missing_node_seconds"] = seconds_of(group.missing);
    groups[group.name] = std::move(row);
  }
  market["groups"] = std::move(groups);
  if (report.traces.empty()) return market;
  format::JsonObject traces;
  for (const auto& [pool, trace] : report.traces) traces[pool] = trace;
  market["traces"] = std::move(traces);
  return market;
}

}  // namespace spotkeeper::sim::market
