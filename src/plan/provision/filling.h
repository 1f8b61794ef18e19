// Filling one machine: which of the kinds of pods that are left come to it together.
#pragma once

#include <cstdint>
#include <vector>

#include "plan/provision/allowance.h"
#include "plan/provision/menu.h"

namespace spotkeeper::plan {

using Counts = std::vector<std::int64_t>;  // by item

/// What the items are worth together.
[[nodiscard]] double worth_of(const Content& content, const std::vector<double>& worth);

class Filler {
 public:
  /// All outlive this object; `counters`: of the rules between pods.
  Filler(const Menu& menu, const Allowance& allowance, std::size_t counters);

  /// What fills such a machine best, of `open`, the items of which some are left, those of most worth first.
  [[nodiscard]] Content fill(const Choice& choice, const Counts& left, const std::vector<ItemId>& open,
                             const std::vector<double>& worth);

 private:
  /// What the machine may still take.
  struct Able {
    ItemId item = 0;
    std::int64_t left = 0;
    const double* wants = nullptr;  // by resources_
    double worth = 0;               // more for what is large
    double of_caps = 0;             // as of its kind
    double score = 0;
  };

  void find_able(const Choice& choice, const Counts& left, const std::vector<ItemId>& open,
                 const std::vector<double>& worth);
  void score_able(const Choice& choice);
  [[nodiscard]] bool has_room(ItemId item) const;
  [[nodiscard]] std::int64_t most_of(ItemId item, const Choice& choice, std::int64_t left) const;
  void take(ItemId item, std::int64_t count);
  void clear(const Content& content);
  void find_spares();
  [[nodiscard]] bool is_wasteful(const Choice& choice, const Content& content) const;
  bool exchange_one(const Choice& choice, const Counts& left, const std::vector<double>& worth, Content& content);

  const Menu& menu_;
  const Allowance& allowance_;
  std::vector<std::size_t> resources_;  // that some item requests
  std::vector<double> wants_;           // by item, then by these
  std::vector<char> plain_;             // by item: no rule looks at its host, nor is it to be alone

  // Of the machine that is being filled.
  std::vector<double> free_;      // by these resources
  std::vector<double> scarcity_;  // likewise
  std::vector<std::int32_t> by_counter_;
  std::vector<ItemId> minded_;  // by counter: 1 + the last item there that minds what it counts
  std::vector<std::int64_t> by_workload_;
  bool has_alone_ = false;
  std::vector<Able> able_;
  std::vector<ItemId> spares_;  // that may take the place of another
  std::size_t filled_ = 0;      // machines so far
};

}  // namespace spotkeeper::plan
