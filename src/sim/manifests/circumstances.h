// What decides about a workload and stands in other objects than its own: how many replicas its autoscaler wants, what
// its priority class is worth, which load balancer is before its service; and what of the objects that were found is
// not used, and could change the answer.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sim/manifests/manifests.h"
#include "sim/world.h"

namespace spotkeeper::sim {

struct Circumstances {
  std::int32_t replicas = 1;
  std::optional<AutoscaleSettings> autoscale;
  std::int32_t priority = 0;
  bool preempts = true;
};

/// Each of these puts whole sentences about what nobody says, or what is not modelled, into `assumptions`.
[[nodiscard]] Circumstances circumstances_of(const FoundCluster& cluster, const FoundWorkload& workload,
                                             std::vector<std::string>& assumptions);

/// None: its clients are in the cluster, or are taken to be.
[[nodiscard]] std::optional<LoadBalancerSettings> load_balancer_of(const FoundCluster& cluster,
                                                                   const FoundService& service,
                                                                   std::vector<std::string>& assumptions);

/// A line a kind, with what it could change.
void name_what_is_not_used(const FoundCluster& cluster, std::vector<std::string>& assumptions);

}  // namespace spotkeeper::sim
