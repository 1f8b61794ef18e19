// What must be seen in `statefulset-volumes`: disks that have to move before their machines go.
#include "tests/sim/scenarios/runs.h"

namespace spotkeeper::sim {
namespace {

class StatefulSetVolumes : public testing::TestWithParam<std::uint64_t> {};

TEST_P(StatefulSetVolumes, LoseRequestsAndAReplicaForManyMinutesWithoutAHandler) {
  const Report report = run_with(shipped("statefulset-volumes"), Policy::None, GetParam());
  EXPECT_GT(report.traffic.lost(), 0U) << told(report);
  EXPECT_EQ(report.pods.killed_hard, 2U) << told(report);
  ASSERT_TRUE(report.recovered_after) << told(report);
  // From the death: at least 80 s until the pod is removed, six minutes until the disk is forced off.
  EXPECT_GT(*report.recovered_after, 80s + 6min) << told(report);
}

TEST_P(StatefulSetVolumes, LoseNothingWithSpotkeeperAndAreCompleteBeforeTheMachinesGo) {
  const Report report = run_with(shipped("statefulset-volumes"), Policy::Spotkeeper, GetParam());
  EXPECT_EQ(report.traffic.lost(), 0U) << told(report);
  EXPECT_EQ(report.pods.killed_hard, 0U) << told(report);
  EXPECT_EQ(report.pods.created, 2U) << told(report);
  ASSERT_TRUE(report.recovered_after) << told(report);
  EXPECT_LT(*report.recovered_after, 2min) << told(report);  // one after the other, before the machines go
}

INSTANTIATE_TEST_SUITE_P(Seeds, StatefulSetVolumes, testing::Range<std::uint64_t>(1, 1 + seeds_of(10)));

}  // namespace
}  // namespace spotkeeper::sim
