#include "plan/provision/interior_point.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace spotkeeper::plan {
namespace {

constexpr std::size_t kMostRounds = 60;
constexpr double kOfTheWay = 0.995;  // to the border, at most
constexpr double kSlack = 1.2;       // of the first plan
constexpr double kRegular = 1e-12;   // added to the diagonal, by its size

/// Solves A x = b, A symmetric and positive definite (the lower half is read, and overwritten); false where it is not.
bool factor(std::vector<double>& a, std::size_t size) {
  for (std::size_t j = 0; j < size; ++j) {
    double* const row = &a[j * size];
    double pivot = row[j];
    for (std::size_t k = 0; k < j; ++k) pivot -= row[k] * row[k];
    if (!(pivot > 0)) return false;
    row[j] = std::sqrt(pivot);
    for (std::size_t i = j + 1; i < size; ++i) {
      double* const other = &a[i * size];
      double sum = other[j];
      for (std::size_t k = 0; k < j; ++k) sum -= other[k] * row[k];
      other[j] = sum / row[j];
    }
  }
  return true;
}
void substitute(const std::vector<double>& factored, std::vector<double>& x) {
  const std::size_t size = x.size();
  for (std::size_t i = 0; i < size; ++i) {
    for (std::size_t k = 0; k < i; ++k) x[i] -= factored[i * size + k] * x[k];
    x[i] /= factored[i * size + i];
  }
  for (std::size_t i = size; i-- > 0;) {
    for (std::size_t k = i + 1; k < size; ++k) x[i] -= factored[k * size + i] * x[k];
    x[i] /= factored[i * size + i];
  }
}

/// How far one may go from `at` (all above 0) along `by` until something is 0; 1 at most.
double reach(const std::vector<double>& at, const std::vector<double>& by) {
  double most = 1 / kOfTheWay;
  for (std::size_t i = 0; i < at.size(); ++i)
    if (by[i] < 0) most = std::min(most, -at[i] / by[i]);
  return most * kOfTheWay;
}
void go(std::vector<double>& at, const std::vector<double>& by, double length) {
  for (std::size_t i = 0; i < at.size(); ++i) at[i] += by[i] * length;
}
double product(const std::vector<double>& a, const std::vector<double>& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}
/// Of what it would be after a step of these lengths.
double product(const std::vector<double>& a, const std::vector<double>& da, double of_a, const std::vector<double>& b,
               const std::vector<double>& db, double of_b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += (a[i] + da[i] * of_a) * (b[i] + db[i] * of_b);
  return sum;
}

/// One value of each kind: shares of items, slacks of resources, what is spent; and what complements each.
struct Point {
  std::vector<double> share;   // z, by pair
  std::vector<double> slack;   // s, by machine and resource
  std::vector<double> spent;   // Y, by machine
  std::vector<double> excess;  // t, by pair: what the item costs there beyond its worth
  std::vector<double> weight;  // w, by machine and resource
  std::vector<double> spare;   // q, by machine: what its weights lack of 1
};

class Method {
 public:
  explicit Method(const CostTable& table) : table_(table), resources_(table.resources()) {
    first_.push_back(0);
    for (std::size_t i = 0; i < table.items(); ++i) {
      for (std::size_t c = 0; c < table.machines(); ++c)
        if (table.takes(i, c)) machine_.push_back(c);
      first_.push_back(machine_.size());
    }
    start();
  }

  LinearAnswer run(double nearness) {
    for (std::size_t round = 0; round < kMostRounds; ++round) {
      const double spent = sum(at_.spent);
      if (spent - worth_ <= nearness * std::max(worth_, 0.0)) break;
      if (!improve()) break;
    }
    LinearAnswer out{at_.weight, std::vector<double>(table_.items() * table_.machines(), 0)};
    for (std::size_t c = 0; c < table_.machines(); ++c) {
      const double all = 1 - at_.spare[c];
      for (std::size_t k = 0; k < resources_; ++k) out.weights[c * resources_ + k] /= all;
    }
    for (std::size_t i = 0; i + 1 < first_.size(); ++i)
      for (std::size_t pair = first_[i]; pair < first_[i + 1]; ++pair)
        out.shares[i * table_.machines() + machine_[pair]] = at_.share[pair];
    return out;
  }

 private:
  static double sum(const std::vector<double>& values) {
    double out = 0;
    for (const double each : values) out += each;
    return out;
  }
  /// Calls `use` with each pair, its item, the first index of its machine's resources, and its costs.
  template <class Use>
  void for_each_pair(Use use) const {
    for (std::size_t i = 0; i + 1 < first_.size(); ++i)
      for (std::size_t pair = first_[i]; pair < first_[i + 1]; ++pair)
        use(pair, i, machine_[pair] * resources_, table_.costs(i, machine_[pair]));
  }

