// The plan against the oracle: how often it loses more than the least that can be lost.
#include <algorithm>
#include <cstdio>

#include <gtest/gtest.h>

#include "tests/oracle/cases.h"
#include "tests/oracle/drain_oracle.h"
#include "tests/property/plan/storm.h"

namespace spotkeeper::plan::test {
namespace {

struct Tally {
  const char* of;
  std::uint64_t worse = 0;
  std::uint64_t better = 0;
  std::uint64_t infeasible = 0;

  void count(const Storm& storm, std::uint64_t seed, long lost, long least, bool alone) {
    if (least > 0) ++infeasible;
    if (lost == least) return;
    const std::uint64_t number = lost > least ? ++worse : ++better;
    if (number <= 5 || alone)
      std::printf("seed %llu, %s: the plan loses %ld, the oracle %ld\n%s", static_cast<unsigned long long>(seed), of,
                  lost, least, describe(storm).c_str());
  }
};

double percent(std::uint64_t part, const oracle::Cases& of) {
  return 100.0 * static_cast<double>(part) / static_cast<double>(of.count);
}

void expect_no_more_lost_than_must(oracle::Grace grace, const char* name) {
  const oracle::Cases cases = oracle::cases_from_environment();
  Tally tally{name};
  for (std::uint64_t seed = cases.first_seed; seed < cases.first_seed + cases.count; ++seed) {
    Random random(seed);
    Storm storm = random_storm(random, {});
    storm.grace = grace;
    LiveCluster cluster(storm);
    const long least = oracle::least_loss(cluster.as_oracle({}, 0));
    cluster.run([](const LiveCluster&, const DrainPlan&) {});
    tally.count(storm, seed, cluster.loss(), least, cases.count == 1);
  }
  std::printf(
      "%llu random storms, %s: the plan loses more than the oracle in %.3f %%, the oracle something in %.2f %%\n",
      static_cast<unsigned long long>(cases.count), name, percent(tally.worse, cases),
      percent(tally.infeasible, cases));
  EXPECT_EQ(tally.better, 0U) << "an oracle that is beaten is no oracle";
  EXPECT_LE(percent(tally.worse, cases), 1.0);
  EXPECT_LE(percent(tally.infeasible, cases), 20.0);
}

TEST(DrainOracle, FindsThatThePlanLosesNoMoreThanMust) {
  expect_no_more_lost_than_must(oracle::Grace::Whole, "whole graces");
}

TEST(DrainOracle, FindsThatThePlanLosesNoMoreThanMustWhereGracesYield) {
  expect_no_more_lost_than_must(oracle::Grace::Yields, "graces yield");
}

// Twelve replicas in three zones that need 40 s to be Ready; a zone goes, with two minutes of notice and a budget of 80
// %.
Storm zone_storm(int leaving) {
  Storm storm;
  storm.margin = 2;
  StormService web;
  web.ready_after = 40;
  web.grace = 45;
  web.pre_stop = 15;
  for (int i = 0; i < 12; ++i) {
    if (i < leaving) storm.deadlines.push_back(120);
    web.pods.push_back({i < leaving ? i : kStays});
  }
  storm.services.push_back(std::move(web));
  storm.budgets.push_back({{80, true}, true, {0}});
  return storm;
}

TEST(ZoneStorm, KeepsWhatTheBudgetWantsServingWhenAThirdGoes) {
  for (const int leaving : {1, 2, 3, 4}) {
    std::ptrdiff_t least = 12;
    LiveCluster cluster(zone_storm(leaving));
    cluster.run([&](const LiveCluster& now, const DrainPlan&) {
      least = std::min(least,
                       std::ranges::count_if(now.pods(), [](const LivePod& pod) { return pod.ready && !pod.ended; }));
    });
    EXPECT_GE(least, 10) << leaving << " of 12 leave";
    EXPECT_EQ(cluster.died_hard(), 0);
  }
}

TEST(ZoneStorm, KeepsAsManyAsTimeAllowsWhenHalfGoes) {
  std::ptrdiff_t least = 12;
  LiveCluster cluster(zone_storm(6));
  cluster.run([&](const LiveCluster& now, const DrainPlan&) {
    least =
        std::min(least, std::ranges::count_if(now.pods(), [](const LivePod& pod) { return pod.ready && !pod.ended; }));
  });
  EXPECT_GE(least, 8) << "two, two, and the last two at 73 s, seven seconds before the second pair is replaced";
  EXPECT_EQ(cluster.died_hard(), 0);
}

}  // namespace
}  // namespace spotkeeper::plan::test
