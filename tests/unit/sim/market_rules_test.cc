// The rules about groups and money are broken on purpose, and have to be seen to be.
#include "sim/invariants/market_rules.h"

#include <gmock/gmock.h>

#include "tests/unit/sim/market_support.h"

namespace spotkeeper::sim {
namespace {

using market::Stage;
using testing::Contains;
using testing::IsEmpty;
using testing::SizeIs;

MATCHER_P(BreaksRule, rule, "") { return arg.rule == rule; }

/// Three machines of a group and one of nobody's, prices that move, and interruptions.
market::MarketSettings lively() {
  market::MarketSettings settings = market::calm_market({"us-east-1a", "us-east-1b"});
  settings.prices.spread = 0.1;
  for (market::PoolSettings& pool : settings.pools) pool.per_hour = 0.5;
  settings.groups.push_back(market::group_over(settings, 3));
  return settings;
}

struct Watched {
  explicit Watched(std::uint32_t size_to_judge_by = 3) : stage(lively()), judged(stage.settings) {
    judged.groups[0].size = size_to_judge_by;
    rules.emplace(judged, stage.market, world, violations);
    rules->look(stage.now);
  }
  void run_to(Duration until) {
    stage.run_to(until, [&] { rules->look(stage.now); });
  }

  World world{WorldConfig{}};
  Stage stage;
  market::MarketSettings judged;
  std::vector<Violation> violations;
  std::optional<MarketInvariants> rules;
};

TEST(MarketRules, AreKeptThroughADayOfInterruptions) {
  Watched watched;
  watched.run_to(24h);
  watched.rules->look_at_report(watched.stage.report(), watched.stage.now);
  EXPECT_GT(watched.stage.report().interrupted, 5U);
  EXPECT_THAT(watched.violations, IsEmpty()) << watched.violations.front().str();
}

TEST(MarketRules, CatchAGroupThatIsLargerThanItMayBe) {
  Watched watched(2);
  watched.run_to(1h);
  EXPECT_THAT(watched.violations, Contains(BreaksRule(Rule::Groups)));
}

TEST(MarketRules, CatchAMachineThatRunsOnWhenItsGroupHasReplacedIt) {
  Watched watched;
  for (const char* name : {"web-1", "web-2", "web-3"}) {
    NodeSpec spec;
    spec.name = name;
    watched.world.add_node(spec);
  }
  watched.rules->look(watched.stage.now);
  ASSERT_THAT(watched.violations, IsEmpty());
  watched.stage.market.lost(NodeName("web-1"), watched.stage.now);  // and nobody ends it
  while (watched.stage.report().launched == 0) watched.run_to(watched.stage.now - market::kStart + 1min);
  NodeSpec spec;
  spec.name = "web-4";
  watched.world.add_node(spec);
  watched.rules->look(watched.stage.now);
  EXPECT_THAT(watched.violations, Contains(BreaksRule(Rule::Groups)));
}

TEST(MarketRules, CatchACostThatFalls) {
  Watched watched;
  watched.run_to(1h);
  ASSERT_THAT(watched.violations, IsEmpty());
  market::MarketReport report = watched.stage.report();
  report.total = Money{report.total.micros / 2};
  watched.rules->look_at_report(report, watched.stage.now);
  EXPECT_THAT(watched.violations, Contains(BreaksRule(Rule::Money)));
}

TEST(MarketRules, CatchACostThatIsNotThatOfTheMachines) {
  Watched watched;
  watched.run_to(1h);
  market::MarketReport report = watched.stage.report();
  report.on_demand_total += Money{20'000};
  watched.rules->look_at_report(report, watched.stage.now);
  ASSERT_THAT(watched.violations, SizeIs(1));
  EXPECT_EQ(watched.violations[0].rule, Rule::Money);
}

TEST(MarketRules, CatchTimeThatGoesBack) {
  Watched watched;
  watched.run_to(1h);
  watched.rules->look(watched.stage.now - 1min);
  EXPECT_THAT(watched.violations, Contains(BreaksRule(Rule::Money)));
}

}  // namespace
}  // namespace spotkeeper::sim
