// How much of a workload may be on Spot, as its annotations say.
//
//   spotkeeper.dev/on-demand-base: "2"    so many of its pods are not on Spot
//   spotkeeper.dev/spot-share: 70%        of the pods beyond those, at most this share is
#pragma once

#include "control/planning/reading.h"

namespace spotkeeper::control {

inline constexpr std::string_view kOnDemandBase = "spotkeeper.dev/on-demand-base";
inline constexpr std::string_view kSpotShare = "spotkeeper.dev/spot-share";

/// Keeps as many of the pending pods of each Deployment, ReplicaSet, StatefulSet and Job off Spot as are missing on
/// other nodes. An annotation that can't be read leaves the workload's pending pods without a place. Pods and workloads
/// have been read.
void keep_off_spot(const Objects& objects, Reading& into);

}  // namespace spotkeeper::control
