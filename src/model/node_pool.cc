#include "model/node_pool.h"

#include <algorithm>

#include "base/text.h"

namespace spotkeeper {
namespace {

/// Both sides are whole numbers, and `holds` is true of them.
template <class Holds>
bool compares(const std::string* value, const std::vector<std::string>& bounds, Holds holds) {
  if (value == nullptr || bounds.size() != 1) return false;
  const auto mine = parse_int<std::int64_t>(*value);
  const auto bound = parse_int<std::int64_t>(bounds.front());
  return mine && bound && holds(*mine, *bound);
}

}  // namespace

bool PoolRequirement::allows(const std::string* value) const {
  const auto listed = [&] { return value != nullptr && std::ranges::find(values, *value) != values.end(); };
  switch (op) {
    case PoolOperator::In: return listed();
    case PoolOperator::NotIn: return !listed();
    case PoolOperator::Exists: return value != nullptr;
    case PoolOperator::DoesNotExist: return value == nullptr;
    case PoolOperator::Gt: return compares(value, values, [](auto a, auto b) { return a > b; });
    case PoolOperator::Lt: return compares(value, values, [](auto a, auto b) { return a < b; });
    case PoolOperator::Gte: return compares(value, values, [](auto a, auto b) { return a >= b; });
    case PoolOperator::Lte: return compares(value, values, [](auto a, auto b) { return a <= b; });
  }
  return false;
}

}  // namespace spotkeeper