  void start() {
    const std::size_t rows = table_.machines() * resources_;
    at_.share.resize(machine_.size());
    at_.excess.resize(machine_.size());
    at_.weight.assign(rows, 1 / static_cast<double>(resources_ + 1));
    at_.spare.assign(table_.machines(), 1 / static_cast<double>(resources_ + 1));
    std::vector<double> loads(rows, 0);
    std::vector<double> least(table_.items(), std::numeric_limits<double>::infinity());
    for_each_pair([&](std::size_t pair, std::size_t item, std::size_t row, const double* costs) {
      at_.share[pair] = 1 / static_cast<double>(first_[item + 1] - first_[item]);
      double cost = 0;
      for (std::size_t k = 0; k < resources_; ++k) {
        loads[row + k] += costs[k] * at_.share[pair];
        cost += costs[k] * at_.weight[row + k];
      }
      at_.excess[pair] = cost;
      least[item] = std::min(least[item], cost);
    });
    for_each_pair([&](std::size_t pair, std::size_t item, std::size_t, const double*) {
      at_.excess[pair] -= least[item] / kSlack;
    });
    worth_ = sum(least) / kSlack;
    const double some = sum(loads) / static_cast<double>(rows) / 10;
    for (std::size_t c = 0; c < table_.machines(); ++c) {
      const auto begin = loads.begin() + static_cast<std::ptrdiff_t>(c * resources_);
      at_.spent.push_back(*std::max_element(begin, begin + static_cast<std::ptrdiff_t>(resources_)) * kSlack + some);
      for (std::size_t k = 0; k < resources_; ++k) at_.slack.push_back(at_.spent[c] - loads[c * resources_ + k]);
    }
  }

  /// The system that is left when everything but the weights is eliminated: by item a Laplacian of its machines, in
  /// which no nearly equal numbers are subtracted.
  bool factor_system() {
    const std::size_t rows = at_.weight.size();
    system_.assign(rows * rows, 0);
    stiffness_.resize(machine_.size());
    all_stiffness_.assign(table_.items(), 0);
    for_each_pair([&](std::size_t pair, std::size_t item, std::size_t, const double*) {
      stiffness_[pair] = at_.share[pair] / at_.excess[pair];
      all_stiffness_[item] += stiffness_[pair];
    });
    for_each_pair([&](std::size_t pair, std::size_t item, std::size_t row, const double* costs) {
      double others = 0;
      for (std::size_t other = first_[item]; other < first_[item + 1]; ++other) {
        if (other == pair) continue;
        others += stiffness_[other];
        if (other > pair) continue;  // the other half is the mirror of this one
        const double factor = stiffness_[pair] * stiffness_[other] / all_stiffness_[item];
        const double* const theirs = table_.costs(item, machine_[other]);
        const std::size_t column = machine_[other] * resources_;
        for (std::size_t k = 0; k < resources_; ++k)
          for (std::size_t l = 0; l < resources_; ++l)
            system_[(row + k) * rows + column + l] -= factor * costs[k] * theirs[l];
      }
      const double factor = stiffness_[pair] * (others / all_stiffness_[item]);
      for (std::size_t k = 0; k < resources_; ++k)
        for (std::size_t l = 0; l <= k; ++l) system_[(row + k) * rows + row + l] += factor * costs[k] * costs[l];
    });
    for (std::size_t c = 0; c < table_.machines(); ++c) {
      const std::size_t row = c * resources_;
      for (std::size_t k = 0; k < resources_; ++k) {
        double* const line = &system_[(row + k) * rows + row];
        for (std::size_t l = 0; l <= k; ++l) line[l] += at_.spent[c] / at_.spare[c];
        line[k] += at_.slack[row + k] / at_.weight[row + k];
        line[k] *= 1 + kRegular;
      }
    }
    return factor(system_, rows);
  }

  /// The step towards products of `target` each, `shift` being what they are off by beyond the first order.
  Point step(double target, const Point* shift) const {
    const auto wanted = [&](double a, double b, const std::vector<double>& da, const std::vector<double>& db,
                            std::size_t i) { return target - a * b - (shift == nullptr ? 0 : da[i] * db[i]); };
    const Point& by = shift == nullptr ? at_ : *shift;
    Point out;
    std::vector<double> pulls(machine_.size());
    std::vector<double> all_pulls(table_.items(), 0);
    out.weight.assign(at_.weight.size(), 0);
    for_each_pair([&](std::size_t pair, std::size_t item, std::size_t, const double*) {
      pulls[pair] = wanted(at_.share[pair], at_.excess[pair], by.share, by.excess, pair) / at_.excess[pair];
      all_pulls[item] += pulls[pair];
    });
    for_each_pair([&](std::size_t pair, std::size_t item, std::size_t row, const double* costs) {
      const double pull = pulls[pair] - stiffness_[pair] * all_pulls[item] / all_stiffness_[item];
      for (std::size_t k = 0; k < resources_; ++k) out.weight[row + k] += costs[k] * pull;
    });
    std::vector<double> spending(table_.machines());
    for (std::size_t c = 0; c < table_.machines(); ++c) {
      spending[c] = wanted(at_.spent[c], at_.spare[c], by.spent, by.spare, c) / at_.spare[c];
      for (std::size_t k = 0; k < resources_; ++k) {
        const std::size_t row = c * resources_ + k;
        out.weight[row] += wanted(at_.slack[row], at_.weight[row], by.slack, by.weight, row) / at_.weight[row];
        out.weight[row] -= spending[c];
      }
    }
    substitute(system_, out.weight);
    complete(out, pulls, all_pulls, spending);
    return out;
  }

