#include "plan/provision/bound.h"

#include <algorithm>
#include <map>
#include <optional>

namespace spotkeeper::plan {
namespace {

// A byte costs far less than a millionth of a dollar: prices of resources are kept in 10^-15 of one.
constexpr Int128 kScale = 1'000'000'000'000'000;
constexpr double kBelowOne = 1 - 1e-9;  // for what the search's doubles are off by
constexpr SearchEnd kSearchEnd{40, 1e-5};

/// What one unit of each resource of a machine costs.
using Rates = std::vector<Int128>;

class Proof {
 public:
  Proof(const Purchase& purchase, const std::vector<Demand>& demand)
      : purchase_(purchase), demand_(demand), takes_(takes_of(purchase, demand)), program_(purchase, demand, takes_) {
    look_at_prices();
  }

  [[nodiscard]] Money bound() const {
    Int128 sum = 0;
    // What no machine takes can only be on nodes that are there: it is worth nothing.
    for (const std::size_t item : program_.known()) sum += worth_[item] * demand_[item].count;
    for (NodeId node = 0; node < purchase_.board().problem().nodes.size(); ++node) sum -= most_held_by(node);
    return Money{static_cast<std::int64_t>(std::max<Int128>(sum, 0) / kScale)};
  }

 private:
  static Takes takes_of(const Purchase& purchase, const std::vector<Demand>& demand) {
    std::vector<Wanted> wanted;
    wanted.reserve(demand.size());
    for (const Demand& each : demand) wanted.push_back(each.wanted);
    return {purchase, wanted, std::vector<CellId>(purchase.candidates().size(), 0)};
  }

  void look_at_prices() {
    const DualPrices prices = program_.solve(kSearchEnd);
    worth_.assign(demand_.size(), 0);
    std::vector<bool> priced(demand_.size(), false);
    const auto& machines = program_.machines();
    for (std::size_t c = 0; c < machines.size() && c < prices.weights.size(); ++c) {
      const Rates rates =
          rates_of(program_.room(machines[c]), purchase_.candidates()[machines[c]].price, prices.weights[c]);
      bool takes_all = true;
      for (const std::size_t item : program_.known()) {
        if (!takes_.takes(machines[c], item)) {
          takes_all = false;
          continue;
        }
        const Int128 cost = cost_of(program_.wants(item), rates);
        worth_[item] = priced[item] ? std::min(worth_[item], cost) : cost;
        priced[item] = true;
      }
      if (takes_all) for_all_.push_back(rates);
    }
  }

  /// Rounded down, so that a whole machine is worth no more than its price; where it would be, it is worth nothing.
  [[nodiscard]] static Rates rates_of(const Amounts& room, Money price, const std::vector<double>& weights) {
    Rates rates(room.size(), 0);
    Int128 whole = 0;
    for (std::size_t k = 0; k < rates.size(); ++k) {
      if (room[k] <= 0) continue;
      // Whatever the search came to: a share that is no number bears nothing.
      const double weight = weights[k] > 0 ? std::min(weights[k], 1.0) : 0;
      const auto share = static_cast<std::int64_t>(weight * kBelowOne * 1e9);
      rates[k] = kScale / 1'000'000'000 * share * price.micros / room[k];
      whole += rates[k] * room[k];
    }
    if (whole > kScale * price.micros) rates.assign(rates.size(), 0);
    return rates;
  }

  [[nodiscard]] static Int128 cost_of(const Amounts& wants, const Rates& rates) {
    Int128 cost = 0;
    for (std::size_t k = 0; k < wants.size(); ++k)
      if (wants[k] > 0) cost += rates[k] * wants[k];
    return cost;
  }

  /// What pods can be worth that are on a node which is there and costs nothing.
  [[nodiscard]] Int128 most_held_by(NodeId node) const {
    Amounts free;
    for (std::size_t k = 0; k < purchase_.board().resources().size(); ++k) {
      free.push_back(purchase_.board().free(node, k));
      for (const auto& [shape, pods] : purchase_.pods_on(node))
        free.back() += purchase_.board().requests_of(shape)[k] * pods;
    }
    const Amounts room = program_.room(free, purchase_.board().domains_of(node));
    std::optional<Int128> most;
    for (const Rates& rates : for_all_) {
      const Int128 worth = cost_of(room, rates);
      if (!most || worth < *most) most = worth;
    }
    // Every pod takes one of the node's places, and none is worth more than the dearest.
    const Int128 dearest = worth_.empty() ? 0 : std::ranges::max(worth_);
    const Int128 by_places = dearest * std::max<std::int64_t>(free[ResourceNames::kPods], 0);
    return most ? std::min(*most, by_places) : by_places;
  }

  const Purchase& purchase_;
  const std::vector<Demand>& demand_;
  Takes takes_;
  Relaxation program_;
  std::vector<Int128> worth_;   // by item
  std::vector<Rates> for_all_;  // of machines that take every item
};

}  // namespace

std::vector<Demand> demand_of(const Purchase& purchase, const Plan& plan) {
  const Problem& problem = purchase.board().problem();
  std::map<std::pair<ShapeId, bool>, std::int64_t> counts;
  const auto count = [&](const std::vector<PodId>& pods, bool spot) {
    for (const PodId pod : pods) {
      const ShapeId shape = problem.pods[pod].shape;
      ++counts[{shape, purchase.is_steady(shape) && !spot}];
    }
  };
  for (NodeId node = 0; node < plan.existing.size(); ++node) count(plan.existing[node], purchase.is_spot(node));
  for (const NewNode& each : plan.nodes)
    count(each.pods, problem.offerings[each.offering].capacity == CapacityType::Spot);
  std::vector<Demand> out;
  out.reserve(counts.size());
  for (const auto& [kind, pods] : counts) out.push_back({{{{kind.first, 1}}, {}, kind.second, false}, pods});
  return out;
}

Money lower_bound(const Purchase& purchase, const std::vector<Demand>& demand) {
  return Proof(purchase, demand).bound();
}

}  // namespace spotkeeper::plan
