#include "sim/market/market.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "sim/market/hazard.h"
#include "tests/unit/sim/market_support.h"

namespace spotkeeper::sim::market {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

/// A market in which much happens: 40 machines over four pools, a day of which has dozens of interruptions.
MarketSettings lively() {
  MarketSettings settings = calm_market({"us-east-1a", "us-east-1b", "us-east-1c", "us-east-1d"});
  settings.prices.spread = 0.05;
  settings.rebalance.before = 0.5;
  settings.rebalance.false_per_hour = 0.02;
  settings.notice.short_share = 0.1;
  settings.notice.none_share = 0.05;
  for (PoolSettings& pool : settings.pools) pool.per_hour = 0.05;
  settings.groups.push_back(group_over(settings, 40));
  return settings;
}

// ---- Interruptions

TEST(Market, IsQuietWithoutRisk) {
  MarketSettings settings = calm_market({"us-east-1a"});
  settings.groups.push_back(group_over(settings, 3));
  Stage stage(settings);
  stage.run_to(24h);
  EXPECT_THAT(stage.diary.lines, IsEmpty());
  EXPECT_EQ(stage.report().interrupted, 0U);
}

TEST(Market, InterruptsAsOftenAsItsPoolsSay) {
  MarketSettings settings = calm_market({"us-east-1a", "us-east-1b"});
  settings.pools[0].per_hour = 0.01;
  settings.pools[1].per_hour = 0.02;
  settings.risk.times = 2;
  settings.capacity.out = 0s;
  GroupSettings group = group_over(settings, 1000);
  group.age = 24h;
  group.boot.median = 1s;
  settings.groups.push_back(group);
  // Old machines alone: those that were there at the start, and have not been taken before, in the first four hours.
  std::uint64_t taken = 0;
  double expected = 0;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    Stage stage(settings, seed);
    stage.run_to(4h);
    for (const auto& [name, when] : stage.diary.noticed) taken += std::stoi(name.substr(4)) <= 1000 ? 1U : 0U;
    for (const double rate : {0.02, 0.04}) expected += 500 * -std::expm1(-rate * 4);
  }
  // Storms make the count vary more than a sum of independent machines: 4·20 pool-hours, each storm takes 300.
  EXPECT_NEAR(static_cast<double>(taken), expected, 0.2 * expected);
}

TEST(Market, TakesAPoolsMachinesTogetherInAStorm) {
  MarketSettings settings = calm_market({"us-east-1a", "us-east-1b"});
  settings.groups.push_back(group_over(settings, 20));
  settings.storms.push_back({10min, {"us-east-1a", ""}, 1.0, 3min, 20min});
  Stage stage(settings);
  stage.run_to(1h);
  EXPECT_THAT(stage.diary.noticed, SizeIs(10));
  for (const auto& [name, when] : stage.diary.noticed) {
    EXPECT_GE(when, kStart + 10min) << name;
    EXPECT_LE(when, kStart + 13min) << name;
    EXPECT_EQ(stage.diary.killed.at(name), when + 120s) << name;
  }
}

TEST(Market, StormsTakeTheirShare) {
  MarketSettings settings = calm_market({"us-east-1a"});
  settings.groups.push_back(group_over(settings, 5000));
  settings.storms.push_back({10min, {}, 0.3, 3min, 20min});
  Stage stage(settings);
  stage.run_to(30min);
  EXPECT_NEAR(static_cast<double>(stage.diary.noticed.size()), 1500, 4 * std::sqrt(5000 * 0.3 * 0.7));
}

TEST(Market, StormsComeAsOftenAsTheRiskSays) {
  MarketSettings settings = calm_market({"us-east-1a"});
  settings.pools[0].per_hour = 0.6;  // 0.3 of it together, in storms that take 60 %: one every two hours
  settings.groups.push_back(group_over(settings, 1));
  int storms = 0;
  const int days = 100;
  for (int seed = 1; seed <= days; ++seed) {
    const Pool pool(settings, 0, Random(static_cast<std::uint64_t>(seed)), kStart, 0s);
    Pool drawn = pool;
    for (auto storm = drawn.draw_storm(kStart); storm->at < kStart + 24h; storm = drawn.draw_storm(storm->at)) ++storms;
  }
  EXPECT_NEAR(storms, days * 12, 4 * std::sqrt(days * 12));
}

