#include "plan/provision/takes.h"

#include <algorithm>

namespace spotkeeper::plan {

Amounts amounts_of(const Board& board, const Wanted& wanted) {
  Amounts out(board.resources().size(), 0);
  for (const auto& [shape, count] : wanted.pods)
    for (std::size_t k = 0; k < out.size(); ++k) out[k] += board.requests_of(shape)[k] * count;
  return out;
}

Takes::Takes(const Purchase& purchase, std::span<const Wanted> items, std::span<const CellId> cells)
    : words_((items.size() + 63) / 64), bits_(purchase.candidates().size() * words_, 0) {
  for (std::size_t item = 0; item < items.size(); ++item) {
    const Wanted& wanted = items[item];
    const Amounts amounts = amounts_of(purchase.board(), wanted);
    for (CandidateId id = 0; id < purchase.candidates().size(); ++id) {
      if ((wanted.cell && *wanted.cell != cells[id]) || (wanted.no_spot && purchase.is_spot_offer(id))) continue;
      const auto suits = [&](const auto& pods) { return purchase.suited(pods.first)[id] != 0; };
      if (std::ranges::all_of(wanted.pods, suits) && fits(amounts, purchase.candidates()[id].room))
        bits_[id * words_ + item / 64] |= std::uint64_t{1} << (item % 64);
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

}  // namespace spotkeeper::plan
