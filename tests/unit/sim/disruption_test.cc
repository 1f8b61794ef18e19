#include "sim/disruption.h"

#include "tests/unit/sim/small_world.h"

namespace spotkeeper::sim {
namespace {

class Budgets : public SmallWorld {
 protected:
  void web(std::int32_t replicas, const DisruptionBudget& with) {
    nodes(4);
    ASSERT_TRUE(world.create_deployment(workload("web", replicas)));
    ASSERT_TRUE(world.create_budget(with));
    settle();
    pass(5s);
  }
};

TEST_F(Budgets, RoundPercentagesUp) {
  DisruptionBudget eighty = budget("web");
  eighty.min_available = CountOrPercent{80, true};
  web(8, eighty);
  EXPECT_EQ(status("web").expected_pods, 8);
  EXPECT_EQ(status("web").desired_healthy, 7);  // 6.4
  EXPECT_EQ(status("web").current_healthy, 8);
  EXPECT_EQ(status("web").disruptions_allowed, 1);
}

TEST_F(Budgets, RoundMaxUnavailableUp) {
  DisruptionBudget ten = budget("web");
  ten.max_unavailable = CountOrPercent{10, true};
  web(8, ten);
  EXPECT_EQ(status("web").desired_healthy, 7);  // one of 0.8
  EXPECT_EQ(status("web").disruptions_allowed, 1);
}

TEST_F(Budgets, ExpectTheScaleForPercentagesAndThePodsForCounts) {
  DisruptionBudget count = budget("web");
  count.min_available = CountOrPercent{3, false};
  web(4, count);
  EXPECT_EQ(status("web").expected_pods, 4);
  EXPECT_EQ(status("web").disruptions_allowed, 1);
  ASSERT_TRUE(world.scale_deployment(shop("web"), 6));
  settle();
  pass(1s);
  EXPECT_EQ(status("web").expected_pods, 6);
  EXPECT_EQ(status("web").disruptions_allowed, 3);
}

TEST_F(Budgets, AllowNothingWhereAnOwnerHasNoScaleUnlessTheyCountPods) {
  nodes(2);
  PodKind working;
  working.behaviour.works_for = 10min;
  world.create_job(workload("batch", 0, working), {.completions = 2, .parallelism = 2, .backoff_limit = 6});
  DisruptionBudget share = budget("batch");
  share.max_unavailable = CountOrPercent{100, true};
  ASSERT_TRUE(world.create_budget(share));
  DisruptionBudget count = budget("batch");
  count.name = shop("count");
  count.min_available = CountOrPercent{1, false};
  ASSERT_TRUE(world.create_budget(count));
  settle();
  pass(5s);
  EXPECT_EQ(status("batch").disruptions_allowed, 0);
  EXPECT_TRUE(status("batch").stale()) << "it was never worked out";
  EXPECT_EQ(status("count").expected_pods, 2);
  EXPECT_EQ(status("count").disruptions_allowed, 1);
}

TEST_F(Budgets, RememberAnAcceptedEvictionUntilThePodIsSeenToEnd) {
  DisruptionBudget one = budget("web");
  one.max_unavailable = CountOrPercent{1, false};
  web(3, one);
  const Pod pod = pods("web")[0];
  ASSERT_TRUE(evict(pod));
  EXPECT_EQ(status("web").disruptions_allowed, 0);
  EXPECT_TRUE(status("web").disrupted.contains(pod.name.name));
  pass(1s);
  EXPECT_EQ(status("web").disruptions_allowed, 0);
  EXPECT_EQ(status("web").current_healthy, 2);
  EXPECT_TRUE(status("web").disrupted.empty());
  settle();
  pass(1s);
  EXPECT_EQ(status("web").disruptions_allowed, 1);
}

TEST_F(Budgets, AreStaleUntilTheControllerHasSeenAChange) {
  DisruptionBudget one = budget("web");
  one.max_unavailable = CountOrPercent{1, false};
  web(3, one);
  DisruptionBudget changed = status("web");
  changed.max_unavailable = CountOrPercent{2, false};
  ASSERT_TRUE(world.update_budget(changed));
  EXPECT_TRUE(status("web").stale());
  const auto answer = evict(pods("web")[0]);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, 429);
  EXPECT_EQ(answer.error().retry_after, 10s);
  pass(1s);
  EXPECT_FALSE(status("web").stale());
  EXPECT_EQ(status("web").disruptions_allowed, 2);
}

// The table of the eviction subresource.

TEST_F(Budgets, RefuseWith429AndNoRetryAfter) {
  DisruptionBudget none = budget("web");
  none.max_unavailable = CountOrPercent{0, false};
  web(3, none);
  const auto answer = evict(pods("web")[0]);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, 429);
  EXPECT_EQ(answer.error().cause, "DisruptionBudget");
  EXPECT_EQ(answer.error().cause_message, "The disruption budget web needs 3 healthy pods and has 3 currently");
  EXPECT_FALSE(answer.error().retry_after);
}