TEST(Market, GivesTheNoticesThatTheScenarioSays) {
  MarketSettings settings = calm_market({"us-east-1a"});
  settings.groups.push_back(group_over(settings, 4000));
  settings.notice = {120s, 0.2, 10s, 0.1};
  settings.storms.push_back({1min, {}, 1.0, 0s, 20min});
  Stage stage(settings);
  stage.run_to(10min);
  const MarketReport report = stage.report();
  EXPECT_EQ(report.interrupted, 4000U);
  EXPECT_NEAR(static_cast<double>(report.short_notices), 800, 4 * std::sqrt(4000 * 0.2 * 0.8));
  EXPECT_NEAR(static_cast<double>(report.unannounced), 400, 4 * std::sqrt(4000 * 0.1 * 0.9));
  std::map<Duration, std::uint64_t> lengths;
  for (const auto& [name, when] : stage.diary.noticed) ++lengths[stage.diary.killed.at(name) - when];
  EXPECT_EQ(lengths[10s], report.short_notices);
  EXPECT_EQ(lengths[120s], 4000 - report.short_notices - report.unannounced);
  EXPECT_EQ(stage.diary.killed.size() - stage.diary.noticed.size(), report.unannounced);
}

// ---- Rebalance recommendations

TEST(Market, RecommendsBeforeTheShareOfInterruptionsThatTheScenarioSays) {
  MarketSettings settings = calm_market({"us-east-1a"});
  settings.pools[0].per_hour = 0.5;
  settings.risk.together = 0;
  settings.rebalance.before = 0.4;
  GroupSettings group = group_over(settings, 4000);
  group.age = 24h;
  settings.groups.push_back(group);
  Stage stage(settings);
  stage.run_to(2h);
  std::size_t told = 0;
  std::size_t warned = 0;
  std::vector<Duration> leads;
  for (const auto& [name, when] : stage.diary.noticed) {
    if (std::stoi(name.substr(4)) > 4000) continue;
    const auto before = stage.diary.recommended.find(name);
    ++told;
    if (before == stage.diary.recommended.end()) continue;
    EXPECT_LE(before->second, when) << name;
    ++warned;
    if (when < kStart + 1h) continue;  // earlier, the start cuts leads short
    leads.push_back(when - before->second);
  }
  ASSERT_GT(told, 2000U);
  EXPECT_NEAR(static_cast<double>(warned), 0.4 * static_cast<double>(told),
              4 * std::sqrt(0.24 * static_cast<double>(told)));
  std::nth_element(leads.begin(), leads.begin() + static_cast<std::ptrdiff_t>(leads.size() / 2), leads.end());
  EXPECT_NEAR(seconds_of(leads[leads.size() / 2]), 480, 60);  // the median of 8 min
}

TEST(Market, RecommendsBeforeAStorm) {
  MarketSettings settings = calm_market({"us-east-1a"});
  settings.groups.push_back(group_over(settings, 1000));
  settings.rebalance.before = 0.5;
  settings.rebalance.lead_sigma = 0;
  settings.storms.push_back({30min, {}, 0.6, 3min, 20min});
  Stage stage(settings);
  stage.run_to(1h);
  std::size_t warned = 0;
  for (const auto& [name, when] : stage.diary.recommended) {
    ASSERT_TRUE(stage.diary.noticed.contains(name)) << name << " was warned of what did not come";
    EXPECT_GE(when, kStart + 22min);
    EXPECT_LE(when, kStart + 25min);
    ++warned;
  }
  EXPECT_NEAR(static_cast<double>(warned), 300, 60);
}

TEST(Market, RecommendsForNothingAsOftenAsTheScenarioSays) {
  MarketSettings settings = calm_market({"us-east-1a"});
  settings.groups.push_back(group_over(settings, 2000));
  settings.rebalance.false_per_hour = 0.05;
  Stage stage(settings);
  stage.run_to(2h);
  const double expected = 2000 * -std::expm1(-0.1);
  EXPECT_NEAR(static_cast<double>(stage.report().falsely_recommended), expected, 4 * std::sqrt(expected));
  EXPECT_EQ(stage.report().recommended, stage.report().falsely_recommended);
  EXPECT_THAT(stage.diary.noticed, IsEmpty());
}

// ---- Groups

