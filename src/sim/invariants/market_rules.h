// Looks on at a market and says when a group has too many machines, or when the money is wrong.
//
// It adds up for itself what every machine costs, from the prices that it sees, and shares no code with the market's
// own sums. Whoever moves the market calls `look` after everything that may have changed it.
#pragma once

#include <map>
#include <unordered_set>
#include <vector>

#include "sim/invariants/invariants.h"
#include "sim/market/market.h"

namespace spotkeeper::sim {

class MarketInvariants {
 public:
  /// All of them outlive this. Violations are added to `into`.
  MarketInvariants(const market::MarketSettings& settings, const market::Market& market, const World& world,
                   std::vector<Violation>& into);

  /// At `now`, after what happened then.
  void look(Instant now);
  /// At the end, for what a report says of that instant.
  void look_at_report(const market::MarketReport& report, Instant until);

 private:
  void broken(Rule rule, std::string what);
  void groups();
  void money();
  void compare(Money said, double own, std::string_view what);

  const market::MarketSettings& settings_;
  const market::Market& market_;
  const World& world_;
  std::vector<Violation>& into_;
  std::unordered_set<std::string> told_;
  Instant last_;
  bool begun_ = false;
  // Of the present rates an hour, and of what has been spent up to `last_`: dollars.
  double rate_ = 0;
  double on_demand_rate_ = 0;
  double spent_ = 0;
  double on_demand_spent_ = 0;
  Money said_last_;
};

}  // namespace spotkeeper::sim
