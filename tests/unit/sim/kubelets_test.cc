#include "sim/kubelets.h"

#include <algorithm>

#include "sim/state.h"
#include "tests/unit/sim/small_world.h"

namespace spotkeeper::sim {
namespace {

using Kubelet = SmallWorld;

TEST_F(Kubelet, MakesAPodReadyAfterItsStartItsProgramAndAProbe) {
  nodes(1);
  PodKind slow;
  slow.behaviour.start = 5s;
  slow.behaviour.ready_after = 20s;
  slow.behaviour.probe_period = 10s;
  ASSERT_TRUE(world.create_deployment(workload("web", 1, slow)));
  pass(20s);
  ASSERT_EQ(pods("web").size(), 1U);
  EXPECT_EQ(pods("web")[0].phase, PodPhase::Running);
  EXPECT_FALSE(pods("web")[0].ready);
  settle();
  const Pod pod = pods("web")[0];
  EXPECT_GE(*pod.ready_since - pod.created, 23s);
  EXPECT_LE(*pod.ready_since - pod.created, 45s);
}

TEST_F(Kubelet, RunsPreStopBeforeSigtermWithinTheGrace) {
  nodes(1);
  PodKind kind;
  kind.pre_stop = 15s;
  kind.behaviour.answers_after_term = 4s;
  ASSERT_TRUE(world.create_deployment(workload("web", 1, kind)));
  settle();
  const Pod pod = pods("web")[0];
  ASSERT_TRUE(remove(pod));
  pass(14s);
  EXPECT_TRUE(object(pod)->pod.ready);  // readiness goes on while it ends
  const Duration rest = gone_after(pod);
  EXPECT_GE(14s + rest, 19s);
  EXPECT_LE(14s + rest, 20s);
}

TEST_F(Kubelet, KillsWhenTheGraceIsOverAndCountsIt) {
  nodes(1);
  PodKind kind;
  kind.grace = 10s;
  kind.behaviour.ignores_term = true;
  ASSERT_TRUE(world.create_deployment(workload("web", 1, kind)));
  settle();
  world.begin_measuring();
  const Pod pod = pods("web")[0];
  ASSERT_TRUE(remove(pod));
  const Duration took = gone_after(pod);
  EXPECT_GE(took, 10s);
  EXPECT_LE(took, 11s);
  EXPECT_EQ(world.pods().killed_hard, 1U);
}

TEST_F(Kubelet, LeavesAtLeastTwoSecondsAfterPreStop) {
  nodes(1);
  PodKind kind;
  kind.grace = 10s;
  kind.pre_stop = 10s;  // all of it
  kind.behaviour.ignores_term = true;
  ASSERT_TRUE(world.create_deployment(workload("web", 1, kind)));
  settle();
  const Pod pod = pods("web")[0];
  ASSERT_TRUE(remove(pod));
  const Duration took = gone_after(pod);
  EXPECT_GE(took, 10s + kLeastGrace);
  EXPECT_LE(took, 11s + kLeastGrace);
}

TEST_F(Kubelet, CountsAShortenedGraceFromThen) {
  nodes(1);
  PodKind kind;
  kind.grace = 300s;
  kind.behaviour.ignores_term = true;
  ASSERT_TRUE(world.create_deployment(workload("web", 1, kind)));
  settle();
  const Pod pod = pods("web")[0];
  ASSERT_TRUE(remove(pod));
  pass(20s);
  ASSERT_TRUE(remove(pod, 25s));  // counted from the first delete: 5 s are left
  EXPECT_LE(*object(pod)->pod.deletion - world.now(), 5s);
  const Duration took = gone_after(pod);
  EXPECT_LE(took, 27s);
}

TEST_F(Kubelet, NeverLengthensAGrace) {
  nodes(1);
  ASSERT_TRUE(world.create_deployment(workload("web", 1)));
  settle();
  const Pod pod = pods("web")[0];
  ASSERT_TRUE(remove(pod, 5s));
  const Instant first = *object(pod)->pod.deletion;
  ASSERT_TRUE(remove(pod, 60s));
  EXPECT_EQ(*object(pod)->pod.deletion, first);
}

TEST_F(Kubelet, RemovesAtOnceWithGraceZero) {
  nodes(1);
  ASSERT_TRUE(world.create_deployment(workload("web", 1)));
  settle();
  const Pod pod = pods("web")[0];
  ASSERT_TRUE(remove(pod, 0s));
  EXPECT_EQ(object(pod), nullptr);
}

TEST_F(Kubelet, EndsEverythingWhenTheMachineDies) {
  nodes(1);
  ASSERT_TRUE(world.create_deployment(workload("web", 2)));
  settle();
  world.begin_measuring();
  world.kill_machine(NodeName("n1"));
  EXPECT_EQ(world.pods().killed_hard, 2U);
  EXPECT_TRUE(pods("web")[0].ready);  // nobody has noticed yet
  pass(55s);
  EXPECT_FALSE(pods("web")[0].ready);
}

TEST_F(Kubelet, StartsPodsAgainAfterAReboot) {
  nodes(1);
  ASSERT_TRUE(world.create_deployment(workload("web", 1)));
  settle();
  const std::string before = world.store().get<NodeObject>({{}, "n1"})->node.boot_id;
  world.reboot_machine(NodeName("n1"), 20s);
  pass(60s);
  EXPECT_NE(world.store().get<NodeObject>({{}, "n1"})->node.boot_id, before);
  ASSERT_EQ(pods("web").size(), 1U);
  EXPECT_TRUE(pods("web")[0].ready);
  EXPECT_EQ(object(pods("web")[0])->restarts, 1);
}

TEST_F(Kubelet, PullsAnImageOnceOnEachMachine) {
  nodes(1);
  PodKind kind;
  kind.behaviour.image_pull = 30s;
  ASSERT_TRUE(world.create_deployment(workload("web", 2, kind)));
  settle();
  for (const Pod& pod : pods("web")) {
    const Duration took = *object(pod)->running_since - *object(pod)->scheduled;
    EXPECT_GT(took, 12s);  // both wait for the same pull
  }
  ASSERT_TRUE(world.scale_deployment(shop("web"), 3));
  settle();
  Instant newest;
  Duration took{};
  for (const Pod& pod : pods("web")) {
    if (pod.created <= newest) continue;
    newest = pod.created;
    took = *object(pod)->running_since - *object(pod)->scheduled;
  }
  EXPECT_LT(took, 4s);
  NodeSpec joined;
  joined.name = "late";
  world.add_node(joined);
  ASSERT_TRUE(world.scale_deployment(shop("web"), 4));
  pass(10s);
  const auto late = pods("web");
  EXPECT_TRUE(std::any_of(late.begin(), late.end(),
                          [&](const Pod& pod) { return pod.node.str() == "late" && pod.phase == PodPhase::Pending; }));
}

TEST_F(Kubelet, ReportsAtOnceThatNothingIsReadyAfterAReboot) {
  nodes(1);
  ASSERT_TRUE(world.create_deployment(workload("web", 1)));
  settle();
  world.reboot_machine(NodeName("n1"), 3s);
  pass(3s);
  EXPECT_FALSE(pods("web")[0].ready);  // the budgets and the EndpointSlices see the same
  EXPECT_FALSE(pods("web")[0].started);
}

TEST_F(Kubelet, TakesUpNothingAgainThatWasUnderWayWhenTheMachineWentDown) {
  nodes(1);
  PodKind slow;
  slow.behaviour.start = 20s;
  slow.behaviour.ready_after = 20s;
  ASSERT_TRUE(world.create_deployment(workload("web", 1, slow)));
  pass(10s);  // the container would run in about ten seconds
  world.reboot_machine(NodeName("n1"), 2s);
  pass(2s);
  const Instant back = world.now();
  settle();
  const PodObject& pod = *object(pods("web")[0]);
  EXPECT_GT(*pod.running_since, back + 5s);
  EXPECT_GE(*pod.pod.ready_since, *pod.running_since + 20s);
  EXPECT_GE(*pod.running_since, *pod.pod.started);
}

TEST_F(Kubelet, EndsWhatWasRemovedByForceWhenTheMachineDies) {
  nodes(1);
  ASSERT_TRUE(world.create_deployment(workload("web", 1)));
  settle();
  const PodId id = world.parts().id_of(pods("web")[0].name);
  ASSERT_TRUE(remove(pods("web")[0], 0s));
  pass(1s);  // its program has a second left
  ASSERT_EQ(world.parts().pods[id].program, Program::Serving);
  world.kill_machine(NodeName("n1"));
  EXPECT_EQ(world.parts().pods[id].program, Program::Ended);
}

}  // namespace
}  // namespace spotkeeper::sim
