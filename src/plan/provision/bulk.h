// Many pods at once: by kind, on new machines.
//
// First every pod that rules over zones and the like concern gets its zone, one after the other, as the rules are then;
// with that settled, machines are filled by kind (provision/packing.h), and the result is put on the board, where every
// other rule is asked once more. What has been seated on new machines already, pod by pod, stays together and in its
// zone, but its machine is chosen anew: by itself it would be too large, or too dear for what comes to it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <tuple>
#include <utility>
#include <vector>

#include "base/random.h"
#include "plan/provision/packing.h"
#include "plan/provision/purchase.h"

namespace spotkeeper::plan {

class Bulk {
 public:
  /// Not pods with host ports, with volumes that are attached, or with affinity to others on the same host: what is on
  /// a node decides too much about them.
  [[nodiscard]] static bool may_take(const Purchase& purchase, ShapeId shape);

  /// `pods`: those that it may take. `purchase` outlives this object.
  Bulk(Purchase& purchase, const std::vector<PodId>& pods);

  /// Gives the machine back and takes over its pods: `pods`, in the order in which they were placed.
  void adopt(NodeId node, const std::vector<PodId>& pods);

  /// Buys machines for them; `steps` attempts at making them cheaper. Writes where each pod went.
  void place(std::uint64_t steps, Random& random, std::vector<std::optional<NodeId>>& places);

 private:
  struct Group {
    Demand demand;
    std::vector<PodId> pods;
    std::optional<CellId> counted;  // where the rules above hosts count them
  };
  void find_cells();
  void settle(const std::vector<PodId>& pods);
  bool settle_one(PodId pod);
  [[nodiscard]] const std::vector<std::pair<double, CellId>>& cells_of(ShapeId shape);
  [[nodiscard]] ShapeId shape_of(PodId pod) const { return purchase_.board().problem().pods[pod].shape; }
  void put_back(const Group& group, PodId pod);
  /// Places as many of the group's next pods as make `count` of its items.
  void seat(const Group& group, std::int64_t count, NodeId node, std::size_t& next,
            std::vector<std::optional<NodeId>>& places);
  [[nodiscard]] Content as_settled(Content content) const;
  void commit(const std::vector<Filled>& machines, std::vector<std::optional<NodeId>>& places);
  void mend(std::vector<std::optional<NodeId>>& places);

  Purchase& purchase_;
  std::vector<DomainsOfNode> domains_;                                 // by cell
  using Usable = std::vector<std::pair<double, CellId>>;               // cells with what a pod costs there
  std::map<std::tuple<std::uint32_t, Amounts, bool>, Usable> usable_;  // by what decides about it
  std::vector<Group> groups_;
  std::map<std::pair<ShapeId, std::optional<CellId>>, std::size_t> group_of_;  // but those that are adopted
  std::vector<PodId> adopted_;                                                 // in the order in which they were placed
  std::vector<PodId> settled_;  // behind them, likewise: those that rules above hosts look at
};

}  // namespace spotkeeper::plan
