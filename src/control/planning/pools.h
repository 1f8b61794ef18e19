// NodePools as users write them.
#pragma once

#include <set>
#include <string>

#include "base/result.h"
#include "format/json.h"
#include "model/node_pool.h"

namespace spotkeeper::control {

/// karpenter.sh/v1, or v1beta1 where every field that decides has the same meaning there. An InvalidInput names the
/// field: a NodePool that is understood in part would buy the wrong machines.
Result<NodePool> read_node_pool(const format::JsonField& object);

/// The zones that its requirements name.
[[nodiscard]] std::set<std::string> zones_of(const NodePool& pool);

}  // namespace spotkeeper::control