TEST_F(Budgets, RefuseForEverWhereTwoCoverAPod) {
  DisruptionBudget one = budget("web");
  one.max_unavailable = CountOrPercent{1, false};
  web(3, one);
  DisruptionBudget second = one;
  second.name = shop("second");
  ASSERT_TRUE(world.create_budget(second));
  const auto answer = evict(pods("web")[0]);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, 500);
  EXPECT_EQ(answer.error().reason, "");
}

TEST_F(Budgets, AreChargedBeforeAStaleUidIsRefused) {
  DisruptionBudget one = budget("web");
  one.max_unavailable = CountOrPercent{1, false};
  web(3, one);
  Pod other = pods("web")[0];
  other.uid = Uid("somebody-else");
  const auto answer = evict(other);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, 409);
  EXPECT_EQ(status("web").disruptions_allowed, 0);
  pass(30s);
  EXPECT_EQ(status("web").disruptions_allowed, 0);
  pass(2min);  // then it is forgotten
  EXPECT_EQ(status("web").disruptions_allowed, 1);
}

TEST_F(Budgets, AreNotAskedForAPodThatIsEndingAlready) {
  DisruptionBudget one = budget("web");
  one.max_unavailable = CountOrPercent{1, false};
  web(3, one);
  const Pod pod = pods("web")[0];
  ASSERT_TRUE(evict(pod));
  EvictCall shorter;
  shorter.pod = pod.name;
  shorter.uid = pod.uid;
  shorter.grace = 5s;
  EXPECT_TRUE(world.evict(shorter));
  EXPECT_EQ(object(pod)->pod.deletion_grace, GracePeriod(5s));
}

TEST_F(Budgets, AreCheckedAndNotChargedByADryRun) {
  DisruptionBudget one = budget("web");
  one.max_unavailable = CountOrPercent{1, false};
  web(3, one);
  EvictCall dry;
  dry.pod = pods("web")[0].name;
  dry.dry_run = true;
  EXPECT_TRUE(world.evict(dry));
  EXPECT_EQ(status("web").disruptions_allowed, 1);
  EXPECT_FALSE(pods("web")[0].terminating());
}

TEST_F(Budgets, LetUnreadyPodsGoWhereEnoughAreHealthy) {
  DisruptionBudget two = budget("web");
  two.min_available = CountOrPercent{3, false};
  web(3, two);
  ASSERT_TRUE(world.scale_deployment(shop("web"), 4));
  pass(1500ms);  // the fourth runs and is not Ready yet, and the budget allows nothing
  for (const Pod& pod : pods("web")) {
    if (pod.ready || pod.phase != PodPhase::Running) continue;
    EXPECT_EQ(status("web").disruptions_allowed, 0);
    EXPECT_TRUE(evict(pod));
    return;
  }
  FAIL() << "no pod was found running and not Ready";
}

TEST_F(Budgets, AnswerNotFoundForAPodThatIsGone) {
  nodes(1);
  EvictCall call;
  call.pod = shop("nobody");
  const auto answer = world.evict(call);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, 404);
}

}  // namespace
}  // namespace spotkeeper::sim
