#include "model/disruption_budget.h"

namespace spotkeeper {

std::int64_t CountOrPercent::of(std::int64_t total) const {
  if (!percent) return value;
  const std::int64_t hundredths = std::int64_t{value} * total;
  return hundredths / 100 + (hundredths > 0 && hundredths % 100 != 0 ? 1 : 0);
}

}  // namespace spotkeeper
