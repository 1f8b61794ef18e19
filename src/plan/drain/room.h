// Whether a Ready node that stays has room for a pod's successor.
//
// The hard filters that decide most cases: Ready, schedulable, not dying, taints, node selector and required node
// affinity, resources, number of pods, host ports, required anti-affinity between pods of one host. Volumes' zones,
// spread and the rest of affinity are not looked at, so a yes is likely and a no is sure.
#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "model/snapshot.h"

namespace spotkeeper::plan::drain {

/// Costs by what is asked: for each template the nodes are gone through once, in the order of names.
class Room {
 public:
  /// `going`: nodes that no successor should come to. Both arguments outlive this object.
  Room(const Snapshot& cluster, const std::set<NodeName>& going) : cluster_(cluster), going_(going) {}

  /// Some node would take a pod like this one now.
  [[nodiscard]] bool exists_for(const Pod& pod);
  /// A Ready node that stays is of the same (zone, type) as `node`, which goes. Not where these are unknown.
  [[nodiscard]] bool may_land_beside(const NodeName& node);
  /// Takes that room, so that it is not promised twice. False where there is none.
  bool claim(const Pod& pod);

 private:
  using Cursor = std::map<NodeName, Node>::const_iterator;
  struct Use {
    Resources requested;
    std::int64_t pods = 0;
    std::vector<const Pod*> claimed;
  };
  Cursor& find(const Pod& pod);
  Use& use_of(const NodeName& node);
  bool fits(const Pod& pod, const Node& node);

  const Snapshot& cluster_;
  const std::set<NodeName>& going_;
  std::map<const PodTemplate*, Cursor> cursors_;  // only looked up: the order of addresses does not show
  std::map<NodeName, Use> uses_;
  std::map<std::pair<std::string, std::string>, bool> pools_;  // by zone and type: a Ready node of it stays
};

}  // namespace spotkeeper::plan::drain
