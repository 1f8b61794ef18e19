// Requests, the pods that answer them, and the proxies between.
#include "tests/unit/sim/small_world.h"

namespace spotkeeper::sim {
namespace {

class Requests : public SmallWorld {
 protected:
  void serve(std::int32_t replicas, const PodKind& kind, double rate, double kept) {
    nodes(4);
    ASSERT_TRUE(world.create_deployment(workload("web", replicas, kind)));
    ASSERT_TRUE(world.create_service(shop("web"), {{"app", "web"}}, 80, 8080));
    settle();
    pass(15s);  // every proxy has heard
    Load load;
    load.service = shop("web");
    load.rate = rate;
    load.kept_share = kept;
    load.connections = 40;
    world.add_load(load);
    pass(5s);
    world.begin_measuring();
  }
  void end_load() {
    world.stop_load();
    pass(15s);
  }
  [[nodiscard]] std::uint64_t ended(Outcome outcome) const { return world.traffic().ended(outcome); }
};

TEST_F(Requests, AreAllAnsweredWhenNothingHappens) {
  serve(3, {}, 200, 0.5);
  pass(60s);
  end_load();
  EXPECT_NEAR(static_cast<double>(world.traffic().sent()), 12'000, 600);
  EXPECT_EQ(world.traffic().lost(), 0U);
  EXPECT_EQ(world.traffic().answered(), world.traffic().sent());
}

TEST_F(Requests, AreLostToProxiesThatHaveNotHeardWhenAPodEndsWithoutPreStop) {
  PodKind kind;
  kind.behaviour.answers_after_term = 0s;
  serve(3, kind, 500, 0);
  ASSERT_TRUE(remove(pods("web")[0]));
  pass(60s);
  end_load();
  EXPECT_GT(ended(Outcome::Refused), 0U);
  EXPECT_EQ(world.traffic().lost_by_pod.size(), 1U);
}

TEST_F(Requests, AreNotLostWhenPreStopCoversTheSlowestProxy) {
  PodKind kind;
  kind.pre_stop = 15s;
  serve(3, kind, 500, 0.5);
  ASSERT_TRUE(remove(pods("web")[0]));
  pass(60s);
  end_load();
  EXPECT_EQ(world.traffic().lost(), 0U);
}

TEST_F(Requests, AreCutAndResetByAnAbruptServer) {
  PodKind kind;
  kind.pre_stop = 15s;
  kind.behaviour.abrupt = true;
  kind.behaviour.concurrency = 4;
  kind.behaviour.service_time = 200ms;
  serve(1, kind, 25, 1);
  ASSERT_TRUE(world.scale_deployment(shop("web"), 3));
  settle();
  for (const Pod& pod : pods("web")) {
    const bool old = pod.created + 10s < world.now();
    if (old) {
      ASSERT_TRUE(remove(pod));
    }
  }
  pass(60s);
  end_load();
  EXPECT_GT(ended(Outcome::Cut), 0U);
}

TEST_F(Requests, AreAnswered503WhenTheQueueIsFull) {
  PodKind kind;
  kind.behaviour.concurrency = 2;
  kind.behaviour.queue = 2;
  kind.behaviour.service_time = 100ms;
  serve(1, kind, 100, 0);  // five times what it can serve
  pass(20s);
  end_load();
  EXPECT_GT(ended(Outcome::Error5xx), 500U);
  EXPECT_EQ(world.traffic().lost(), ended(Outcome::Error5xx));
}

TEST_F(Requests, AreTimedOutByTheClientWhenTheyTakeTooLong) {
  PodKind kind;
  kind.behaviour.service_time = 11s;
  kind.behaviour.service_sigma = 0;
  serve(1, kind, 1, 0);
  pass(30s);
  end_load();
  EXPECT_GT(ended(Outcome::Timeout), 0U);
  EXPECT_EQ(ended(Outcome::Answered), 0U);
}

TEST_F(Requests, MeetADeadMachineUntilItsEndpointsGo) {
  serve(4, {}, 400, 0.5);
  world.kill_machine(pods("web")[0].node);
  pass(120s);
  end_load();
  EXPECT_GT(ended(Outcome::Unreachable), 1000U);  // a quarter of the new ones for forty seconds and more
  EXPECT_GT(ended(Outcome::Timeout), 0U);         // kept connections that lead nowhere
  EXPECT_LE(ended(Outcome::Timeout), 40U);        // each of them once
  const Instant last = *world.traffic().last_loss;
  EXPECT_LT(last, world.now() - 60s);
}

TEST_F(Requests, OverKeptConnectionsAreNotLostWithAMachineWhoseProgramsHadClosedThem) {
  PodKind kind;
  kind.pre_stop = 15s;
  // So few for each connection that some are idle from before the SIGTERM until after the death.
  serve(4, kind, 1, 1);
  pass(2min);  // all forty connections are open
  const NodeName dying = pods("web")[0].node;
  NodeChange cordon;
  cordon.node = dying;
  cordon.unschedulable = true;
  ASSERT_TRUE(world.patch_node(cordon));
  for (const Pod& pod : pods("web")) {
    if (pod.node == dying) {
      ASSERT_TRUE(remove(pod));
    }
  }
  pass(40s);
  world.kill_machine(dying);
  pass(5min);
  end_load();
  EXPECT_EQ(world.traffic().lost(), 0U);
}

TEST_F(Requests, AreRefusedWhereThereIsNoEndpoint) {
  serve(1, {}, 50, 0);
  ASSERT_TRUE(world.scale_deployment(shop("web"), 0));
  pass(60s);
  end_load();
  EXPECT_GT(ended(Outcome::Refused), 0U);
  EXPECT_GT(world.traffic().lost_by_pod.at(""), 0U);
}

TEST_F(Requests, GoToEndingPodsThatStillServeWhenThereAreNoOthers) {
  PodKind kind;
  kind.pre_stop = 30s;
  kind.grace = 60s;
  serve(2, kind, 100, 0);
  NodeChange cordon;
  cordon.unschedulable = true;
  for (const char* name : {"n1", "n2", "n3", "n4"}) {
    cordon.node = NodeName(name);
    ASSERT_TRUE(world.patch_node(cordon));
  }
  for (const Pod& pod : pods("web")) ASSERT_TRUE(remove(pod));
  pass(25s);  // within their preStop
  EXPECT_EQ(world.traffic().lost(), 0U);
  EXPECT_GT(world.traffic().answered(), 1000U);
}

}  // namespace
}  // namespace spotkeeper::sim
