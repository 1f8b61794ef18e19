// Packing: which machines to buy for many pods of few kinds, and what to put on each.
//
// Works on kinds of pods and their numbers, not on pods. What the linear program puts on one kind of machine is packed
// by itself first, so that what fills CPU meets what fills memory everywhere; what does not fill its machines well is
// packed together: bought is, again and again, the machine whose filling is worth most for its price. Then
// everything is packed anew with worths that are corrected by what each kind did cost, and then a few machines at a
// time are emptied and filled anew; the cheapest is kept.
#pragma once

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "base/random.h"
#include "plan/provision/allowance.h"
#include "plan/provision/filling.h"
#include "plan/provision/menu.h"

namespace spotkeeper::plan {

struct Filled {
  CandidateId candidate = 0;
  Content content;
};

class Packer {
 public:
  /// `purchase` outlives this object; what it holds already counts for shares and limits.
  Packer(const Purchase& purchase, std::vector<Demand> items);
  Packer(const Packer&) = delete;
  Packer& operator=(const Packer&) = delete;

  /// The first packing. What has no machine, or no more within the limits, is left out: of what is to be alone, only if
  /// all of it can't be had.
  void fill();
  /// So many steps to make it cheaper; a step is what it takes to fill a few machines anew.
  void improve(std::uint64_t steps, Random& random);

  [[nodiscard]] std::vector<Filled> machines() const;

 private:
  struct Machine {
    ChoiceId choice = 0;
    Content content;
  };
  /// What may be bought in one packing, and until when.
  struct Terms {
    const std::vector<double>& worth;           // by item
    double most;                                // to spend
    std::optional<std::size_t> part;            // machines that are like the one that the linear program puts it on
    double least_value = 0;                     // of a filling, for the price
    const std::vector<double>* bias = nullptr;  // by choice: what its fillings' worths are taken times; none: 1
  };

  [[nodiscard]] const Choice& choice_of(const Machine& machine) const { return menu_.choices()[machine.choice]; }
  [[nodiscard]] bool holds(const Choice& choice, const Content& content) const;
  void buy(ChoiceId choice, const Content& content);
  Machine sell(std::size_t machine);
  void sell_from(std::size_t first);
  /// Buys machines for what is left, as cheaply as it can, at the end of machines_; false as soon as they cost too
  /// much.
  bool pack(Counts& left, const Terms& terms);
  void shrink(std::size_t machine);
  [[nodiscard]] double price_from(std::size_t first) const;
  /// Packs everything; returns how much is left out.
  std::int64_t pack_all(const std::vector<double>& worth);
  void pack_by_parts(Counts& left, const std::vector<double>& worth);
  [[nodiscard]] Counts pack_apart(Counts left, const std::vector<double>& worth);
  std::uint64_t pack_with_corrections(std::uint64_t steps);
  void correct(std::vector<double>& worth) const;
  void refill_some(Random& random);

  std::vector<Demand> items_;
  Menu menu_;
  Allowance allowance_;
  Filler filler_;
  std::vector<Machine> machines_;
  bool all_ride_along_ = false;  // with pods that keep apart, of which there are many
};

}  // namespace spotkeeper::plan
