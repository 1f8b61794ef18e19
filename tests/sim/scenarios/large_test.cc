// What a large cluster costs is bounded by what happens in it. Counted in work, not in seconds, so that the bounds hold
// on every machine; bench/bench_simulation.cc has the seconds.
#include "bench/large_cluster.h"
#include "tests/sim/scenarios/runs.h"

namespace spotkeeper::sim {
namespace {

class LargeCluster : public testing::Test {
 protected:
  static Scenario large(std::uint32_t nodes, std::uint32_t pods) {
    auto scenario = parse_scenario(bench::large_cluster({nodes, pods, 9}), "large-cluster", catalog());
    EXPECT_TRUE(scenario) << (scenario ? "" : scenario.error().message);
    return std::move(*scenario);
  }
};

TEST_F(LargeCluster, IsPlannedForOnlyWhereAndWhileThereArePodsToMove) {
  const Report report = run_with(large(200, 2000), Policy::Spotkeeper, 1);
  ASSERT_GT(report.interruptions, 15U);
  EXPECT_GT(report.pods.evicted, 100U);
  EXPECT_LT(report.plans, 220 * report.interruptions);
}

TEST_F(LargeCluster, CostsAnIdleNodeAFewEventsASecond) {
  Scenario idle = large(100, 500);
  idle.market.storms.clear();
  idle.market.risk.times = 0;
  idle.loads.clear();
  const Report report = run_with(idle, Policy::Spotkeeper, 1);
  EXPECT_EQ(report.interruptions, 0U);
  EXPECT_EQ(report.plans, 0U);
  // Three places of the metadata service every second, and a look around every five.
  EXPECT_LT(report.events, 100 * 10 * 60 * 6);
}

}  // namespace
}  // namespace spotkeeper::sim