TEST(NodeGroup, ReplacesWhatItIsToldToLose) {
  MarketSettings settings = calm_market({"us-east-1a", "us-east-1b"});
  GroupSettings group = group_over(settings, 4);
  group.boot.median = 60s;
  group.boot.sigma = 0;
  settings.groups.push_back(group);
  settings.storms.push_back({10min, {"us-east-1a", ""}, 1.0, 0s, 20min});
  Stage stage(settings);
  stage.run_to(1h);
  ASSERT_THAT(stage.diary.joined, SizeIs(2));
  for (const NodeSpec& node : stage.diary.joined) {
    EXPECT_EQ(node.zone, "us-east-1b");  // the other one refuses
    EXPECT_EQ(node.capacity_type, "spot");
    EXPECT_GT(node.allocatable.cpu.value, 0);
    // Some five seconds until it is asked for, and sixty until it is Ready.
    EXPECT_NEAR(seconds_of(stage.diary.when_joined.at(node.name) - (kStart + 10min)), 65, 10);
  }
  EXPECT_EQ(stage.diary.joined[0].name, "web-5");
}

TEST(NodeGroup, WaitsForTheDeathWhereItReplacesOnlyTheDead) {
  MarketSettings settings = calm_market({"us-east-1a", "us-east-1b"});
  GroupSettings group = group_over(settings, 2);
  group.replace_on = ReplaceOn::Death;
  group.boot.median = 1s;
  settings.groups.push_back(group);
  settings.storms.push_back({10min, {"us-east-1a", ""}, 1.0, 0s, 20min});
  Stage stage(settings);
  stage.run_to(1h);
  ASSERT_THAT(stage.diary.when_joined, SizeIs(1));
  EXPECT_GT(stage.diary.when_joined.begin()->second, kStart + 12min);
}

TEST(NodeGroup, FallsBackToOnDemandWhenEveryPoolRefuses) {
  MarketSettings settings = calm_market({"us-east-1a", "us-east-1b"});
  settings.groups.push_back(group_over(settings, 4));
  settings.outages.push_back({0s, 1h, {}});
  settings.storms.push_back({10min, {"us-east-1a", ""}, 1.0, 0s, 0s});
  Stage stage(settings);
  stage.run_to(1h);
  ASSERT_THAT(stage.diary.joined, SizeIs(2));
  EXPECT_EQ(stage.diary.joined[0].capacity_type, "on-demand");
  EXPECT_EQ(stage.diary.joined[0].price, stage.diary.joined[0].on_demand_price);
  EXPECT_EQ(stage.report().launched_on_demand, 2U);
  EXPECT_EQ(stage.report().capacity_errors, 4U);  // two pools refused two machines
}

TEST(NodeGroup, AsksAgainUntilThePoolHasCapacityWhereItMayDoNothingElse) {
  MarketSettings settings = calm_market({"us-east-1a"});
  GroupSettings group = group_over(settings, 1);
  group.fall_back_to_on_demand = group.fall_back_to_pools = false;
  group.retry = 30s;
  group.boot.median = 1s;
  settings.groups.push_back(group);
  settings.storms.push_back({10min, {}, 1.0, 0s, 15min});
  Stage stage(settings);
  stage.run_to(1h);
  ASSERT_THAT(stage.diary.when_joined, SizeIs(1));
  const Instant joined = stage.diary.when_joined.begin()->second;
  EXPECT_GE(joined, kStart + 25min);
  EXPECT_LE(joined, kStart + 26min);
  EXPECT_GE(stage.report().capacity_errors, 29U);  // every 30 s of a quarter of an hour
  EXPECT_EQ(stage.report().groups[0].ready_least, 0U);
  EXPECT_NEAR(seconds_of(stage.report().groups[0].missing), seconds_of(joined - (kStart + 12min)), 0.1);
}

