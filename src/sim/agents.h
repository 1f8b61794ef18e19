// The real agent, one process for every machine of the world, on simulated ports.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "base/metrics.h"
#include "net/virtual_runtime.h"
#include "sim/cluster_port.h"
#include "sim/scenario.h"
#include "sim/world.h"

namespace spotkeeper::sim {

class Agents {
 public:
  /// As `scenario`, which outlives this, sets the agents and their machines' clocks.
  Agents(net::VirtualRuntime& runtime, World& world, const Scenario& scenario, Boundary crash, Duration restart_after);
  Agents(const Agents&) = delete;
  Agents& operator=(const Agents&) = delete;
  ~Agents();

  /// Starts one on every machine that lives.
  void start_all();
  /// How often they have planned a drain, all together.
  [[nodiscard]] std::uint64_t plans();

 private:
  class Process;
  void start(const NodeName& node);
  void end_soon(const NodeName& node, bool restart);

  net::VirtualRuntime& runtime_;
  World& world_;
  const Scenario& scenario_;
  Boundary crash_;
  Duration restart_after_;
  /// Of all of them together: nobody asks a single one, and what a thousand agents count every second should lie close
  /// together.
  MetricsRegistry metrics_;
  std::map<NodeName, std::unique_ptr<Process>> processes_;
  std::vector<net::ScopedCall> calls_;
};

}  // namespace spotkeeper::sim
