// Prices of single resources that show what pods are worth: the dual of the linear program that buys fractions of
// machines for fractions of pods.
//
// The program: machine type c costs p_c and holds C_ck of resource k; an item i wants a_ik and is there d_i times.
// Fractions x_ic of the items go to types that take them, y_c machines of each are bought: minimise Σ p_c y_c so that
// Σ_i a_ik x_ic ≤ C_ck y_c and Σ_c x_ic = d_i. Its dual gives each resource of each type a price λ_ck with
// Σ_k C_ck λ_ck ≤ p_c, and maximises Σ_i d_i min_c Σ_k a_ik λ_ck. Solved by an interior-point method
// (provision/interior_point.h) over the few types that matter; which those are, the filling of each other type says
// that is worth most at the prices so far. Any weights prove a bound, however far the search has come.
#pragma once

#include <cstddef>
#include <vector>

namespace spotkeeper::plan {

struct LinearItem {
  std::vector<double> wants;  // by resource
  double count = 0;
};

struct LinearMachine {
  std::vector<double> room;  // by resource
  double price = 0;
  std::vector<char> takes;  // by item
};

struct DualPrices {
  std::vector<std::vector<double>> weights;  // by machine and resource: the share of its price that the resource bears
  std::vector<double> of_item;               // the least that one costs on a machine that takes it
  std::vector<std::vector<double>>
      shares;  // by machine and item: the part of the item that a fractional plan puts there
  double bound = 0;
};

/// How long to search: at most so many rounds of finding types that matter, and no longer than until the bound is as
/// near to the cost of a fractional plan (0.001: within a thousandth).
struct SearchEnd {
  std::size_t rounds = 0;
  double nearness = 0;
};

/// What bears the price of a machine when each of the items is worth so much, and what its best fractional filling is
/// worth for its price.
struct MachineWorth {
  std::vector<double> weights;  // by resource, of sum 1
  double value = 0;
};
[[nodiscard]] MachineWorth worth_of(const LinearMachine& machine, const std::vector<LinearItem>& items,
                                    const std::vector<double>& of_item);

/// Each item is taken by some machine.
[[nodiscard]] DualPrices find_prices(const std::vector<LinearItem>& items, const std::vector<LinearMachine>& machines,
                                     SearchEnd end);

}  // namespace spotkeeper::plan
