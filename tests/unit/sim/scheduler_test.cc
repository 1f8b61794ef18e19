// Who goes where: preemption, spread and affinity.
#include <gmock/gmock.h>

#include <functional>
#include <map>

#include "tests/unit/sim/small_world.h"

namespace spotkeeper::sim {
namespace {

constexpr std::string_view kZone = "topology.kubernetes.io/zone";
constexpr std::string_view kHost = "kubernetes.io/hostname";

LabelSelector app(const std::string& name) { return LabelSelector{{{"app", SelectorOperator::In, {name}}}, {}}; }

PodAffinityTerm term(std::string_view over, const std::string& of) {
  PodAffinityTerm made;
  made.topology_key = over;
  made.selector = app(of);
  return made;
}

class Scheduling : public SmallWorld {
 protected:
  using Change = std::function<void(PodTemplate&)>;
  static NewWorkload made(const std::string& name, std::int32_t replicas, const Change& change,
                          const PodKind& kind = {}) {
    NewWorkload result = workload(name, replicas, kind);
    PodTemplate spec = *result.blueprint.spec;
    change(spec);
    result.blueprint.spec = std::make_shared<const PodTemplate>(std::move(spec));
    return result;
  }
  void deploy(const std::string& name, std::int32_t replicas, const Change& change, const PodKind& kind = {}) {
    ASSERT_TRUE(world.create_deployment(made(name, replicas, change, kind)));
  }
  void important(const std::string& name, std::int32_t replicas, std::int32_t priority) {
    deploy(name, replicas, [&](PodTemplate& spec) { spec.priority = priority; });
  }
  void label(const std::string& node, const std::string& key, const std::string& value) {
    NodeChange change;
    change.node = NodeName(node);
    change.labels[key] = value;
    ASSERT_TRUE(world.patch_node(change));
  }
  [[nodiscard]] std::string zone_of(const Pod& pod) const {
    const auto* node = world.store().get<NodeObject>({{}, pod.node.str()});
    return node == nullptr ? "" : node->node.zone();
  }
  [[nodiscard]] std::map<std::string, int> by_zone(const std::string& prefix) const {
    std::map<std::string, int> counts;
    for (const Pod& pod : pods(prefix)) ++counts[zone_of(pod)];
    return counts;
  }
  [[nodiscard]] std::size_t running(const std::string& prefix) const {
    std::size_t count = 0;
    for (const Pod& pod : pods(prefix)) count += pod.ready && !pod.terminating() ? 1U : 0U;
    return count;
  }
};

// ---- Preemption. A node has room for three pods of 500m.

TEST_F(Scheduling, AMoreImportantPodTakesThePlaceOfALesserOneAfterItsGrace) {
  nodes(1);
  PodKind slow;
  slow.pre_stop = 10s;
  ASSERT_TRUE(world.create_deployment(workload("batch", 3, slow)));
  settle();
  world.begin_measuring();
  important("web", 1, 1000);
  pass(5s);
  int ending = 0;
  for (const Pod& pod : pods("batch")) {
    if (!pod.terminating()) continue;
    ++ending;
    EXPECT_EQ(pod.deletion_grace->length(), 30s);
    EXPECT_TRUE(object(pod)->disruption_target);
  }
  EXPECT_EQ(ending, 1);
  EXPECT_EQ(pods("web")[0].nominated_node.str(), "n1");
  EXPECT_TRUE(pods("web")[0].node.empty());
  pass(30s);
  EXPECT_EQ(running("web"), 1U);
  EXPECT_EQ(running("batch"), 2U);
  EXPECT_EQ(world.pods().preempted, 1U);
}

TEST_F(Scheduling, NobodyIsPreemptedByAnEqual) {
  nodes(1);
  ASSERT_TRUE(world.create_deployment(workload("batch", 3)));
  settle();
  important("lesser", 1, -1);  // waits, and makes priorities count
  important("web", 1, 0);
  pass(1min);
  EXPECT_EQ(running("batch"), 3U);
  EXPECT_EQ(running("lesser"), 0U);
  EXPECT_EQ(running("web"), 0U);
}

TEST_F(Scheduling, APodWhoseClassNeverPreemptsWaits) {
  nodes(1);
  ASSERT_TRUE(world.create_deployment(workload("batch", 3)));
  settle();
  NewWorkload polite = made("web", 1, [](PodTemplate& spec) { spec.priority = 1000; });
  polite.blueprint.preempts = false;
  ASSERT_TRUE(world.create_deployment(polite));
  pass(1min);
  EXPECT_EQ(running("batch"), 3U);
  EXPECT_EQ(running("web"), 0U);
}

TEST_F(Scheduling, TheLeastImportantGoFirstAndNoMoreThanNeeded) {
  nodes(2);
  important("low", 3, 1);
  settle();
  important("middle", 3, 5);
  settle();
  important("high", 2, 10);
  pass(2min);
  EXPECT_EQ(running("high"), 2U);
  EXPECT_EQ(running("middle"), 3U);
  EXPECT_EQ(running("low"), 1U);
}

TEST_F(Scheduling, APreemptorPrefersANodeWhereNoBudgetIsOverridden) {
  nodes(2);
  ASSERT_TRUE(world.create_deployment(workload("guarded", 3)));
  settle();
  ASSERT_TRUE(world.create_deployment(workload("free", 3)));
  settle();
  DisruptionBudget all = budget("guarded");
  all.max_unavailable = CountOrPercent{0, false};
  ASSERT_TRUE(world.create_budget(all));
  pass(1s);
  important("web", 3, 1000);
  pass(2min);
  EXPECT_EQ(running("web"), 3U);
  EXPECT_EQ(running("guarded"), 3U);
  EXPECT_EQ(running("free"), 0U);
}

TEST_F(Scheduling, ABudgetIsOverriddenWhereNothingElseHelps) {
  nodes(1);
  ASSERT_TRUE(world.create_deployment(workload("guarded", 3)));
  settle();
  DisruptionBudget all = budget("guarded");
  all.max_unavailable = CountOrPercent{0, false};
  ASSERT_TRUE(world.create_budget(all));
  pass(1s);
  important("web", 1, 1000);
  pass(2min);
  EXPECT_EQ(running("web"), 1U);
  EXPECT_EQ(running("guarded"), 2U);
}

TEST_F(Scheduling, ALesserPodDoesNotTakeTheRoomThatWasMadeForANominatedOne) {
  nodes(1);
  PodKind slow;
  slow.pre_stop = 10s;
  ASSERT_TRUE(world.create_deployment(workload("batch", 3, slow)));
  settle();
  important("web", 1, 1000);
  pass(1s);
  ASSERT_EQ(pods("web")[0].nominated_node.str(), "n1");
  // The successor of the victim waits from now on, and is the first that could be bound when the room is there.
  pass(1min);
  EXPECT_EQ(running("web"), 1U);
  EXPECT_EQ(running("batch"), 2U);
}

// ---- Spread

TEST_F(Scheduling, MinDomainsCountsTheZonesThatAreMissingAsEmpty) {
  nodes(2, "us-east-1a", "a");
  deploy("web", 3, [](PodTemplate& spec) {
    TopologySpread spread;
    spread.topology_key = kZone;
    spread.selector = app("web");
    spread.min_domains = 2;
    spec.spread = {spread};
  });
  pass(30s);
  EXPECT_EQ(running("web"), 1U);
  nodes(1, "us-east-1b", "b");
  settle();
  EXPECT_THAT(by_zone("web"), testing::UnorderedElementsAre(testing::Pair("us-east-1a", testing::Ge(1)),
                                                            testing::Pair("us-east-1b", testing::Ge(1))));
}

TEST_F(Scheduling, ZonesThatThePodMayNotUseAreNoDomainsOfItsSpread) {
  nodes(2, "us-east-1a", "a");
  nodes(1, "us-east-1b", "b");
  label("a1", "disk", "fast");
  label("a2", "disk", "fast");
  deploy("web", 4, [](PodTemplate& spec) {
    TopologySpread spread;
    spread.topology_key = kZone;
    spread.selector = app("web");
    spec.spread = {spread};
    spec.node_selector = {{"disk", "fast"}};
  });
  settle();
  EXPECT_EQ(by_zone("web")["us-east-1a"], 4);
}

TEST_F(Scheduling, ASoftSpreadOverAnotherLabelIsPreferredAndNeverStopsAPod) {
  nodes(4);
  for (const char* node : {"n1", "n2", "n3"}) label(node, "rack", "r1");
  label("n4", "rack", "r2");
  deploy("web", 6, [](PodTemplate& spec) {
    TopologySpread spread;
    spread.topology_key = "rack";
    spread.selector = app("web");
    spread.hard = false;
    spec.spread = {spread};
  });
  settle();
  int second = 0;
  for (const Pod& pod : pods("web")) second += pod.node.str() == "n4" ? 1 : 0;
  EXPECT_EQ(second, 3);
}

// ---- Affinity

TEST_F(Scheduling, ReplicasKeepApartOverNodes) {
  nodes(2);
  deploy("web", 3, [](PodTemplate& spec) { spec.affinity.anti_required = {term(kHost, "web")}; });
  pass(30s);
  EXPECT_EQ(running("web"), 2U);
  EXPECT_NE(pods("web")[0].node, pods("web")[1].node);
}

TEST_F(Scheduling, APodThatKeepsOthersAwayDoesSoAlsoForThoseThatComeLater) {
  nodes(2);
  deploy("noisy", 1, [](PodTemplate& spec) { spec.affinity.anti_required = {term(kHost, "web")}; });
  settle();
  ASSERT_TRUE(world.create_deployment(workload("web", 2)));
  settle();
  for (const Pod& pod : pods("web")) EXPECT_NE(pod.node, pods("noisy")[0].node);
}

TEST_F(Scheduling, PodsThatMustBeNearGoWhereTheOthersAre) {
  nodes(2, "us-east-1a", "a");
  nodes(2, "us-east-1b", "b");
  ASSERT_TRUE(world.create_deployment(workload("cache", 1)));
  settle();
  const std::string zone = zone_of(pods("cache")[0]);
  deploy("web", 3, [](PodTemplate& spec) { spec.affinity.pod_required = {term(kZone, "cache")}; });
  settle();
  EXPECT_EQ(by_zone("web")[zone], 3);
}

TEST_F(Scheduling, PodsThatMustBeNearOthersThatAreNowhereWaitUnlessTheyAreTheFirstOfTheirOwn) {
  nodes(2, "us-east-1a", "a");
  nodes(2, "us-east-1b", "b");
  deploy("lonely", 1, [](PodTemplate& spec) { spec.affinity.pod_required = {term(kZone, "cache")}; });
  deploy("group", 3, [](PodTemplate& spec) { spec.affinity.pod_required = {term(kZone, "group")}; });
  pass(1min);
  EXPECT_EQ(running("lonely"), 0U);
  EXPECT_EQ(running("group"), 3U);
  EXPECT_EQ(by_zone("group").size(), 1U);
}

TEST_F(Scheduling, PreferencesDecideWhereTheyCan) {
  nodes(3, "us-east-1a", "a");
  nodes(3, "us-east-1b", "b");
  label("b2", "disk", "fast");
  deploy("db", 1, [](PodTemplate& spec) {
    NodeSelectorTerm fast;
    fast.labels.push_back({"disk", SelectorOperator::In, {"fast"}});
    spec.affinity.node_preferred = {{50, fast}};
  });
  settle();
  EXPECT_EQ(pods("db")[0].node.str(), "b2");
  deploy("web", 2, [](PodTemplate& spec) { spec.affinity.pod_preferred = {{100, term(kZone, "db")}}; });
  settle();
  EXPECT_EQ(by_zone("web")["us-east-1b"], 2);
  deploy("shy", 3, [](PodTemplate& spec) { spec.affinity.anti_preferred = {{100, term(kZone, "db")}}; });
  settle();
  EXPECT_EQ(by_zone("shy")["us-east-1a"], 3);
}

TEST_F(Scheduling, RequiredNodeAffinityKnowsNotIn) {
  nodes(2);
  label("n1", "disk", "slow");
  deploy("db", 2, [](PodTemplate& spec) {
    NodeSelectorTerm not_slow;
    not_slow.labels.push_back({"disk", SelectorOperator::NotIn, {"slow"}});
    spec.affinity.node_required = {not_slow};
    spec.affinity.has_node_required = true;
  });
  settle();
  for (const Pod& pod : pods("db")) EXPECT_EQ(pod.node.str(), "n2");
}

}  // namespace
}  // namespace spotkeeper::sim
