// What there is to choose from when machines are filled: kinds of pods, machines that may be bought, what each kind is
// worth, and which kinds go to which machines in the linear program's plan of fractions.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "plan/provision/purchase.h"
#include "plan/provision/relaxation.h"
#include "plan/provision/takes.h"

namespace spotkeeper::plan {

using ItemId = std::uint32_t;
using ChoiceId = std::uint32_t;

/// How many of which items, in an order in which they could come.
using Content = std::vector<std::pair<ItemId, std::int64_t>>;

/// A workload that some item has pods of.
struct Capped {
  WorkloadId id = 0;
  std::int64_t pool_cap = 0;  // pods at most in one Spot pool
  std::int64_t node_cap = 0;  // and on one machine
};

/// What filling has to know of an item.
struct Kind {
  Amounts wants;
  std::optional<CellId> cell;
  bool alone = false;
  std::vector<std::pair<std::uint32_t, std::int64_t>> workloads;  // how many pods of each
  double of_caps = 0;  // of what a workload may have on one machine and in one pool, the most that this takes up
  std::vector<Topology::HostLimit> host_limits;                       // as other pods have to leave the host
  std::vector<std::pair<std::uint32_t, std::int32_t>> host_counters;  // how many pods each counts
};

/// A machine that may be bought.
struct Choice {
  CandidateId candidate = 0;
  CellId cell = 0;
  double price = 0;
  Amounts room;
  std::vector<double> shares;  // of the price, that each resource bears
  double value = 0;            // what its best filling with fractions of items is worth, for its price
  std::uint32_t pool = 0;
  std::vector<std::int64_t> spends;   // of its pool's limits
  std::optional<std::uint32_t> spot;  // its Spot pool
  std::vector<char> takes;            // by item
  std::optional<std::size_t> part;    // what the linear program puts on its like
};

class Menu {
 public:
  Menu(const Purchase& purchase, const std::vector<Demand>& items);

  [[nodiscard]] const std::vector<Kind>& kinds() const { return kinds_; }
  [[nodiscard]] const std::vector<Capped>& workloads() const { return workloads_; }
  /// By price.
  [[nodiscard]] const std::vector<Choice>& choices() const { return choices_; }
  [[nodiscard]] const std::vector<double>& worth() const { return worth_; }
  /// Items of which no two may share a machine, where as many machines are needed as there are of them; by item.
  [[nodiscard]] const std::vector<ItemId>& apart() const { return apart_; }
  /// How many of each item the linear program puts on one kind of machine, for each that it buys; rounded.
  [[nodiscard]] const std::vector<std::vector<std::int64_t>>& parts() const { return parts_; }
  /// By Spot pool that some choice is of, then workload: pods that are there already.
  [[nodiscard]] const std::vector<std::vector<std::int64_t>>& in_pools() const { return in_pools_; }

 private:
  [[nodiscard]] std::uint32_t number_of(WorkloadId workload);
  [[nodiscard]] Kind kind_of(const Wanted& wanted);
  void choose(const Takes& takes);
  void add_choice(CandidateId id, const Takes& takes);
  void find_prices(const Relaxation& program, const Takes& takes);
  [[nodiscard]] std::vector<CandidateId> divide(const Relaxation& program, const DualPrices& prices);

  const Purchase& purchase_;
  const std::vector<Demand>& items_;
  std::vector<Capped> workloads_;
  std::map<WorkloadId, std::uint32_t> numbers_;  // of workloads_
  std::vector<Kind> kinds_;                      // by item
  std::vector<Choice> choices_;
  std::vector<double> worth_;  // by item
  std::vector<ItemId> apart_;
  std::vector<std::vector<std::int64_t>> parts_;
  std::map<SpotPool, std::uint32_t> spot_ids_;
  std::vector<std::vector<std::int64_t>> in_pools_;
};

}  // namespace spotkeeper::plan
