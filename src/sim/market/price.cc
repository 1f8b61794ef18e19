#include "sim/market/price.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace spotkeeper::sim::market {

PriceWalk::PriceWalk(const PriceRules& rules, Money mean, Money on_demand, Random random)
    : rules_(rules),
      mean_(mean),
      most_(on_demand),
      least_(std::min(mean, on_demand.percent(10))),
      random_(random),
      deviation_(rules.spread * random_.normal()) {}

Money PriceWalk::now() const {
  // The mean of exp(deviation) is exp(spread²/2): taken out, so that the prices' mean is the catalogue's.
  const double factor = std::exp(deviation_ - rules_.spread * rules_.spread / 2);
  const Money price{std::llround(static_cast<double>(mean_.micros) * factor)};
  return std::clamp(price, std::min(least_, most_), most_);
}

Money PriceWalk::next() {
  const double kept = std::exp2(-seconds_of(rules_.step) / seconds_of(rules_.half_life));
  deviation_ = kept * deviation_ + rules_.spread * std::sqrt(1 - kept * kept) * random_.normal();
  return now();
}

void PriceHistory::set(Instant since, Money price) {
  if (!stretches_.empty() && stretches_.back().price == price) return;
  stretches_.push_back({since, price});
}

std::size_t PriceHistory::index_at(Instant when) const {
  const auto after = std::upper_bound(stretches_.begin(), stretches_.end(), when,
                                      [](Instant at, const Stretch& stretch) { return at < stretch.since; });
  return after == stretches_.begin() ? 0 : static_cast<std::size_t>(after - stretches_.begin() - 1);
}

Money PriceHistory::at(Instant when) const { return stretches_[index_at(when)].price; }

Money PriceHistory::cost(Instant from, Instant until) const {
  Money sum;
  for (std::size_t i = index_at(from); i < stretches_.size() && from < until; ++i) {
    const Instant end = i + 1 < stretches_.size() ? std::min(until, stretches_[i + 1].since) : until;
    sum += stretches_[i].price.over(end - from);
    from = end;
  }
  return sum;
}

}  // namespace spotkeeper::sim::market
