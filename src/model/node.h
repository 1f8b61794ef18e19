// A node as decisions need it, and a change to one.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "model/labels.h"
#include "model/names.h"
#include "model/scheduling.h"

namespace spotkeeper {

struct Node {
  NodeName name;
  Uid uid;
  ResourceVersion version;
  Labels labels;
  Labels annotations;  // those under spotkeeper.dev/ only
  std::vector<Taint> taints;
  bool unschedulable = false;
  bool ready = false;  // condition Ready is True
  std::string provider_id;
  std::string boot_id;  // changes when the machine reboots
  Resources allocatable;
  std::int64_t max_pods = 110;
  Instant created;
  std::optional<Instant> deletion;

  /// topology.kubernetes.io/zone, node.kubernetes.io/instance-type; empty where the label is absent.
  [[nodiscard]] std::string zone() const;
  [[nodiscard]] std::string instance_type() const;
};

/// A change to one Node, sent as one PATCH. With `version` it fails with a Conflict when the Node has changed since;
/// taints are a whole list (they have no merge key), so a change of taints always carries a version.
struct NodeChange {
  NodeName node;
  std::optional<ResourceVersion> version;
  std::optional<std::vector<Taint>> taints;
  std::optional<bool> unschedulable;
  std::map<std::string, std::optional<std::string>> labels;       // none: removed
  std::map<std::string, std::optional<std::string>> annotations;  // none: removed

  [[nodiscard]] bool empty() const { return !taints && !unschedulable && labels.empty() && annotations.empty(); }
  friend bool operator==(const NodeChange&, const NodeChange&) = default;
};

/// Makes of `node` what the PATCH makes of it; its version stays.
void apply(const NodeChange& change, Node& node);

}  // namespace spotkeeper
