// A scenario made of what people have: their workloads, budgets and nodes as they were read, traffic as it is assumed,
// and a zone storm. Everything that nobody wrote down is an assumption, and is said.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "model/catalog.h"
#include "sim/manifests/manifests.h"
#include "sim/scenario.h"

namespace spotkeeper::sim {

struct TrafficAssumed {
  double rate = 100;   // requests a second to each service
  double share = 0.6;  // of what its replicas can serve together
};

struct BuiltScenario {
  Scenario scenario;
  std::vector<std::string> assumptions;  // whole sentences
};

/// A storm that takes the zone with the most Spot nodes (or, where none is known to be Spot, with the most nodes) two
/// minutes after the notice. InvalidInput if nothing could be lost: no service with a workload behind it.
Result<BuiltScenario> build_scenario(const FoundCluster& cluster, const TrafficAssumed& traffic,
                                     const Catalog& catalog);

}  // namespace spotkeeper::sim
