#include "model/snapshot.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/random.h"

namespace spotkeeper {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

Pod pod(Snapshot& cluster, const std::string& name, const std::string& uid, const std::string& node = "") {
  Pod out;
  out.name = {NamespaceName("shop"), name};
  out.uid = Uid(uid);
  out.node = NodeName(node);
  out.spec = cluster.intern(PodTemplate{});
  out.labels = cluster.intern(Labels{{"app", "web"}});
  out.owner = cluster.intern(WorkloadRef{NamespaceName("shop"), "Deployment", "web"});
  out.phase = PodPhase::Running;
  return out;
}

Node node(const std::string& name) {
  Node out;
  out.name = NodeName(name);
  return out;
}

std::vector<std::string> names(std::span<const Pod* const> pods) {
  std::vector<std::string> out;
  for (const Pod* each : pods) out.push_back(each->name.name);
  return out;
}

DisruptionBudget budget(const std::string& name, std::optional<LabelSelector> selector) {
  DisruptionBudget out;
  out.name = {NamespaceName("shop"), name};
  out.selector = std::move(selector);
  return out;
}

LabelSelector app_is(const std::string& value) { return {{{"app", SelectorOperator::In, {value}}}, {}}; }

TEST(Snapshot, ListsPodsByNameInWhateverOrderTheyCame) {
  Snapshot cluster;
  cluster.put(pod(cluster, "c", "3", "n1"));
  cluster.put(pod(cluster, "a", "1", "n1"));
  cluster.put(pod(cluster, "b", "2", "n2"));
  EXPECT_THAT(names(cluster.pods()), ElementsAre("a", "b", "c"));
  EXPECT_THAT(names(cluster.pods_on(NodeName("n1"))), ElementsAre("a", "c"));
  EXPECT_THAT(names(cluster.pods_of({NamespaceName("shop"), "Deployment", "web"})), ElementsAre("a", "b", "c"));
  EXPECT_THAT(cluster.pods_on(NodeName("n3")), IsEmpty());
}

TEST(Snapshot, FollowsAPodThatGetsANode) {
  Snapshot cluster;
  cluster.put(pod(cluster, "a", "1"));
  EXPECT_EQ(cluster.find_pod(Uid("1"))->node, NodeName());
  cluster.put(pod(cluster, "a", "1", "n1"));
  EXPECT_THAT(names(cluster.pods_on(NodeName("n1"))), ElementsAre("a"));
  EXPECT_EQ(cluster.pod_count(), 1U);
}

TEST(Snapshot, ReplacesAPodOfTheSameNameAndNeverRemovesItsSuccessor) {
  Snapshot cluster;
  cluster.put(pod(cluster, "web-0", "old", "n1"));
  cluster.put(pod(cluster, "web-0", "new", "n2"));
  EXPECT_EQ(cluster.find_pod(Uid("old")), nullptr);
  EXPECT_THAT(cluster.pods_on(NodeName("n1")), IsEmpty());

  cluster.remove_pod({{NamespaceName("shop"), "web-0"}, Uid("old")});
  ASSERT_NE(cluster.find_pod(Uid("new")), nullptr);
  cluster.remove_pod({{NamespaceName("shop"), "web-0"}, Uid("new")});
  EXPECT_EQ(cluster.pod_count(), 0U);
  EXPECT_THAT(cluster.pods_on(NodeName("n2")), IsEmpty());
  EXPECT_THAT(cluster.pods_of({NamespaceName("shop"), "Deployment", "web"}), IsEmpty());
}

TEST(Snapshot, RemembersTheNumberedPodThatEndedLastUntilItsNameIsUsedAgain) {
  Snapshot cluster;
  const WorkloadRef db{NamespaceName("shop"), "StatefulSet", "db"};
  const auto member = [&](std::int32_t ordinal, const std::string& uid, bool ending) {
    Pod out = pod(cluster, "db-" + std::to_string(ordinal), uid, "n1");
    out.owner = cluster.intern(db);
    out.ordinal = ordinal;
    if (ending) out.deletion = Instant(100s);
    cluster.put(out);
    return out.ref();
  };
  (void)member(0, "u0", false);
  (void)member(1, "u1", true);
  EXPECT_EQ(cluster.ended_of(db), nullptr);
  cluster.remove_pod(member(1, "u1", true));
  ASSERT_NE(cluster.ended_of(db), nullptr);
  EXPECT_EQ(cluster.ended_of(db)->uid, Uid("u1"));
  EXPECT_EQ(Snapshot(cluster).ended_of(db)->uid, Uid("u1"));
  const PodRef successor = member(1, "u2", false);
  EXPECT_EQ(cluster.ended_of(db), nullptr);
  cluster.remove_pod(successor);
  EXPECT_EQ(cluster.ended_of(db), nullptr) << "nobody said that it should end: a list may have left it out";
  cluster.remove_pod(member(1, "u3", true));
  cluster.remove_pod(member(0, "u0", true));
  EXPECT_EQ(cluster.ended_of(db), nullptr) << "there is nothing left of the workload";
}

TEST(Snapshot, FindsTheBudgetsThatCoverAPod) {
  Snapshot cluster;
  cluster.put(pod(cluster, "a", "1", "n1"));
  cluster.put(budget("z", LabelSelector{}));
  cluster.put(budget("web", app_is("web")));
  cluster.put(budget("api", app_is("api")));
  cluster.put(budget("none", std::nullopt));
  auto elsewhere = budget("elsewhere", LabelSelector{});
  elsewhere.name.ns = NamespaceName("shop-2");
  cluster.put(elsewhere);

  std::vector<std::string> found;
  for (const auto* each : cluster.budgets_of(*cluster.find_pod(Uid("1")))) found.push_back(each->name.name);
  EXPECT_THAT(found, ElementsAre("web", "z"));
  cluster.remove_budget({NamespaceName("shop"), "web"});
  EXPECT_EQ(cluster.budgets_of(*cluster.find_pod(Uid("1"))).size(), 1U);
}

TEST(Snapshot, CountsRequestsOfAllPodsThatStillHoldThem) {
  Snapshot cluster;
  PodTemplate shape;
  shape.requests = {MilliCpu{100}, Bytes{10}, {}};
  Pod running = pod(cluster, "a", "1", "n1");
  running.spec = cluster.intern(shape);
  Pod ending = running;
  ending.name.name = "b";
  ending.uid = Uid("2");
  ending.deletion = Instant(5s);
  Pod done = running;
  done.name.name = "c";
  done.uid = Uid("3");
  done.phase = PodPhase::Succeeded;
  for (const auto& each : {running, ending, done}) cluster.put(each);
  EXPECT_EQ(cluster.requested_on(NodeName("n1")), (Resources{MilliCpu{200}, Bytes{20}, {}}));
}

TEST(Snapshot, HoldsEqualThingsOnce) {
  Snapshot cluster;
  EXPECT_EQ(cluster.intern(Labels{{"a", "1"}}), cluster.intern(Labels{{"a", "1"}}));
  EXPECT_NE(cluster.intern(Labels{{"a", "1"}}), cluster.intern(Labels{{"a", "2"}}));
  PodTemplate tall;
  tall.priority = 7;
  EXPECT_EQ(cluster.intern(tall), cluster.intern(tall));
  EXPECT_NE(cluster.intern(tall), cluster.intern(PodTemplate{}));
}

TEST(Snapshot, LetsGoOfWhatNobodyUses) {
  Snapshot cluster;
  const std::weak_ptr<const Labels> gone = cluster.intern(Labels{{"run", "first"}});
  const auto kept = cluster.intern(Labels{{"run", "kept"}});
  for (int i = 0; i < 1000; ++i) (void)cluster.intern(Labels{{"run", std::to_string(i)}});
  EXPECT_TRUE(gone.expired());
  EXPECT_EQ(cluster.intern(Labels{{"run", "kept"}}), kept);
}

TEST(Snapshot, CopiesAreIndependent) {
  Snapshot cluster;
  cluster.put(pod(cluster, "a", "1", "n1"));
  cluster.put(node("n1"));
  Snapshot copy = cluster;
  cluster.remove_pod({{NamespaceName("shop"), "a"}, Uid("1")});
  cluster.remove_node(NodeName("n1"));
  ASSERT_THAT(names(copy.pods_on(NodeName("n1"))), ElementsAre("a"));
  EXPECT_EQ(copy.pods_on(NodeName("n1")).front(), copy.find_pod(Uid("1")));
  EXPECT_NE(copy.find_node(NodeName("n1")), nullptr);
  EXPECT_EQ(copy.intern(Labels{{"app", "web"}}), copy.find_pod(Uid("1"))->labels);
  copy = cluster;
  EXPECT_EQ(copy.pod_count(), 0U);
  Snapshot moved = std::move(copy);
  EXPECT_EQ(moved.pod_count(), 0U);
  EXPECT_EQ(copy.pod_count(), 0U) << "a moved-from snapshot is an empty one";  // NOLINT(bugprone-use-after-move)
}

TEST(Snapshot, TellsByItsRevisionsWhetherAnythingHasChanged) {
  Snapshot cluster;
  const auto changes = [&](const auto& change) {
    const auto before = std::make_pair(cluster.revision(), cluster.nodes_revision());
    change();
    return std::make_pair(cluster.revision() != before.first, cluster.nodes_revision() != before.second);
  };
  constexpr std::pair nothing{false, false};
  constexpr std::pair no_node{true, false};
  constexpr std::pair both{true, true};
  EXPECT_EQ(changes([&] { (void)cluster.pods(); }), nothing);
  EXPECT_EQ(changes([&] { cluster.put(node("n1")); }), both);
  EXPECT_EQ(changes([&] { cluster.put(pod(cluster, "a", "1", "n1")); }), no_node);
  EXPECT_EQ(changes([&] { cluster.put(budget("b", {})); }), no_node);
  EXPECT_EQ(changes([&] { cluster.put(std::vector<AdmissionBackend>()); }), no_node);
  EXPECT_EQ(changes([&] { cluster.remove_budget({NamespaceName("shop"), "b"}); }), no_node);
  EXPECT_EQ(changes([&] { cluster.remove_pod({{NamespaceName("shop"), "a"}, Uid("2")}); }), nothing);
  EXPECT_EQ(changes([&] { cluster.remove_pod({{NamespaceName("shop"), "a"}, Uid("1")}); }), no_node);
  EXPECT_EQ(changes([&] { cluster.remove_node(NodeName("n1")); }), both);
  EXPECT_EQ(changes([&] { cluster = Snapshot(); }), both) << "another snapshot is another one, whatever is in it";
}

TEST(Snapshot, ListsTheNodesThatHaveAnnotations) {
  Snapshot cluster;
  Node marked = node("n2");
  marked.annotations.set("spotkeeper.dev/interruption", "{}");
  cluster.put(node("n1"));
  cluster.put(marked);
  ASSERT_EQ(cluster.annotated_nodes().size(), 1U);
  EXPECT_EQ(cluster.annotated_nodes().front(), cluster.find_node(NodeName("n2")));
  const Snapshot copy = cluster;
  cluster.put(node("n2"));
  EXPECT_THAT(cluster.annotated_nodes(), IsEmpty());
  cluster.put(marked);
  cluster.remove_node(NodeName("n2"));
  EXPECT_THAT(cluster.annotated_nodes(), IsEmpty());
  ASSERT_EQ(copy.annotated_nodes().size(), 1U);
  EXPECT_EQ(copy.annotated_nodes().front(), copy.find_node(NodeName("n2")));
}

TEST(Snapshot, SharesTheNamesOfNodesAndNamespaces) {
  Snapshot cluster;
  cluster.put(pod(cluster, "a", "1", "n1"));
  cluster.put(pod(cluster, "b", "2", "n1"));
  cluster.put(node("n1"));
  EXPECT_EQ(&cluster.find_pod(Uid("1"))->node.str(), &cluster.find_pod(Uid("2"))->node.str());
  EXPECT_EQ(&cluster.find_pod(Uid("1"))->node.str(), &cluster.nodes().begin()->first.str());
  EXPECT_EQ(&cluster.find_pod(Uid("1"))->name.ns.str(), &cluster.find_pod(Uid("2"))->name.ns.str());
}

// The indices against the plainest model there is, over many random changes.
TEST(Snapshot, KeepsItsIndicesTrueUnderRandomChanges) {
  Random random(42);
  Snapshot cluster;
  std::map<std::string, Pod> model;
  for (int step = 0; step < 20'000; ++step) {
    const std::string name = "p" + std::to_string(random.below(40));
    if (random.chance(0.3)) {
      if (const auto at = model.find(name); at != model.end()) {
        cluster.remove_pod(at->second.ref());
        model.erase(at);
      }
    } else {
      Pod next = pod(cluster, name, name + "-" + std::to_string(random.below(3)),
                     random.chance(0.2) ? "" : "n" + std::to_string(random.below(4)));
      next.owner = random.chance(0.2) ? nullptr
                                      : cluster.intern(WorkloadRef{NamespaceName("shop"), "ReplicaSet",
                                                                   "rs" + std::to_string(random.below(3))});
      cluster.put(next);
      model[name] = next;
    }
    if (step % 50 != 0) continue;
    std::map<NodeName, std::vector<std::string>> on;
    std::map<std::string, std::vector<std::string>> of;
    std::vector<std::string> all;
    for (const auto& [each, value] : model) {
      all.push_back(each);
      on[value.node].push_back(each);
      if (value.owner != nullptr) of[value.owner->name].push_back(each);
      ASSERT_NE(cluster.find_pod(value.uid), nullptr);
      ASSERT_EQ(cluster.find_pod(value.uid), cluster.find_pod(value.name));
    }
    on.erase(NodeName());
    ASSERT_EQ(names(cluster.pods()), all);
    for (int node = 0; node < 4; ++node) {
      const NodeName key("n" + std::to_string(node));
      ASSERT_EQ(names(cluster.pods_on(key)), on[key]);
    }
    for (int rs = 0; rs < 3; ++rs) {
      const std::string key = "rs" + std::to_string(rs);
      ASSERT_EQ(names(cluster.pods_of({NamespaceName("shop"), "ReplicaSet", key})), of[key]);
    }
  }
}

TEST(Pod, NamesItsClaims) {
  PodTemplate shape;
  shape.claims = {"data-*", "*-scratch", "shared"};
  Pod web;
  web.name.name = "web-3";
  web.spec = std::make_shared<const PodTemplate>(shape);
  EXPECT_THAT(web.claims(), ElementsAre("data-web-3", "web-3-scratch", "shared"));
}

}  // namespace
}  // namespace spotkeeper
