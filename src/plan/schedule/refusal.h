// Why a pod can't be on a node.
#pragma once

#include <cstdint>
#include <string_view>

namespace spotkeeper::plan {

enum class Refusal : std::uint8_t {
  None,
  Name,          // the pod names another node
  Cordoned,      // unschedulable, and the pod does not tolerate it
  Taint,         // a taint that it does not tolerate
  Selector,      // node selector or required node affinity
  Architecture,  // it names none, and the node's is not the default one
  VolumePlace,   // a volume can't be reached from there
  Pods,          // as many pods as the node takes
  Cpu,
  Memory,
  Other,  // another resource
  Ports,
  Attachments,  // as many volumes as the node takes
  Exclusive,    // a claim that only one pod may use is in use
  Spread,
  Affinity,
  AntiAffinity,
  Repelled,   // the anti-affinity of a pod that is there
  SpotShare,  // too much of its workload in one Spot pool
  NodeShare,  // too much of its workload on one node
  PoolLimit,  // the NodePool may have no more
  MinValues,  // too few types would be left to choose from
  SpotLimit,  // it is Spot, of which its workload says how much it may have
  Steady,     // it is Spot, and the pod takes long to end or keeps data
};

/// As it stands in a reason: "too little CPU".
[[nodiscard]] std::string_view text_of(Refusal refusal);

}  // namespace spotkeeper::plan