  /// The rest of the step, from that of the weights.
  void complete(Point& out, const std::vector<double>& pulls, const std::vector<double>& all_pulls,
                const std::vector<double>& spending) const {
    out.share.resize(machine_.size());
    out.excess.resize(machine_.size());
    std::vector<double> dearer(table_.items(), 0);  // by which the item's worth rises
    for_each_pair([&](std::size_t pair, std::size_t item, std::size_t row, const double* costs) {
      out.excess[pair] = 0;
      for (std::size_t k = 0; k < resources_; ++k) out.excess[pair] += costs[k] * out.weight[row + k];
      dearer[item] += stiffness_[pair] * out.excess[pair];
    });
    for (std::size_t i = 0; i < dearer.size(); ++i) dearer[i] = (dearer[i] - all_pulls[i]) / all_stiffness_[i];
    std::vector<double> loads(at_.weight.size(), 0);
    for_each_pair([&](std::size_t pair, std::size_t item, std::size_t row, const double* costs) {
      out.excess[pair] -= dearer[item];
      out.share[pair] = pulls[pair] - stiffness_[pair] * out.excess[pair];
      for (std::size_t k = 0; k < resources_; ++k) loads[row + k] += costs[k] * out.share[pair];
    });
    for (std::size_t c = 0; c < table_.machines(); ++c) {
      double more = 0;
      for (std::size_t k = 0; k < resources_; ++k) more += out.weight[c * resources_ + k];
      out.spare.push_back(-more);
      out.spent.push_back(spending[c] + at_.spent[c] / at_.spare[c] * more);
      for (std::size_t k = 0; k < resources_; ++k) out.slack.push_back(out.spent[c] - loads[c * resources_ + k]);
    }
    worth_step_ = sum(dearer);
  }

  [[nodiscard]] double reach_of_plan(const Point& by) const {
    return std::min({reach(at_.share, by.share), reach(at_.slack, by.slack), reach(at_.spent, by.spent)});
  }
  [[nodiscard]] double reach_of_prices(const Point& by) const {
    return std::min({reach(at_.excess, by.excess), reach(at_.weight, by.weight), reach(at_.spare, by.spare)});
  }

  bool improve() {
    if (!factor_system()) return false;
    const auto count = static_cast<double>(at_.share.size() + at_.slack.size() + at_.spent.size());
    const double now = product(at_.share, at_.excess) + product(at_.slack, at_.weight) + product(at_.spent, at_.spare);
    const Point ahead = step(0, nullptr);
    const double plan = reach_of_plan(ahead);
    const double prices = reach_of_prices(ahead);
    const double then = product(at_.share, ahead.share, plan, at_.excess, ahead.excess, prices) +
                        product(at_.slack, ahead.slack, plan, at_.weight, ahead.weight, prices) +
                        product(at_.spent, ahead.spent, plan, at_.spare, ahead.spare, prices);
    const Point by = step(std::pow(then / now, 3) * now / count, &ahead);
    const double of_plan = reach_of_plan(by);
    const double of_prices = reach_of_prices(by);
    if (!std::isfinite(of_plan + of_prices + worth_step_)) return false;
    go(at_.share, by.share, of_plan);
    go(at_.slack, by.slack, of_plan);
    go(at_.spent, by.spent, of_plan);
    go(at_.excess, by.excess, of_prices);
    go(at_.weight, by.weight, of_prices);
    go(at_.spare, by.spare, of_prices);
    worth_ += worth_step_ * of_prices;
    return true;
  }

  const CostTable& table_;
  std::size_t resources_;
  std::vector<std::size_t> first_;    // by item: its first pair
  std::vector<std::size_t> machine_;  // by pair
  Point at_;
  double worth_ = 0;               // of all items
  mutable double worth_step_ = 0;  // of the step that was worked out last
  std::vector<double> stiffness_;  // by pair: share for excess
  std::vector<double> all_stiffness_;
  std::vector<double> system_;
};

}  // namespace

LinearAnswer solve_program(const CostTable& table, double nearness) { return Method(table).run(nearness); }

}  // namespace spotkeeper::plan
