#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/plan/world.h"

namespace spotkeeper::plan::test {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;

World world_of(std::initializer_list<std::string> dying, Duration after, std::initializer_list<std::string> staying) {
  World world;
  for (const std::string& node : dying) {
    world.node(node);
    world.dies(node, after);
  }
  for (const std::string& node : staying) world.node(node);
  return world;
}

TEST(DrainPlan, EvictsAsManyAsTheBudgetAllows) {
  World world = world_of({"a", "b", "c", "d"}, 120s, {"n1", "n2", "n3", "n4"});
  world.deployment("web").grace(45s).ready_after(40s).min_available(80, true).on(
      {"a", "b", "c", "d", "n1", "n1", "n2", "n2", "n3", "n3", "n4", "n4"});
  const DrainPlan plan = world.plan();
  EXPECT_THAT(said(plan), ElementsAre("evict web-0", "evict web-1"));
  EXPECT_THAT(waits(plan), ElementsAre("web-2: budget until 1m13s", "web-3: budget until 1m13s"));
  EXPECT_EQ(next_look(plan), 5s);  // in case what is sent is refused
}

TEST(DrainPlan, DeletesPastTheBudgetAtTheLastSafeStart) {
  World world = world_of({"a"}, 120s, {"n1", "n2"});
  world.deployment("web").grace(30s).ready_after(10s).max_unavailable(0).on({"a", "n1", "n2"});
  EXPECT_THAT(said(world.plan(0s)), IsEmpty());
  EXPECT_THAT(waits(world.plan(0s)), ElementsAre("web-0: budget until 1m28s"));
  EXPECT_EQ(next_look(world.plan(0s)), 88s);
  EXPECT_THAT(said(world.plan(88s)), ElementsAre("delete web-0 grace 30s last-safe-start over-budget"));
}

TEST(DrainPlan, StaggersPastTheBudgetOnlyToKeepAPodServing) {
  World world = world_of({"a", "b", "c"}, 120s, {"n1", "n2"});
  world.deployment("web").grace(30s).ready_after(60s).max_unavailable(0).on({"a", "b", "c"});
  EXPECT_THAT(said(world.plan(0s)), ElementsAre("delete web-0 grace 30s keep-serving over-budget"));
}

TEST(DrainPlan, SendsTheOtherTwoOfThreeAtTheirLastSafeStartWhenASuccessorServes) {
  World world = world_of({"a", "b", "c"}, 120s, {"n1", "n2"});
  world.deployment("web")
      .grace(30s)
      .ready_after(60s)
      .max_unavailable(0)
      .pod({.node = "a", .terminating_since = 0s})
      .on({"b", "c"})
      .pod({.name = "web-new", .node = "n1", .created = 0s});
  EXPECT_THAT(said(world.plan(60s)), IsEmpty());
  EXPECT_THAT(said(world.plan(88s)), ElementsAre("delete web-1 grace 30s last-safe-start over-budget",
                                                 "delete web-2 grace 30s last-safe-start over-budget"));
}

World world_of_graces_that_barely_fit() {
  World world = world_of({"a", "b", "c", "d"}, 120s, {"n1", "n2"});
  world.deployment("web").grace(110s).pre_stop(15s).ready_after(40s).min_available(80, true).on(
      {"a", "b", "c", "d", "n1", "n1", "n1", "n1", "n2", "n2", "n2", "n2"});
  return world;
}

TEST(DrainPlan, GivesTheWholeGraceWhereThatFits) {
  World world = world_of_graces_that_barely_fit();
  EXPECT_THAT(said(world.plan()), ElementsAre("evict web-0", "evict web-1"));
  EXPECT_THAT(waits(world.plan()), ElementsAre("web-2: budget until 8s", "web-3: budget until 8s"));
  EXPECT_THAT(said(world.plan(8s)), Contains("delete web-3 grace 1m50s last-safe-start over-budget"));
}

TEST(DrainPlan, GivesLessThanTheWholeGraceWhereItMayYield) {
  World world = world_of_graces_that_barely_fit();
  world.policy.grace_may_yield = true;
  EXPECT_THAT(said(world.plan()), ElementsAre("evict web-0", "evict web-1"));
  EXPECT_THAT(waits(world.plan()), ElementsAre("web-2: budget until 1m28s", "web-3: budget until 1m28s"));
}

TEST(DrainPlan, GivesTheWholeGraceWhereItMayYieldToWhatNobodyMakesAnewOrNobodyKnowsTheNeedOf) {
  World world = world_of({"a"}, 120s, {"n1", "n2"});
  world.policy.grace_may_yield = true;
  world.bare("tool").grace(110s).on({"a"});
  world.deployment("web").grace(110s).pre_stop_command().max_unavailable(0).on({"a", "n1"});
  EXPECT_THAT(waits(world.plan()), ElementsAre("tool-0: no-successor until 8s", "web-0: budget until 8s"));
}

TEST(DrainPlan, GivesAGraceThatFitsWithoutTheMarginAtOnce) {
  World world = world_of({"a"}, 31s, {"n1", "n2"});
  world.deployment("web").grace(30s).max_unavailable(0).on({"a", "n1", "n2"});
  EXPECT_THAT(said(world.plan()), ElementsAre("delete web-0 grace 30s last-safe-start over-budget"));
}

World world_of_one_pool() {
  World world = world_of({"a"}, 120s, {"n1", "n2"});
  for (const char* name : {"a", "n1"})
    world.node(name).labels =
        Labels{{"topology.kubernetes.io/zone", "us-east-1a"}, {"node.kubernetes.io/instance-type", "m5.large"}};
  return world;
}

TEST(DrainPlan, HearsTheNeighboursOfItsPoolBeforeItStartsAnythingEarly) {
  World world = world_of_one_pool();
  world.deployment("web").grace(30s).on({"a", "n1", "n2"});
  EXPECT_THAT(said(world.plan()), IsEmpty());
  EXPECT_EQ(next_look(world.plan()), 3s);
  EXPECT_THAT(said(world.plan(3s)), ElementsAre("evict web-0"));
  world.dies("n1", 120s);
  EXPECT_THAT(said(world.plan()), ElementsAre("evict web-0")) << "nobody is left to be heard";
}

TEST(DrainPlan, HearsNeighboursForATenthOfAShortNotice) {
  World world = world_of_one_pool();
  world.dies("a", 20s);
  world.deployment("web").grace(10s).ready_after(5s).on({"a", "n1", "n2"});
  EXPECT_EQ(next_look(world.plan()), 2s);
}

TEST(DrainPlan, HearsNoNeighboursWhereThatTakesAServiceBelowItsFloor) {
  World world = world_of_one_pool();
  world.deployment("web").grace(30s).ready_after(87s).on({"a", "a"});
  EXPECT_THAT(said(world.plan()), ElementsAre("evict web-0"))
      << "its successor is Ready a second before the other goes";
}

TEST(DrainPlan, PutsDueStartsBeforeTheNeighbours) {
  World world = world_of_one_pool();
  world.dies("a", 5s);
  world.deployment("web").grace(30s).on({"a", "n1", "n2"});
  EXPECT_THAT(said(world.plan()), ElementsAre("delete web-0 grace 4s last-safe-start"));
}

TEST(DrainPlan, KeepsTheShareThatMinServingNames) {
  World world = world_of({"a", "b"}, 120s, {"n1", "n2"});
  Workload& web = world.deployment("web").grace(30s).ready_after(60s).max_unavailable(0).on({"a", "b", "n1", "n2"});
  EXPECT_THAT(said(world.plan()), IsEmpty()) << "two of four serve in any case";
  web.min_serving(0.75);
  EXPECT_THAT(said(world.plan()), ElementsAre("delete web-0 grace 30s keep-serving over-budget"));
}

TEST(DrainPlan, PacesAServiceWithoutABudget) {
  World world = world_of({"a", "b", "c", "d"}, 120s, {"n1", "n2"});
  world.deployment("web").grace(45s).ready_after(40s).on(
      {"a", "b", "c", "d", "n1", "n1", "n1", "n1", "n2", "n2", "n2", "n2"});
  EXPECT_THAT(said(world.plan()), ElementsAre("evict web-0", "evict web-1")) << "two and two keep ten serving";
}

TEST(DrainPlan, NeverTakesTheLastReadyReplicasTogetherWhereTimeAllows) {
  World world = world_of({"a", "b"}, 120s, {"n1"});
  world.deployment("web").grace(30s).ready_after(40s).on({"a", "b"});
  EXPECT_THAT(said(world.plan()), ElementsAre("evict web-0"));
  EXPECT_THAT(waits(world.plan()), ElementsAre("web-1: pace until 1m28s"));
}

TEST(DrainPlan, MovesASingleReplicaAtOnceForWaitingKeepsNothing) {
  World world = world_of({"a"}, 120s, {"n1"});
  world.deployment("web").on({"a"});
  EXPECT_THAT(said(world.plan()), ElementsAre("evict web-0"));
}

TEST(DrainPlan, LeavesStaticDaemonSetAndOwnPodsAndIgnoresCompletedOnes) {
  World world = world_of({"a"}, 120s, {"n1"});
  world.bare("static").mirror().on({"a"});
  world.daemon_set("log").on({"a"});
  world.deployment("self").on({"a"});
  world.job("done").pod({.node = "a", .ready = false, .phase = PodPhase::Succeeded});
  world.policy.self = ObjectName{NamespaceName("default"), "self-0"};
  EXPECT_THAT(said(world.plan(200s)), IsEmpty());
  EXPECT_THAT(waits(world.plan()), ElementsAre("log-0: never", "self-0: never", "static-0: never"));
  EXPECT_EQ(next_look(world.plan()), std::nullopt);
}

TEST(DrainPlan, MovesDaemonSetPodsLastWhereThatIsWanted) {
  World world = world_of({"a"}, 120s, {"n1"});
  world.policy.evict_daemons = true;
  world.daemon_set("log").grace(10s).on({"a"});
  Workload& web = world.deployment("web").grace(30s).pod({.node = "a", .terminating_since = 0s});
  EXPECT_THAT(waits(world.plan()), ElementsAre("log-0: order until 1m48s", "web-0: terminating"));
  EXPECT_THAT(said(world.plan(108s)), ElementsAre("delete log-0 grace 10s last-safe-start"));
  web = Workload("Deployment", "web");
  EXPECT_THAT(said(world.plan()), ElementsAre("evict log-0"));
}

TEST(DrainPlan, NeverEvictsATerminatingPodAgain) {
  World world = world_of({"a"}, 120s, {"n1"});
  world.deployment("web").grace(30s).pod({.node = "a", .terminating_since = -5s});
  for (const Duration at : {Duration(0s), Duration(100s), Duration(130s)}) EXPECT_THAT(said(world.plan(at)), IsEmpty());
}

TEST(DrainPlan, LeavesPodsThatNobodyMakesAnewUntilTheirLastSafeStart) {
  World world = world_of({"a"}, 120s, {"n1"});
  world.bare("tool").grace(20s).on({"a"});
  world.job("sum").grace(20s).on({"a"});
  EXPECT_THAT(waits(world.plan()), ElementsAre("sum-0: no-successor until 1m38s", "tool-0: no-successor until 1m38s"));
  EXPECT_THAT(said(world.plan(98s)),
              ElementsAre("delete sum-0 grace 20s last-safe-start", "delete tool-0 grace 20s last-safe-start"));
}

TEST(DrainPlan, ObeysDoNotDisruptUntilTheLastSafeStartOfAKill) {
  World world = world_of({"a"}, 120s, {"n1"});
  world.deployment("web").grace(30s).do_not_disrupt().on({"a", "n1"});
  EXPECT_THAT(waits(world.plan()), ElementsAre("web-0: do-not-disrupt until 1m28s"));
  EXPECT_THAT(said(world.plan(88s)), ElementsAre("delete web-0 grace 30s last-safe-start over-wish"));
}

TEST(DrainPlan, ObeysDoNotDisruptThroughoutARetire) {
  World world;
  world.node("a");
  world.node("n1");
  world.dies("a", 120s, InterruptionKind::Retire);
  Workload& web = world.deployment("web").grace(30s).do_not_disrupt().on({"a", "n1"});
  EXPECT_THAT(said(world.plan(88s)), IsEmpty());
  EXPECT_THAT(waits(world.plan()), ElementsAre("web-0: do-not-disrupt"));
  world.policy.obey_do_not_disrupt = false;
  EXPECT_THAT(said(world.plan()), ElementsAre("evict web-0"));
  (void)web;
}

TEST(DrainPlan, LeavesWhatToleratesEverythingUntilItsLastSafeStartAndItsSuccessorsForGood) {
  World world = world_of({"a"}, 120s, {"n1"});
  world.deployment("web")
      .grace(30s)
      .tolerates_everything()
      .on({"a", "n1"})
      .pod({.name = "web-back", .node = "a", .created = 100s});
  EXPECT_THAT(waits(world.plan()), ElementsAre("web-0: no-successor until 1m28s", "web-back: never"));
  EXPECT_THAT(said(world.plan(100s)), ElementsAre("delete web-0 grace 19s last-safe-start"))
      << "the one that came back is left";
}

TEST(DrainPlan, DrainsNothingForAMaybe) {
  World world;
  world.node("a");
  world.node("n1");
  world.dies_some_time("a", InterruptionKind::Maybe);
  world.deployment("web").on({"a", "n1"});
  EXPECT_THAT(said(world.plan(1h)), IsEmpty());
  EXPECT_THAT(waits(world.plan()), ElementsAre("web-0: not-draining"));
}

TEST(DrainPlan, BeginsAMaintenanceEarlyEnough) {
  World world;
  world.node("a");
  world.node("n1");
  world.dies("a", 24h, InterruptionKind::Maintenance);
  Workload& web = world.deployment("web").grace(30s).ready_after(40s).on({"a", "n1", "n1"});
  EXPECT_THAT(waits(world.plan()), ElementsAre("web-0: not-draining until 23h50m"));
  EXPECT_EQ(next_look(world.plan()), 24h - 10min);
  EXPECT_THAT(said(world.plan(24h - 10min)), ElementsAre("evict web-0"));
  web.ready_after(400s);
  EXPECT_EQ(next_look(world.plan()), 24h - 2 * (400s + 30s + 2s)) << "what one pod needs, twice";
}

TEST(DrainPlan, DrainsARetireWithoutADeadlineWithinBudgetsForEver) {
  World world;
  world.node("a");
  world.node("n1");
  world.dies_some_time("a", InterruptionKind::Retire);
  world.deployment("web").on({"a", "n1"});
  world.deployment("api").max_unavailable(0).on({"a", "n1"});
  EXPECT_THAT(said(world.plan(1h)), ElementsAre("evict web-0"));
  EXPECT_THAT(waits(world.plan(1h)), ElementsAre("api-0: budget"));
}

TEST(DrainPlan, WithoutADeadlineLeavesWhatWouldComeBackAndWhereAskedWhatNobodyMakesAnew) {
  World world;
  world.node("a");
  world.node("n1");
  world.dies_some_time("a", InterruptionKind::Retire);
  world.bare("tool").on({"a"});
  world.deployment("agent").tolerates_everything().on({"a"});
  EXPECT_THAT(said(world.plan(1h)), ElementsAre("evict tool-0"));
  EXPECT_THAT(waits(world.plan(1h)), ElementsAre("agent-0: no-successor"));
  world.policy.keep_what_is_not_made_anew = true;
  EXPECT_THAT(said(world.plan(1h)), IsEmpty());
  EXPECT_THAT(waits(world.plan(1h)), ElementsAre("agent-0: no-successor", "tool-0: no-successor"));
}

TEST(DrainPlan, TakesAKillWithoutADeadlineToComeSoon) {
  World world;
  world.node("a");
  world.node("n1");
  world.dies_some_time("a", InterruptionKind::Kill);
  world.deployment("web").grace(30s).max_unavailable(0).on({"a", "n1"});
  EXPECT_EQ(next_look(world.plan()), 120s - 30s - 2s);
}

TEST(DrainPlan, MovesStatefulSetPodsOneAtATimeFromTheHighestOrdinal) {
  World world = world_of({"a", "b"}, 20min, {"n1"});
  Workload& db = world.stateful_set("db").grace(30s).on({"a", "b", "n1"});
  EXPECT_THAT(said(world.plan()), ElementsAre("evict db-1"));
  EXPECT_THAT(waits(world.plan()), ElementsAre("db-0: order until 19m28s"));
  db = Workload("StatefulSet", "db").grace(30s).on({"a"}).pod({.node = "b", .terminating_since = 0s}).on({"n1"});
  EXPECT_THAT(said(world.plan(1s)), IsEmpty()) << "the one before it is not back";
}

TEST(DrainPlan, LeavesAStatefulSetAloneUntilAPodThatHasEndedIsMadeAnew) {
  World world = world_of({"a", "b"}, 20min, {"n1"});
  Workload& db = world.stateful_set("db").grace(30s);
  const auto with_second = [&](const PodSpec& second) {
    db = Workload("StatefulSet", "db").grace(30s).on({"a"});
    db.pod(second).pod({.name = "db-2", .node = "n1"});
  };
  for (const PodPhase phase : {PodPhase::Succeeded, PodPhase::Failed}) {
    with_second({.node = "b", .phase = phase, .terminating_since = 0s});
    EXPECT_THAT(said(world.plan(1s)), IsEmpty()) << "it has ended, and its name is not free";
    with_second({.node = "b", .phase = phase});
    EXPECT_THAT(said(world.plan(1s)), IsEmpty()) << "it has ended, and is to be removed";
  }
  db = Workload("StatefulSet", "db").grace(30s).on({"a"}).pod({.name = "db-2", .node = "n1"});
  EXPECT_THAT(said(world.plan(1s)), IsEmpty()) << "it is gone, and its successor is to be made";
  EXPECT_THAT(said(world.plan(19min + 28s)), ElementsAre("delete db-0 grace 30s last-safe-start"));
  db = Workload("StatefulSet", "db").grace(30s).pod({.name = "db-5", .node = "a"}).pod({.name = "db-6", .node = "n1"});
  EXPECT_THAT(said(world.plan(1s)), ElementsAre("evict db-5")) << "numbers need not begin with zero";
}

TEST(DrainPlan, KnowsOfAMissingLastPodOfAStatefulSetBecauseItHasEnded) {
  World world = world_of({"a"}, 20min, {"n1"});
  world.stateful_set("db").grace(30s).on({"a", "n1"}).pod({.node = "n1", .terminating_since = -10s});
  Snapshot cluster = world.snapshot();
  cluster.remove_pod(cluster.find_pod(ObjectName{NamespaceName("default"), "db-2"})->ref());
  const auto at = [&](Duration after) {
    return said(plan_drain(cluster, world.dying(), world.policy, kNotice + after));
  };
  EXPECT_THAT(at(1s), IsEmpty());
  const Duration given_up = -10s + 30s + world.policy.successor_made_within;
  EXPECT_THAT(at(given_up - 1ms), IsEmpty());
  EXPECT_THAT(at(given_up), ElementsAre("evict db-0")) << "the workload has become smaller";
}

TEST(DrainPlan, WaitsForRoomAsLongAsTheDeadlineAllows) {
  World world = world_of({"a"}, 120s, {"n1"});
  world.deployment("web").grace(30s).requests(3000).on({"a", "n1"});
  EXPECT_THAT(waits(world.plan()), ElementsAre("web-0: room until 1m28s"));
  EXPECT_THAT(said(world.plan(88s)), ElementsAre("delete web-0 grace 30s last-safe-start"));
  world.policy.wait_for_room = false;
  EXPECT_THAT(said(world.plan()), ElementsAre("evict web-0"));
}

TEST(DrainPlan, PromisesRoomOnlyOnce) {
  World world = world_of({"a", "b"}, 120s, {"n1"});
  world.deployment("api").grace(30s).requests(2500).on({"a"});
  world.deployment("web").grace(30s).requests(2500).on({"b"});
  EXPECT_THAT(said(world.plan()), ElementsAre("evict api-0"));
  EXPECT_THAT(waits(world.plan()), ElementsAre("web-0: room until 1m28s"));
}

TEST(DrainPlan, SeesNoRoomOnNodesThatAreTaintedCordonedDyingOrNotReady) {
  World world = world_of({"a"}, 120s, {});
  world.node("tainted").taints.push_back({"team", "x", TaintEffect::NoSchedule, std::nullopt});
  world.node("cordoned").unschedulable = true;
  world.node("dead").ready = false;
  world.node("maybe");
  world.dies_some_time("maybe", InterruptionKind::Maybe);
  world.deployment("web").grace(30s).on({"a"});
  EXPECT_THAT(waits(world.plan()), ElementsAre("web-0: room until 1m28s"));
  world.node("soft").taints.push_back({"team", "x", TaintEffect::PreferNoSchedule, std::nullopt});
  EXPECT_THAT(said(world.plan()), ElementsAre("evict web-0"));
}

TEST(DrainPlan, DeletesAPodUnderSeveralBudgetsOnlyWhenAllOfThemAllowIt) {
  World world = world_of({"a"}, 120s, {"n1"});
  Workload& web = world.deployment("web").grace(30s).max_unavailable(1).min_available(1).on({"a", "n1"});
  EXPECT_THAT(said(world.plan()), ElementsAre("delete web-0 grace 30s several-budgets"));
  web = Workload("Deployment", "web").grace(30s).max_unavailable(1).min_available(2).on({"a", "n1"});
  EXPECT_THAT(waits(world.plan()), ElementsAre("web-0: budget until 1m28s"));
}

// What has ended counts among those that a budget expects: the namespace is searched for the pod that is missing.
TEST(DrainPlan, PassesOverTheBudgetsOfOthersInSearchOfAPodThatABudgetExpects) {
  World world = world_of({"a"}, 120s, {"n1"});
  world.deployment("web")
      .grace(30s)
      .min_available(1)
      .on({"a", "n1"})
      .pod({.name = "web-ended", .node = "n1", .ready = false, .phase = PodPhase::Failed});
  world.deployment("api").min_available(1).on({"n1"});
  EXPECT_THAT(said(world.plan()), ElementsAre("evict web-0"));
}

TEST(DrainPlan, WaitsOutAStaleBudget) {
  World world = world_of({"a"}, 120s, {"n1"});
  world.deployment("web").max_unavailable(1).stale_budget().on({"a", "n1"});
  EXPECT_THAT(said(world.plan()), IsEmpty());
  EXPECT_EQ(next_look(world.plan()), 1s);
}

TEST(DrainPlan, TrustsABudgetThatCouldNotBeWorkedOutWithNothing) {
  World world = world_of({"a"}, 120s, {"n1"});
  world.deployment("web").grace(30s).max_unavailable(1).failed_budget().on({"a", "n1"});
  EXPECT_THAT(waits(world.plan()), ElementsAre("web-0: budget until 1m28s"));
}

TEST(DrainPlan, EvictsUnhealthyPodsAsTheirPolicySays) {
  const auto plan_with = [](UnhealthyPodEviction policy, PodPhase phase) {
    World world = world_of({"a"}, 120s, {"n1"});
    world.deployment("web")
        .grace(30s)
        .min_available(2)
        .unhealthy(policy)
        .pod({.node = "a", .ready = false, .phase = phase})
        .on({"n1"});
    return said(world.plan());
  };
  EXPECT_THAT(plan_with(UnhealthyPodEviction::AlwaysAllow, PodPhase::Running), ElementsAre("evict web-0"));
  EXPECT_THAT(plan_with(UnhealthyPodEviction::IfHealthyBudget, PodPhase::Running), IsEmpty());
  EXPECT_THAT(plan_with(UnhealthyPodEviction::Unknown, PodPhase::Running), IsEmpty());
  EXPECT_THAT(plan_with(UnhealthyPodEviction::Unknown, PodPhase::Pending), ElementsAre("evict web-0"));
}

TEST(DrainPlan, SendsAShorterGraceWhereTheWholeDoesNotFit) {
  World world = world_of({"a"}, 60s, {"n1"});
  world.deployment("web").grace(600s).pre_stop(5s).on({"a", "n1"});
  EXPECT_THAT(said(world.plan()), ElementsAre("evict web-0 grace 59s"));
}

TEST(DrainPlan, ActsAtOnceOnANoticeOfAFewSecondsAndAfterTheDeadline) {
  World world = world_of({"a"}, 5s, {"n1"});
  world.deployment("web").grace(30s).max_unavailable(0).on({"a", "n1"});
  EXPECT_THAT(said(world.plan()), ElementsAre("delete web-0 grace 4s last-safe-start over-budget"));
  EXPECT_THAT(said(world.plan(10s)), ElementsAre("delete web-0 grace 1s last-safe-start over-budget"));
}

TEST(DrainPlan, SendsWhatIsDueFirstTheLongestNeedAtItsHead) {
  World world = world_of({"a"}, 120s, {"n1"});
  world.deployment("long").grace(60s).max_unavailable(0).on({"a", "n1"});
  world.deployment("short").grace(20s).max_unavailable(0).on({"a", "n1"});
  world.deployment("free").grace(20s).on({"a", "n1"});
  EXPECT_THAT(said(world.plan(99s)), ElementsAre("delete long-0 grace 20s last-safe-start over-budget",
                                                 "delete free-0 grace 20s last-safe-start",
                                                 "delete short-0 grace 20s last-safe-start over-budget"));
}

TEST(DrainPlan, StartsWhatServesAdmissionFirst) {
  World world = world_of({"a"}, 120s, {"n1"});
  world.deployment("api").grace(60s).on({"a", "n1"});
  world.deployment("guard").grace(20s).on({"a", "n1"});
  EXPECT_THAT(said(world.plan()), ElementsAre("evict api-0", "evict guard-0"));
  world.serves_admission("guard");
  EXPECT_THAT(said(world.plan()), ElementsAre("evict guard-0", "evict api-0"));
}

TEST(DrainPlan, KeepsTheLastCopyOfWhatServesAdmissionUntilNobodyElseIsToBeMoved) {
  World world = world_of({"a", "b"}, 120s, {"n1"});
  Workload& api = world.deployment("api").grace(30s).on({"a", "b"});
  world.deployment("guard").grace(30s).on({"a"});
  world.serves_admission("guard");
  EXPECT_THAT(said(world.plan()), ElementsAre("evict api-0"));
  EXPECT_THAT(waits(world.plan()), ElementsAre("api-1: pace until 1m28s", "guard-0: order until 1m28s"));
  api = Workload("Deployment", "api").grace(30s).pod({.node = "a", .terminating_since = 40s}).on({"n1", "n1"});
  EXPECT_THAT(said(world.plan(41s)), IsEmpty()) << "api's successor is still to be made";
  api.pod({.name = "api-new", .node = "n1", .ready = false, .created = 41s});
  EXPECT_THAT(said(world.plan(42s)), ElementsAre("evict guard-0"));
}

TEST(DrainPlan, DeletesWhatServesAdmissionLastOfWhatIsDue) {
  World world = world_of({"a"}, 120s, {"n1"});
  world.deployment("guard").grace(40s).max_unavailable(0).on({"a", "n1"});
  world.deployment("web").grace(30s).max_unavailable(0).on({"a", "n1"});
  world.serves_admission("guard");
  EXPECT_THAT(said(world.plan(88s)), ElementsAre("delete web-0 grace 30s last-safe-start over-budget",
                                                 "delete guard-0 grace 31s last-safe-start over-budget"));
}

TEST(DrainPlan, GivesNothingToDoForNothingDying) {
  World world = world_of({}, 0s, {"n1"});
  world.deployment("web").on({"n1"});
  EXPECT_EQ(world.plan(), DrainPlan{});
}

TEST(DrainPlan, SurvivesNumbersThatNobodyMeans) {
  World world = world_of({"a"}, std::chrono::hours(24 * 365 * 100), {"n1"});
  world.deployment("web")
      .grace(std::chrono::seconds::max())
      .pre_stop(std::chrono::seconds::max())
      .longest_request(Duration::max())
      .on({"a", "n1"});
  world.stateful_set("db").grace(std::chrono::seconds::max()).claim("data").max_unavailable(0).on({"a", "n1"});
  EXPECT_THAT(said(world.plan()), ElementsAre("evict web-0 grace 875999h59m59s"));
}

TEST(LastSafeStart, IsTheDeadlineLessTheWholeGraceAndTheMargin) {
  World world = world_of({"a"}, 120s, {});
  world.deployment("web").grace(30s).pre_stop(15s).on({"a"});
  const Snapshot cluster = world.snapshot();
  const Deadline deadline{kNotice + 120s};
  EXPECT_EQ(last_safe_start(*cluster.pods().front(), deadline, world.policy, kNotice), kNotice + 88s);
}

TEST(LastSafeStart, FallsBackToWhatRequestsNeedWhereTheGraceDoesNotFit) {
  World world = world_of({"a"}, 120s, {});
  Workload& web = world.deployment("web").grace(300s).pre_stop(15s).on({"a"});
  const Deadline deadline{kNotice + 120s};
  const auto start = [&] {
    return last_safe_start(*world.snapshot().pods().front(), deadline, world.policy, kNotice) - kNotice;
  };
  EXPECT_EQ(start(), 120s - (15s + 5s + 10s) - 2s);
  web.longest_request(25s);
  EXPECT_EQ(start(), 120s - (15s + 5s + 25s) - 2s);
  web.claim("data");
  EXPECT_EQ(start(), 120s - (15s + 5s + 25s) - 10s - 2s);
  web.pre_stop_command();
  EXPECT_EQ(start(), 120s - 300s - 10s - 2s) << "nobody knows how long the command takes";
}

}  // namespace
}  // namespace spotkeeper::plan::test
