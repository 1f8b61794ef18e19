#include "control/agent.h"

#include <set>

#include "tests/unit/control/agent_fixture.h"

namespace spotkeeper::control {
namespace {

using ::spotkeeper::testing::AgentWorld;
using ::spotkeeper::testing::FakeImds;
using ::testing::HasSubstr;
using Phase = AgentStatus::Phase;

class AgentTest : public AgentWorld {
 protected:
  std::string scheduled(const std::string& id, Instant at, const std::string& state = "active",
                        const std::string& code = "instance-reboot") {
    // The service's own form of a time, made from RFC 3339.
    const std::string date = net::format_http_date(at);  // "Sun, 06 Nov 1994 08:49:37 GMT"
    return R"([{"NotBefore":")" + date.substr(5) + R"(","Code":")" + code +
           R"(","Description":"d","NotAfter":"","EventId":")" + id + R"(","State":")" + state + R"("}])";
  }
};

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

TEST_F(AgentTest, TakesTheNodeOutOfLoadBalancersOnceItKnowsThatEnoughTargetsStay) {
  start();
  runtime.advance(2s);
  spot_notice();
  runtime.advance(5s);
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

TEST_F(AgentTest, CountsPodsThatAreStillThereAtTheDeadline) {
  cluster.add_pod("stuck-1", "n1", "stuck", 600s);
  cluster.pods_end_after.reset();  // it takes its whole grace
  start();
  runtime.advance(2s);
  spot_notice(20s);
  cluster.delete_hook = [](const PodRef&) -> std::optional<Result<kube::DeleteOutcome>> {
    return Result<kube::DeleteOutcome>(fail(ErrorCode::Forbidden, "no"));
  };
  cluster.evict_hook = [](const PodRef&) -> std::optional<kube::EvictAnswer> {
    return kube::EvictAnswer{kube::EvictOutcome::Forbidden, "no", std::nullopt};
  };
  runtime.advance(30s);
  EXPECT_EQ(metric("spotkeeper_pods_killed_hard_total"), 1);
  EXPECT_EQ(cluster.events_with("EvictionFailed") + cluster.events_with("DeleteFailed"), 1);
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

TEST_F(AgentTest, DrainsInTimeEvenWhereTheNodeCanNotBeMarked) {
  cluster.add_pod("web-1", "n1", "web");
  cluster.patch_hook = [](const NodeChange&) -> std::optional<Error> { return Error{ErrorCode::Forbidden, "no"}; };
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
    kill();
    imds.pages.clear();
    cluster.edit_node("n1", [](Node& node) {
      node.annotations = {};
      node.taints.clear();
      node.unschedulable = false;
    });
    if (cluster.world.pods_on(NodeName("n1")).empty()) cluster.add_pod("web-1", "n1", "web");
    runtime.advance(1s);
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

// ---- crashes --------------------------------------------------------------------------------------------------------

TEST_F(AgentTest, GoesOnAfterACrashAtEveryPointNothingTwiceNothingLost) {
  std::size_t points = 1;
  for (std::size_t crash = 0; crash < points; ++crash) {
    ::spotkeeper::testing::VirtualRuntime time;
    ::spotkeeper::testing::FakeCluster world(time);
    ::spotkeeper::testing::FakeImds service(time);
    for (const char* name : {"n1", "n2", "n3"}) world.add_node(name);
    for (const char* name : {"a", "b", "c"}) world.add_pod(std::string(name) + "-1", "n1", name, 20s);
    world.add_pod("c-2", "n2", "c", 20s);
    world.add_budget("strict", "c", 0);
    time.advance(1s);
    const auto begin = [&](net::TaskGroup& tasks) {
      auto made = std::make_unique<Agent>(AgentPorts{time, world, service, metrics}, config);
      tasks.start(made->run());
      return made;
    };
    net::TaskGroup tasks(time);
    auto first = begin(tasks);
    service.spot("terminate", time.now() + 60s);
    const Instant dies = time.now() + 60s;
    std::size_t calls = 0;
    const auto drained = [&] { return world.world.pods_on(NodeName("n1")).empty(); };
    time.run_until([&] { return calls++ == crash; }, 60s);
    const bool drained_before = drained();
    if (crash == 0) {  // how many points there are
      time.run_until([&] { return ++points, false; }, 60s);
      points = std::min<std::size_t>(points, 1500);
    }
    tasks.cancel_all();
    first.reset();
    time.advance(1500ms);
    auto second = begin(tasks);
    time.run_until(drained, 120s);
    SCOPED_TRACE("crashed after call " + std::to_string(crash));
    ASSERT_TRUE(drained());
    if (crash > 0 && !drained_before) {
      ASSERT_LE(time.now(), dies);
    }
    std::multiset<Uid> told;
    for (const PodRef& pod : world.evictions) told.insert(pod.uid);
    for (const PodRef& pod : world.deletes) told.insert(pod.uid);
    ASSERT_EQ(told.size(), 3U);
    ASSERT_EQ(std::set<Uid>(told.begin(), told.end()).size(), 3U);
    const auto record = mark_of(world.node("n1")).value();
    ASSERT_TRUE(record && record->cordoned && record->tainted);
    if (crash > 0) {
      ASSERT_EQ(record->interruption.deadline, Deadline{dies});
    }
    tasks.cancel_all();
  }
  EXPECT_GT(points, 300U);
}

TEST_F(AgentTest, DrainsFromTheRecordAloneWhenTheMetadataServiceIsSilentAfterACrash) {
  cluster.add_pod("web-1", "n1", "web");
  start();
  runtime.advance(2s);
  cluster.evict_hook = [](const PodRef&) -> std::optional<kube::EvictAnswer> {
    return kube::EvictAnswer{kube::EvictOutcome::Unreachable, "", std::nullopt};
  };
  spot_notice();
  runtime.advance(3s);
  kill();
  cluster.evict_hook = nullptr;
  imds.hook = [](const net::HttpRequest&) { return FakeImds::Reply{503, ""}; };
  start();
  runtime.advance(5s);
  EXPECT_EQ(cluster.evictions.size(), 1U);
  EXPECT_TRUE(cordoned());
}

// ---- undoing --------------------------------------------------------------------------------------------------------

TEST_F(AgentTest, ARebalanceTaintsAloneAndIsUndoneAfterItsHoldForGood) {
  cluster.add_pod("web-1", "n1", "web");
  start();
  runtime.advance(2s);
  imds.rebalance(runtime.now());
  runtime.advance(5s);
  EXPECT_TRUE(tainted());
  EXPECT_FALSE(cordoned());
  EXPECT_EQ(agent->status().phase, Phase::Marked);
  runtime.advance(9min);
  EXPECT_TRUE(tainted());
  runtime.advance(2min);
  EXPECT_FALSE(tainted());
  EXPECT_FALSE(mark());
  EXPECT_EQ(cluster.events_with("InterruptionOver"), 1);
  const std::size_t patches = cluster.patches.size();
  kill();
  start();  // the service still shows the recommendation
  runtime.advance(20min);
  EXPECT_EQ(cluster.patches.size(), patches);
  EXPECT_TRUE(cluster.evictions.empty());
}

TEST_F(AgentTest, AKillAfterARebalanceDrains) {
  cluster.add_pod("web-1", "n1", "web");
  start();
  runtime.advance(2s);
  imds.rebalance(runtime.now());
  runtime.advance(60s);
  spot_notice();
  runtime.advance(5s);
  EXPECT_TRUE(cordoned());
  EXPECT_EQ(mark()->interruption.kind, InterruptionKind::Kill);
  EXPECT_EQ(cluster.evictions.size(), 1U);
  runtime.advance(20min);
  EXPECT_TRUE(cordoned());  // nothing undoes a kill
}

TEST_F(AgentTest, ACancelledMaintenanceIsUndoneAndWhatOthersSetStays) {
  start();
  runtime.advance(2s);
  imds.put(FakeImds::kScheduled, scheduled("event-1", runtime.now() + 48h));
  runtime.advance(15s);
  EXPECT_TRUE(tainted());
  EXPECT_EQ(mark()->interruption.kind, InterruptionKind::Maintenance);
  EXPECT_EQ(mark()->interruption.id, "event-1");
  cluster.edit_node("n1", [](Node& node) {  // kubectl cordon, and a taint
    node.unschedulable = true;
    node.taints.push_back({"team", "x", TaintEffect::NoExecute, std::nullopt});
  });
  imds.put(FakeImds::kScheduled, scheduled("event-1", runtime.now() + 48h, "canceled"));
  runtime.advance(15s);
  EXPECT_FALSE(tainted());
  EXPECT_FALSE(mark());
  EXPECT_TRUE(cordoned());
  EXPECT_EQ(cluster.node("n1").taints.size(), 1U);
}

TEST_F(AgentTest, ErrorsOfTheMetadataServiceUndoNothing) {
  imds.put(FakeImds::kScheduled, scheduled("event-1", runtime.now() + 48h));
  start();
  runtime.advance(15s);
  ASSERT_TRUE(tainted());
  kill();
  for (const FakeImds::Reply& bad : {FakeImds::Reply{503, ""}, FakeImds::Reply{401, ""}, FakeImds::Reply{200, "["}}) {
    imds.hook = [bad](const net::HttpRequest& request) -> std::optional<FakeImds::Reply> {
      if (request.method == "PUT" && bad.status == 200) return std::nullopt;
      return bad;
    };
    start();
    runtime.advance(1h);
    EXPECT_TRUE(tainted());
    kill();
  }
}

TEST_F(AgentTest, AMachineThatCameBackAfterAStopIsUncordoned) {
  start();
  runtime.advance(2s);
  spot_notice(120s, "stop");
  runtime.advance(10s);
  ASSERT_TRUE(cordoned());
  kill();  // the machine stops
  runtime.advance(1h);
  imds.pages.clear();
  cluster.edit_node("n1", [](Node& node) { node.boot_id = "boot-2"; });
  runtime.advance(1s);
  start();
  runtime.advance(15s);
  EXPECT_FALSE(cordoned());
  EXPECT_FALSE(tainted());
  EXPECT_FALSE(cluster.node("n1").labels.contains(plan::kExcludeLabel));
  EXPECT_FALSE(mark());
}

TEST_F(AgentTest, AMachineThatWasHibernatedComesBackWithItsOldBootId) {
  start();
  runtime.advance(2s);
  spot_notice(120s, "hibernate");
  runtime.advance(10s);
  kill();
  runtime.advance(1h);
  imds.pages.clear();
  start();
  runtime.advance(15s);
  EXPECT_FALSE(cordoned());
  EXPECT_FALSE(mark());
}

TEST_F(AgentTest, ARebootDuringAKillNoticeUndoesNothing) {
  start();
  runtime.advance(2s);
  spot_notice();
  runtime.advance(10s);
  kill();
  cluster.edit_node("n1", [](Node& node) { node.boot_id = "boot-2"; });
  start();
  runtime.advance(20s);
  EXPECT_TRUE(cordoned());
  ASSERT_TRUE(mark());
  EXPECT_EQ(mark()->boot_id, "boot-2");
}

TEST_F(AgentTest, AScheduledRebootThatHasHappenedIsOverThoughItIsStillListed) {
  const Instant when = runtime.now() + 10min;
  imds.put(FakeImds::kScheduled, scheduled("event-1", when));
  start();
  runtime.advance(15s);
  ASSERT_TRUE(tainted());
  kill();
  runtime.advance(11min);
  cluster.edit_node("n1", [](Node& node) { node.boot_id = "boot-2"; });
  cluster.add_pod("web-9", "n1", "web");
  start();
  runtime.advance(1min);
  EXPECT_FALSE(tainted());
  kill();
  start();  // and it stays so for a new process
  runtime.advance(1min);
  EXPECT_FALSE(tainted());
  EXPECT_TRUE(cluster.evictions.empty());
  EXPECT_TRUE(cluster.deletes.empty());
  imds.pages.clear();
  runtime.advance(1min);
  EXPECT_FALSE(cluster.node("n1").annotations.contains(kFinishedAnnotation));
}

// ---- records --------------------------------------------------------------------------------------------------------

TEST_F(AgentTest, AnUnreadableRecordIsLoggedOnceAndKeptBesideTheNewOne) {
  cluster.edit_node("n1", [](Node& node) { node.annotations.set(kInterruptionAnnotation, R"({"kind":"quake"})"); });
  start();
  runtime.advance(1h);
  EXPECT_TRUE(cluster.patches.empty());
  EXPECT_EQ(logged.find("can't be read"), logged.rfind("can't be read"));
  EXPECT_THAT(logged, HasSubstr("quake"));
  spot_notice();
  runtime.advance(3s);
  EXPECT_TRUE(mark());
  const std::string* const kept = cluster.node("n1").annotations.find(kUnreadableAnnotation);
  ASSERT_NE(kept, nullptr);
  EXPECT_EQ(*kept, R"({"kind":"quake"})");
}

TEST_F(AgentTest, AMarkOfSomebodyElseIsDrainedAndNeverUndone) {
  cluster.add_pod("web-1", "n1", "web");
  plan::NodeMark other;
  other.interruption = {.node = NodeName("n1"),
                        .kind = InterruptionKind::Kill,
                        .effect = InterruptionEffect::Terminate,
                        .source = "sqs/spot",
                        .id = "message-1",
                        .noticed = runtime.now(),
                        .deadline = Deadline{runtime.now() + 100s},
                        .confidence = 1.0};
  other.boot_id = "boot-1";
  cluster.edit_node("n1", [&](Node& node) { node.annotations.set(kInterruptionAnnotation, write_mark(other)); });
  start();
  runtime.advance(5s);
  EXPECT_EQ(cluster.evictions.size(), 1U);
  EXPECT_TRUE(cordoned());
  runtime.advance(10min);
  EXPECT_TRUE(mark());
}

// ---- clocks ---------------------------------------------------------------------------------------------------------

TEST_F(AgentTest, TheDeadlineIsOnThisMachinesClockWhateverTheSkew) {
  for (const Duration ahead : {Duration(5s), Duration(-5s), Duration(0s)}) {
    SCOPED_TRACE(format_duration(ahead));
    kill();
    imds.pages.clear();
    imds.date_behind = ahead;
    cluster.edit_node("n1", [](Node& node) { node.annotations = {}; });
    start();
    runtime.advance(2min);
    const Instant truth = runtime.now() + 120s;
    imds.spot("terminate", truth - ahead);  // as the service's clock has it
    runtime.advance(3s);
    ASSERT_TRUE(mark());
    EXPECT_LE(mark()->interruption.deadline->at - truth, 100ms);
    EXPECT_GE(mark()->interruption.deadline->at - truth, -100ms);
  }
}

// ---- who drains -----------------------------------------------------------------------------------------------------

class WithController : public AgentTest {
 protected:
  WithController() {
    config.acknowledge_within = 2s;
    cluster.add_pod("web-1", "n1", "web", 30s);
  }
  void claim() {
    cluster.edit_node("n1", [&](Node& node) {
      node.annotations.set(kDrainAnnotation, write_claim({"controller-1", 3, runtime.now()}));
    });
  }
};

TEST_F(WithController, TheAgentWaitsTwoSecondsForAnAcknowledgementThenDrains) {
  start();
  runtime.advance(10s);
  spot_notice();
  ASSERT_TRUE(runtime.run_until([&] { return cluster.evictions_asked > 0; }, 10s));
  const Duration waited = runtime.now() - mark()->interruption.noticed;
  EXPECT_GE(waited, 2s);
  EXPECT_LE(waited, 2100ms);
}

TEST_F(WithController, AShortNoticeIsWaitedForATenthOfItsTime) {
  start();
  runtime.advance(10s);
  spot_notice(8s);
  ASSERT_TRUE(runtime.run_until([&] { return cluster.evictions_asked > 0 || !cluster.deletes.empty(); }, 10s));
  EXPECT_LE(runtime.now() - mark()->interruption.noticed, 900ms);
}

TEST_F(WithController, TheAgentLeavesTheDrainToAControllerThatMakesProgress) {
  start();
  runtime.advance(10s);
  spot_notice();
  runtime.advance(1500ms);
  for (int i = 0; i < 30; ++i) {
    claim();
    runtime.advance(1s);
  }
  EXPECT_EQ(cluster.evictions_asked, 0);
  EXPECT_EQ(agent->status().phase, Phase::Marked);
  agent->stop();  // nothing of its own is under way
  runtime.advance(100ms);
  EXPECT_TRUE(ended);
}

TEST_F(WithController, TheAgentDrainsWhenTheControllersProgressStops) {
  start();
  runtime.advance(10s);
  spot_notice();
  runtime.advance(1500ms);
  claim();
  runtime.advance(4s);
  EXPECT_EQ(cluster.evictions_asked, 0);
  runtime.advance(3s);
  EXPECT_EQ(cluster.evictions.size(), 1U);
}

TEST_F(WithController, AtALastSafeStartTheAgentActsWhoeverOwnsTheNode) {
  start();
  runtime.advance(10s);
  spot_notice();
  const Instant dies = runtime.now() + 120s;
  while (cluster.deletes.empty() && runtime.now() < dies) {
    claim();
    runtime.advance(500ms);
  }
  ASSERT_EQ(cluster.deletes.size(), 1U);
  EXPECT_EQ(cluster.evictions_asked, 0);
  EXPECT_GE(dies - runtime.now(), 30s);
  EXPECT_LE(dies - runtime.now(), 60s);
}

TEST_F(WithController, AClaimOfAnEarlierInterruptionCountsForNothing) {
  claim();
  runtime.advance(10min);
  start();
  runtime.advance(10s);
  spot_notice();
  runtime.advance(5s);
  EXPECT_EQ(cluster.evictions.size(), 1U);
}

TEST_F(WithController, AClaimThatCanNotBeReadCountsForNothing) {
  start();
  runtime.advance(10s);
  spot_notice();
  cluster.edit_node("n1", [&](Node& node) { node.annotations.set(kDrainAnnotation, "mine!"); });
  runtime.advance(5s);
  EXPECT_EQ(cluster.evictions.size(), 1U);
}

// ---- ending ---------------------------------------------------------------------------------------------------------

TEST_F(AgentTest, EndsAtOnceWhenNothingIsUnderWay) {
  start();
  runtime.advance(10s);
  agent->stop();
  runtime.settle();
  EXPECT_TRUE(ended);
  EXPECT_EQ(agent->status().phase, Phase::Stopped);
}

TEST_F(AgentTest, FinishesItsDrainBeforeItEnds) {
  cluster.add_pod("web-1", "n1", "web", 30s);
  cluster.add_pod("web-2", "n2", "web", 30s);
  cluster.add_budget("strict", "web", 0);
  start();
  runtime.advance(2s);
  spot_notice();
  runtime.advance(3s);
  agent->stop();
  runtime.advance(20s);
  EXPECT_FALSE(ended);
  EXPECT_EQ(agent->status().phase, Phase::Draining);
  runtime.advance(70s);
  EXPECT_EQ(cluster.deletes.size(), 1U);
  EXPECT_TRUE(ended);
}

TEST_F(AgentTest, EndsAfterItsOwnGraceInAnyCase) {
  cluster.add_pod("web-1", "n1", "web", 30s);
  imds.put(FakeImds::kLifecycle, "Terminated");
  config.notices.lifecycle = 1h;
  cluster.evict_hook = [](const PodRef&) -> std::optional<kube::EvictAnswer> {
    return kube::EvictAnswer{kube::EvictOutcome::Forbidden, "no", std::nullopt};
  };
  start();
  runtime.advance(10s);
  EXPECT_EQ(agent->status().phase, Phase::Draining);
  agent->stop();
  runtime.advance(140s);
  EXPECT_FALSE(ended);
  runtime.advance(10s);
  EXPECT_TRUE(ended);
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
