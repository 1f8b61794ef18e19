#include "plan/provision/takes.h"

#include <algorithm>
#include <map>
#include <tuple>

namespace spotkeeper::plan {
namespace {

/// What decides which candidates take an item.
using SortKey = std::tuple<Amounts, std::vector<std::uint32_t>, std::optional<CellId>, bool>;

SortKey sort_key(const Purchase& purchase, const Wanted& wanted) {
  std::vector<std::uint32_t> classes;
  classes.reserve(wanted.pods.size());
  for (const auto& [shape, count] : wanted.pods) classes.push_back(purchase.class_of(shape));
  std::ranges::sort(classes);
  const auto again = std::ranges::unique(classes);
  classes.erase(again.begin(), again.end());
  return {amounts_of(purchase.board(), wanted), std::move(classes), wanted.cell, wanted.no_spot};
}

}  // namespace

Amounts amounts_of(const Board& board, const Wanted& wanted) {
  Amounts out(board.resources().size(), 0);
  for (const auto& [shape, count] : wanted.pods)
    for (std::size_t k = 0; k < out.size(); ++k) out[k] += board.requests_of(shape)[k] * count;
  return out;
}

Takes::Takes(const Purchase& purchase, std::span<const Wanted> items, std::span<const CellId> cells) {
  std::map<SortKey, std::size_t> known;
  std::vector<std::size_t> examples;  // by sort
  sort_.reserve(items.size());
  for (std::size_t item = 0; item < items.size(); ++item) {
    const auto [at, added] = known.try_emplace(sort_key(purchase, items[item]), examples.size());
    if (added) examples.push_back(item);
    sort_.push_back(at->second);
  }
  words_ = (examples.size() + 63) / 64;
  bits_.assign(purchase.candidates().size() * words_, 0);
  for (std::size_t sort = 0; sort < examples.size(); ++sort) find_takers(purchase, items[examples[sort]], cells, sort);
}

void Takes::find_takers(const Purchase& purchase, const Wanted& wanted, std::span<const CellId> cells,
                        std::size_t sort) {
  const Amounts amounts = amounts_of(purchase.board(), wanted);
  std::vector<const char*> suited;
  suited.reserve(wanted.pods.size());
  for (const auto& [shape, count] : wanted.pods) suited.push_back(purchase.suited(shape).data());
  enum class Room : std::uint8_t { NotAsked, Enough, TooLittle };
  std::vector<Room> rooms(purchase.rooms().empty() ? 0 : std::ranges::max(purchase.rooms()) + 1, Room::NotAsked);
  for (CandidateId id = 0; id < purchase.candidates().size(); ++id) {
    if ((wanted.cell && *wanted.cell != cells[id]) || (wanted.no_spot && purchase.is_spot_offer(id))) continue;
    Room& room = rooms[purchase.rooms()[id]];
    if (room == Room::NotAsked) room = fits(amounts, purchase.candidates()[id].room) ? Room::Enough : Room::TooLittle;
    if (room == Room::TooLittle) continue;
    if (std::ranges::all_of(suited, [&](const char* by_candidate) { return by_candidate[id] != 0; }))
      bits_[id * words_ + sort / 64] |= std::uint64_t{1} << (sort % 64);
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
