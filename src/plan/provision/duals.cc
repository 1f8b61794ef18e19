#include "plan/provision/duals.h"

#include <algorithm>
#include <limits>
#include <numeric>

#include "plan/provision/interior_point.h"

namespace spotkeeper::plan {
namespace {

constexpr std::size_t kFewMachines = 12;  // that are looked at together from the start
constexpr std::size_t kMoreMachines = 8;  // that come in a round
constexpr std::size_t kMostPivots = 60;
constexpr double kNothing = 1e-12;

/// Small dense matrices, row by row.
class SmallMatrix {
 public:
  explicit SmallMatrix(std::size_t size) : size_(size), entries_(size * size, 0) {
    for (std::size_t i = 0; i < size; ++i) (*this)(i, i) = 1;
  }
  double& operator()(std::size_t row, std::size_t column) { return entries_[row * size_ + column]; }
  double operator()(std::size_t row, std::size_t column) const { return entries_[row * size_ + column]; }

 private:
  std::size_t size_;
  std::vector<double> entries_;
};

/// The fractional filling of one machine that is worth most: maximise Σ worth_i x_i so that Σ_i g_ik x_i ≤ 1, by the
/// simplex method with as many rows as resources.
class Filling {
 public:
  Filling(const CostTable& table, std::size_t machine, const std::vector<double>& worth)
      : table_(table),
        machine_(machine),
        worth_(worth),
        size_(table.resources()),
        inverse_(size_),
        amounts_(size_, 1),
        basic_worth_(size_, 0),
        prices_(size_, 0) {
    for (std::size_t pivot = 0; pivot < kMostPivots && enter_best(); ++pivot) {
    }
  }

  [[nodiscard]] double value() const { return std::accumulate(prices_.begin(), prices_.end(), 0.0); }
  /// What bears the price, by resource.
  [[nodiscard]] std::vector<double> weights() const {
    std::vector<double> out = prices_;
    double all = 0;
    for (double& each : out) all += each = std::max(each, 0.0);
    for (double& each : out) each = all > 0 ? each / all : 1 / static_cast<double>(size_);
    return out;
  }

 private:
  /// The item, or slack, that gains most takes the place of what runs out first; false when none gains.
  bool enter_best() {
    double best = kNothing;
    const double* column = nullptr;
    double worth = 0;
    for (std::size_t i = 0; i < table_.items(); ++i) {
      if (!table_.takes(i, machine_)) continue;
      const double* const costs = table_.costs(i, machine_);
      double cost = 0;
      for (std::size_t k = 0; k < size_; ++k) cost += costs[k] * prices_[k];
      const double gain = worth_[i] > 0 ? (worth_[i] - cost) / worth_[i] : 0;
      if (gain <= best) continue;
      best = gain;
      column = costs;
      worth = worth_[i];
    }
    std::vector<double> slack(size_, 0);
    if (column == nullptr) {
      const auto least = std::min_element(prices_.begin(), prices_.end());
      if (*least >= -kNothing) return false;
      slack[static_cast<std::size_t>(least - prices_.begin())] = 1;
      column = slack.data();
    }
    return pivot(column, worth);
  }

  bool pivot(const double* column, double worth) {
    std::vector<double> by(size_, 0);
    for (std::size_t r = 0; r < size_; ++r)
      for (std::size_t k = 0; k < size_; ++k) by[r] += inverse_(r, k) * column[k];
    std::size_t leaves = size_;
    double most = std::numeric_limits<double>::infinity();
    for (std::size_t r = 0; r < size_; ++r) {
      if (by[r] <= kNothing || amounts_[r] / by[r] >= most) continue;
      most = amounts_[r] / by[r];
      leaves = r;
    }
    if (leaves == size_) return false;
    for (std::size_t r = 0; r < size_; ++r)
      if (r != leaves) amounts_[r] = std::max(0.0, amounts_[r] - by[r] * most);
    amounts_[leaves] = most;
    basic_worth_[leaves] = worth;
    for (std::size_t k = 0; k < size_; ++k) {
      inverse_(leaves, k) /= by[leaves];
      for (std::size_t r = 0; r < size_; ++r)
        if (r != leaves) inverse_(r, k) -= by[r] * inverse_(leaves, k);
    }
    for (std::size_t k = 0; k < size_; ++k) {
      prices_[k] = 0;
      for (std::size_t r = 0; r < size_; ++r) prices_[k] += basic_worth_[r] * inverse_(r, k);
    }
    return true;
  }

  const CostTable& table_;
  std::size_t machine_;
  const std::vector<double>& worth_;
  std::size_t size_;
  SmallMatrix inverse_;
  std::vector<double> amounts_;      // by row
  std::vector<double> basic_worth_;  // by row
  std::vector<double> prices_;       // by resource
};

class PriceSearch {
 public:
  PriceSearch(const std::vector<LinearItem>& items, const std::vector<LinearMachine>& machines)
      : resources_(items.front().wants.size()), table_(items.size(), machines.size(), resources_) {
    // In parts of the dearest machine: twice the prices, and not one step is another.
    for (const LinearMachine& machine : machines) scale_ = std::max(scale_, machine.price);
    for (std::size_t i = 0; i < items.size(); ++i) {
      for (std::size_t c = 0; c < machines.size(); ++c) {
        if (machines[c].takes[i] == 0) continue;
        double* const costs = table_.let(i, c);
        for (std::size_t k = 0; k < resources_; ++k)
          if (items[i].wants[k] > 0)
            costs[k] = machines[c].price / scale_ * items[i].wants[k] * items[i].count / machines[c].room[k];
      }
    }
    weights_.assign(machines.size(), std::vector<double>(resources_, 1 / static_cast<double>(resources_)));
    shares_.assign(machines.size(), std::vector<double>(items.size(), 0));
    choose_first();
  }

