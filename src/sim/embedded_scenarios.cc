#include <array>

#include "sim/scenario.h"

extern "C" {
extern const char spotkeeper_one_node_begin[];
extern const char spotkeeper_one_node_end[];
extern const char spotkeeper_zone_storm_begin[];
extern const char spotkeeper_zone_storm_end[];
}

namespace spotkeeper::sim {

std::span<const ShippedScenario> shipped_scenarios() {
  static const std::array<ShippedScenario, 2> shipped{{
      {"one-node", {spotkeeper_one_node_begin, spotkeeper_one_node_end}},
      {"zone-storm", {spotkeeper_zone_storm_begin, spotkeeper_zone_storm_end}},
  }};
  return shipped;
}

}  // namespace spotkeeper::sim