TEST(NodeGroup, BuysTheCheapestPoolIfThatIsItsPolicy) {
  MarketSettings settings = calm_market({"us-east-1a", "us-east-1b", "us-east-1c"});
  settings.pools[1].mean_price = Money{20'000};
  GroupSettings group = group_over(settings, 6);
  group.policy = GroupPolicy::Price;
  settings.groups.push_back(group);
  settings.storms.push_back({10min, {"us-east-1b", ""}, 1.0, 0s, 0s});
  Stage stage(settings);
  EXPECT_EQ(stage.market.holding(1), 6U);
  stage.run_to(1h);
  for (const NodeSpec& node : stage.diary.joined) EXPECT_EQ(node.zone, "us-east-1b");
  EXPECT_THAT(stage.diary.joined, SizeIs(6));
}

TEST(NodeGroup, SpreadsOverItsPools) {
  MarketSettings settings = calm_market({"us-east-1a", "us-east-1b", "us-east-1c"});
  settings.groups.push_back(group_over(settings, 7));
  const Stage stage(settings);
  EXPECT_EQ(stage.market.holding(0), 3U);
  EXPECT_EQ(stage.market.holding(1), 2U);
  EXPECT_EQ(stage.market.holding(2), 2U);
}

TEST(NodeGroup, IsNeverInterruptedOnDemand) {
  MarketSettings settings = calm_market({"us-east-1a"});
  settings.pools[0].per_hour = 5;
  GroupSettings group = group_over(settings, 5);
  group.policy = GroupPolicy::OnDemand;
  settings.groups.push_back(group);
  settings.storms.push_back({10min, {}, 1.0, 0s, 0s});
  Stage stage(settings);
  stage.run_to(24h);
  EXPECT_THAT(stage.diary.lines, IsEmpty());
  const MarketReport report = stage.report();
  EXPECT_EQ(report.total, report.on_demand_total);
}

TEST(NodeGroup, ReplacesWhatSomebodyElseTellsToGo) {
  MarketSettings settings = calm_market({"us-east-1a"});
  GroupSettings group = group_over(settings, 2);
  group.boot.median = 10s;
  settings.groups.push_back(group);
  Stage stage(settings);
  stage.run_to(1min);
  stage.market.noticed(NodeName("web-1"), stage.now);
  stage.market.noticed(NodeName("stranger"), stage.now);
  stage.run_to(3min);
  stage.market.lost(NodeName("web-1"), stage.now);
  stage.run_to(1h);
  EXPECT_THAT(stage.diary.joined, SizeIs(1));
  EXPECT_EQ(stage.report().interrupted, 0U);
  EXPECT_EQ(stage.market.costs(stage.now).at(NodeName("web-1")), settings.pools[0].mean_price.over(3min));
}

TEST(NodeGroup, LosesAMachineThatIsTakenWhileItBootsAndAsksForAnother) {
  MarketSettings settings = calm_market({"us-east-1a", "us-east-1b"});
  GroupSettings group = group_over(settings, 2);
  group.boot.median = 10min;
  group.boot.sigma = 0;
  group.fall_back_to_on_demand = false;
  settings.groups.push_back(group);
  settings.storms.push_back({1min, {"us-east-1a", ""}, 1.0, 0s, 1h});
  settings.storms.push_back({5min, {"us-east-1b", ""}, 1.0, 0s, 5min});
  Stage stage(settings);
  stage.run_to(2h);
  EXPECT_THAT(stage.diary.lines, Not(Contains(HasSubstr("join web-3"))));
  EXPECT_EQ(stage.report().interrupted, 3U);
  EXPECT_THAT(stage.diary.joined, SizeIs(2));
}

// ---- Bids

TEST(MaxPrice, LosesMachinesToASpikeAndGetsNoneUntilItIsOver) {
  MarketSettings settings = calm_market({"us-east-1a"});
  GroupSettings group = group_over(settings, 3, "fixed");
  group.max_price = Money{50'000};
  group.fall_back_to_on_demand = false;
  group.boot.median = 30s;
  settings.groups.push_back(group);
  settings.groups.push_back(group_over(settings, 3, "open"));  // pays up to on-demand
  settings.spikes.push_back({10min, 20min, {}, 0.95});
  Stage stage(settings);
  stage.run_to(1h);
  EXPECT_THAT(stage.diary.noticed, SizeIs(3));
  for (const auto& [name, when] : stage.diary.noticed) {
    EXPECT_EQ(name.substr(0, 5), "fixed");
    EXPECT_EQ(when, kStart + 10min);
  }
  for (const auto& [name, when] : stage.diary.when_joined) EXPECT_GE(when, kStart + 30min) << name;
  EXPECT_THAT(stage.diary.when_joined, SizeIs(3));
  const MarketReport report = stage.report();
  EXPECT_EQ(report.groups[0].ready_least, 0U);
  EXPECT_GE(report.groups[0].missing, 3 * 18min);
  EXPECT_EQ(report.groups[1].missing, 0s);
  EXPECT_EQ(report.capacity_errors, 0U);
  EXPECT_GT(report.outbid, 3U);
}

TEST(MaxPrice, OfOnDemandIsNeverExceeded) {
  MarketSettings settings = calm_market({"us-east-1a"});
  settings.prices.spread = 0.5;
  settings.prices.half_life = 1h;
  GroupSettings group = group_over(settings, 3);
  group.max_price = settings.pools[0].type.on_demand;
  settings.groups.push_back(group);
  settings.spikes.push_back({10min, 20min, {}, 1.0});
  Stage stage(settings);
  stage.run_to(24h);
  EXPECT_THAT(stage.diary.lines, IsEmpty());
}

// ---- Traces

TEST(TracedPool, LosesWhatIsAboveTheCapacityWhenItFalls) {
  MarketSettings settings = calm_market({"us-east-1a"});
  settings.pools[0].trace = trace_of(5min, {4, 4, 1, 1, 4});
  settings.trace_start = 0s;
  GroupSettings group = group_over(settings, 4);
  group.fall_back_to_on_demand = false;
  settings.groups.push_back(group);
  Stage stage(settings);
  stage.run_to(12min);
  EXPECT_THAT(stage.diary.noticed, SizeIs(3));
  for (const auto& [name, when] : stage.diary.noticed) EXPECT_EQ(when, kStart + 10min) << name;
  EXPECT_THAT(stage.diary.joined, IsEmpty());
  EXPECT_GT(stage.report().capacity_errors, 0U);
  stage.run_to(30min);
  EXPECT_THAT(stage.diary.joined, SizeIs(3));  // from minute 20 on there is room
}

TEST(TracedPool, NeverHoldsMoreThanItsCapacity) {
  Random random(11);
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    MarketSettings settings = calm_market({"us-east-1a", "us-east-1b", "us-east-1c"});
    for (PoolSettings& pool : settings.pools) {
      std::vector<std::uint32_t> units;
      units.reserve(100);
      for (int i = 0; i < 100; ++i) units.push_back(static_cast<std::uint32_t>(random.below(9)));
      pool.trace = trace_of(3min, units);
    }
    settings.machines_per_unit = 2;
    settings.rebalance.before = 0.5;
    GroupSettings group = group_over(settings, 30);
    group.fall_back_to_on_demand = seed % 2 == 0;
    settings.groups.push_back(group);
    Stage stage(settings, seed, 4h);
    stage.run_to(4h, [&] {
      for (std::size_t p = 0; p < 3; ++p) {
        ASSERT_LE(stage.market.holding(p), *stage.market.pools()[p].capacity())
            << "seed " << seed << " at " << format_duration(stage.now - kStart);
      }
    });
    EXPECT_GT(stage.report().interrupted, 0U);
    for (const auto& [name, when] : stage.diary.noticed) {
      if (when + 120s <= stage.now) {
        EXPECT_EQ(stage.diary.killed.at(name), when + 120s);
      }
    }
  }
}

TEST(TracedPool, BeginsWhereTheSeedSaysSoThatTheTraceLasts) {
  MarketSettings settings = calm_market({"us-east-1a"});
  std::vector<std::uint32_t> units(1000);
  std::iota(units.begin(), units.end(), 0U);
  settings.pools[0].trace = trace_of(1min, units);
  settings.groups.push_back(group_over(settings, 1));
  const auto first = [&](std::uint64_t seed) { return *Stage(settings, seed, 10h).market.pools()[0].capacity(); };
  EXPECT_EQ(first(1), first(1));
  EXPECT_NE(first(1), first(2));
  for (std::uint64_t seed = 1; seed <= 50; ++seed) EXPECT_LE(first(seed), 400U);
}

// ---- Costs

TEST(Cost, IsTheSumOverTheMachines) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    Stage stage(lively(), seed);
    stage.run_to(24h);
    Money sum;
    const auto costs = stage.market.costs(stage.now);
    for (const auto& [name, cost] : costs) sum += cost;
    EXPECT_EQ(stage.report().total, sum);
    EXPECT_EQ(costs.size(), 40 + stage.report().launched);
    EXPECT_LT(stage.report().total, stage.report().on_demand_total);
  }
}

