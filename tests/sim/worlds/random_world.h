// Worlds that nobody thought of: nodes, zones, workloads, budgets, loads, interruptions and faults, all drawn from a
// seed. The same seed is the same world on every machine.
#pragma once

#include <cstddef>
#include <cstdint>

#include "sim/scenario.h"

namespace spotkeeper::sim {

[[nodiscard]] Scenario random_world(std::uint64_t seed);

/// Pods that it wants to run; a DaemonSet counts one for every node.
[[nodiscard]] std::size_t pods_of(const Scenario& scenario);

}  // namespace spotkeeper::sim
