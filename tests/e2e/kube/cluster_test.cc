// The agent's port over a real server.
#include "control/kube_cluster.h"
#include "tests/e2e/kube/suite.h"

namespace spotkeeper::control {
namespace {

using kube::PatchType;
using kube::target_of;

struct Cluster : kube::Suite {
  kube::EventRecorder events{
      loop,
      client(),
      {.controller = "spotkeeper.dev/agent", .instance = "suite", .cluster_scoped_in = NamespaceName("default")},
      Random(1)};
  KubeCluster cluster{loop, client(), events};
  NodeName node = make_node("n");
  PodSpec bound{.node = node.str()};
};

TEST_F(Cluster, ViewsOneNodeAlone) {
  make_node("other");
  const auto view = cluster.view_node(node);
  ASSERT_TRUE(turn_until([&] { return view->synced(); }));
  EXPECT_EQ(view->snapshot().nodes().size(), 1u);
  ASSERT_NE(view->snapshot().find_node(node), nullptr);
  value_of(client().patch(target_of(kube::kNodes, {}, node.str()), PatchType::Merge,
                          kube::JsonObject{{"spec", kube::JsonObject{{"unschedulable", true}}}}));
  EXPECT_TRUE(turn_until([&] { return view->snapshot().find_node(node)->unschedulable; }));
}

TEST_F(Cluster, KnowsItsOwnPatchBeforeTheWatchDoes) {
  const auto view = cluster.view_node(node);
  ASSERT_TRUE(turn_until([&] { return view->synced(); }));
  NodeChange change{.node = node, .version = {}, .taints = {}, .unschedulable = true, .labels = {}, .annotations = {}};
  EXPECT_TRUE(value_of(cluster.patch_node(change)).unschedulable);
  EXPECT_TRUE(view->snapshot().find_node(node)->unschedulable);
}

TEST_F(Cluster, ViewsWhatADrainNeedsAndFollowsNewNamespaces) {
  const NodeName elsewhere = make_node("elsewhere");
  const NamespaceName second = make_namespace("second");
  const NamespaceName unrelated = make_namespace("unrelated");
  make_pod("here", bound);
  make_pod("replica", {.node = elsewhere.str()});
  make_budget("pdb", "web", 1);
  make_pod("foreign", {.node = elsewhere.str()}, unrelated);
  make_pod("later-replica", {.node = elsewhere.str()}, second);
  make_budget("later", "web", 1, second);

  const auto view = cluster.view_around(node);
  ASSERT_TRUE(turn_until([&] { return view->synced(); }));
  const Snapshot& seen = view->snapshot();
  EXPECT_GE(seen.nodes().size(), 2u);
  EXPECT_EQ(seen.pods_on(node).size(), 1u);
  EXPECT_NE(seen.find_pod(ObjectName{ns, "replica"}), nullptr);
  EXPECT_NE(seen.find_budget({ns, "pdb"}), nullptr);
  EXPECT_EQ(seen.find_pod(ObjectName{unrelated, "foreign"}), nullptr);
  EXPECT_EQ(seen.find_pod(ObjectName{second, "later-replica"}), nullptr);

  make_pod("later", bound, second);
  EXPECT_TRUE(turn_until([&] {
    return view->snapshot().find_pod(ObjectName{second, "later-replica"}) != nullptr &&
           view->snapshot().find_budget({second, "later"}) != nullptr;
  }));
}

TEST_F(Cluster, ShowsAnEvictionBeforeTheWatchDoes) {
  const PodRef pod = make_pod("web", bound);
  make_pod("web2", bound);
  make_budget("pdb", "web", 1);
  const auto view = cluster.view_around(node);
  ASSERT_TRUE(turn_until([&] { return view->synced(); }));
  const kube::EvictAnswer evicted = await(cluster.evict(pod, {}));
  EXPECT_EQ(evicted.outcome, kube::EvictOutcome::Accepted) << evicted.message;
  view->assume_ending(pod, loop.now() + 30s, true);
  EXPECT_TRUE(view->snapshot().find_pod(pod.uid)->terminating());
  EXPECT_EQ(view->snapshot().find_budget({ns, "pdb"})->disruptions_allowed, 0);
  finish(pod);
  EXPECT_TRUE(turn_until([&] { return view->snapshot().find_pod(pod.uid) == nullptr; }));
}

TEST_F(Cluster, StopsEverythingWhenAViewGoes) {
  make_pod("web", bound);
  for (int i = 0; i < 20; ++i) {
    auto view = cluster.view_around(node);
    if (i % 2 == 0) turn_until([&] { return view->synced(); });
  }
  EXPECT_TRUE(await(cluster.get_node(node)));
}

}  // namespace
}  // namespace spotkeeper::control