TEST(Cost, OfMachinesOutsideOfGroupsIsTheirPrice) {
  MarketSettings none;
  Instant now = kStart;
  Diary diary(now);
  Market market(none, 1, 1h, diary);
  NodeSpec node;
  node.name = "n1";
  node.price = 0.04;
  node.on_demand_price = 0.1;
  const std::vector<NodeSpec> nodes{node};
  market.begin(kStart, nodes);
  market.advance_to(kStart + 30min);
  const MarketReport report = market.report(kStart + 30min);
  EXPECT_EQ(report.total, Money{20'000});
  EXPECT_EQ(report.per_hour(report.total), Money{40'000});
  EXPECT_EQ(report.per_hour(report.on_demand_total), Money{100'000});
}

TEST(Cost, OfAMachineOutsideOfGroupsEndsWhenItIsLostAndNobodyReplacesIt) {
  MarketSettings none;
  Instant now = kStart;
  Diary diary(now);
  Market market(none, 1, 1h, diary);
  NodeSpec node;
  node.name = "n1";
  node.price = 0.04;
  const std::vector<NodeSpec> nodes{node};
  market.begin(kStart, nodes);
  market.noticed(NodeName("n1"), kStart + 13min);
  market.lost(NodeName("n1"), kStart + 15min);
  market.advance_to(kStart + 1h);
  EXPECT_EQ(market.report(kStart + 1h).total, Money{10'000});
  EXPECT_THAT(diary.lines, IsEmpty());
}

TEST(Cost, EndsWithTheMachine) {
  MarketSettings settings = calm_market({"us-east-1a"});
  GroupSettings group = group_over(settings, 1);
  group.fall_back_to_on_demand = false;
  settings.groups.push_back(group);
  settings.storms.push_back({58min, {}, 1.0, 0s, 24h});
  Stage stage(settings);
  stage.run_to(10h);
  EXPECT_EQ(stage.report().total, settings.pools[0].mean_price);
  EXPECT_EQ(stage.report().spot_time, 1h);
}

// ---- Determinism and invariants

TEST(Market, IsTheSameForTheSameSeedAndAnotherForAnother) {
  const auto diary = [](std::uint64_t seed) {
    Stage stage(lively(), seed);
    stage.run_to(24h);
    return stage.diary.lines;
  };
  EXPECT_EQ(diary(1), diary(1));
  EXPECT_NE(diary(1), diary(2));
  EXPECT_GT(diary(1).size(), 20U);
}

TEST(Market, IsTheSameHoweverOftenItIsLookedAt) {
  Stage often(lively());
  for (Duration at = 0s; at < 6h; at += 7s) often.run_to(at);
  often.run_to(6h);
  Stage once(lively());
  once.run_to(6h);
  EXPECT_EQ(often.diary.lines, once.diary.lines);
}

TEST(Market, GivesAPoolTheSamePricesAndStormsWhateverTheOthersAre) {
  MarketSettings two = lively();
  MarketSettings one = two;
  one.pools.resize(1);
  one.groups[0].pools = {0};
  Stage alone(one);
  Stage beside(two);
  alone.run_to(12h);
  beside.run_to(12h);
  for (Duration at = 0s; at < 12h; at += 5min) {
    EXPECT_EQ(alone.market.pools()[0].history().at(kStart + at), beside.market.pools()[0].history().at(kStart + at));
  }
}

TEST(Market, KeepsItsGroupsWhole) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    Stage stage(lively(), seed);
    std::map<std::string, int> states;  // 1: there, 2: told to go, 3: gone
    stage.run_to(24h, [&] {
      // Nobody joins twice, and nobody dies who was not there.
      const std::size_t there = 40 + stage.diary.joined.size() - stage.diary.killed.size();
      ASSERT_LE(there, 80U);
      ASSERT_LE(stage.diary.joined.size(), stage.report().launched);
    });
    // A quiet hour later everybody has been replaced.
    EXPECT_EQ(stage.diary.when_joined.size(), stage.diary.joined.size());
    for (const auto& [name, when] : stage.diary.noticed) {
      const auto killed = stage.diary.killed.find(name);
      if (killed != stage.diary.killed.end()) {
        EXPECT_GT(killed->second, when);
      }
    }
  }
}

}  // namespace
}  // namespace spotkeeper::sim::market
