// The clocks of an agent: whatever becomes of the wall clock, what is done is done at the same moments.
#include "control/agent_clock.h"

#include <string>
#include <vector>

#include "tests/unit/control/agent_fixture.h"

namespace spotkeeper::control {
namespace {

using ::spotkeeper::testing::AgentWorld;
using ::spotkeeper::testing::FakeCluster;
using ::spotkeeper::testing::FakeImds;
using ::spotkeeper::testing::SettableClock;
using ::spotkeeper::testing::VirtualRuntime;

// ---- the clock ------------------------------------------------------------------------------------------------------

class Reckoning : public ::testing::Test {
 protected:
  VirtualRuntime world;
  SettableClock machine{world};
  std::optional<Duration> skew;
  AgentClock clock{machine, [this] { return skew; }};
};

TEST_F(Reckoning, IsTheWallClockLessItsSkew) {
  EXPECT_EQ(clock.now(), machine.now());
  skew = 5s;
  EXPECT_EQ(clock.now(), machine.now() - 5s);
  EXPECT_EQ(clock.at(clock.steady() - 10s), clock.now() - 10s);
}

TEST_F(Reckoning, GoesByTheSteadyClockWhileItIsHeld) {
  skew = 5s;
  const Instant begin = clock.now();
  clock.hold();
  world.advance(30s);
  machine.jump(10min);
  skew = 7s;
  clock.hold();
  EXPECT_EQ(clock.now(), begin + 30s);
  clock.release();
  EXPECT_EQ(clock.now(), machine.now() - 7s);
}

TEST_F(Reckoning, BeginsAnewOnceWhenTheSkewBecomesKnown) {
  clock.hold();
  machine.jump(10min);
  skew = 10min;
  clock.hold();
  EXPECT_EQ(clock.now(), world.now());
  skew = 5min;
  clock.hold();
  EXPECT_EQ(clock.now(), world.now());
}

// ---- the agent ------------------------------------------------------------------------------------------------------

/// What an agent did to the cluster, and when on the clock that does not jump.
using Deeds = std::vector<std::pair<std::string, Steady>>;

struct Story {
  bool dates = true;                             // the metadata service says what time it has
  Duration wrong_at_first{};                     // the machine's clock
  Duration jump{};                               // in mid-drain
  std::optional<Duration> crash = std::nullopt;  // after the notice; the next process begins two seconds later
};

/// Three pods whose ends come at different times: at once, by a budget that allows one at a time, at a last safe start.
Deeds told(const Story& story, std::string* deadline = nullptr) {
  VirtualRuntime world;
  SettableClock machine(world);
  FakeCluster cluster(world);
  FakeImds imds(world);
  MetricsRegistry metrics;
  machine.jump(story.wrong_at_first);
  if (story.dates) imds.date_behind = 0s;
  for (const char* name : {"n1", "n2", "n3"}) cluster.add_node(name);
  cluster.add_pod("free-1", "n1", "free");
  cluster.add_pod("strict-1", "n1", "strict", 30s);
  cluster.add_pod("strict-2", "n2", "strict", 30s);
  cluster.add_pod("long-1", "n1", "long", 90s);
  cluster.add_pod("long-2", "n2", "long", 90s);
  cluster.add_budget("nothing", "strict", 0);
  cluster.add_budget("nothing-either", "long", 0);
  Deeds deeds;
  cluster.patch_hook = [&](const NodeChange&) -> std::optional<Error> {
    deeds.emplace_back("patch", world.steady());
    return std::nullopt;
  };
  cluster.evict_hook = [&](const PodRef& pod) -> std::optional<kube::EvictAnswer> {
    deeds.emplace_back("evict " + pod.name.name, world.steady());
    return std::nullopt;
  };
  cluster.delete_hook = [&](const PodRef& pod) -> std::optional<Result<kube::DeleteOutcome>> {
    deeds.emplace_back("delete " + pod.name.name, world.steady());
    return std::nullopt;
  };
  AgentConfig config;
  config.node = NodeName("n1");
  config.acknowledge_within = 0s;
  net::TaskGroup group(world);
  world.advance(1s);
  auto agent = std::make_unique<Agent>(AgentPorts{machine, cluster, imds, metrics}, config);
  group.start(agent->run());
  world.advance(30s);
  imds.spot("terminate", world.now() + 120s);
  world.advance(10s);
  machine.jump(story.jump);
  if (story.crash) {
    world.advance(*story.crash - 10s);
    group.cancel_all();
    agent = std::make_unique<Agent>(AgentPorts{machine, cluster, imds, metrics}, config);
    world.advance(2s);
    group.start(agent->run());
  }
  world.advance(150s);
  if (deadline != nullptr) {
    const auto mark = mark_of(cluster.node("n1")).value();
    *deadline = mark ? format_rfc3339(mark->interruption.deadline->at) : "no mark";
  }
  group.cancel_all();
  return deeds;
}

const Deeds& undisturbed() {
  static const Deeds deeds = told({});
  return deeds;
}

TEST(ClockThatIsSet, TheStoryHasSomethingToMove) {
  ASSERT_GE(undisturbed().size(), 4U);
  EXPECT_EQ(undisturbed().back().first, "delete strict-1");
}

TEST(ClockThatIsSet, MovesNothingInMidDrain) {
  for (const Duration jump : {Duration(10min), Duration(-10min), Duration(1s), Duration(-30s)}) {
    EXPECT_EQ(told({.jump = jump}), undisturbed()) << format_duration(jump);
    EXPECT_EQ(told({.dates = false, .jump = jump}), undisturbed()) << format_duration(jump);
  }
}

TEST(ClockThatIsSet, MovesNothingBeforeTheNoticeWhereTheServiceSaysTheTime) {
  for (const Duration wrong : {Duration(10min), Duration(-10min)}) {
    std::string deadline;
    std::string right;
    (void)told({}, &right);
    EXPECT_EQ(told({.wrong_at_first = wrong}, &deadline).size(), undisturbed().size());
    for (std::size_t i = 0; i < undisturbed().size(); ++i) {
      const auto moved = told({.wrong_at_first = wrong})[i].second - undisturbed()[i].second;
      EXPECT_LE(moved, 1100ms) << i;  // the service's Date is cut to the second
      EXPECT_GE(moved, -1100ms) << i;
    }
    EXPECT_EQ(deadline, right);
  }
}

TEST(ClockThatIsSet, MovesNothingThroughACrash) {
  const Deeds calm = told({.crash = 20s});
  for (const Duration jump : {Duration(10min), Duration(-10min)}) {
    const Deeds deeds = told({.jump = jump, .crash = 20s});
    ASSERT_EQ(deeds.size(), calm.size()) << format_duration(jump);
    for (std::size_t i = 0; i < calm.size(); ++i) {
      EXPECT_EQ(deeds[i].first, calm[i].first);
      EXPECT_LE(deeds[i].second - calm[i].second, 1100ms) << deeds[i].first;
      EXPECT_GE(deeds[i].second - calm[i].second, -1100ms) << deeds[i].first;
    }
  }
}

using AgentClocks = AgentWorld;

TEST_F(AgentClocks, TheRecordIsOnTheServicesClockAndTheLastSafeStartAtTheRightMoment) {
  for (const Duration ahead : {Duration(5s), Duration(-5s), Duration(0s)}) {
    SCOPED_TRACE(format_duration(ahead));
    kill();
    imds.pages.clear();
    imds.date_behind = 0s;
    machine.set_ahead(ahead);
    cluster.edit_node("n1", [](Node& node) { node.annotations = {}; });
    cluster.add_pod("web-1", "n1", "web", 30s);
    cluster.add_pod("web-2", "n2", "web", 30s);
    cluster.add_budget("strict", "web", 0);
    cluster.deletes.clear();
    start();
    runtime.advance(2min);
    const Instant dies = runtime.now() + 120s;
    spot_notice();
    runtime.advance(3s);
    ASSERT_TRUE(mark());
    EXPECT_EQ(mark()->interruption.deadline, Deadline{dies});
    ASSERT_TRUE(runtime.run_until([&] { return !cluster.deletes.empty(); }, 200s));
    EXPECT_NEAR(seconds_of(dies - runtime.now()), 32, 0.3);
    runtime.advance(2min);
  }
}

}  // namespace
}  // namespace spotkeeper::control
