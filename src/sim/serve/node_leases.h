// The leases by which kubelets say that they live: one a node in the namespace kube-node-lease, renewed every 10 s and
// valid for 40 s (nodeLeaseDurationSeconds of the KubeletConfiguration, and a quarter of it). `kubectl describe node`
// shows it.
#pragma once

#include <string_view>

#include "base/time.h"
#include "sim/world.h"

namespace spotkeeper::sim::serve {

class NodeLeases {
 public:
  static constexpr std::string_view kNamespace = "kube-node-lease";
  static constexpr Duration kEvery = 10s;

  /// Makes the namespace. The world outlives it.
  explicit NodeLeases(World& world);
  /// To be called whenever the world has moved: when `kEvery` has passed, each living machine's kubelet renews its
  /// lease, and those of Nodes that are gone are removed.
  void renew();

 private:
  World& world_;
  Instant next_;
};

}  // namespace spotkeeper::sim::serve
