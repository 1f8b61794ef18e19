// Jobs: pods that end, and those that are made anew for the ones that were lost.
#include "tests/unit/sim/small_world.h"

namespace spotkeeper::sim {
namespace {

class Jobs : public SmallWorld {
 protected:
  void job(const JobSettings& settings, Duration works_for, PodKind kind = {}) {
    kind.behaviour.works_for = works_for;
    world.create_job(workload("batch", 0, kind), settings);
  }
  /// Of pods that go on with their work when they are told to end.
  void stubborn_job(const JobSettings& settings) {
    PodKind stubborn;
    stubborn.behaviour.ignores_term = true;
    stubborn.grace = 120s;
    job(settings, 30s, stubborn);
  }
  [[nodiscard]] JobReport report() const { return world.jobs().at(0); }
  [[nodiscard]] std::vector<Pod> active() const {
    std::vector<Pod> found;
    for (const Pod& pod : pods("batch")) {
      if (!pod.completed() && !pod.terminating()) found.push_back(pod);
    }
    return found;
  }
};

TEST_F(Jobs, RunTheirPodsSoManyAtATimeUntilEnoughHaveDoneTheirWork) {
  nodes(2);
  job({.completions = 5, .parallelism = 2, .backoff_limit = 6}, 20s);
  pass(5s);
  EXPECT_EQ(active().size(), 2U);
  EXPECT_EQ(pods("batch")[0].owner->kind, "Job");
  pass(3min);
  EXPECT_EQ(report().succeeded, 5);
  EXPECT_EQ(report().failed, 0);
  ASSERT_TRUE(report().took);
  EXPECT_GT(*report().took, 45s);  // three rounds of 20 s in the median
  EXPECT_LT(*report().took, 120s);
  ASSERT_EQ(pods("batch").size(), 5U);  // they stay as they ended
  for (const Pod& pod : pods("batch")) EXPECT_EQ(pod.phase, PodPhase::Succeeded);
}

TEST_F(Jobs, GiveTheRoomOfPodsThatHaveEndedToOthers) {
  nodes(1);  // room for three
  job({.completions = 3, .parallelism = 3, .backoff_limit = 6}, 5s);
  pass(1min);
  ASSERT_TRUE(world.create_deployment(workload("web", 3)));
  settle();
  EXPECT_EQ(report().succeeded, 3);
}

TEST_F(Jobs, ReplaceAPodThatIsEvictedAtOnceAndCountItsWorkAsLost) {
  nodes(2);
  job({.completions = 1, .parallelism = 1, .backoff_limit = 6}, 60s);
  pass(30s);
  const Pod first = pods("batch")[0];
  ASSERT_TRUE(evict(first));
  pass(2s);
  EXPECT_EQ(active().size(), 1U);
  EXPECT_NE(active()[0].uid, first.uid);
  pass(5min);
  EXPECT_EQ(report().succeeded, 1);
  EXPECT_EQ(report().failed, 1);
  EXPECT_NEAR(seconds_of(report().work_lost), 29, 3);
}

TEST_F(Jobs, MakeAPodAnewThatWasLostWithItsMachine) {
  nodes(2);
  job({.completions = 2, .parallelism = 2, .backoff_limit = 6}, 5min);
  pass(60s);
  world.kill_machine(pods("batch")[0].node);
  pass(20s);
  EXPECT_EQ(active().size(), 2U);  // nobody knows yet
  EXPECT_EQ(report().failed, 0);
  pass(20min);
  EXPECT_EQ(report().succeeded, 2);
  EXPECT_EQ(report().failed, 1);
  EXPECT_NEAR(seconds_of(report().work_lost), 58, 5);  // until the machine died, not until that was known
}

TEST_F(Jobs, GiveUpWhenMorePodsHaveFailedThanTheirLimit) {
  nodes(2);
  job({.completions = 1, .parallelism = 1, .backoff_limit = 1}, 10min);
  for (int i = 0; i < 2; ++i) {
    pass(60s);
    ASSERT_EQ(active().size(), 1U) << i;
    ASSERT_TRUE(remove(active()[0]));
  }
  pass(5min);
  EXPECT_TRUE(report().gave_up);
  EXPECT_FALSE(report().took);
  EXPECT_TRUE(active().empty());
}

TEST_F(Jobs, WaitLongerAfterEachFailureInARow) {
  nodes(1);
  job({.completions = 1, .parallelism = 1, .backoff_limit = 6}, 10min);
  pass(10s);
  // Removed with grace 0 there is nothing left that ends: the failure is counted at once, and the back-off counts.
  ASSERT_TRUE(remove(active()[0], 0s));
  pass(8s);
  EXPECT_TRUE(active().empty());
  pass(4s);
  ASSERT_EQ(active().size(), 1U);
  ASSERT_TRUE(remove(active()[0], 0s));
  pass(18s);
  EXPECT_TRUE(active().empty());
  pass(4s);
  EXPECT_EQ(active().size(), 1U);
}

TEST_F(Jobs, FinishTheirWorkInTheGraceWhereTheyIgnoreSigterm) {
  nodes(2);
  stubborn_job({.completions = 1, .parallelism = 1, .backoff_limit = 6});
  pass(10s);
  ASSERT_TRUE(evict(pods("batch")[0]));
  pass(2min);
  EXPECT_EQ(report().succeeded, 1);
  EXPECT_EQ(report().failed, 0);
}

TEST_F(Jobs, EndThePodThatIsTooManyWhenOneThatWasToEndHasDoneItsWork) {
  nodes(2);
  stubborn_job({.completions = 3, .parallelism = 2, .backoff_limit = 6});
  pass(15s);
  for (const Pod& pod : pods("batch")) ASSERT_TRUE(evict(pod));
  pass(2s);
  EXPECT_EQ(active().size(), 2U);
  while (report().succeeded < 2) pass(1s);
  pass(1s);
  EXPECT_EQ(active().size(), 1U);
}

TEST_F(Jobs, BeginTheirWorkAnewAfterAReboot) {
  nodes(1);
  job({.completions = 3, .parallelism = 3, .backoff_limit = 6}, 10min);
  pass(4min);
  world.reboot_machine(NodeName("n1"), 5s);
  pass(30min);
  ASSERT_EQ(report().succeeded, 3);
  Duration sum{};
  for (const Pod& pod : pods("batch")) {
    EXPECT_EQ(object(pod)->restarts, 1);
    sum += *object(pod)->ended - *object(pod)->running_since;
  }
  EXPECT_GT(sum / 3, 8min) << "what was done before the reboot counts for nothing";
}

}  // namespace
}  // namespace spotkeeper::sim
