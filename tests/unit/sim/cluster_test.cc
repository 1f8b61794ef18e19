// Controllers, scheduler, nodes and the store of the simulated cluster.
#include <gmock/gmock.h>

#include <set>

#include "sim/state.h"
#include "tests/unit/sim/small_world.h"

namespace spotkeeper::sim {
namespace {

using Cluster = SmallWorld;

TEST_F(Cluster, SpreadsReplicasOverZonesThenNodes) {
  nodes(2, "us-east-1a", "a");
  nodes(2, "us-east-1b", "b");
  ASSERT_TRUE(world.create_deployment(workload("web", 4)));
  settle();
  std::set<std::string> used;
  for (const Pod& pod : pods("web")) used.insert(pod.node.str());
  EXPECT_EQ(used, (std::set<std::string>{"a1", "a2", "b1", "b2"}));
}

TEST_F(Cluster, ReplacesAPodAsSoonAsItIsEnding) {
  nodes(2);
  PodKind slow_end;
  slow_end.behaviour.answers_after_term = 20s;
  ASSERT_TRUE(world.create_deployment(workload("web", 2, slow_end)));
  settle();
  ASSERT_TRUE(remove(pods("web")[0]));
  pass(5s);
  EXPECT_EQ(pods("web").size(), 3U);
}

TEST_F(Cluster, DoesNotScheduleOnACordonedOrTaintedNodeOrOneWithoutRoom) {
  nodes(3);
  NodeChange cordon;
  cordon.node = NodeName("n1");
  cordon.unschedulable = true;
  ASSERT_TRUE(world.patch_node(cordon));
  NodeChange taint;
  taint.node = NodeName("n2");
  taint.taints = {{"spotkeeper.dev/interruption", "kill", TaintEffect::NoSchedule, {}}};
  ASSERT_TRUE(world.patch_node(taint));
  ASSERT_TRUE(world.create_deployment(workload("web", 4)));  // 500m each: three fit into 1930m
  pass(30s);
  int waiting = 0;
  for (const Pod& pod : pods("web")) {
    if (pod.node.empty()) {
      ++waiting;
      EXPECT_TRUE(pod.unschedulable);
    } else {
      EXPECT_EQ(pod.node.str(), "n3");
    }
  }
  EXPECT_EQ(waiting, 1);
  NodeChange free;
  free.node = NodeName("n1");
  free.unschedulable = false;
  ASSERT_TRUE(world.patch_node(free));
  settle();
}

TEST_F(Cluster, SchedulesWhereTheSelectorAndTheTolerationsLet) {
  nodes(2);
  NodeSpec special;
  special.name = "special";
  special.labels = {{"disk", "fast"}};
  special.taints = {{"only", "for-us", TaintEffect::NoSchedule, {}}};
  world.add_node(special);
  PodKind kind;
  kind.node_selector = {{"disk", "fast"}};
  ASSERT_TRUE(world.create_deployment(workload("refused", 1, kind)));
  Toleration toleration;
  toleration.key = "only";
  toleration.value = "for-us";
  kind.tolerations = {toleration};
  ASSERT_TRUE(world.create_deployment(workload("web", 1, kind)));
  pass(30s);
  EXPECT_EQ(pods("web")[0].node.str(), "special");
  EXPECT_TRUE(pods("refused")[0].node.empty());
}

TEST_F(Cluster, KeepsAHardSpread) {
  nodes(1, "us-east-1a", "a");
  nodes(1, "us-east-1b", "b");
  PodKind kind;
  TopologySpread spread;
  spread.topology_key = "topology.kubernetes.io/zone";
  spread.selector = LabelSelector{{{"app", SelectorOperator::In, {"web"}}}, {}};
  kind.spread = {spread};
  NodeChange cordon;
  cordon.node = NodeName("b1");
  cordon.unschedulable = true;
  ASSERT_TRUE(world.patch_node(cordon));
  ASSERT_TRUE(world.create_deployment(workload("web", 3, kind)));
  pass(30s);
  int placed = 0;
  for (const Pod& pod : pods("web")) placed += pod.node.empty() ? 0 : 1;
  EXPECT_EQ(placed, 1);  // a second one in zone a would be two ahead of zone b
}

TEST_F(Cluster, StartsAStatefulSetOneByOneAndKeepsItsNames) {
  nodes(3);
  ASSERT_TRUE(world.create_stateful_set(workload("db", 3)));
  pass(2s);
  EXPECT_EQ(pods("db").size(), 1U);
  settle();
  ASSERT_EQ(pods("db").size(), 3U);
  const Pod second = pods("db")[1];
  EXPECT_EQ(second.name.name, "db-1");
  EXPECT_EQ(second.ordinal, 1);
  ASSERT_TRUE(remove(second));
  pass(1s);
  EXPECT_EQ(object(second)->pod.uid, second.uid);  // no second one of its name while it ends
  settle();
  EXPECT_NE(pods("db")[1].uid, second.uid);
}

TEST_F(Cluster, RunsADaemonOnEveryNode) {
  nodes(3);
  PodKind kind;
  Toleration all;
  all.exists = true;
  kind.tolerations = {all};
  ASSERT_TRUE(world.create_daemon_set(workload("logger", 0, kind)));
  settle();
  EXPECT_EQ(pods("logger").size(), 3U);
  EXPECT_TRUE(pods("logger")[0].is_daemon());
  NodeSpec late;
  late.name = "late";
  world.add_node(late);
  settle();
  EXPECT_EQ(pods("logger").size(), 4U);
}

TEST_F(Cluster, NoticesADeadNodeAfterItsGraceAndForgetsItsPods) {
  nodes(2);
  ASSERT_TRUE(world.create_deployment(workload("web", 2)));
  settle();
  world.kill_machine(NodeName("n1"));
  pass(39s);
  EXPECT_TRUE(world.store().get<NodeObject>({{}, "n1"})->node.ready);
  EXPECT_EQ(pods("web").size(), 2U);
  pass(20s);
  EXPECT_EQ(world.store().get<NodeObject>({{}, "n1"}), nullptr);  // the cloud's controller knows that it is gone
  pass(75s);
  settle();
  EXPECT_EQ(pods("web").size(), 2U);
  for (const Pod& pod : pods("web")) EXPECT_EQ(pod.node.str(), "n2");
}

TEST_F(Cluster, DoesNotGetBackAMachineThatWasEndedWhileItRebooted) {
  nodes(2);
  world.reboot_machine(NodeName("n1"), 20s);
  pass(10s);
  world.kill_machine(NodeName("n1"));
  pass(60s);
  EXPECT_FALSE(world.machine_alive(NodeName("n1")));
}

TEST_F(Cluster, DoesNotGetBackADeadMachineByRebootingIt) {
  nodes(2);
  world.kill_machine(NodeName("n1"));
  pass(10s);
  world.reboot_machine(NodeName("n1"), 20s);
  pass(60s);
  EXPECT_FALSE(world.machine_alive(NodeName("n1")));
  world.reboot_machine(NodeName("n2"), 20s);
  pass(21s);
  EXPECT_TRUE(world.machine_alive(NodeName("n2")));
}

TEST(ClusterWithoutACloud, WaitsForTheTolerationsOfADeadNodesPods) {
  WorldConfig config;
  config.delays.cloud_deletes_nodes = false;
  World world(config);
  for (const char* name : {"n1", "n2"}) {
    NodeSpec spec;
    spec.name = name;
    world.add_node(spec);
  }
  ASSERT_TRUE(world.create_deployment(workload("web", 2)));
  world.advance_to(world.now() + 60s);
  world.kill_machine(NodeName("n1"));
  world.advance_to(world.now() + 60s);
  EXPECT_EQ(world.store().get<NodeObject>({{}, "n1"})->ready_status, "Unknown");
  EXPECT_EQ(world.store().all(Kind::Pod).size(), 2U);
  world.advance_to(world.now() + 300s);
  EXPECT_EQ(world.store().all(Kind::Pod).size(), 3U);  // the lost one is ending for ever, and has a successor
}

TEST_F(Cluster, PatchesANodeOnlyAtTheVersionThatWasSeen) {
  nodes(1);
  const Node before = world.store().get<NodeObject>({{}, "n1"})->node;
  NodeChange change;
  change.node = before.name;
  change.version = before.version;
  change.labels = {{"a", "b"}};
  ASSERT_TRUE(world.patch_node(change));
  const auto second = world.patch_node(change);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, 409);
  change.version.reset();
  const auto same = world.patch_node(change);
  ASSERT_TRUE(same);
  EXPECT_EQ(version_of(**same), world.store().get<NodeObject>({{}, "n1"})->node.version);  // nothing was written
}

TEST_F(Cluster, KeepsAHistoryAndForgetsItWhenCompacted) {
  nodes(1);
  const std::uint64_t before = world.store().version();
  NodeChange change;
  change.node = NodeName("n1");
  change.labels = {{"a", "b"}};
  ASSERT_TRUE(world.patch_node(change));
  const Change* seen = world.store().change(before + 1);
  ASSERT_NE(seen, nullptr);
  EXPECT_EQ(seen->type, ChangeType::Modified);
  EXPECT_EQ(std::get<NodeObject>(*seen->before).node.labels.find("a"), nullptr);
  EXPECT_TRUE(world.store().remembers(before));
  world.store().compact(before + 1);
  EXPECT_FALSE(world.store().remembers(before));
  EXPECT_TRUE(world.store().remembers(before + 1));
  EXPECT_EQ(world.store().change(before + 1), nullptr);
}

TEST_F(Cluster, CountsAnEventThatRepeats) {
  EventObject event;
  event.reason = "SpotInterruption";
  event.regarding_kind = "Node";
  event.regarding = {{}, "n1"};
  ASSERT_TRUE(world.record_event(event));
  ASSERT_TRUE(world.record_event(event));
  ASSERT_EQ(world.store().all(Kind::Event).size(), 1U);
  EXPECT_EQ(std::get<EventObject>(*world.store().all(Kind::Event).begin()->second).count, 2);
}

TEST_F(Cluster, GuardsLeasesByVersion) {
  LeaseObject lease;
  lease.meta.name = shop("leader");
  lease.holder = "a";
  const auto made = world.put_lease(lease);
  ASSERT_TRUE(made);
  EXPECT_EQ(world.put_lease(lease).error().reason, "AlreadyExists");
  LeaseObject next = std::get<LeaseObject>(**made);
  next.holder = "b";
  ASSERT_TRUE(world.put_lease(next));
  EXPECT_EQ(world.put_lease(next).error().reason, "Conflict");
}

TEST_F(Cluster, DrawsAPodsNameAnewWhereItIsTaken) {
  World::State& parts = world.parts();
  const Random before = parts.random;
  const std::string taken = parts.new_pod_name(NamespaceName("shop"), "web");
  parts.pods_by_name[{NamespaceName("shop"), taken}] = 0;
  parts.random = before;
  EXPECT_NE(parts.new_pod_name(NamespaceName("shop"), "web"), taken);
  parts.random = before;
  EXPECT_EQ(parts.new_pod_name(NamespaceName("pay"), "web"), taken) << "which is free in another namespace";
}

}  // namespace
}  // namespace spotkeeper::sim
