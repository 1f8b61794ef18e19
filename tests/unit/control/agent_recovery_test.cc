// A new process goes on where the last one was, or takes back what has not come to pass.
#include "control/agent.h"

#include <set>

#include "tests/unit/control/agent_fixture.h"

namespace spotkeeper::control {
namespace {

using ::spotkeeper::testing::AgentWorld;
using ::spotkeeper::testing::FakeImds;
using ::testing::HasSubstr;
using Phase = AgentStatus::Phase;

class AgentRecovery : public AgentWorld {
 protected:
  /// A notice, ten seconds of the drain, and an hour in which the machine is off; what was announced is forgotten.
  void machine_goes(const char* action) {
    start();
    runtime.advance(2s);
    spot_notice(120s, action);
    runtime.advance(10s);
    ASSERT_TRUE(cordoned());
    kill();
    runtime.advance(1h);
    imds.pages.clear();
  }
};

// ---- crashes --------------------------------------------------------------------------------------------------------

TEST_F(AgentRecovery, GoesOnAfterACrashAtEveryPointNothingTwiceNothingLost) {
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

TEST_F(AgentRecovery, DrainsFromTheRecordAloneWhenTheMetadataServiceIsSilentAfterACrash) {
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

TEST_F(AgentRecovery, ARebalanceTaintsAloneAndIsUndoneAfterItsHoldForGood) {
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

TEST_F(AgentRecovery, ARebalanceNeverDrainsByItselfHoweverMuchRoomThereIs) {
  cluster.add_pod("web-1", "n1", "web");
  start();
  imds.rebalance(runtime.now());
  runtime.advance(1h);
  EXPECT_TRUE(cluster.evictions.empty());
  EXPECT_TRUE(cluster.deletes.empty());
}

TEST_F(AgentRecovery, ARebalanceDrainsWhereThatIsAskedForAsBudgetsAllow) {
  cluster.add_pod("web-1", "n1", "web");
  cluster.add_pod("strict-1", "n1", "strict");
  cluster.add_budget("strict", "strict", 0);
  config.rebalance_drains = true;
  start();
  imds.rebalance(runtime.now());
  runtime.advance(1h);
  EXPECT_EQ(cluster.evictions.size(), 1U);  // the budget allows nothing of the other, and no machine goes by itself
  EXPECT_TRUE(cluster.deletes.empty());
  EXPECT_TRUE(tainted());
  EXPECT_FALSE(cordoned());
  EXPECT_EQ(cluster.events_with("RebalanceRecommended"), 1);
}

TEST_F(AgentRecovery, ADrainWithoutADeadlineDoesNotKeepTheProcessFromEnding) {
  cluster.add_pod("strict-1", "n1", "strict");
  cluster.add_budget("strict", "strict", 0);
  config.rebalance_drains = true;
  start();
  imds.rebalance(runtime.now());
  runtime.advance(10s);
  EXPECT_EQ(agent->status().phase, Phase::Draining);
  agent->stop();
  runtime.advance(5s);
  EXPECT_TRUE(ended);
  cluster.add_pod("strict-2", "n2", "strict");
  cluster.add_budget("strict", "strict", 1);
  start();  // the next process goes on
  runtime.advance(10s);
  EXPECT_EQ(cluster.evictions.size(), 1U);
}

TEST_F(AgentRecovery, ARebalanceThatDrainsWaitsForRoomElsewhere) {
  cluster.add_pod("web-1", "n1", "web");
  for (const char* const other : {"n2", "n3"}) cluster.edit_node(other, [](Node& node) { node.allocatable = {}; });
  config.rebalance_drains = true;
  start();
  imds.rebalance(runtime.now());
  runtime.advance(1h);
  EXPECT_TRUE(cluster.evictions.empty());
  cluster.add_node("replacement");
  runtime.advance(20s);
  EXPECT_EQ(cluster.evictions.size(), 1U);
}

TEST_F(AgentRecovery, AKillAfterARebalanceDrains) {
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

TEST_F(AgentRecovery, ACancelledMaintenanceIsUndoneAndWhatOthersSetStays) {
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

TEST_F(AgentRecovery, ErrorsOfTheMetadataServiceUndoNothing) {
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

TEST_F(AgentRecovery, AMachineThatCameBackAfterAStopIsUncordoned) {
  machine_goes("stop");
  cluster.edit_node("n1", [](Node& node) { node.boot_id = "boot-2"; });
  runtime.advance(1s);
  start();
  runtime.advance(15s);
  EXPECT_FALSE(cordoned());
  EXPECT_FALSE(tainted());
  EXPECT_FALSE(cluster.node("n1").labels.contains(plan::kExcludeLabel));
  EXPECT_FALSE(mark());
}

TEST_F(AgentRecovery, AMachineThatCameBackIsUncordonedThoughItsMetadataServiceAnswersLater) {
  machine_goes("stop");
  cluster.edit_node("n1", [](Node& node) { node.boot_id = "boot-2"; });
  imds.hook = [](const net::HttpRequest&) {
    return FakeImds::Reply{.status = 0, .body = {}, .error = ErrorCode::Unavailable};
  };
  start();
  runtime.advance(10s);
  ASSERT_TRUE(mark());
  EXPECT_EQ(mark()->boot_id, "boot-1") << "the only trace of the machine's return";
  imds.hook = {};
  runtime.advance(15s);
  EXPECT_FALSE(cordoned());
  EXPECT_FALSE(mark());
}

TEST_F(AgentRecovery, AMachineThatWasHibernatedComesBackWithItsOldBootId) {
  machine_goes("hibernate");
  start();
  runtime.advance(15s);
  EXPECT_FALSE(cordoned());
  EXPECT_FALSE(mark());
}

TEST_F(AgentRecovery, ARebootDuringAKillNoticeUndoesNothing) {
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

TEST_F(AgentRecovery, AScheduledRebootThatHasHappenedIsOverThoughItIsStillListed) {
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

TEST_F(AgentRecovery, AnUnreadableRecordIsLoggedOnceAndKeptBesideTheNewOne) {
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

TEST_F(AgentRecovery, AMarkOfSomebodyElseIsDrainedAndNeverUndone) {
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

}  // namespace
}  // namespace spotkeeper::control
