// Pods as they are in a cluster: pending ones, and those that are on nodes.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "control/planning/reading.h"

namespace spotkeeper::control {

/// Succeeded or Failed: it takes nothing any more.
[[nodiscard]] bool is_over(const Object& pod);

/// The claims that a pod's volumes name. `pod`: its name, after which a generic ephemeral volume's claim is called.
Result<std::vector<ClaimUse>> claims_of(const format::JsonField& spec, const std::string& pod);

/// Names of pods that are there, by what makes them (WorkloadRef::str()).
using LivePods = std::map<std::string, std::set<std::string>>;

/// Every Pod: pending ones become pods of the problem, the others hold their node's room. Priorities, volumes and nodes
/// have been read.
[[nodiscard]] LivePods read_pods(const Objects& objects, Reading& into);

}  // namespace spotkeeper::control
