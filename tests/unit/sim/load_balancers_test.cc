// Load balancers with IP targets: who hears of a pod's end, and when.
#include <gmock/gmock.h>

#include "tests/unit/sim/small_world.h"

namespace spotkeeper::sim {
namespace {

using testing::HasSubstr;

class LoadBalancer : public SmallWorld {
 protected:
  /// Three replicas behind a balancer to which every one has joined.
  void serve(const LoadBalancerSettings& settings, const PodKind& kind, double kept = 0) {
    nodes(3);
    ASSERT_TRUE(world.create_deployment(workload("web", 3, kind)));
    ASSERT_TRUE(world.create_service(shop("web"), {{"app", "web"}}, 80, 8080));
    world.add_load_balancer(shop("web"), settings);
    settle();
    pass(settings.controller.most + settings.api.most + settings.join.most + 1s);
    Load load;
    load.service = shop("web");
    load.rate = 100;
    load.kept_share = kept;
    load.connections = 30;
    load.from_outside = true;
    world.add_load(load);
    pass(2s);
    world.explain_losses();
    world.begin_measuring();
  }
  void end_load() {
    world.stop_load();
    pass(15s);
  }
  static LoadBalancerSettings exact(LoadBalancerType type, Duration join, Duration leave) {
    LoadBalancerSettings settings = usual(type);
    settings.controller = {1s, 1s};
    settings.api = {1s, 1s};
    settings.join = {join, join};
    settings.leave = {leave, leave};
    return settings;
  }
  static PodKind with_pre_stop(std::chrono::seconds length) {
    PodKind kind;
    kind.pre_stop = length;
    kind.grace = length + 30s;
    return kind;
  }
};

TEST_F(LoadBalancer, SendsToAllTargetsAlikeWhenNothingHappens) {
  serve(usual(LoadBalancerType::Nlb), {}, 0.5);
  pass(60s);
  end_load();
  EXPECT_EQ(world.traffic().lost(), 0U);
  EXPECT_NEAR(static_cast<double>(world.traffic().answered()), 6000, 500);
}

TEST_F(LoadBalancer, GoesOnSendingToAPodThatHasEndedUntilItsTargetHasLeft) {
  LoadBalancerSettings slow = exact(LoadBalancerType::Nlb, 5s, 120s);
  slow.unhealthy_after = 1h;  // no health check helps
  serve(slow, with_pre_stop(15s));
  ASSERT_TRUE(remove(pods("web")[0]));
  pass(3min);
  end_load();
  // 15 s of preStop and 5 s of answering after SIGTERM are covered; of 122 s a quarter of all new connections is lost,
  // for the successor has joined meanwhile.
  EXPECT_NEAR(static_cast<double>(world.traffic().lost()), (122 - 20) * 100 / 4.0, 200);
  EXPECT_EQ(world.traffic().lost(), world.traffic().ended(Outcome::Refused));
}

TEST_F(LoadBalancer, LosesNothingWhereThePodAnswersUntilItsTargetHasLeft) {
  serve(exact(LoadBalancerType::Nlb, 5s, 120s), with_pre_stop(125s), 0.5);
  ASSERT_TRUE(remove(pods("web")[0]));
  pass(4min);
  end_load();
  EXPECT_EQ(world.traffic().lost(), 0U);
}

TEST_F(LoadBalancer, PassesOverATargetWhoseHealthChecksHaveFailed) {
  LoadBalancerSettings slow = exact(LoadBalancerType::Nlb, 5s, 120s);
  slow.unhealthy_after = 30s;
  serve(slow, {});
  world.kill_machine(pods("web")[0].node);
  pass(3min);
  end_load();
  EXPECT_NEAR(static_cast<double>(world.traffic().lost()), 30 * 100 / 3.0, 200);
  EXPECT_GT(world.traffic().ended(Outcome::Unreachable), 0U);
}

TEST_F(LoadBalancer, SendsNothingToANewPodBeforeItHasJoined) {
  serve(exact(LoadBalancerType::Nlb, 60s, 120s), {});
  ASSERT_TRUE(world.scale_deployment(shop("web"), 4));
  settle();
  std::string newest;
  Instant created;
  for (const Pod& pod : pods("web")) {
    if (pod.created > created) {
      created = pod.created;
      newest = pod.name.str();
    }
  }
  // Nobody can see where an answered request went; a pod that dies at once shows that none had been sent to it.
  PodObject young = *world.store().get<PodObject>(shop(newest.substr(newest.find('/') + 1)));
  ASSERT_TRUE(remove(young.pod, 0s));
  pass(20s);
  end_load();
  EXPECT_EQ(world.traffic().lost(), 0U);
}

TEST_F(LoadBalancer, OfTypeAlbChoosesForEveryRequestOfAKeptConnection) {
  serve(exact(LoadBalancerType::Alb, 5s, 10s), with_pre_stop(20s), 1);
  const auto machine = pods("web")[0].node;
  NodeChange cordon;
  cordon.node = machine;
  cordon.unschedulable = true;
  ASSERT_TRUE(world.patch_node(cordon));
  ASSERT_TRUE(remove(pods("web")[0]));
  pass(25s);  // the target has left
  world.kill_machine(machine);
  pass(1min);
  end_load();
  EXPECT_EQ(world.traffic().ended(Outcome::Timeout), 0U);
  EXPECT_EQ(world.traffic().lost(), 0U);
}

TEST_F(LoadBalancer, OfTypeNlbKeepsAConnectionWithItsPodUntilTheMachineDies) {
  serve(exact(LoadBalancerType::Nlb, 5s, 10s), {}, 1);
  world.kill_machine(pods("web")[0].node);
  pass(1min);
  end_load();
  EXPECT_GT(world.traffic().ended(Outcome::Timeout), 0U);
}

TEST_F(LoadBalancer, IsNamedInTheExplanationOfALossWithWhatWasMissing) {
  LoadBalancerSettings slow = exact(LoadBalancerType::Nlb, 5s, 40s);
  slow.unhealthy_after = 1h;
  serve(slow, with_pre_stop(15s));
  ASSERT_TRUE(remove(pods("web")[0]));
  pass(2min);
  end_load();
  ASSERT_FALSE(world.losses().empty());
  const LostRequest& first = world.losses().front();
  EXPECT_FALSE(first.proxy);
  EXPECT_EQ(first.balancer, "the NLB of shop/web");
  ASSERT_TRUE(first.missing);
  EXPECT_NEAR(seconds_of(*first.missing), 42 - 20, 2);
  EXPECT_THAT(explain(first), HasSubstr("the NLB of shop/web heard 2"));
  EXPECT_THAT(explain(first), HasSubstr("longer would have kept it"));
}

TEST_F(LoadBalancer, IsBesideKubeProxyForLoadsFromInside) {
  LoadBalancerSettings slow = exact(LoadBalancerType::Nlb, 5s, 120s);
  slow.unhealthy_after = 1h;
  nodes(3);
  ASSERT_TRUE(world.create_deployment(workload("web", 3, with_pre_stop(15s))));
  ASSERT_TRUE(world.create_service(shop("web"), {{"app", "web"}}, 80, 8080));
  world.add_load_balancer(shop("web"), slow);
  settle();
  pass(15s);
  Load load;
  load.service = shop("web");
  world.add_load(load);
  world.begin_measuring();
  ASSERT_TRUE(remove(pods("web")[0]));
  pass(2min);
  end_load();
  EXPECT_EQ(world.traffic().lost(), 0U);
}

}  // namespace
}  // namespace spotkeeper::sim
