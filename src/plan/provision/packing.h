// Filling machines: which to buy for many pods of few kinds, and what to put on each.
//
// Works on kinds of pods and their numbers, not on pods. A first packing buys, again and again, the machine whose
// filling is worth most for its price, as the linear program's prices have it (provision/duals.h), as often as there
// are pods for it; then a few machines at a time are emptied and filled anew, and the cheaper way is kept.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "base/random.h"
#include "plan/provision/purchase.h"
#include "plan/provision/relaxation.h"
#include "plan/provision/takes.h"

namespace spotkeeper::plan {

using ItemId = std::uint32_t;
/// How many of which items, by item.
using Content = std::vector<std::pair<ItemId, std::int64_t>>;

struct Filled {
  CandidateId candidate = 0;
  Content content;
};

class Packer {
 public:
  /// `purchase` outlives this object; what it holds already counts for shares and limits. `cells`: of each candidate.
  Packer(const Purchase& purchase, std::vector<Demand> items, std::vector<CellId> cells);

  /// The first packing. What has no machine, or no more within the limits, is left out: of what is to be alone, only if
  /// all of it can't be had.
  void fill();
  /// One attempt to make it cheaper.
  void improve(Random& random);

  [[nodiscard]] std::vector<Filled> machines() const;

 private:
  /// A machine that may be bought, with what filling it has to know close together.
  struct Choice {
    CandidateId candidate = 0;
    double price = 0;
    std::vector<std::int64_t> room;
    std::vector<double> shares;  // of the price, that each resource bears
    std::uint32_t pool = 0;
    std::vector<std::int64_t> spends;   // of its pool's limits
    std::optional<std::uint32_t> spot;  // its Spot pool
    std::vector<char> takes;            // by item
  };
  struct Kind {
    std::vector<std::int64_t> wants;
    bool alone = false;
    std::vector<std::pair<WorkloadId, std::int64_t>> workloads;         // how many pods of each
    std::vector<Topology::HostLimit> host_limits;                       // as other pods have to leave the host
    std::vector<std::pair<std::uint32_t, std::int32_t>> host_counters;  // how many pods each counts
  };
  struct Machine {
    std::uint32_t choice = 0;
    Content content;
  };
  /// What is on the machine that is being filled.
  struct Scratch {
    std::vector<std::int64_t> free;
    std::vector<std::int32_t> by_counter;
    std::vector<std::int64_t> by_workload;
    bool has_alone = false;
  };

  void read_kinds();
  [[nodiscard]] Kind kind_of(const Wanted& wanted) const;
  void choose(const Takes& takes);
  void add_choice(CandidateId id, const Takes& takes);
  void find_prices_of(const Takes& takes);
  [[nodiscard]] Content fill_one(const Choice& choice, const std::vector<std::int64_t>& left,
                                 const std::vector<ItemId>& open, const std::vector<double>& worth);
  [[nodiscard]] std::int64_t most_of(ItemId item, const Choice& choice, std::int64_t left) const;
  void take(ItemId item, std::int64_t count);
  void clear_scratch(const Content& content);
  [[nodiscard]] std::int64_t copies_of(const Choice& choice, const Content& content,
                                       const std::vector<std::int64_t>& left) const;
  [[nodiscard]] std::int64_t room_in_pool(WorkloadId workload, const Choice& choice) const;
  [[nodiscard]] bool within_limits(const Choice& choice) const;
  [[nodiscard]] bool holds(const Choice& choice, const Content& content) const;
  void count(const Machine& machine, std::int64_t by);
  void buy(std::uint32_t choice, const Content& content);
  Machine sell(std::size_t machine);
  /// Buys machines for what is left, as cheaply as it can, at the end of machines_; false as soon as they cost `most`.
  bool pack(std::vector<std::int64_t>& left, const std::vector<double>& worth, double most);
  void shrink(std::size_t machine);
  [[nodiscard]] double price_from(std::size_t first) const;

  const Purchase& purchase_;
  std::vector<Demand> items_;
  std::vector<CellId> cells_;
  std::vector<Kind> kinds_;      // by item
  std::vector<Choice> choices_;  // by price
  std::vector<double> worth_;    // by item
  std::vector<Machine> machines_;
  std::vector<std::vector<std::int64_t>> limits_left_;  // by pool
  std::map<SpotPool, std::uint32_t> spot_ids_;
  std::vector<std::vector<std::int64_t>> in_pool_;  // by Spot pool, then workload
  Scratch scratch_;
};

}  // namespace spotkeeper::plan
