#include "plan/provision/duals.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace spotkeeper::plan {
namespace {

constexpr double kRate = 0.5;
constexpr std::size_t kLookEvery = 50;  // rounds between two looks at the averages
constexpr double kNever = std::numeric_limits<double>::infinity();

/// exp of the entries over their sum; entries at minus infinity are 0.
void soften(const double* logs, double* out, std::size_t size) {
  const double most = *std::max_element(logs, logs + size);
  double sum = 0;
  for (std::size_t i = 0; i < size; ++i) sum += out[i] = std::exp(logs[i] - most);
  for (std::size_t i = 0; i < size; ++i) out[i] /= sum;
}

class Game {
 public:
  Game(const std::vector<LinearItem>& items, const std::vector<LinearMachine>& machines)
      : items_(items), machines_(machines), resources_(items.empty() ? 0 : items.front().wants.size()) {
    cost_.resize(items.size() * machines.size() * resources_);
    choice_logs_.assign(items.size() * machines.size(), -kNever);
    choice_.assign(choice_logs_.size(), 0);
    weight_logs_.assign(machines.size() * resources_, 0);
    weights_.assign(weight_logs_.size(), 1 / static_cast<double>(resources_));
    for (std::size_t i = 0; i < items.size(); ++i) {
      for (std::size_t c = 0; c < machines.size(); ++c) {
        if (machines[c].takes[i] == 0) continue;
        choice_logs_[i * machines.size() + c] = 0;
        for (std::size_t k = 0; k < resources_; ++k) {
          const double wants = items[i].wants[k];
          cost_[at(i, c) + k] = wants == 0 ? 0 : machines[c].price * wants / machines[c].room[k];
        }
      }
      soften(&choice_logs_[i * machines.size()], &choice_[i * machines.size()], machines.size());
    }
    best_weights_ = weights_;
    mean_weights_.assign(weights_.size(), 0);
    mean_choice_.assign(choice_.size(), 0);
  }

  void play(SearchEnd end) {
    for (std::size_t round = 1; round <= end.rounds; ++round) {
      keep_if_best(weights_, price_items(weights_, item_costs_));
      least_plan_ = std::min(least_plan_, load_machines(choice_, loads_));
      average(static_cast<double>(round));
      learn(round == 1);
      if (round % kLookEvery != 0) continue;
      keep_if_best(mean_weights_, price_items(mean_weights_, scratch_));
      least_plan_ = std::min(least_plan_, load_machines(mean_choice_, scratch_));
      if (least_plan_ - bound_ <= end.nearness * bound_) return;
    }
  }

  DualPrices result() {
    DualPrices out;
    out.bound = price_items(best_weights_, item_costs_);
    for (std::size_t c = 0; c < machines_.size(); ++c) {
      const auto first = best_weights_.begin() + static_cast<std::ptrdiff_t>(c * resources_);
      out.weights.emplace_back(first, first + static_cast<std::ptrdiff_t>(resources_));
    }
    for (std::size_t i = 0; i < items_.size(); ++i) out.of_item.push_back(least_of(i, item_costs_));
    return out;
  }

 private:
  [[nodiscard]] std::size_t at(std::size_t item, std::size_t machine) const {
    return (item * machines_.size() + machine) * resources_;
  }
  [[nodiscard]] double least_of(std::size_t item, const std::vector<double>& costs) const {
    const auto first = costs.begin() + static_cast<std::ptrdiff_t>(item * machines_.size());
    const double least = *std::min_element(first, first + static_cast<std::ptrdiff_t>(machines_.size()));
    return least == kNever ? 0 : least;
  }

  /// What each item costs on each machine when the resources bear these shares; returns what all cost at least.
  double price_items(const std::vector<double>& weights, std::vector<double>& costs) const {
    costs.assign(choice_.size(), kNever);
    double sum = 0;
    for (std::size_t i = 0; i < items_.size(); ++i) {
      for (std::size_t c = 0; c < machines_.size(); ++c) {
        if (machines_[c].takes[i] == 0) continue;
        double cost = 0;
        for (std::size_t k = 0; k < resources_; ++k) cost += weights[c * resources_ + k] * cost_[at(i, c) + k];
        costs[i * machines_.size() + c] = cost;
      }
      sum += items_[i].count * least_of(i, costs);
    }
    return sum;
  }

