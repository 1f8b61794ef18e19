#include <array>

#include "sim/scenario.h"

// The bounds that embedded_scenarios.S gives each file.
extern "C" {
extern const char spotkeeper_capacity_error_begin[];
extern const char spotkeeper_capacity_error_end[];
extern const char spotkeeper_market_day_begin[];
extern const char spotkeeper_market_day_end[];
extern const char spotkeeper_nlb_begin[];
extern const char spotkeeper_nlb_end[];
extern const char spotkeeper_one_node_begin[];
extern const char spotkeeper_one_node_end[];
extern const char spotkeeper_price_spike_begin[];
extern const char spotkeeper_price_spike_end[];
extern const char spotkeeper_rolling_storm_begin[];
extern const char spotkeeper_rolling_storm_end[];
extern const char spotkeeper_slow_starters_begin[];
extern const char spotkeeper_slow_starters_end[];
extern const char spotkeeper_statefulset_volumes_begin[];
extern const char spotkeeper_statefulset_volumes_end[];
extern const char spotkeeper_zone_storm_begin[];
extern const char spotkeeper_zone_storm_end[];
}

namespace spotkeeper::sim {

std::span<const ShippedScenario> shipped_scenarios() {
  static const std::array<ShippedScenario, 9> shipped{{
      {"capacity-error", {spotkeeper_capacity_error_begin, spotkeeper_capacity_error_end}},
      {"market-day", {spotkeeper_market_day_begin, spotkeeper_market_day_end}},
      {"nlb", {spotkeeper_nlb_begin, spotkeeper_nlb_end}},
      {"one-node", {spotkeeper_one_node_begin, spotkeeper_one_node_end}},
      {"price-spike", {spotkeeper_price_spike_begin, spotkeeper_price_spike_end}},
      {"rolling-storm", {spotkeeper_rolling_storm_begin, spotkeeper_rolling_storm_end}},
      {"slow-starters", {spotkeeper_slow_starters_begin, spotkeeper_slow_starters_end}},
      {"statefulset-volumes", {spotkeeper_statefulset_volumes_begin, spotkeeper_statefulset_volumes_end}},
      {"zone-storm", {spotkeeper_zone_storm_begin, spotkeeper_zone_storm_end}},
  }};
  return shipped;
}

}  // namespace spotkeeper::sim
