// Which candidates take which pods, as rows of bits.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "plan/provision/purchase.h"

namespace spotkeeper::plan {

/// Pods that go to one machine: one of a kind, or some that were seated together.
struct Wanted {
  std::vector<std::pair<ShapeId, std::int64_t>> pods;  // how many of each shape
  std::optional<CellId> cell;                          // they go nowhere else
  bool no_spot = false;
  bool alone = false;  // no two such on one machine
};

/// What they request together.
[[nodiscard]] Amounts amounts_of(const Board& board, const Wanted& wanted);

class Takes {
 public:
  /// `cells`: of each candidate.
  Takes(const Purchase& purchase, std::span<const Wanted> items, std::span<const CellId> cells);

  [[nodiscard]] bool takes(CandidateId candidate, std::size_t item) const {
    return (bits_[candidate * words_ + sort_[item] / 64] >> (sort_[item] % 64) & 1U) != 0;
  }
  /// Items of one sort request the same and are taken by the same candidates.
  [[nodiscard]] std::size_t sort_of(std::size_t item) const { return sort_[item]; }
  [[nodiscard]] bool takes_any(CandidateId candidate) const;
  /// Everything that `less` takes, `more` takes.
  [[nodiscard]] bool covers(CandidateId more, CandidateId less) const;

 private:
  void find_takers(const Purchase& purchase, const Wanted& wanted, std::span<const CellId> cells, std::size_t sort);

  std::vector<std::size_t> sort_;  // by item
  std::size_t words_ = 0;
  std::vector<std::uint64_t> bits_;  // by candidate, then sort
};

}  // namespace spotkeeper::plan
