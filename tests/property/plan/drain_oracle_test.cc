// The plan against the oracle: how often it loses more than the least that can be lost.
#include <algorithm>
#include <cstdio>

#include <gtest/gtest.h>

#include "tests/oracle/drain_oracle.h"
#include "tests/property/plan/storm.h"

namespace spotkeeper::plan::test {
namespace {

TEST(DrainOracle, FindsThatThePlanLosesNoMoreThanMust) {
  const Cases cases = cases_from_environment();
  std::uint64_t worse = 0;
  std::uint64_t infeasible = 0;
  std::uint64_t better = 0;
  for (std::uint64_t seed = cases.first_seed; seed < cases.first_seed + cases.count; ++seed) {
    Random random(seed);
    const Storm storm = random_storm(random, {});
    LiveCluster cluster(storm);
    const long least = oracle::least_loss(cluster.as_oracle({}, 0));
    cluster.run([](const LiveCluster&, const DrainPlan&) {});
    if (least > 0) ++infeasible;
    if (cluster.loss() < least && ++better <= 5)
      std::printf("seed %llu: the plan loses %ld, the oracle %ld\n%s", static_cast<unsigned long long>(seed),
                  cluster.loss(), least, describe(storm).c_str());
    if (cluster.loss() <= least) continue;
    if (++worse <= 5 || cases.count == 1)
      std::printf("seed %llu: the plan loses %ld, the oracle %ld\n%s", static_cast<unsigned long long>(seed),
                  cluster.loss(), least, describe(storm).c_str());
  }
  const auto percent = [&](std::uint64_t part) {
    return 100.0 * static_cast<double>(part) / static_cast<double>(cases.count);
  };
  std::printf(
      "%llu random storms: the plan loses more than the oracle in %.3f %%, the oracle loses something in %.2f %%\n",
      static_cast<unsigned long long>(cases.count), percent(worse), percent(infeasible));
  EXPECT_EQ(better, 0U) << "an oracle that is beaten is no oracle";
  EXPECT_LE(percent(worse), 1.0);
  EXPECT_LE(percent(infeasible), 20.0);
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
