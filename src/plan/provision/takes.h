// Which candidates take which pods, as rows of bits.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "plan/provision/purchase.h"

namespace spotkeeper::plan {

/// Candidates whose nodes are one domain in every rule between pods but those over hosts.
using CellId = std::uint32_t;

/// Pods of one shape; with `cell`, they go nowhere else.
struct Wanted {
  ShapeId shape = 0;
  std::optional<CellId> cell;
};

class Takes {
 public:
  /// `cells`: of each candidate. With `steady`, Spot takes nothing that takes long to end.
  Takes(const Purchase& purchase, std::span<const Wanted> items, std::span<const CellId> cells, bool steady);

  [[nodiscard]] bool takes(CandidateId candidate, std::size_t item) const {
    return (bits_[candidate * words_ + item / 64] >> (item % 64) & 1U) != 0;
  }
  [[nodiscard]] bool takes_any(CandidateId candidate) const;
  /// Everything that `less` takes, `more` takes.
  [[nodiscard]] bool covers(CandidateId more, CandidateId less) const;

 private:
  std::size_t words_;
  std::vector<std::uint64_t> bits_;
};

/// The candidates that matter to a linear program: of the others each is taken the place of by one of these that takes
/// all that it takes and has no less of any resource for a dollar.
[[nodiscard]] std::vector<CandidateId> densest(const Purchase& purchase, const Takes& takes);

}  // namespace spotkeeper::plan
