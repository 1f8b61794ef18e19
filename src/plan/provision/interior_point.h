// The linear program of provision/duals.h for a few machine types, by a primal-dual interior-point method (Mehrotra's
// predictor and corrector).
//
// Written in shares: z_ic of item i is on type c, for which Y_c is spent: minimise Σ Y_c so that Σ_c z_ic = 1 and
// Σ_i g_ick z_ic ≤ Y_c, where g_ick is what all of item i would cost on type c if resource k bore the whole price. Both
// sides start inside and stay there, so that every round's weights prove a bound. A round costs by the items times the
// square of types times resources.
#pragma once

#include <cstddef>
#include <vector>

namespace spotkeeper::plan {

/// g_ick: nothing where the type does not take the item.
class CostTable {
 public:
  CostTable(std::size_t items, std::size_t machines, std::size_t resources)
      : items_(items),
        machines_(machines),
        resources_(resources),
        takes_(items * machines, 0),
        costs_(items * machines * resources, 0) {}

  [[nodiscard]] std::size_t items() const { return items_; }
  [[nodiscard]] std::size_t machines() const { return machines_; }
  [[nodiscard]] std::size_t resources() const { return resources_; }
  [[nodiscard]] bool takes(std::size_t item, std::size_t machine) const { return takes_[pair(item, machine)] != 0; }
  /// By resource.
  [[nodiscard]] const double* costs(std::size_t item, std::size_t machine) const {
    return &costs_[pair(item, machine) * resources_];
  }
  double* let(std::size_t item, std::size_t machine) {
    takes_[pair(item, machine)] = 1;
    return &costs_[pair(item, machine) * resources_];
  }

 private:
  [[nodiscard]] std::size_t pair(std::size_t item, std::size_t machine) const { return item * machines_ + machine; }

  std::size_t items_;
  std::size_t machines_;
  std::size_t resources_;
  std::vector<char> takes_;
  std::vector<double> costs_;
};

struct LinearAnswer {
  std::vector<double> weights;  // of each machine's resources, machine by machine, each machine's of sum 1
  std::vector<double> shares;   // by item, then machine: the part of the item that goes there
};

/// Some machine takes each item.
[[nodiscard]] LinearAnswer solve_program(const CostTable& table, double nearness);

}  // namespace spotkeeper::plan
