// Who drains, and when the agent itself may end.
#include "control/agent.h"

#include "tests/unit/control/agent_fixture.h"

namespace spotkeeper::control {
namespace {

using ::spotkeeper::testing::AgentWorld;
using ::spotkeeper::testing::FakeImds;
using Phase = AgentStatus::Phase;

using AgentEnd = AgentWorld;

class WithController : public AgentWorld {
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

TEST_F(AgentEnd, EndsAtOnceWhenNothingIsUnderWay) {
  start();
  runtime.advance(10s);
  agent->stop();
  runtime.settle();
  EXPECT_TRUE(ended);
  EXPECT_EQ(agent->status().phase, Phase::Stopped);
}

TEST_F(AgentEnd, FinishesItsDrainBeforeItEnds) {
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

TEST_F(AgentEnd, AskedToEndAtAnyPointItLeavesNoDrainHalfWay) {
  std::size_t half_way = 0;  // how often it was asked in mid-drain
  for (std::size_t point = 1; point <= 600; ++point) {
    SCOPED_TRACE("asked to end after call " + std::to_string(point));
    ::spotkeeper::testing::VirtualRuntime time;
    ::spotkeeper::testing::FakeCluster world(time);
    FakeImds service(time);
    for (const char* name : {"n1", "n2", "n3"}) world.add_node(name);
    for (const char* name : {"a", "b", "c"}) world.add_pod(std::string(name) + "-1", "n1", name, 20s);
    world.add_pod("c-2", "n2", "c", 20s);
    world.add_budget("strict", "c", 0);  // deleted at its last safe start
    time.advance(1s);
    bool over = false;
    net::TaskGroup tasks(time);
    Agent asked({time, world, service, metrics}, config);
    tasks.start([](Agent& of, bool& ended_now) -> net::Task<void> {
      co_await of.run();
      ended_now = true;
    }(asked, over));
    service.spot("terminate", time.now() + 60s);
    std::size_t calls = 0;
    time.run_until([&] { return calls++ == point; }, 60s);
    asked.stop();
    const auto told = [&] { return world.evictions.size() + world.deletes.size(); };
    if (told() > 0 && told() < 3) ++half_way;
    time.run_until([&] { return over; }, 150s);
    ASSERT_TRUE(over);
    ASSERT_TRUE(told() == 0 || told() == 3) << told() << " of 3 pods";
    tasks.cancel_all();
  }
  EXPECT_GT(half_way, 50U);
}

TEST_F(AgentEnd, EndsAfterItsOwnGraceInAnyCase) {
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

}  // namespace
}  // namespace spotkeeper::control
