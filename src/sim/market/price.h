// A pool's price over time, and what a machine cost at it.
#pragma once

#include <vector>

#include "base/random.h"
#include "base/time.h"
#include "model/money.h"
#include "sim/market/settings.h"

namespace spotkeeper::sim::market {

/// Prices an hour, one a step, that revert to a mean.
class PriceWalk {
 public:
  /// Begins at a draw of where the walk is in the long run. Never above `on_demand`, never below a tenth of it (AWS
  /// advertises savings of up to 90 %) unless the mean is lower still.
  PriceWalk(const PriceRules& rules, Money mean, Money on_demand, Random random);
  [[nodiscard]] Money now() const;
  Money next();

 private:
  PriceRules rules_;
  Money mean_;
  Money most_;
  Money least_;
  Random random_;
  double deviation_;  // of the logarithm
};

/// The prices that held, from an instant on each.
class PriceHistory {
 public:
  /// From `since` on, which is not before the last one.
  void set(Instant since, Money price);
  /// Of the last one that began at `when` or before; of the first one before that. There is at least one.
  [[nodiscard]] Money at(Instant when) const;
  /// By the second, each stretch of one price to the nearest millionth.
  [[nodiscard]] Money cost(Instant from, Instant until) const;

 private:
  struct Stretch {
    Instant since;
    Money price;
  };
  [[nodiscard]] std::size_t index_at(Instant when) const;
  std::vector<Stretch> stretches_;
};

}  // namespace spotkeeper::sim::market
