#include "sim/market/pool.h"

#include <algorithm>
#include <cmath>

#include "sim/market/hazard.h"

namespace spotkeeper::sim::market {
namespace {

enum Stream : std::uint64_t { kPrices = 1, kStorms, kOutages, kLeads };

}  // namespace

Pool::Pool(const MarketSettings& market, std::size_t index, Random random, Instant begin, Duration trace_start)
    : market_(&market),
      settings_(&market.pools[index]),
      index_(index),
      begin_(begin),
      trace_start_(trace_start),
      walk_(market.prices, settings_->mean_price, settings_->type.on_demand, random.fork(kPrices)),
      storms_(random.fork(kStorms)),
      outages_(random.fork(kOutages)),
      leads_(random.fork(kLeads)),
      closed_until_(begin) {
  if (settings_->trace) {
    tick_ = settings_->trace->tick_at(trace_start);
    capacity_ = std::uint64_t{settings_->trace->units[tick_]} * market.machines_per_unit;
  }
  reprice(begin);
}

Money Pool::effective(Instant now) const {
  Money price = walk_.now();
  for (const Spike& spike : market_->spikes) {
    const Instant from = begin_ + spike.at;
    if (now < from || now >= from + spike.length) continue;
    if (!spike.where.holds(settings_->zone, settings_->type.name.str())) continue;
    const double raised = static_cast<double>(settings_->type.on_demand.micros) * spike.of_on_demand;
    price = std::max(price, Money{std::llround(raised)});
  }
  return price;
}

void Pool::step(Instant now) {
  walk_.next();
  reprice(now);
}

void Pool::reprice(Instant now) {
  price_ = effective(now);
  history_.set(now, price_);
}

std::optional<Pool::CapacityChange> Pool::next_capacity() const {
  if (!settings_->trace) return std::nullopt;
  const SpotTrace& trace = *settings_->trace;
  const std::size_t next = trace.next_change(tick_);
  if (next >= trace.units.size()) return std::nullopt;
  const Instant at = begin_ + trace.gap * static_cast<std::int64_t>(next) - trace_start_;
  return CapacityChange{at, std::uint64_t{trace.units[next]} * market_->machines_per_unit};
}

void Pool::advance_capacity() {
  tick_ = settings_->trace->next_change(tick_);
  capacity_ = std::uint64_t{settings_->trace->units[tick_]} * market_->machines_per_unit;
}

double Pool::alone_per_hour() const {
  if (settings_->trace) return 0;  // what the trace recorded contains them
  return settings_->per_hour * market_->risk.times * (1 - market_->risk.together);
}

std::optional<PlannedStorm> Pool::draw_storm(Instant after) {
  const RiskRules& risk = market_->risk;
  const double per_hour = risk.takes > 0 ? settings_->per_hour * risk.times * risk.together / risk.takes : 0;
  if (settings_->trace || per_hour <= 0) return std::nullopt;
  PlannedStorm storm;
  storm.pool = index_;
  storm.at = after + std::min(storms_.exponential(duration_of_seconds(3600 / per_hour)), kNever);
  storm.rumour = std::max(after, storm.at - draw_lead());
  storm.takes = risk.takes;
  storm.within = risk.within;
  storm.out = draw_outage();
  return storm;
}

Duration Pool::draw_lead() {
  return std::min(leads_.lognormal(market_->rebalance.lead, market_->rebalance.lead_sigma), kNever);
}

Duration Pool::draw_outage() {
  return std::min(outages_.lognormal(market_->capacity.out, market_->capacity.out_sigma), kNever);
}

}  // namespace spotkeeper::sim::market
