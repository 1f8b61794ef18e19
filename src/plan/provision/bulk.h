// Many pods at once: by kind, on new machines.
//
// First every pod that rules over zones and the like concern gets its zone, one after the other, as the rules are then;
// with that settled, machines are filled by kind (provision/packing.h), and the result is put on the board, where every
// other rule is asked once more.
#pragma once

#include <optional>
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

  /// Buys machines for them; `steps` attempts at making them cheaper. Writes where each pod went.
  void place(std::uint64_t steps, Random& random, std::vector<std::optional<NodeId>>& places);

 private:
  struct Group {
    PackItem item;
    std::vector<PodId> pods;
  };
  void find_cells();
  void settle(const std::vector<PodId>& pods);
  [[nodiscard]] const std::vector<std::pair<double, CellId>>& cells_of(ShapeId shape);
  void put_back(ShapeId shape, const std::optional<CellId>& cell);
  void commit(const std::vector<Filled>& machines, std::vector<std::optional<NodeId>>& places);
  void mend(std::vector<std::optional<NodeId>>& places);

  Purchase& purchase_;
  std::vector<CellId> cells_;                                   // by candidate
  std::vector<DomainsOfNode> domains_;                          // by cell
  std::vector<std::vector<std::pair<double, CellId>>> usable_;  // by shape: cells with what a pod costs there
  std::vector<char> usable_known_;
  std::vector<Group> groups_;
};

}  // namespace spotkeeper::plan
