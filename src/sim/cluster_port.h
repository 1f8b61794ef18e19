// The simulated API server as the port that the agent and the executor work on (control/ports.h): the world's requests
// with the latency, the lag of watches and the refusals of a real server between them.
//
// A request travels, is carried out, and its answer travels back, each half of a drawn latency. A view lists, then
// hears of every change after a lag of its own, in order; it can lose its watch and list anew, and its list can lack a
// pod that comes a little later. A test can end the process at either side of every request (`Boundary`).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>

#include "control/ports.h"
#include "net/runtime.h"
#include "sim/world.h"

namespace spotkeeper::sim {

/// One side of one request that changes something.
struct ActionPoint {
  enum class Side { Before, After };  // it was carried out, or not yet; its answer has not come in either case
  NodeName agent;
  std::string_view action;  // "patch_node", "evict", "delete_pod"
  Side side = Side::Before;
};
/// True: the process ends here. Its coroutine never goes on; the caller destroys it.
using Boundary = std::function<bool(const ActionPoint&)>;

class SimCluster final : public control::ClusterApi {
 public:
  /// `agent` is whose requests these are; `runtime` may have a clock that is wrong.
  SimCluster(net::Runtime& runtime, World& world, NodeName agent, Boundary boundary = {})
      : runtime_(runtime), world_(world), agent_(std::move(agent)), boundary_(std::move(boundary)) {}

  net::Task<Result<Node>> get_node(NodeName node) override;
  net::Task<Result<Node>> patch_node(NodeChange change) override;
  net::Task<kube::EvictAnswer> evict(PodRef pod, std::optional<GracePeriod> grace) override;
  net::Task<Result<kube::DeleteOutcome>> delete_pod(PodRef pod, GracePeriod grace) override;
  void emit(kube::EventNote note) override;
  std::unique_ptr<control::ClusterView> view_node(NodeName node) override;
  std::unique_ptr<control::ClusterView> view_around(NodeName node) override;

 private:
  [[nodiscard]] bool ends_here(std::string_view action, ActionPoint::Side side) const;

  net::Runtime& runtime_;
  World& world_;
  NodeName agent_;
  Boundary boundary_;
};

}  // namespace spotkeeper::sim
