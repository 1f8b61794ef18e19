// Which pods a rule between pods counts, and on which nodes.
#include "plan/schedule/topology.h"

#include <gtest/gtest.h>

#include "tests/unit/plan/provision/small_market.h"

namespace spotkeeper::plan {
namespace {

using namespace testing;

/// Nodes n1 in zone a and n2 in zone b. Shape 0 is asked about, others are there.
class Counting : public ::testing::Test {
 protected:
  Counting() : problem_(small_market()) {
    problem_.nodes.push_back(node_in("n1", "a"));
    problem_.nodes.push_back(node_in("n2", "b"));
  }

  static Shape with_label(Shape shape, const std::string& key, const std::string& value) {
    Labels labels = *shape.labels;
    labels.set(key, value);
    shape.labels = std::make_shared<const Labels>(std::move(labels));
    return shape;
  }
  /// Whether shape 0 may come to n1 after these came there.
  Refusal on_first_node_after(const std::vector<ShapeId>& there) {
    Purchase purchase(problem_);
    for (const ShapeId shape : there) purchase.place(shape, 0);
    return purchase.allows(0, 0, {});
  }

  Problem problem_;
};

TEST_F(Counting, MatchLabelKeysLeaveOtherRevisionsOut) {
  PodTemplate spec = spread_over_zones("web");
  spec.spread[0].match_label_keys = {"revision"};
  add_shape(problem_, with_label(pods_of("web", 100, spec), "revision", "2"));
  add_shape(problem_, with_label(pods_of("web", 100, spec), "revision", "1"));
  EXPECT_EQ(on_first_node_after({1}), Refusal::None);
  EXPECT_EQ(on_first_node_after({0}), Refusal::Spread);
}

TEST_F(Counting, MismatchLabelKeysLeaveTheSameTenantOut) {
  PodTemplate spec = away_from("web", kHostnameLabel);
  spec.affinity.anti_required[0].mismatch_label_keys = {"tenant"};
  add_shape(problem_, with_label(pods_of("web", 100, spec), "tenant", "x"));
  add_shape(problem_, with_label(pods_of("web", 100), "tenant", "x"));
  add_shape(problem_, with_label(pods_of("web", 100), "tenant", "y"));
  EXPECT_EQ(on_first_node_after({1}), Refusal::None);
  EXPECT_EQ(on_first_node_after({2}), Refusal::AntiAffinity);
}

TEST_F(Counting, NodeTaintsPolicySaysWhetherTaintedNodesAreDomains) {
  PodTemplate spec = spread_over_zones("web");
  add_shape(problem_, pods_of("web", 100, spec));
  problem_.nodes[1].node.taints.push_back({"dedicated", "", TaintEffect::NoSchedule, {}});
  EXPECT_EQ(on_first_node_after({0}), Refusal::Spread);
  spec.spread[0].honor_node_taints = true;
  problem_.shapes[0] = pods_of("web", 100, spec);
  EXPECT_EQ(on_first_node_after({0}), Refusal::None);
}

TEST_F(Counting, NodeAffinityPolicySaysWhetherNodesThatThePodDoesNotSelectAreDomains) {
  PodTemplate spec = spread_over_zones("web");
  spec.node_selector = Labels{{std::string(kHostnameLabel), "n1"}};
  add_shape(problem_, pods_of("web", 100, spec));
  EXPECT_EQ(on_first_node_after({0}), Refusal::None);
  spec.spread[0].honor_node_affinity = false;
  problem_.shapes[0] = pods_of("web", 100, spec);
  EXPECT_EQ(on_first_node_after({0}), Refusal::Spread);
}

TEST_F(Counting, NamespacesCountBesideThoseThatANamespaceSelectorSelects) {
  PodTemplate spec = away_from("web", kHostnameLabel);
  spec.affinity.anti_required[0].namespaces = {NamespaceName("named")};
  spec.affinity.anti_required[0].namespace_selector = LabelSelector{{{"env", SelectorOperator::In, {"prod"}}}, {}};
  add_shape(problem_, pods_of("web", 100, spec));
  for (const char* const name : {"named", "selected", "neither"}) {
    Shape other = pods_of("web", 100);
    other.ns = NamespaceName(name);
    add_shape(problem_, std::move(other));
    problem_.namespaces[NamespaceName(name)] = Labels();
  }
  problem_.namespaces[NamespaceName("selected")] = Labels{{"env", "prod"}};
  EXPECT_EQ(on_first_node_after({1}), Refusal::AntiAffinity);
  EXPECT_EQ(on_first_node_after({2}), Refusal::AntiAffinity);
  EXPECT_EQ(on_first_node_after({3}), Refusal::None);
}

TEST_F(Counting, ASpreadCountsNobodyOnNodesThatThePodDoesNotSelect) {
  PodTemplate spec = spread_over_zones("web");
  spec.node_selector = Labels{{std::string(kHostnameLabel), "n1"}};
  spec.spread[0].min_domains = 2;  // one is there, so that the least counts as none
  add_shape(problem_, pods_of("web", 100, spec));
  add_shape(problem_, pods_of("web", 100));
  problem_.nodes.push_back(node_in("n3", "a"));
  Purchase purchase(problem_);
  purchase.place(1, 2);
  EXPECT_EQ(purchase.allows(0, 0, {}), Refusal::None);
  purchase.place(1, 0);
  EXPECT_EQ(purchase.allows(0, 0, {}), Refusal::Spread);
}

TEST_F(Counting, ANodeWithoutTheLabelOfAnotherSpreadIsNoDomain) {
  PodTemplate spec = spread_over_zones("web");
  add_shape(problem_, pods_of("web", 100, spec));
  problem_.nodes[0].node.labels.set("rack", "r1");
  EXPECT_EQ(on_first_node_after({0}), Refusal::Spread);
  spec.spread.push_back(spec.spread[0]);
  spec.spread[1].topology_key = "rack";
  problem_.shapes[0] = pods_of("web", 100, spec);
  EXPECT_EQ(on_first_node_after({0}), Refusal::None);
}

TEST_F(Counting, AnEmptySelectorOfASpreadCountsNobody) {
  PodTemplate spec = spread_over_zones("web");
  add_shape(problem_, pods_of("web", 100, spec));
  EXPECT_EQ(on_first_node_after({0, 0}), Refusal::Spread);
  for (const auto& selector : {std::optional<LabelSelector>(), std::optional(LabelSelector())}) {
    spec.spread[0].selector = selector;
    problem_.shapes[0] = pods_of("web", 100, spec);
    EXPECT_EQ(on_first_node_after({0, 0}), Refusal::None);
  }
}

TEST_F(Counting, SeveralTermsOfAffinityAskForAPodThatMatchesAllOfThem) {
  PodTemplate spec = beside("web", kZoneLabel);
  spec.affinity.pod_required.push_back(near("web", kHostnameLabel));
  spec.affinity.pod_required[1].selector = LabelSelector{{{"tier", SelectorOperator::In, {"front"}}}, {}};
  add_shape(problem_, pods_of("job", 100, spec));
  add_shape(problem_, pods_of("web", 100));
  add_shape(problem_, with_label(pods_of("other", 100), "tier", "front"));
  add_shape(problem_, with_label(pods_of("web", 100), "tier", "front"));
  EXPECT_EQ(on_first_node_after({1, 2}), Refusal::Affinity);
  EXPECT_EQ(on_first_node_after({3}), Refusal::None);
}

TEST_F(Counting, AFirstPodComesOnlyWhereItsAffinityMatchesItself) {
  add_shape(problem_, pods_of("web", 100, beside("web", kZoneLabel)));
  EXPECT_EQ(on_first_node_after({}), Refusal::None);
  problem_.shapes[0] = pods_of("web", 100, beside("cache", kZoneLabel));
  EXPECT_EQ(on_first_node_after({}), Refusal::Affinity);
}

}  // namespace
}  // namespace spotkeeper::plan
