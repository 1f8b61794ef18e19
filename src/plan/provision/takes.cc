#include "plan/provision/takes.h"

#include <algorithm>

#include "model/quantity.h"

namespace spotkeeper::plan {
namespace {

/// For a dollar, no less of anything.
bool is_as_dense(const Candidate& a, const Candidate& b) {
  for (std::size_t i = 0; i < a.room.size(); ++i)
    if (Int128{a.room[i]} * b.price.micros < Int128{b.room[i]} * a.price.micros) return false;
  return true;
}

}  // namespace

Takes::Takes(const Purchase& purchase, std::span<const Wanted> items, std::span<const CellId> cells, bool steady)
    : words_((items.size() + 63) / 64), bits_(purchase.candidates().size() * words_, 0) {
  const Problem& problem = purchase.board().problem();
  for (std::size_t item = 0; item < items.size(); ++item) {
    const ShapeId shape = items[item].shape;
    const auto& suited = purchase.suited(shape);
    const Amounts& wanted = purchase.board().requests_of(shape);
    const bool no_spot = steady && purchase.is_steady(shape);
    for (CandidateId id = 0; id < purchase.candidates().size(); ++id) {
      const Candidate& candidate = purchase.candidates()[id];
      if (suited[id] == 0 || (items[item].cell && *items[item].cell != cells[id])) continue;
      if (no_spot && problem.offerings[candidate.offering].capacity == CapacityType::Spot) continue;
      if (fits(wanted, candidate.room)) bits_[id * words_ + item / 64] |= std::uint64_t{1} << (item % 64);
    }
  }
}

bool Takes::takes_any(CandidateId candidate) const {
  const auto first = bits_.begin() + static_cast<std::ptrdiff_t>(candidate * words_);
  return std::any_of(first, first + static_cast<std::ptrdiff_t>(words_), [](std::uint64_t word) { return word != 0; });
}

bool Takes::covers(CandidateId more, CandidateId less) const {
  for (std::size_t word = 0; word < words_; ++word)
    if ((bits_[less * words_ + word] & ~bits_[more * words_ + word]) != 0) return false;
  return true;
}

std::vector<CandidateId> densest(const Purchase& purchase, const Takes& takes) {
  const auto& all = purchase.candidates();
  std::vector<CandidateId> order;
  for (CandidateId id = 0; id < all.size(); ++id)
    if (takes.takes_any(id)) order.push_back(id);
  // The densest come first, so that most others meet the one that takes their place soon.
  std::ranges::sort(order, [&](CandidateId a, CandidateId b) {
    const Int128 mine = Int128{all[a].room[ResourceNames::kCpu]} * all[b].price.micros;
    const Int128 theirs = Int128{all[b].room[ResourceNames::kCpu]} * all[a].price.micros;
    return mine != theirs ? mine > theirs : a < b;
  });
  std::vector<CandidateId> kept;
  for (const CandidateId id : order) {
    const auto replaces = [&](CandidateId other) {
      return is_as_dense(all[other], all[id]) && takes.covers(other, id);
    };
    if (std::ranges::none_of(kept, replaces)) kept.push_back(id);
  }
  return kept;
}

}  // namespace spotkeeper::plan
