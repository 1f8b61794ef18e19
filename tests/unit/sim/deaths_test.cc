#include "sim/deaths.h"

#include <gmock/gmock.h>

#include "tests/unit/sim/small_world.h"

namespace spotkeeper::sim {
namespace {

class Deaths : public SmallWorld {
 protected:
  /// One replica of a service, with a preStop of 15 s, that answers for 4 s after SIGTERM.
  Pod settled_pod() {
    PodKind kind;
    kind.pre_stop = 15s;
    kind.behaviour.answers_after_term = 4s;
    EXPECT_TRUE(world.create_deployment(workload("web", 1, kind)));
    EXPECT_TRUE(world.create_service(shop("web"), {{"app", "web"}}, 80, 8080));
    settle();
    pass(30s);  // every proxy has heard of it
    world.explain_deaths();
    return pods("web").front();
  }
  [[nodiscard]] static Duration after(const PodDeath& death, DeathMoment moment) {
    return *death.when(moment) - *death.when(DeathMoment::Told);
  }
};

TEST_F(Deaths, SayWhenEachThingHappenedToAPodThatHadItsTime) {
  nodes(2);
  const Pod pod = settled_pod();
  ASSERT_TRUE(evict(pod));
  pass(60s);
  const std::vector<PodDeath> deaths = world.deaths();
  ASSERT_EQ(deaths.size(), 1U);
  const PodDeath& death = deaths.front();
  EXPECT_EQ(death.pod, pod.name);
  EXPECT_EQ(death.node, pod.node);
  EXPECT_LT(after(death, DeathMoment::EndpointNotReady), 1s);
  EXPECT_LT(after(death, DeathMoment::HookBegun), 1s);
  EXPECT_EQ(*death.when(DeathMoment::HookOver) - *death.when(DeathMoment::HookBegun), 15s);
  EXPECT_EQ(death.when(DeathMoment::Sigterm), death.when(DeathMoment::HookOver));
  EXPECT_EQ(*death.when(DeathMoment::Ended) - *death.when(DeathMoment::Sigterm), 4s);
  EXPECT_GT(after(death, DeathMoment::ProxiesLeft), after(death, DeathMoment::EndpointNotReady));
  EXPECT_GE(after(death, DeathMoment::ProxiesLeft), 10s) << "that of the straggler";
  EXPECT_GT(after(death, DeathMoment::EndpointGone), after(death, DeathMoment::Ended));
  EXPECT_GT(after(death, DeathMoment::ObjectGone), after(death, DeathMoment::Ended));
  EXPECT_FALSE(death.when(DeathMoment::BalancerLeft)) << "there is none";
}

TEST_F(Deaths, OfAMachineAreEndsThatNobodyAskedFor) {
  nodes(2);
  const Pod pod = settled_pod();
  world.kill_machine(pod.node);
  pass(5s);
  const std::vector<PodDeath> deaths = world.deaths();
  ASSERT_EQ(deaths.size(), 1U);
  EXPECT_EQ(*deaths[0].when(DeathMoment::Ended), world.now() - 5s);
  EXPECT_FALSE(deaths[0].when(DeathMoment::Told));
  EXPECT_FALSE(deaths[0].when(DeathMoment::Sigterm));
  EXPECT_FALSE(deaths[0].when(DeathMoment::ProxiesLeft)) << "nobody has heard yet";
}

TEST_F(Deaths, HaveNoProxyThatLeftWhileOneStillSends) {
  nodes(2);
  const Pod pod = settled_pod();
  ASSERT_TRUE(evict(pod));
  pass(5s);
  EXPECT_FALSE(world.deaths().front().when(DeathMoment::ProxiesLeft));
  pass(10s);
  EXPECT_TRUE(world.deaths().front().when(DeathMoment::ProxiesLeft));
}

TEST_F(Deaths, NameTheMomentWhenTheLoadBalancerStops) {
  nodes(2);
  const Pod pod = settled_pod();
  LoadBalancerSettings settings = usual(LoadBalancerType::Alb);
  settings.controller = {2s, 2s};
  settings.api = {1s, 1s};
  settings.leave = {7s, 7s};
  world.add_load_balancer(shop("web"), settings);
  pass(60s);
  // It hears of the Service's endpoints at their next change.
  ASSERT_TRUE(world.scale_deployment(shop("web"), 2));
  settle();
  pass(60s);
  ASSERT_TRUE(evict(pod));
  pass(5s);
  EXPECT_FALSE(world.deaths().front().when(DeathMoment::BalancerLeft)) << "it is in the future";
  pass(55s);
  const PodDeath death = world.deaths().front();
  EXPECT_GT(after(death, DeathMoment::BalancerLeft), 10s);
  EXPECT_LT(after(death, DeathMoment::BalancerLeft), 11s);
}

TEST_F(Deaths, AreNotKeptUnlessSomebodyAsks) {
  nodes(1);
  ASSERT_TRUE(world.create_deployment(workload("web", 1)));
  settle();
  ASSERT_TRUE(evict(pods("web").front()));
  pass(60s);
  EXPECT_TRUE(world.deaths().empty());
}

TEST(PodDeath, IsToldInOneLineWithWhatHappened) {
  PodDeath death;
  death.pod = shop("web-x");
  death.node = NodeName("a-1");
  const Instant start{1000s};
  EXPECT_EQ(describe(death, start), "shop/web-x on a-1: not told");
  death.at[static_cast<std::size_t>(DeathMoment::Ended)] = start + 20s;
  EXPECT_EQ(describe(death, start), "shop/web-x on a-1: not told; ended at 20.0 s");
  death.at[static_cast<std::size_t>(DeathMoment::Told)] = start + 10s;
  death.at[static_cast<std::size_t>(DeathMoment::Sigterm)] = start + 15s;
  EXPECT_EQ(describe(death, start), "shop/web-x on a-1: told at 10.0 s; SIGTERM after 5.0 s, ended after 10.0 s");
}

TEST(PodDeath, HasAFieldForEveryMomentInItsJson) {
  PodDeath death;
  death.pod = shop("web-x");
  const Instant start{1000s};
  death.at[static_cast<std::size_t>(DeathMoment::Sigterm)] = start + 1500ms;
  const format::JsonValue json = to_json(death, start);
  EXPECT_EQ(json.as_object().size(), 2 + death_moment_count);
  EXPECT_EQ(format::JsonField(json)[name_of(DeathMoment::Sigterm)].get_or(0.0).value(), 1.5);
}

}  // namespace
}  // namespace spotkeeper::sim
