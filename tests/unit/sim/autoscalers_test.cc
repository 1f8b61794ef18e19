// Replicas that follow the load.
#include "tests/unit/sim/small_world.h"

namespace spotkeeper::sim {
namespace {

class Autoscaling : public SmallWorld {
 protected:
  /// One replica is busy to 100 % with 320 requests a second.
  void serve(std::int32_t replicas, double rate, const AutoscaleSettings& settings) {
    nodes(10);
    PodKind kind;
    kind.behaviour.concurrency = 64;
    kind.behaviour.service_time = 200ms;
    kind.behaviour.service_sigma = 0.1;
    kind.behaviour.queue = 10'000;
    ASSERT_TRUE(world.create_deployment(workload("web", replicas, kind)));
    ASSERT_TRUE(world.create_service(shop("web"), {{"app", "web"}}, 80, 8080));
    settle();
    pass(15s);
    ask(rate);
    ASSERT_TRUE(world.autoscale(shop("web"), settings));
  }
  void ask(double rate) {
    Load load;
    load.service = shop("web");
    load.rate = rate;
    load.kept_share = 0;
    load.time_limit = 1min;
    world.add_load(load);
  }
  [[nodiscard]] std::int32_t replicas() const { return world.store().get<DeploymentObject>(shop("web"))->replicas; }
  static AutoscaleSettings between(std::int32_t least, std::int32_t most) {
    AutoscaleSettings settings;
    settings.least = least;
    settings.most = most;
    settings.utilisation = 0.5;
    return settings;
  }
};

TEST_F(Autoscaling, LooksEveryFifteenSecondsAndMakesAsManyAsTheLoadWants) {
  serve(3, 800, between(1, 20));  // 800 / 320 / 0.5 = 5
  pass(14s);
  EXPECT_EQ(replicas(), 3);
  pass(3min);
  EXPECT_NEAR(replicas(), 5, 1);
  EXPECT_EQ(pods("web").size(), static_cast<std::size_t>(replicas()));
}

TEST_F(Autoscaling, DoesNothingWithinItsTolerance) {
  serve(5, 816, between(1, 20));  // busy to 51 % where 50 % is wished
  for (int i = 0; i < 20; ++i) {
    pass(15s);
    EXPECT_EQ(replicas(), 5);
  }
}

TEST_F(Autoscaling, KeepsReplicasForFiveMinutesAfterTheLoadHasFallen) {
  serve(5, 800, between(1, 20));
  pass(2min);
  world.stop_load();
  ask(128);
  const Instant fell = world.now();
  pass(4min);
  EXPECT_EQ(replicas(), 5);
  while (replicas() == 5 && world.now() - fell < 20min) pass(1s);
  EXPECT_GE(world.now() - fell, 4min + 45s);
  EXPECT_LE(world.now() - fell, 6min);
  pass(10min);
  EXPECT_EQ(replicas(), 1);
}

TEST_F(Autoscaling, GrowsAtMostTwofoldOrByFourAtATimeAndNeverBeyondItsMost) {
  serve(2, 3200, between(1, 9));
  pass(17s);
  EXPECT_LE(replicas(), 6);
  EXPECT_GT(replicas(), 2);
  pass(3min);
  EXPECT_EQ(replicas(), 9);
}

TEST_F(Autoscaling, IsRefusedForWhatIsNoDeployment) { EXPECT_FALSE(world.autoscale(shop("nothing"), {})); }

}  // namespace
}  // namespace spotkeeper::sim
