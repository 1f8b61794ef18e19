// What a scenario says about its Spot market and its node groups. Values only; read by market/reader.h, run by
// market/market.h. The meaning of each figure, and where it comes from, is in docs/simulation.md.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "model/catalog.h"
#include "model/labels.h"
#include "model/money.h"
#include "model/node.h"
#include "sim/market/boot.h"
#include "sim/market/spot_trace.h"

namespace spotkeeper::sim::market {

/// Which pools: an empty part means any.
struct Where {
  std::string zone;
  std::string type;
  [[nodiscard]] bool holds(std::string_view pool_zone, std::string_view pool_type) const {
    return (zone.empty() || zone == pool_zone) && (type.empty() || type == pool_type);
  }
};

/// Prices walk around the catalogue's: the logarithm is an Ornstein-Uhlenbeck process, never above on-demand. Spot
/// prices have hardly moved since 2017 (SpotLake, IISWC'22), so the walk is slow and narrow unless a scenario says
/// otherwise; both figures are assumptions.
struct PriceRules {
  Duration step = 5min;
  Duration half_life = 12h;  // of a deviation
  double spread = 0.05;      // the logarithm's standard deviation in the long run
};

/// A price that is at least a share of on-demand for a while.
struct Spike {
  Duration at{};  // after the clock starts
  Duration length{};
  Where where;
  double of_on_demand = 1.0;
};

/// How often machines are taken back. The rate of one that is old comes from the catalogue's class (market/hazard.h);
/// a part of it happens to a whole pool at once: more than 92 % of interruptions that came together were of one type in
/// one zone, within three minutes (arXiv 2604.16457).
struct RiskRules {
  double times = 1.0;      // the catalogue's rate
  double together = 0.5;   // the part of it that comes as storms of a pool
  double takes = 0.6;      // a storm: the share of the pool's machines that it takes …
  Duration within = 3min;  // … in so long
};

/// What machines are told. AWS gives two minutes, on a best-effort basis.
struct NoticeRules {
  Duration length = 120s;
  double short_share = 0;
  Duration short_length = 10s;
  double none_share = 0;
};

/// Rebalance recommendations. AWS promises no lead, and far more of them come than interruptions; how long before is
/// not published, so the figures are assumptions.
struct RebalanceRules {
  double before = 0.5;        // the share of interruptions that one comes before
  Duration lead = 8min;       // median of a log-normal time
  double lead_sigma = 1.0;    // of its logarithm
  double false_per_hour = 0;  // a machine's rate of those that nothing follows
};

/// Launches that are refused. A pool that has lost machines to a storm refuses for a while: in recorded availability of
/// 12 pools runs without capacity have a median of 30 min and a mean of 100 min.
struct CapacityRules {
  Duration out = 30min;  // median of a log-normal time
  double out_sigma = 1.55;
  double refused = 0;  // the share of launches that is refused at any time
};

/// One that the scenario wants.
struct Storm {
  Duration at{};
  Where where;
  double takes = 1.0;
  Duration within = 3min;
  std::optional<Duration> out;  // none: drawn
};

struct Outage {
  Duration at{};
  Duration length{};
  Where where;
};

/// Spot machines of one type in one zone.
struct PoolSettings {
  std::string zone;
  InstanceType type;
  Money mean_price;        // an hour
  double per_hour = 0;     // interruptions of an old machine, before RiskRules::times
  SpotTracePtr trace;      // of its capacity; nullptr: none
  std::string trace_name;  // file it came from
  [[nodiscard]] std::string name() const { return zone + "/" + type.name.str(); }
};

enum class GroupPolicy {
  Price,     // the cheapest pool at the moment
  Spread,    // the pool that has fewest of the group's machines; the cheaper of two
  OnDemand,  // no Spot
};

enum class ReplaceOn { Notice, Death };

/// Machines that are replaced when they are lost: an Auto Scaling group, a node pool.
struct GroupSettings {
  std::string name;  // its nodes are name-1, name-2 …, each number once
  std::uint32_t size = 0;
  std::vector<std::size_t> pools;  // into MarketSettings::pools
  GroupPolicy policy = GroupPolicy::Spread;
  // After a refusal: the group's other pools, in the policy's order; then on-demand in the first choice's zone and
  // type.
  bool fall_back_to_pools = true;
  bool fall_back_to_on_demand = true;
  std::optional<Money> max_price;  // none: on-demand, which no price exceeds
  ReplaceOn replace_on = ReplaceOn::Notice;
  Duration request_delay = 5s;  // from the loss to the launch request, median
  Duration retry = 30s;         // after every way was refused
  BootTimes boot;
  Duration age = 12h;  // of its first machines when the clock starts
  Labels labels;
  std::vector<Taint> taints;
};

struct MarketSettings {
  PriceRules prices;
  RiskRules risk;
  NoticeRules notice;
  RebalanceRules rebalance;
  CapacityRules capacity;
  std::vector<Spike> spikes;
  std::vector<Storm> storms;
  std::vector<Outage> outages;
  std::vector<PoolSettings> pools;
  std::vector<GroupSettings> groups;
  std::uint32_t machines_per_unit = 1;  // of a trace's figures
  std::optional<Duration> trace_start;  // into the traces when the clock starts; none: drawn by the seed
};

}  // namespace spotkeeper::sim::market
