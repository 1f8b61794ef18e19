// Links: spotkeeper_sim
// Scenario files: whatever is in one, reading it ends with a scenario that can be built or with an error that names a
// place.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "cloud/aws/embedded_catalog.h"
#include "sim/scenario.h"

using namespace spotkeeper;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Catalog catalog = *Catalog::parse(aws::embedded_catalog(), "catalogue");
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto scenario = sim::parse_scenario(text, "input.yaml", catalog);
  if (!scenario) {
    if (!scenario.error().message.starts_with("input.yaml")) std::abort();
    return 0;
  }
  if (scenario->nodes.size() > 50) return 0;
  const auto world = sim::build_world(*scenario, scenario->seed);
  world->advance_to(world->now() + 100ms);
  for (const sim::ScenarioEvent& event : scenario->events) (void)sim::targets_of(*scenario, event, 1);
  return 0;
}
