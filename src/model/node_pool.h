// karpenter.sh/v1 NodePool as decisions need it: which machines may be bought, and what their nodes carry.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model/labels.h"
#include "model/scheduling.h"

namespace spotkeeper {

/// Gte and Lte are valid here alone. Bounds are whole numbers from 0 on (the NodePool's own validation).
enum class PoolOperator { In, NotIn, Exists, DoesNotExist, Gt, Lt, Gte, Lte };

struct PoolRequirement {
  std::string key;
  PoolOperator op = PoolOperator::In;
  std::vector<std::string> values;
  std::optional<std::int64_t> min_values;  // how many different values the types that may be launched must have

  /// `value`: what the label would be; nullptr where the node would not have it.
  [[nodiscard]] bool allows(const std::string* value) const;
  friend auto operator<=>(const PoolRequirement&, const PoolRequirement&) = default;
};

struct NodePool {
  std::string name;
  std::int32_t weight = 0;  // 1 to 100, the higher is tried first; 0: none given
  std::vector<PoolRequirement> requirements;
  Labels labels;              // stamped on every node
  std::vector<Taint> taints;  // without those that go before pods come (startupTaints)
  std::string node_class;     // spec.template.spec.nodeClassRef.name
  /// Of what the nodes of the pool may have together (capacity, not what pods get); a resource that is not named has no
  /// limit. "nodes" counts machines.
  std::vector<std::pair<std::string, std::int64_t>> limits;  // CPU in thousandths, all else in whole units
  friend auto operator<=>(const NodePool&, const NodePool&) = default;
};

}  // namespace spotkeeper