  void run(SearchEnd end) {
    for (std::size_t round = 0; round < end.rounds; ++round) {
      weigh_chosen(end.nearness / 2);
      price_items();
      if (!choose_more(end.nearness / 2)) return;
    }
  }

  DualPrices result(const std::vector<LinearItem>& items) {
    all_known_ = true;
    price_items();
    DualPrices out{std::move(weights_), {}, std::move(shares_), 0};
    for (std::size_t i = 0; i < items.size(); ++i) {
      out.bound += worth_[i] * scale_;
      out.of_item.push_back(items[i].count > 0 ? worth_[i] * scale_ / items[i].count : 0);
    }
    return out;
  }

 private:
  /// For each item the machine on which one alone costs least, and the first few.
  void choose_first() {
    chosen_.assign(table_.machines(), 0);
    for (std::size_t c = 0; c < std::min(kFewMachines, table_.machines()); ++c) chosen_[c] = 1;
    for (std::size_t i = 0; i < table_.items(); ++i) {
      std::size_t best = 0;
      double least = std::numeric_limits<double>::infinity();
      for (std::size_t c = 0; c < table_.machines(); ++c) {
        if (!table_.takes(i, c)) continue;
        const double cost = *std::max_element(table_.costs(i, c), table_.costs(i, c) + resources_);
        if (cost >= least) continue;
        least = cost;
        best = c;
      }
      chosen_[best] = 1;
    }
  }

  void weigh_chosen(double nearness) {
    std::vector<std::size_t> machines;
    for (std::size_t c = 0; c < chosen_.size(); ++c)
      if (chosen_[c] != 0) machines.push_back(c);
    CostTable some(table_.items(), machines.size(), resources_);
    for (std::size_t i = 0; i < table_.items(); ++i)
      for (std::size_t c = 0; c < machines.size(); ++c)
        if (table_.takes(i, machines[c])) std::copy_n(table_.costs(i, machines[c]), resources_, some.let(i, c));
    const LinearAnswer answer = solve_program(some, nearness);
    for (std::size_t c = 0; c < machines.size(); ++c)
      for (std::size_t i = 0; i < table_.items(); ++i) shares_[machines[c]][i] = answer.shares[i * machines.size() + c];
    for (std::size_t c = 0; c < machines.size(); ++c)
      std::copy_n(answer.weights.begin() + static_cast<std::ptrdiff_t>(c * resources_), resources_,
                  weights_[machines[c]].begin());
  }

  /// What each item costs at least on a machine that is chosen (once all are known: on any).
  void price_items() {
    worth_.assign(table_.items(), 0);
    for (std::size_t i = 0; i < table_.items(); ++i) {
      double least = std::numeric_limits<double>::infinity();
      for (std::size_t c = 0; c < table_.machines(); ++c) {
        if (!table_.takes(i, c) || (!all_known_ && chosen_[c] == 0)) continue;
        double cost = 0;
        for (std::size_t k = 0; k < resources_; ++k) cost += weights_[c][k] * table_.costs(i, c)[k];
        least = std::min(least, cost);
      }
      worth_[i] = least;
    }
  }

  /// Weighs all others so that what they hold costs as much there as it is worth, if that can be; those on which it
  /// can't are chosen, the worst first. False where there is none.
  bool choose_more(double nearness) {
    std::vector<std::pair<double, std::size_t>> better;
    for (std::size_t c = 0; c < table_.machines(); ++c) {
      if (chosen_[c] != 0) continue;
      const Filling filling(table_, c, worth_);
      weights_[c] = filling.weights();
      if (filling.value() > 1 + nearness) better.emplace_back(-filling.value(), c);
    }
    all_known_ = true;
    if (better.empty()) return false;
    std::ranges::sort(better);
    if (better.size() > kMoreMachines) better.resize(kMoreMachines);
    for (const auto& [value, c] : better) chosen_[c] = 1;
    all_known_ = false;
    return true;
  }

  std::size_t resources_;
  CostTable table_;
  double scale_ = std::numeric_limits<double>::min();
  std::vector<std::vector<double>> weights_;  // by machine
  std::vector<std::vector<double>> shares_;   // by machine, then item
  std::vector<char> chosen_;                  // by machine
  bool all_known_ = false;                    // weights_ are of every machine, not of those that are chosen alone
  std::vector<double> worth_;                 // by item: of all that there are of it
};

}  // namespace

MachineWorth worth_of(const LinearMachine& machine, const std::vector<LinearItem>& items,
                      const std::vector<double>& of_item) {
  const std::size_t resources = machine.room.size();
  CostTable table(items.size(), 1, resources);
  std::vector<double> worth(items.size(), 0);
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (machine.takes[i] == 0) continue;
    double* const costs = table.let(i, 0);
    for (std::size_t k = 0; k < resources; ++k)
      if (items[i].wants[k] > 0) costs[k] = items[i].wants[k] / machine.room[k];
    worth[i] = of_item[i] / machine.price;
  }
  const Filling filling(table, 0, worth);
  return {filling.weights(), filling.value()};
}

DualPrices find_prices(const std::vector<LinearItem>& items, const std::vector<LinearMachine>& machines,
                       SearchEnd end) {
  if (items.empty() || machines.empty()) return {{}, std::vector<double>(items.size(), 0), {}, 0};
  PriceSearch search(items, machines);
  search.run(end);
  return search.result(items);
}

}  // namespace spotkeeper::plan
