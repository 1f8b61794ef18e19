// Volumes: one node at a time, one zone for ever.
#include <memory>
#include <string>

#include "tests/unit/sim/small_world.h"

namespace spotkeeper::sim {
namespace {

class Volumes : public SmallWorld {
 protected:
  void database(std::int32_t replicas, PodKind kind = {}) {
    kind.claims = {"data-*"};
    ASSERT_TRUE(world.create_stateful_set(workload("db", replicas, kind)));
    settle();
  }
  void cordon(const std::string& node, bool cordoned = true) {
    NodeChange change;
    change.node = NodeName(node);
    change.unschedulable = cordoned;
    ASSERT_TRUE(world.patch_node(change));
  }
  [[nodiscard]] bool runs(const std::string& name) const {
    const auto found = pods(name);
    return !found.empty() && found[0].phase == PodPhase::Running && !found[0].terminating();
  }
  /// How long until the pod runs again that is there, or will be, under this name.
  Duration runs_after(const std::string& name, const Uid& before) {
    const Instant begun = world.now();
    while (world.now() - begun < 1h) {
      const auto found = pods(name);
      if (!found.empty() && found[0].uid != before && runs(name)) break;
      pass(500ms);
    }
    return world.now() - begun;
  }
};

TEST_F(Volumes, MakeAPodWaitUntilTheyAreAttached) {
  nodes(1);
  PodKind kind;
  ASSERT_TRUE(world.create_stateful_set(workload("plain", 1, kind)));
  settle();
  const Instant begun = world.now();
  database(1);
  const PodObject* plain = object(pods("plain")[0]);
  const PodObject* with = object(pods("db")[0]);
  EXPECT_LT(*plain->running_since - *plain->scheduled, 2500ms);
  EXPECT_GT(*with->running_since - *with->scheduled, 3s);  // 5 s in the median, beside the start of 1 s
  EXPECT_GT(*with->running_since, begun);
}

TEST_F(Volumes, KeepTheirPodInTheirZone) {
  nodes(2, "us-east-1a", "a");
  nodes(2, "us-east-1b", "b");
  database(1);
  const Pod first = pods("db")[0];
  const std::string zone = first.node.str().substr(0, 1);
  cordon(first.node.str());
  ASSERT_TRUE(remove(first));
  settle();
  EXPECT_EQ(pods("db")[0].node.str().substr(0, 1), zone);
  EXPECT_NE(pods("db")[0].node, first.node);
  cordon(pods("db")[0].node.str());
  ASSERT_TRUE(remove(pods("db")[0]));
  pass(2min);
  ASSERT_EQ(pods("db").size(), 1U);
  EXPECT_TRUE(pods("db")[0].node.empty()) << "the other zone has room, but not the volume";
  EXPECT_TRUE(pods("db")[0].unschedulable);
}

TEST_F(Volumes, AreDetachedFromTheOldNodeBeforeTheSuccessorStartsOnAnother) {
  nodes(2);
  database(1);
  const Pod first = pods("db")[0];
  cordon(first.node.str());
  ASSERT_TRUE(remove(first));
  const Duration gone = gone_after(first);
  const Duration runs_again = runs_after("db-0", first.uid);
  EXPECT_LT(gone, 10s);
  EXPECT_GT(runs_again, 8s) << "detach of 7 s and attach of 5 s, in the median";
  EXPECT_LT(runs_again, 1min);
  EXPECT_NE(pods("db")[0].node, first.node);
}

TEST_F(Volumes, StayAttachedForASuccessorOnTheSameNode) {
  nodes(1);
  database(1);
  const Pod first = pods("db")[0];
  ASSERT_TRUE(remove(first));
  gone_after(first);
  // The controller makes the successor within a second, but the detach has begun with the pod's end.
  EXPECT_LT(runs_after("db-0", first.uid), 1min);
  EXPECT_EQ(pods("db")[0].node, first.node);
}

TEST_F(Volumes, LeaveADeadMachineSixMinutesAfterItsPodIsGone) {
  nodes(2);
  database(1);
  const Pod first = pods("db")[0];
  world.kill_machine(first.node);
  const Duration gone = gone_after(first);  // noticed, its Node deleted, its pod collected
  EXPECT_GT(gone, 80s);
  EXPECT_LT(gone, 130s);
  const Duration runs_again = runs_after("db-0", first.uid);
  EXPECT_GT(runs_again, 6min);
  EXPECT_LT(runs_again, 7min);
}

TEST_F(Volumes, AreNotForcedOffAMachineThatCameBackInTime) {
  nodes(2);
  database(1);
  const Pod first = pods("db")[0];
  world.reboot_machine(first.node, 30s);
  pass(2min);
  EXPECT_EQ(pods("db")[0].uid, first.uid);
  EXPECT_TRUE(runs("db-0"));
  pass(10min);
  EXPECT_TRUE(pods("db")[0].ready);
}

TEST_F(Volumes, OfASingleReplicaKeepItsSuccessorWaitingUntilItIsGone) {
  nodes(2);
  PodKind kind;
  kind.claims = {"files"};
  kind.pre_stop = 20s;
  ASSERT_TRUE(world.create_deployment(workload("web", 1, kind)));
  settle();
  const Pod first = pods("web")[0];
  cordon(first.node.str());
  ASSERT_TRUE(remove(first));
  pass(15s);
  ASSERT_EQ(pods("web").size(), 2U);
  for (const Pod& pod : pods("web")) {
    if (pod.uid != first.uid) {
      EXPECT_EQ(pod.phase, PodPhase::Pending);
    }
  }
  settle();
  EXPECT_EQ(pods("web").size(), 1U);
}

TEST_F(Volumes, ThatSeveralReplicasShareAreOnEveryNode) {
  nodes(2);
  PodKind kind;
  kind.claims = {"files"};
  ASSERT_TRUE(world.create_deployment(workload("web", 2, kind)));
  settle();
  EXPECT_NE(pods("web")[0].node, pods("web")[1].node);
}

/// A world with rules of its own: one database on the first of two nodes, whose machine dies.
class OtherWorld : public testing::Test {
 protected:
  void begin(const WorldConfig& config) {
    world_ = std::make_unique<World>(config);
    for (int i = 1; i <= 2; ++i) {
      NodeSpec spec;
      spec.name = "n" + std::to_string(i);
      world_->add_node(spec);
    }
    PodKind kind;
    kind.claims = {"data-*"};
    ASSERT_TRUE(world_->create_stateful_set(workload("db", 1, kind)));
    pass(1min);
    ASSERT_TRUE(world_->settled());
    node_ = pod()->pod.node;
    first_ = pod()->pod.uid;
    world_->kill_machine(node_);
  }
  void pass(Duration length) { world_->advance_to(world_->now() + length); }
  [[nodiscard]] const PodObject* pod() const { return world_->store().get<PodObject>(shop("db-0")); }
  [[nodiscard]] const Node& node() const { return world_->store().get<NodeObject>({{}, node_.str()})->node; }
  [[nodiscard]] bool moved() const { return pod() != nullptr && pod()->pod.uid != first_ && pod()->pod.ready; }

