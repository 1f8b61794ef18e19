// What must be seen: in the shipped scenarios nothing is lost with Spotkeeper, and something is without it.
#include "tests/sim/scenarios/runs.h"

namespace spotkeeper::sim {
namespace {

class ZoneStorm : public testing::TestWithParam<std::uint64_t> {};

TEST_P(ZoneStorm, LosesNothingWithSpotkeeperForBothClientStyles) {
  const Report report = run_with(shipped("zone-storm"), Policy::Spotkeeper, GetParam());
  EXPECT_GT(report.traffic.sent(), 700'000U);
  EXPECT_EQ(lost(report, ClientStyle::New), 0U) << told(report);
  EXPECT_EQ(lost(report, ClientStyle::Kept), 0U) << told(report);
  EXPECT_EQ(report.pods.killed_hard, 0U) << told(report);
  EXPECT_EQ(report.pods.repeated, 0U) << told(report);
  EXPECT_EQ(report.interruptions, 10U);
  EXPECT_TRUE(report.recovered_after) << told(report);
}

TEST_P(ZoneStorm, LosesRequestsWithoutAHandler) {
  const Report report = run_with(shipped("zone-storm"), Policy::None, GetParam());
  EXPECT_GT(lost(report, ClientStyle::New), 0U) << told(report);
  EXPECT_GT(lost(report, ClientStyle::Kept), 0U) << told(report);
  EXPECT_GT(report.traffic.ended(Outcome::Unreachable), 0U) << told(report);
  EXPECT_EQ(report.pods.killed_hard, 4U) << told(report);
}

TEST_P(ZoneStorm, LosesRequestsWhenEverythingIsDeletedAtOnce) {
  const Report report = run_with(shipped("zone-storm"), Policy::DeleteAllNow, GetParam());
  EXPECT_GT(lost(report, ClientStyle::New), 0U) << told(report);
  EXPECT_GT(lost(report, ClientStyle::Kept), 0U) << told(report);
  EXPECT_EQ(report.pods.killed_hard, 0U) << told(report);
}

TEST_P(ZoneStorm, LosesNothingUndisturbed) {
  Scenario calm = shipped("zone-storm");
  calm.events.clear();
  const Report report = run_with(calm, Policy::None, GetParam());
  EXPECT_EQ(report.traffic.lost(), 0U) << told(report);
  EXPECT_EQ(report.pods.created, 0U) << told(report);
}

INSTANTIATE_TEST_SUITE_P(Seeds, ZoneStorm, testing::Range<std::uint64_t>(1, 1 + seeds_of(20)));

TEST(OneNode, LosesNothingWithSpotkeeper) {
  for (std::uint64_t seed = 1; seed <= seeds_of(20); ++seed) {
    const Report report = run_with(shipped("one-node"), Policy::Spotkeeper, seed);
    EXPECT_EQ(report.traffic.lost(), 0U) << told(report);
    EXPECT_EQ(report.pods.killed_hard, 0U) << told(report);
    EXPECT_EQ(report.interruptions, 1U);
  }
}

TEST(OneNode, LosesRequestsWithoutAHandler) {
  for (std::uint64_t seed = 1; seed <= seeds_of(20); ++seed) {
    const Report report = run_with(shipped("one-node"), Policy::None, seed);
    EXPECT_GT(report.traffic.lost(), 0U) << told(report);
  }
}

TEST(Run, GivesTheSameBytesForTheSameSeed) {
  for (const Policy policy : {Policy::None, Policy::DeleteAllNow, Policy::Spotkeeper}) {
    const Scenario scenario = shipped("zone-storm");
    const std::string first = format::write_json(to_json(run_with(scenario, policy, 11)));
    const std::string second = format::write_json(to_json(run_with(scenario, policy, 11)));
    EXPECT_EQ(first, second);
  }
}

TEST(Run, DiffersForAnotherSeed) {
  const Scenario scenario = shipped("zone-storm");
  EXPECT_NE(run_with(scenario, Policy::None, 1).traffic.sent(), run_with(scenario, Policy::None, 2).traffic.sent());
}

TEST(Run, SaysWhenPodsHaveNoRoom) {
  Scenario scenario = shipped("one-node");
  scenario.workloads[0].workload.replicas = 1000;
  RunOptions options;
  options.policy = Policy::None;
  const auto report = run(scenario, options);
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, ErrorCode::InvalidInput);
}

}  // namespace
}  // namespace spotkeeper::sim
