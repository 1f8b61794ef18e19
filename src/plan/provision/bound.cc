#include "plan/provision/bound.h"

#include <algorithm>
#include <optional>

#include "plan/provision/duals.h"
#include "plan/provision/takes.h"

namespace spotkeeper::plan {
namespace {

// A byte costs far less than a millionth of a dollar: prices of resources are kept in 10^-15 of one.
constexpr Int128 kScale = 1'000'000'000'000'000;
constexpr double kBelowOne = 1 - 1e-9;  // for what the search's doubles are off by
constexpr SearchEnd kSearchEnd{4'000, 1e-4};

/// What one unit of each resource of a machine costs.
using Rates = std::vector<Int128>;

class Proof {
 public:
  Proof(const Purchase& purchase, const std::vector<std::int64_t>& demand) : purchase_(purchase), demand_(demand) {
    const Takes takes = look_at_items();
    search(takes);
  }

  [[nodiscard]] Money bound() const {
    Int128 sum = 0;
    for (std::size_t item = 0; item < items_.size(); ++item) sum += worth_[item] * demand_[items_[item].shape];
    for (NodeId node = 0; node < purchase_.board().problem().nodes.size(); ++node) sum -= most_held_by(node);
    return Money{static_cast<std::int64_t>(std::max<Int128>(sum, 0) / kScale)};
  }

 private:
  /// Shapes that are placed and that some machine takes; what others cost is bounded by nothing.
  Takes look_at_items() {
    const std::vector<CellId> anywhere(purchase_.candidates().size(), 0);
    std::vector<Wanted> all;
    for (ShapeId shape = 0; shape < demand_.size(); ++shape)
      if (demand_[shape] > 0) all.push_back({shape, {}});
    const Takes takes(purchase_, all, anywhere, false);
    for (std::size_t item = 0; item < all.size(); ++item) {
      bool taken = false;
      for (CandidateId id = 0; id < purchase_.candidates().size() && !taken; ++id) taken = takes.takes(id, item);
      if (taken) items_.push_back(all[item]);
    }
    return {purchase_, items_, anywhere, false};
  }

  void search(const Takes& takes) {
    const std::vector<CandidateId> kept = densest(purchase_, takes);
    std::vector<LinearItem> items;
    for (const Wanted& item : items_) {
      const Amounts& wants = purchase_.board().requests_of(item.shape);
      items.push_back({{wants.begin(), wants.end()}, static_cast<double>(demand_[item.shape])});
    }
    std::vector<LinearMachine> machines;
    for (const CandidateId id : kept) {
      const Candidate& candidate = purchase_.candidates()[id];
      LinearMachine machine{
          {candidate.room.begin(), candidate.room.end()}, static_cast<double>(candidate.price.micros), {}};
      for (std::size_t item = 0; item < items_.size(); ++item) machine.takes.push_back(takes.takes(id, item) ? 1 : 0);
      machines.push_back(std::move(machine));
    }
    const DualPrices prices = find_prices(items, machines, kSearchEnd);
    worth_.resize(items_.size());
    std::vector<bool> priced(items_.size(), false);
    for (std::size_t c = 0; c < kept.size(); ++c) {
      const Rates rates = rates_of(purchase_.candidates()[kept[c]], prices.weights[c]);
      bool takes_all = true;
      for (std::size_t item = 0; item < items_.size(); ++item) {
        if (!takes.takes(kept[c], item)) {
          takes_all = false;
          continue;
        }
        const Int128 cost = cost_of(purchase_.board().requests_of(items_[item].shape), rates);
        worth_[item] = priced[item] ? std::min(worth_[item], cost) : cost;
        priced[item] = true;
      }
      if (takes_all) for_all_.push_back(rates);
    }
  }

  /// Rounded down, so that a whole machine is worth no more than its price; where it would be, it is worth nothing.
  [[nodiscard]] static Rates rates_of(const Candidate& candidate, const std::vector<double>& weights) {
    Rates rates(candidate.room.size(), 0);
    Int128 whole = 0;
    for (std::size_t k = 0; k < rates.size(); ++k) {
      if (candidate.room[k] <= 0) continue;
      const auto share = static_cast<std::int64_t>(weights[k] * kBelowOne * 1e9);
      rates[k] = kScale / 1'000'000'000 * share * candidate.price.micros / candidate.room[k];
      whole += rates[k] * candidate.room[k];
    }
    if (whole > kScale * candidate.price.micros) rates.assign(rates.size(), 0);
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
    std::optional<Int128> most;
    for (const Rates& rates : for_all_) {
      const Int128 worth = cost_of(free, rates);
      if (!most || worth < *most) most = worth;
    }
    // Every pod takes one of the node's places, and none is worth more than the dearest.
    const Int128 dearest = worth_.empty() ? 0 : std::ranges::max(worth_);
    const Int128 by_places = dearest * std::max<std::int64_t>(free[ResourceNames::kPods], 0);
    return most ? std::min(*most, by_places) : by_places;
  }

  const Purchase& purchase_;
  const std::vector<std::int64_t>& demand_;
  std::vector<Wanted> items_;
  std::vector<Int128> worth_;   // by item
  std::vector<Rates> for_all_;  // of machines that take every item
};

}  // namespace

Money lower_bound(const Purchase& purchase, const std::vector<std::int64_t>& demand) {
  return Proof(purchase, demand).bound();
}

}  // namespace spotkeeper::plan
