// What may still be bought: what NodePools have left of their limits, and workloads of their shares of Spot pools.
#pragma once

#include <cstdint>
#include <limits>
#include <vector>

#include "plan/provision/menu.h"

namespace spotkeeper::plan {

class Allowance {
 public:
  /// Both outlive this object; what `purchase` holds already counts.
  Allowance(const Purchase& purchase, const Menu& menu) : menu_(menu), in_pool_(menu.in_pools()) {
    for (std::uint32_t pool = 0; pool < purchase.board().problem().pools.size(); ++pool)
      limits_left_.push_back(purchase.limits_left(pool));
  }

  [[nodiscard]] bool within_limits(const Choice& choice) const;
  /// How many more pods of the workload (of menu.workloads()) may come to machines of this choice.
  [[nodiscard]] std::int64_t room_in_pool(std::uint32_t workload, const Choice& choice) const {
    if (!choice.spot) return std::numeric_limits<std::int64_t>::max();
    return menu_.workloads()[workload].pool_cap - in_pool_[*choice.spot][workload];
  }
  /// How many machines that are filled so may be bought, while so many of each item are left; at least 1.
  [[nodiscard]] std::int64_t copies_of(const Choice& choice, const Content& content,
                                       const std::vector<std::int64_t>& left) const;
  /// Machines that are bought, or with a negative number sold.
  void count(const Choice& choice, const Content& content, std::int64_t machines);

 private:
  const Menu& menu_;
  std::vector<std::vector<std::int64_t>> limits_left_;  // by NodePool
  std::vector<std::vector<std::int64_t>> in_pool_;      // by Spot pool, then workload
};

}  // namespace spotkeeper::plan
