#include "sim/invariants/market_rules.h"

#include <cmath>
#include <utility>

namespace spotkeeper::sim {
namespace {

double dollars(Money money) { return static_cast<double>(money.micros) / 1e6; }
double hours(Duration length) { return seconds_of(length) / 3600; }

}  // namespace

MarketInvariants::MarketInvariants(const market::MarketSettings& settings, const market::Market& market,
                                   const World& world, std::vector<Violation>& into)
    : settings_(settings), market_(market), world_(world), into_(into) {}

void MarketInvariants::broken(Rule rule, std::string what) {
  if (!told_.insert(what).second) return;
  into_.push_back({last_, rule, std::move(what)});
}

void MarketInvariants::look(Instant now) {
  if (!begun_) {
    if (market_.machines().empty()) return;  // the clock has not started
    begun_ = true;
    last_ = now;
  }
  if (now < last_) broken(Rule::Money, "the market's clock went back");
  spent_ += rate_ * hours(now - last_);
  on_demand_spent_ += on_demand_rate_ * hours(now - last_);
  last_ = now;
  money();
  groups();
}

void MarketInvariants::groups() {
  std::vector<std::uint32_t> holding(settings_.groups.size());
  std::vector<std::uint32_t> alive(settings_.groups.size());
  std::vector<std::uint32_t> leaving(settings_.groups.size());
  for (const market::Instance& machine : market_.machines()) {
    if (machine.group == market::kNowhere) continue;
    if (machine.holds()) ++holding[machine.group];
    if (machine.doomed && !machine.ended) ++leaving[machine.group];
    if (world_.machine_alive(machine.name)) ++alive[machine.group];
  }
  for (std::size_t g = 0; g < holding.size(); ++g) {
    const market::GroupSettings& group = settings_.groups[g];
    const auto have = [&](std::uint32_t count, std::string_view what) {
      return "group " + group.name + " of " + std::to_string(group.size) + " has " + std::to_string(count) +
             " machines " + std::string(what);
    };
    if (holding[g] > group.size) broken(Rule::Groups, have(holding[g], "beside those that were told to go"));
    if (alive[g] > group.size + leaving[g]) broken(Rule::Groups, have(alive[g], "that run"));
  }
}

void MarketInvariants::money() {
  rate_ = on_demand_rate_ = 0;
  for (const market::Instance& machine : market_.machines()) {
    if (machine.ended) continue;
    const Money price = machine.spot ? market_.pools()[machine.pool].price() : machine.fixed_price;
    if (price < Money{}) broken(Rule::Money, machine.name.str() + " has a price below nothing");
    rate_ += dollars(price);
    on_demand_rate_ += dollars(machine.on_demand_price);
  }
  const market::MarketReport report = market_.report(last_);
  if (report.total < said_last_) {
    broken(Rule::Money, "the cost fell from " + said_last_.str() + " to " + report.total.str());
  }
  said_last_ = report.total;
  compare(report.total, spent_, "cost");
  compare(report.on_demand_total, on_demand_spent_, "cost on demand");
}

void MarketInvariants::look_at_report(const market::MarketReport& report, Instant until) {
  if (!begun_) return;
  look(until);
  if (report.total < said_last_) broken(Rule::Money, "the cost in the report is less than it was");
  compare(report.total, spent_, "cost in the report");
  compare(report.on_demand_total, on_demand_spent_, "cost on demand in the report");
  if (report.total < Money{}) broken(Rule::Money, "the report's cost is below nothing");
}

/// Each machine's cost is rounded to a millionth, for each price that it had: some hundred in a day.
void MarketInvariants::compare(Money said, double own, std::string_view what) {
  const double rounding = 1e-6 * static_cast<double>(market_.machines().size()) * 300 + own * 1e-9;
  if (std::abs(dollars(said) - own) <= rounding) return;
  broken(Rule::Money, "the " + std::string(what) + " is said to be " + said.str() + ", and the machines' time costs " +
                          std::to_string(own));
}

}  // namespace spotkeeper::sim
