#include "model/scheduling.h"

#include <algorithm>
#include <limits>

namespace spotkeeper {
namespace {

using Other = std::vector<std::pair<std::string, std::int64_t>>;

// Amounts come from objects that anybody can write: a sum stops at the ends instead of overflowing.
std::int64_t add(std::int64_t a, std::int64_t b) {
  std::int64_t out = 0;
  if (!__builtin_add_overflow(a, b, &out)) return out;
  return a > 0 ? std::numeric_limits<std::int64_t>::max() : std::numeric_limits<std::int64_t>::min();
}
std::int64_t subtract(std::int64_t a, std::int64_t b) {
  std::int64_t out = 0;
  if (!__builtin_sub_overflow(a, b, &out)) return out;
  return a > 0 ? std::numeric_limits<std::int64_t>::max() : std::numeric_limits<std::int64_t>::min();
}

Other::iterator place_of(Other& amounts, const std::string& name) {
  return std::ranges::lower_bound(amounts, name, {}, &Other::value_type::first);
}

template <class Operation>
void combine(Other& mine, const Other& theirs, Operation operation) {
  for (const auto& [name, amount] : theirs) {
    auto at = place_of(mine, name);
    if (at == mine.end() || at->first != name) at = mine.emplace(at, name, 0);
    at->second = operation(at->second, amount);
    if (at->second == 0) mine.erase(at);
  }
}

}  // namespace

Resources& Resources::operator+=(const Resources& more) {
  cpu.value = add(cpu.value, more.cpu.value);
  memory.value = add(memory.value, more.memory.value);
  combine(other, more.other, add);
  return *this;
}

Resources& Resources::operator-=(const Resources& less) {
  cpu.value = subtract(cpu.value, less.cpu.value);
  memory.value = subtract(memory.value, less.memory.value);
  combine(other, less.other, subtract);
  return *this;
}

bool Resources::fits(const Resources& room) const {
  const auto in_room = [&](const std::string& name) {
    const auto at = std::ranges::lower_bound(room.other, name, {}, &Other::value_type::first);
    return at != room.other.end() && at->first == name ? at->second : 0;
  };
  return cpu <= room.cpu && memory <= room.memory &&
         std::ranges::all_of(other, [&](const auto& each) { return each.second <= in_room(each.first); });
}

bool Toleration::tolerates(const Taint& taint) const {
  if (effect && *effect != taint.effect) return false;
  if (key.empty()) return exists;
  return key == taint.key && (exists || value == taint.value);
}

}  // namespace spotkeeper