  std::unique_ptr<World> world_;
  NodeName node_;
  Uid first_;
};

TEST_F(OtherWorld, VolumesLeaveADeadMachineWithItsNodeWhereTheControllerDoesThat) {
  WorldConfig config;
  config.delays.volumes.freed_by_node_deletion = true;
  begin(config);
  pass(3min);
  EXPECT_TRUE(moved());
}

TEST_F(OtherWorld, VolumesAndPodsLeaveAMachineThatIsOutOfServiceAtOnce) {
  WorldConfig config;
  config.delays.cloud_deletes_nodes = false;
  begin(config);
  while (node().ready) pass(500ms);
  NodeChange change;
  change.node = node_;
  change.taints = node().taints;
  change.taints->push_back({"node.kubernetes.io/out-of-service", "", TaintEffect::NoExecute, {}});
  ASSERT_TRUE(world_->patch_node(change));
  pass(20s);
  EXPECT_TRUE(pod() == nullptr || pod()->pod.uid != first_);
  pass(40s);
  EXPECT_TRUE(moved());
}

TEST_F(OtherWorld, VolumesStayOnADeadMachineWhoseNodeStays) {
  WorldConfig config;
  config.delays.cloud_deletes_nodes = false;
  begin(config);
  pass(30min);
  EXPECT_FALSE(moved());
  EXPECT_TRUE(pod()->pod.terminating()) << "told to end after 300 s, and nobody hears that";
}

}  // namespace
}  // namespace spotkeeper::sim
