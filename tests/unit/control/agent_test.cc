#include "control/agent.h"

#include <set>

#include "tests/unit/control/agent_fixture.h"

namespace spotkeeper::control {
namespace {

using ::spotkeeper::testing::AgentWorld;
using ::spotkeeper::testing::FakeImds;
using Phase = AgentStatus::Phase;

using AgentTest = AgentWorld;

TEST_F(AgentTest, DoesNothingWhileNothingIsWrong) {
  cluster.add_pod("web-1", "n1", "web");
  start();
  runtime.advance(1h);
  EXPECT_TRUE(cluster.patches.empty());
  EXPECT_TRUE(cluster.evictions.empty());
  EXPECT_TRUE(cluster.events.empty());
  EXPECT_EQ(agent->status().phase, Phase::Watching);
}

TEST_F(AgentTest, MarksItsNodeInOnePatchWithinTheIntervalOfThePoll) {
  start();
  runtime.advance(10s);
  const Instant visible = runtime.now();
  spot_notice();
  ASSERT_TRUE(runtime.run_until([&] { return !cluster.patches.empty(); }, 5s));
  EXPECT_LE(runtime.now() - visible, 1s + 100ms);
  EXPECT_TRUE(tainted());
  EXPECT_TRUE(cordoned());
  ASSERT_TRUE(mark());
  EXPECT_EQ(mark()->interruption.kind, InterruptionKind::Kill);
  EXPECT_EQ(mark()->interruption.source, "imds/spot");
  EXPECT_EQ(mark()->interruption.deadline, Deadline{visible + 120s});
  EXPECT_EQ(mark()->boot_id, "boot-1");
  EXPECT_TRUE(mark()->cordoned && mark()->tainted);
  runtime.advance(5s);
  EXPECT_EQ(cluster.events_with("NodeInterrupted"), 1);
  EXPECT_EQ(metric("spotkeeper_notice_to_cordon_seconds_count"), 1);
  EXPECT_EQ(metric(R"(spotkeeper_notices_total{kind="kill"})"), 1);
}

TEST_F(AgentTest, TakesTheNodeOutOfLoadBalancersInTheSamePatchWhereTheNodesAreKnownInTime) {
  start();
  runtime.advance(2s);
  spot_notice();
  runtime.advance(30s);
  EXPECT_TRUE(mark()->excluded && mark()->cordoned && mark()->tainted);
  EXPECT_EQ(cluster.patches.size(), 1U);
  EXPECT_LT(metric("spotkeeper_notice_to_cordon_seconds_sum"), 0.1);
}

TEST_F(AgentTest, DoesNotWaitForSlowNodesToCordonAndTakesItOutOfLoadBalancersInASecondPatch) {
  cluster.latency = 200ms;
  start();
  runtime.advance(2s);
  spot_notice();
  runtime.advance(30s);
  ASSERT_EQ(cluster.patches.size(), 2U);
  EXPECT_TRUE(cluster.patches[0].unschedulable);
  EXPECT_TRUE(cluster.patches[0].labels.empty());
  EXPECT_TRUE(cluster.patches[1].labels.contains(std::string(plan::kExcludeLabel)));
  EXPECT_LT(metric("spotkeeper_notice_to_cordon_seconds_sum"), 0.3);  // the patch alone takes 200 ms
  EXPECT_TRUE(cluster.node("n1").labels.contains(plan::kExcludeLabel));
  EXPECT_TRUE(mark()->excluded);
  EXPECT_EQ(cluster.events_with("NodeInterrupted"), 1);  // the label was no news
}

TEST_F(AgentTest, DrainsAndSaysSo) {
  cluster.add_pod("web-1", "n1", "web");
  cluster.add_pod("api-1", "n1", "api");
  cluster.add_pod("web-2", "n2", "web");
  cluster.add_pod("logs-1", "n1", "logs", 30s, "DaemonSet");
  start();
  runtime.advance(2s);
  spot_notice();
  runtime.advance(10s);
  EXPECT_EQ(cluster.evictions.size(), 2U);
  EXPECT_TRUE(cluster.deletes.empty());
  EXPECT_EQ(cluster.world.pods_on(NodeName("n1")).size(), 1U);  // the DaemonSet's pod
  EXPECT_EQ(cluster.world.pods_on(NodeName("n2")).size(), 1U);
  EXPECT_EQ(cluster.events_with("NodeDrained"), 1);
  EXPECT_EQ(agent->status().phase, Phase::Drained);
  EXPECT_EQ(metric("spotkeeper_notice_to_last_sigterm_seconds_count"), 1);
  EXPECT_EQ(metric("spotkeeper_drain_seconds_left_count"), 1);
  EXPECT_EQ(metric(R"(spotkeeper_evictions_total{outcome="accepted"})"), 2);
}

TEST_F(AgentTest, PlansOnlyWhileItHasPodsToMoveAndSomethingHasChanged) {
  cluster.add_pod("web-1", "n1", "web");
  cluster.add_pod("web-2", "n2", "web");
  cluster.add_budget("strict", "web", 0);  // it waits for its last safe start
  start();
  runtime.advance(2s);
  EXPECT_EQ(metric("spotkeeper_drain_plans_total"), 0);
  spot_notice();
  runtime.advance(20s);
  const double waiting = metric("spotkeeper_drain_plans_total");
  EXPECT_GE(waiting, 1);
  runtime.advance(20s);  // the agent looks around every few seconds
  EXPECT_EQ(metric("spotkeeper_drain_plans_total"), waiting);
  cluster.add_pod("web-3", "n2", "web");
  runtime.advance(1s);
  EXPECT_EQ(metric("spotkeeper_drain_plans_total"), waiting + 1);
  ASSERT_TRUE(runtime.run_until([&] { return cluster.world.pods_on(NodeName("n1")).empty(); }, 120s));
  const double done = metric("spotkeeper_drain_plans_total");
  cluster.add_pod("web-4", "n2", "web");
  runtime.advance(10s);
  EXPECT_EQ(metric("spotkeeper_drain_plans_total"), done);
}

TEST_F(AgentTest, NeverEvictsItself) {
  config.self = ObjectName{NamespaceName("app"), "keeper-1"};
  cluster.add_pod("keeper-1", "n1", "keeper");
  cluster.add_pod("web-1", "n1", "web");
  start();
  runtime.advance(2s);
  spot_notice();
  runtime.advance(200s);
  ASSERT_EQ(cluster.evictions.size(), 1U);
  EXPECT_EQ(cluster.evictions[0].name.name, "web-1");
  EXPECT_TRUE(cluster.deletes.empty());
}

TEST_F(AgentTest, OverridesABudgetAtTheLastSafeStartAndSaysWhy) {
  cluster.add_pod("web-1", "n1", "web", 30s);
  cluster.add_pod("web-2", "n2", "web", 30s);  // keeps serving, so that nothing has to be done earlier
  cluster.add_budget("strict", "web", 0);
  start();
  runtime.advance(2s);
  spot_notice();
  const Instant dies = runtime.now() + 120s;
  ASSERT_TRUE(runtime.run_until([&] { return !cluster.deletes.empty(); }, 200s));
  EXPECT_GE(dies - runtime.now(), 30s);
  EXPECT_LE(dies - runtime.now(), 60s);
  runtime.advance(5s);
  EXPECT_EQ(cluster.events_with("BudgetOverridden"), 1);
  EXPECT_EQ(metric(R"(spotkeeper_budget_overrides_total{reason="last-safe-start"})"), 1);
  runtime.advance(120s);
  EXPECT_EQ(metric("spotkeeper_pods_killed_hard_total"), 0);
}

TEST_F(AgentTest, SaysOfAPodThatCouldNotBeToldToEndThatItWillBeKilledWhileThatCanStillBeScraped) {
  cluster.add_pod("stuck-1", "n1", "stuck", 30s);
  cluster.pods_end_after.reset();  // it takes its whole grace
  start();
  runtime.advance(2s);
  spot_notice();
  cluster.delete_hook = [](const PodRef&) -> std::optional<Result<kube::DeleteOutcome>> {
    return Result<kube::DeleteOutcome>(fail(ErrorCode::Forbidden, "no"));
  };
  cluster.evict_hook = [](const PodRef&) -> std::optional<kube::EvictAnswer> {
    return kube::EvictAnswer{kube::EvictOutcome::Forbidden, "no", std::nullopt};
  };
  runtime.advance(85s);
  EXPECT_EQ(metric("spotkeeper_pods_killed_hard_total"), 0);  // its last safe start is at 88 s
  runtime.advance(8s);
  EXPECT_EQ(metric("spotkeeper_pods_killed_hard_total"), 1);
  EXPECT_EQ(cluster.events_with("KilledWithItsNode"), 1);
  runtime.advance(60s);
  EXPECT_EQ(metric("spotkeeper_pods_killed_hard_total"), 1);
  EXPECT_EQ(metric("spotkeeper_pods_short_of_grace_total"), 0);
  EXPECT_EQ(cluster.events_with("EvictionFailed") + cluster.events_with("DeleteFailed"), 1);
}

TEST_F(AgentTest, SaysAtOnceOfAPodThatItsGraceDoesNotFit) {
  cluster.add_pod("long-1", "n1", "long", 600s);
  cluster.add_pod("short-1", "n1", "short", 30s);
  start();
  runtime.advance(2s);
  spot_notice();
  runtime.advance(3s);
  EXPECT_EQ(metric("spotkeeper_pods_short_of_grace_total"), 1);
  EXPECT_EQ(cluster.events_with("GraceDoesNotFit"), 1);
  runtime.advance(150s);
  EXPECT_EQ(metric("spotkeeper_pods_short_of_grace_total"), 1);
  EXPECT_EQ(metric("spotkeeper_pods_killed_hard_total"), 0);  // both have ended after a second
}

TEST_F(AgentTest, KeepsAGraceThatBarelyFitsAndSaysNothingOfIt) {
  cluster.add_pod("web-1", "n1", "web", 110s);
  cluster.add_pod("web-2", "n2", "web", 110s);
  cluster.add_budget("strict", "web", 0);
  start();
  runtime.advance(2s);
  spot_notice();
  runtime.advance(12s);  // its last safe start is at 8 s
  ASSERT_EQ(cluster.deletes.size(), 1U);
  EXPECT_EQ(cluster.graces.at(Uid("uid-of-web-1")), GracePeriod(110s));
  runtime.advance(150s);
  EXPECT_EQ(metric("spotkeeper_pods_killed_hard_total"), 0);
  EXPECT_EQ(metric("spotkeeper_pods_short_of_grace_total"), 0);
  EXPECT_EQ(cluster.events_with("KilledWithItsNode"), 0);
}

TEST_F(AgentTest, SaysOfAGraceThatMayYieldThatItWasShortenedAndNotThatThePodWasKilled) {
  config.drain.grace_may_yield = true;
  cluster.add_pod("web-1", "n1", "web", 110s);
  cluster.add_pod("web-2", "n2", "web", 110s);
  cluster.add_budget("strict", "web", 0);
  start();
  runtime.advance(2s);
  spot_notice();
  runtime.advance(95s);
  EXPECT_TRUE(cluster.deletes.empty()) << "15 s for its requests, 2 s of margin: its last safe start is at 103 s";
  EXPECT_EQ(metric("spotkeeper_pods_killed_hard_total"), 0);
  runtime.advance(9s);
  ASSERT_EQ(cluster.deletes.size(), 1U);
  EXPECT_EQ(cluster.graces.at(Uid("uid-of-web-1")), GracePeriod(16s));
  EXPECT_EQ(metric("spotkeeper_pods_short_of_grace_total"), 1);
  EXPECT_EQ(cluster.events_with("GraceShortened"), 1);
  runtime.advance(100s);
  EXPECT_EQ(metric("spotkeeper_pods_short_of_grace_total"), 1);
  EXPECT_EQ(metric("spotkeeper_pods_killed_hard_total"), 0);
  EXPECT_EQ(cluster.events_with("KilledWithItsNode"), 0);
}

TEST_F(AgentTest, DoesNotCountAPodAsKilledBeforeItCouldBeToldToEnd) {
  cluster.add_pod("web-1", "n1", "web", 10s);
  start();
  runtime.advance(2s);
  spot_notice(8s);  // its last safe start is before the notice
  runtime.advance(100s);
  EXPECT_EQ(cluster.evictions.size() + cluster.deletes.size(), 1U);
  EXPECT_EQ(metric("spotkeeper_pods_killed_hard_total"), 0);
  EXPECT_EQ(metric("spotkeeper_pods_short_of_grace_total"), 1);
}

TEST_F(AgentTest, CountsAPodThatSomebodyElseEndsTooLateTwentySecondsBeforeTheDeadline) {
  cluster.add_pod("long-1", "n1", "long", 600s);
  cluster.pods_end_after.reset();
  start();
  runtime.advance(2s);
  (void)runtime.run(cluster.delete_pod({{NamespaceName("app"), "long-1"}, Uid("uid-of-long-1")}, GracePeriod(600s)));
  spot_notice();
  runtime.advance(97s);
  EXPECT_EQ(metric("spotkeeper_pods_killed_hard_total"), 0);
  runtime.advance(8s);
  EXPECT_EQ(metric("spotkeeper_pods_killed_hard_total"), 1);
  EXPECT_EQ(metric("spotkeeper_pods_short_of_grace_total"), 1);
}

TEST_F(AgentTest, DecidesNothingAboutAWholeWorkloadWhileThePictureIsPartial) {
  // All copies die together, a successor takes a minute, and the budget allows nothing: with the whole picture one goes
  // past it early.
  const auto overrides = [this](const std::string& reason) {
    return metric("spotkeeper_budget_overrides_total{reason=\"" + reason + "\"}");
  };
  double early = 0;
  double late = 0;
  for (const bool whole : {true, false}) {
    SCOPED_TRACE(whole);
    cluster.complete = whole;
    for (const char* name : {"web-1", "web-2", "web-3"}) {
      cluster.add_pod(name, "n1", "web", 30s);
      Pod pod = *cluster.world.find_pod(Uid("uid-of-" + std::string(name)));
      pod.ready_since = pod.created + 1min;
      cluster.change([&](Snapshot& world) { world.put(pod); });
    }
    cluster.add_budget("strict", "web", 0);
    cluster.add_pod("free-1", "n1", "free");
    cluster.evictions.clear();
    start();
    runtime.advance(2s);
    spot_notice();
    runtime.advance(115s);
    EXPECT_EQ(cluster.evictions.size(), 1U);  // the API server asks the budgets
    EXPECT_EQ(overrides("keep-serving") > early, whole);
    EXPECT_GT(overrides("last-safe-start"), late);
    EXPECT_TRUE(empty());
    early = overrides("keep-serving");
    late = overrides("last-safe-start");
    forget_notice();
    runtime.advance(60s);
  }
}

TEST_F(AgentTest, DecidesAnewOnAConflictAndKeepsWhatSomebodyElseHasSet) {
  start();
  runtime.advance(2s);
  int conflicts = 0;
  cluster.patch_hook = [&](const NodeChange&) -> std::optional<Error> {
    if (++conflicts > 3) return std::nullopt;
    cluster.edit_node("n1", [&](Node& node) {
      node.taints.push_back({"other-" + std::to_string(conflicts), "", TaintEffect::NoSchedule, std::nullopt});
      node.unschedulable = true;
    });
    return Error{ErrorCode::Conflict, "changed"};
  };
  spot_notice();
  runtime.advance(3s);
  EXPECT_EQ(cluster.node("n1").taints.size(), 4U);
  EXPECT_TRUE(cordoned());
  EXPECT_FALSE(mark()->cordoned);  // not by us
}

TEST_F(AgentTest, MarksTheNodeAfterAStormOfRefusals) {
  start();
  runtime.advance(2s);
  for (const ErrorCode code : {ErrorCode::Throttled, ErrorCode::Unavailable, ErrorCode::Timeout, ErrorCode::Internal}) {
    SCOPED_TRACE(name_of(code));
    const Steady until = runtime.steady() + 10s;
    cluster.patch_hook = [&, until](const NodeChange&) -> std::optional<Error> {
      if (runtime.steady() < until) return Error{code, "storm"};
      return std::nullopt;
    };
    cluster.get_hook = [&, until]() -> std::optional<Error> {
      if (runtime.steady() < until) return Error{code, "storm"};
      return std::nullopt;
    };
    cluster.edit_node("n1", [](Node& node) {
      node.annotations.erase(kInterruptionAnnotation);
      node.taints.clear();
      node.unschedulable = false;
    });
    spot_notice();
    runtime.advance(16s);
    EXPECT_TRUE(cordoned());
    EXPECT_TRUE(mark());
  }
}

// An optimistic lock: the list of taints is replaced as a whole.
TEST_F(AgentTest, ChangesTaintsOnlyOfTheVersionOfItsNodeThatItHasSeen) {
  const ResourceVersion seen = cluster.node("n1").version;
  start();
  runtime.advance(2s);
  spot_notice();
  ASSERT_TRUE(runtime.run_until([&] { return !cluster.patches.empty(); }, 5s));
  EXPECT_EQ(cluster.patches[0].version, seen);
}

TEST_F(AgentTest, SendsEveryChangeOnceInADryRun) {
  config.dry_run = true;
  cluster.dry_run = true;
  cluster.add_pod("web-1", "n1", "web");
  start();
  runtime.advance(2s);
  spot_notice();
  runtime.advance(115s);
  EXPECT_EQ(cluster.patches.size(), 1U);
  EXPECT_EQ(cluster.evictions.size(), 1U);
  EXPECT_EQ(cluster.events_with("NodeInterrupted"), 1);
}

TEST_F(AgentTest, RemembersInADryRunWhatItHasTriedBefore) {
  config.dry_run = true;
  cluster.dry_run = true;
  cluster.latency = 200ms;  // the load balancers' share comes in a second patch
  start();
  runtime.advance(2s);
  spot_notice();
  runtime.advance(115s);
  ASSERT_EQ(cluster.patches.size(), 2U);
  EXPECT_TRUE(cluster.patches[0].taints);
  EXPECT_TRUE(cluster.patches[1].labels.contains(std::string(plan::kExcludeLabel)));
  EXPECT_FALSE(cluster.patches[1].taints);
  EXPECT_EQ(cluster.events_with("NodeInterrupted"), 1);
}

TEST_F(AgentTest, AsksAgainForWhatAWebhookTakesOutOfItsPatchWithoutAHotLoop) {
  cluster.node_webhook = [](Node& node) { node.taints.clear(); };
  cluster.add_pod("web-1", "n1", "web");
  start();
  runtime.advance(2s);
  spot_notice();
  runtime.advance(60s);
  EXPECT_GE(cluster.patches.size(), 20U);
  EXPECT_LE(cluster.patches.size(), 50U);
  EXPECT_EQ(cluster.events_with("NodeInterrupted"), 1) << "the annotation stands, and that is what an event tells of";
  EXPECT_TRUE(empty()) << "the drain does not depend on the mark";
  EXPECT_THAT(logged, ::testing::HasSubstr("not all of it has stayed"));
}

TEST_F(AgentTest, BlamesNobodyForWhatItWantsOnlySinceItsPatchIsUnderWay) {
  cluster.latency = 200ms;  // the load balancers' share comes in a second patch
  start();
  runtime.advance(2s);
  spot_notice();
  ASSERT_TRUE(runtime.run_until([&] { return cluster.patches.size() == 2; }, 5s));
  EXPECT_TRUE(cluster.patches[1].labels.contains(std::string(plan::kExcludeLabel)));
  EXPECT_THAT(logged, ::testing::Not(::testing::HasSubstr("not all of it has stayed")));
}

TEST_F(AgentTest, DrainsInTimeEvenWhereTheNodeCanNotBeMarked) {
  cluster.add_pod("web-1", "n1", "web");
  refuse_patches();
  start();
  runtime.advance(2s);
  spot_notice();
  runtime.advance(15s);
  EXPECT_EQ(cluster.evictions.size(), 1U);
}

TEST_F(AgentTest, EvictsThroughAStormOfRefusalsWithoutAHotLoop) {
  cluster.add_pod("web-1", "n1", "web");
  for (const auto outcome : {kube::EvictOutcome::Throttled, kube::EvictOutcome::Contention, kube::EvictOutcome::Failed,
                             kube::EvictOutcome::Unreachable, kube::EvictOutcome::WebhookFailed,
                             kube::EvictOutcome::BudgetRefused, kube::EvictOutcome::BudgetStale}) {
    SCOPED_TRACE(kube::name_of(outcome));
    begin_anew("web-1", "web");
    cluster.evictions.clear();
    cluster.evictions_asked = 0;
    const Steady until = runtime.steady() + 20s;
    cluster.evict_hook = [&, until](const PodRef&) -> std::optional<kube::EvictAnswer> {
      if (runtime.steady() >= until) return std::nullopt;
      return kube::EvictAnswer{outcome, "storm", std::nullopt};
    };
    start();
    spot_notice();
    runtime.advance(40s);
    EXPECT_EQ(cluster.evictions.size(), 1U);
    EXPECT_LE(cluster.evictions_asked, 60);
    EXPECT_TRUE(empty());
  }
}

TEST_F(AgentTest, ObeysRetryAfterWhenTheServerThrottles) {
  for (const char* name : {"a", "b", "c", "d"}) cluster.add_pod(name, "n1", name);
  cluster.evict_hook = [&](const PodRef&) -> std::optional<kube::EvictAnswer> {
    if (cluster.evictions_asked > 4) return std::nullopt;
    return kube::EvictAnswer{kube::EvictOutcome::Throttled, "too many requests", Duration(15s)};
  };
  start();
  runtime.advance(2s);
  spot_notice();
  runtime.advance(14s);
  EXPECT_EQ(cluster.evictions_asked, 4);
  runtime.advance(10s);
  EXPECT_EQ(cluster.evictions.size(), 4U);
}

TEST_F(AgentTest, ALifecycleTerminationIsOneInterruptionHoweverOftenItIsPolled) {
  cluster.add_pod("web-1", "n1", "web");
  imds.put(FakeImds::kLifecycle, "Terminated");
  start();
  runtime.advance(5min);
  EXPECT_EQ(cluster.evictions.size(), 1U);
  EXPECT_EQ(metric(R"(spotkeeper_notices_total{kind="retire"})"), 1);
  EXPECT_EQ(cluster.events_with("NodeRetiring"), 1);
}

}  // namespace
}  // namespace spotkeeper::control
