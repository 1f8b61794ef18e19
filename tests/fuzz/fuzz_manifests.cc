// Links: spotkeeper_sim
// Manifests: whatever is in them, reading ends with a cluster from which a scenario can be made, or with an error that
// names the file.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "cloud/aws/embedded_catalog.h"
#include "sim/manifests/build.h"

using namespace spotkeeper;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Catalog catalog = *Catalog::parse(aws::embedded_catalog(), "catalogue");
  const std::vector<sim::ManifestText> texts{{"input.yaml", std::string(reinterpret_cast<const char*>(data), size)}};
  const auto found = sim::read_manifests(texts);
  if (!found) {
    if (!found.error().message.starts_with("input.yaml")) std::abort();
    return 0;
  }
  const auto built = sim::build_scenario(*found, {}, catalog);
  if (!built || built->scenario.nodes.size() > 50) return 0;
  std::int64_t replicas = 0;
  for (const sim::ScenarioWorkload& workload : built->scenario.workloads) replicas += workload.workload.replicas;
  if (replicas > 200) return 0;
  const auto world = sim::build_world(built->scenario, 1);
  world->advance_to(world->now() + 100ms);
  return 0;
}
