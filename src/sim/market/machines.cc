#include "sim/market/machines.h"

#include <algorithm>

namespace spotkeeper::sim::market {

Duration time_of(const Instance& instance, Instant until) {
  return std::max<Duration>(std::min(instance.ended.value_or(until), until) - instance.launched, 0s);
}

Money cost_of(const Instance& instance, std::span<const Pool> pools, Instant until) {
  const Duration length = time_of(instance, until);
  if (!instance.spot) return instance.fixed_price.over(length);
  return pools[instance.pool].history().cost(instance.launched, instance.launched + length);
}

}  // namespace spotkeeper::sim::market
