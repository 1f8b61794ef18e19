// The plan against the oracle: how often it loses more than the least that can be lost.
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

}  // namespace
}  // namespace spotkeeper::plan::test