  /// What each resource of each machine type is worth that items with these choices use; returns what the plan costs.
  double load_machines(const std::vector<double>& choice, std::vector<double>& loads) const {
    loads.assign(weights_.size(), 0);
    for (std::size_t i = 0; i < items_.size(); ++i) {
      for (std::size_t c = 0; c < machines_.size(); ++c) {
        const double share = choice[i * machines_.size() + c] * items_[i].count;
        if (share == 0) continue;
        for (std::size_t k = 0; k < resources_; ++k) loads[c * resources_ + k] += share * cost_[at(i, c) + k];
      }
    }
    double sum = 0;
    for (std::size_t c = 0; c < machines_.size(); ++c) sum += most_loaded(c, loads);
    return sum;
  }
  [[nodiscard]] double most_loaded(std::size_t machine, const std::vector<double>& loads) const {
    const auto first = loads.begin() + static_cast<std::ptrdiff_t>(machine * resources_);
    return *std::max_element(first, first + static_cast<std::ptrdiff_t>(resources_));
  }

  void keep_if_best(const std::vector<double>& weights, double bound) {
    if (bound <= bound_) return;
    bound_ = bound;
    best_weights_ = weights;
  }

  /// Later rounds count for more.
  void average(double round) {
    const double share = 2 / (round + 1);
    for (std::size_t i = 0; i < choice_.size(); ++i) mean_choice_[i] += (choice_[i] - mean_choice_[i]) * share;
    for (std::size_t i = 0; i < weights_.size(); ++i) mean_weights_[i] += (weights_[i] - mean_weights_[i]) * share;
  }

  /// Each side answers what it expects next: this round's costs, and once more what they changed by.
  void learn(bool first) {
    if (first) {
      last_costs_ = item_costs_;
      last_loads_ = loads_;
    }
    for (std::size_t i = 0; i < items_.size(); ++i) {
      const double scale = least_of(i, item_costs_);
      if (scale <= 0) continue;
      const std::size_t row = i * machines_.size();
      for (std::size_t c = 0; c < machines_.size(); ++c)
        if (machines_[c].takes[i] != 0)
          choice_logs_[row + c] -= kRate * (2 * item_costs_[row + c] - last_costs_[row + c]) / scale;
      soften(&choice_logs_[row], &choice_[row], machines_.size());
    }
    for (std::size_t c = 0; c < machines_.size(); ++c) {
      const double scale = most_loaded(c, loads_);
      if (scale <= 0) continue;
      const std::size_t row = c * resources_;
      for (std::size_t k = 0; k < resources_; ++k)
        weight_logs_[row + k] += kRate * (2 * loads_[row + k] - last_loads_[row + k]) / scale;
      soften(&weight_logs_[row], &weights_[row], resources_);
    }
    last_costs_.swap(item_costs_);
    last_loads_.swap(loads_);
  }

  const std::vector<LinearItem>& items_;
  const std::vector<LinearMachine>& machines_;
  std::size_t resources_;
  std::vector<double> cost_;  // of an item on a machine by resource, if that resource bore the whole price
  std::vector<double> choice_logs_;
  std::vector<double> choice_;
  std::vector<double> weight_logs_;
  std::vector<double> weights_;
  std::vector<double> mean_choice_;
  std::vector<double> mean_weights_;
  std::vector<double> best_weights_;
  std::vector<double> item_costs_;
  std::vector<double> last_costs_;
  std::vector<double> loads_;
  std::vector<double> last_loads_;
  std::vector<double> scratch_;
  double bound_ = 0;
  double least_plan_ = kNever;
};

}  // namespace

DualPrices find_prices(const std::vector<LinearItem>& items, const std::vector<LinearMachine>& machines,
                       SearchEnd end) {
  if (items.empty() || machines.empty()) return {{}, std::vector<double>(items.size(), 0), 0};
  Game game(items, machines);
  game.play(end);
  return game.result();
}

}  // namespace spotkeeper::plan
