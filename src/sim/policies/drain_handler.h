// The policy `cordon-and-drain`: what AWS Node Termination Handler does, by its documented timing, on the same ports
// that the agents have (latency, watch lag, faults, one metadata service a machine).
//
// Its rules, from its source at v1.25.6 and kubectl's drain library:
//   - Its monitors ask the metadata service every 2 s, each in a rhythm of its own, with 2 s of patience; a loop that
//     ticks every second hands new events to a worker. Spot notices, scheduled events and the Auto Scaling state begin
//     a drain 120 s before their time (NODE_TERMINATION_GRACE_PERIOD) or at once; a rebalance recommendation does
//     nothing (its default). A scheduled event that is called off, or over, uncordons.
//   - As one controller (queue mode) it hears through EventBridge and SQS, 1 s to 2 s after the notice, at most ten
//     messages every 2 s, and has ten workers for all nodes.
//   - One API client for a process, five queries a second with a burst of ten (KUBE_API_QPS, KUBE_API_BURST).
//   - Reads Node and pods, cordons, reads them again and each DaemonSet, then evicts every pod of the node at once with
//     the pod's own grace. DaemonSet, static and completed pods stay. A 429 is tried again 5 s later, any other refusal
//     fails that pod, and each pod that goes is looked at every second until its object is gone.
//   - After 120 s the drain fails and begins anew with the next poll (or the message's next delivery, 20 s later).
//     Nothing is ever deleted past a budget.
//
// Left out: its crash after four equal errors of a monitor, and that the machine of a controller can go itself.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <vector>

#include "base/random.h"
#include "net/virtual_runtime.h"
#include "sim/world.h"

namespace spotkeeper::sim {

struct DrainHandlerOptions {
  bool one_controller = false;  // instead of a process on every machine
  double queries_per_second = 5;
  std::uint32_t burst = 10;
  std::uint32_t workers = 10;  // drains at a time, of a process
  Duration poll = 2s;
  Duration tick = 1s;
  Duration ask_again = 5s;  // after a 429
  Duration look_again = 1s;
  Duration longest_drain = 120s;
  Duration redelivery = 20s;
};

class DrainHandlers {
 public:
  DrainHandlers(net::VirtualRuntime& runtime, World& world, const DrainHandlerOptions& options);
  DrainHandlers(const DrainHandlers&) = delete;
  DrainHandlers& operator=(const DrainHandlers&) = delete;
  ~DrainHandlers();

  /// Starts the process of every machine that lives, or the one controller.
  void start_all();

 private:
  class Process;
  void start(const NodeName& node);
  void end_soon(const NodeName& node);

  net::VirtualRuntime& runtime_;
  World& world_;
  DrainHandlerOptions options_;
  std::map<NodeName, std::unique_ptr<Process>> processes_;  // the controller's stands under an empty name
  /// Cordoned for a reboot, which labels on the Node keep: the next process uncordons.
  std::set<NodeName> uncordon_after_reboot_;
  std::vector<net::ScopedCall> calls_;
};

}  // namespace spotkeeper::sim
