// NodePools, and the machines that can be bought for them.
#pragma once

#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "control/planning/documents.h"
#include "format/json.h"
#include "model/node_pool.h"

namespace spotkeeper::control {

/// karpenter.sh/v1, or v1beta1 where every field that decides has the same meaning there. An InvalidInput names the
/// field: a NodePool that is understood in part would buy the wrong machines.
Result<NodePool> read_node_pool(const format::JsonField& object);

/// The zones that its requirements name.
[[nodiscard]] std::set<std::string> zones_of(const NodePool& pool);

/// What can be bought of `types` in `zones`: the catalogue's prices, but for what the rows say, without what is
/// unavailable. By type, zone and capacity type.
[[nodiscard]] std::vector<plan::Offering> offerings_of(std::span<const InstanceType> types,
                                                       std::span<const std::string> zones,
                                                       const PlanningOptions& options);

}  // namespace spotkeeper::control
