#include "plan/schedule/node_match.h"

#include <gtest/gtest.h>

namespace spotkeeper::plan {
namespace {

const Labels kLabels{{"disk", "ssd"}, {"rank", "3"}};

PodTemplate wanting(std::vector<SelectorRequirement> requirements) {
  PodTemplate spec;
  spec.affinity.has_node_required = true;
  spec.affinity.node_required.push_back({std::move(requirements), {}});
  return spec;
}

TEST(NodeMatch, KnowsEveryOperator) {
  using enum SelectorOperator;
  EXPECT_TRUE(selects(wanting({{"disk", In, {"ssd", "hdd"}}}), kLabels, "n"));
  EXPECT_FALSE(selects(wanting({{"disk", NotIn, {"ssd"}}}), kLabels, "n"));
  EXPECT_TRUE(selects(wanting({{"gpu", NotIn, {"a"}}}), kLabels, "n"));
  EXPECT_TRUE(selects(wanting({{"disk", Exists, {}}}), kLabels, "n"));
  EXPECT_FALSE(selects(wanting({{"disk", DoesNotExist, {}}}), kLabels, "n"));
  EXPECT_TRUE(selects(wanting({{"rank", Gt, {"2"}}, {"rank", Lt, {"4"}}}), kLabels, "n"));
  EXPECT_FALSE(selects(wanting({{"disk", Gt, {"2"}}}), kLabels, "n"));
}

TEST(NodeMatch, AnEmptyTermMatchesNothing) {
  EXPECT_FALSE(selects(wanting({}), kLabels, "n"));
  PodTemplate none;
  none.affinity.has_node_required = true;
  EXPECT_FALSE(selects(none, kLabels, "n"));
  EXPECT_TRUE(selects(PodTemplate(), kLabels, "n"));
}

TEST(NodeMatch, KnowsTheNameOfTheNode) {
  PodTemplate spec;
  spec.affinity.has_node_required = true;
  spec.affinity.node_required.push_back({{}, {{"metadata.name", SelectorOperator::In, {"n1"}}}});
  EXPECT_TRUE(selects(spec, kLabels, "n1"));
  EXPECT_FALSE(selects(spec, kLabels, ""));
}

TEST(NodeMatch, PreferNoScheduleKeepsNobodyAway) {
  const std::vector<Taint> soft{{"a", "", TaintEffect::PreferNoSchedule, {}}};
  const std::vector<Taint> hard{{"a", "", TaintEffect::NoSchedule, {}}};
  EXPECT_EQ(untolerated({}, soft), nullptr);
  EXPECT_NE(untolerated({}, hard), nullptr);
  const std::vector<Toleration> all{{"", true, "", {}, {}}};
  EXPECT_EQ(untolerated(all, hard), nullptr);
  EXPECT_TRUE(tolerates_cordon(all));
  EXPECT_FALSE(tolerates_cordon({}));
}

TEST(NodeMatch, AnUnnamedAddressIsEveryAddress) {
  const std::vector<HostPort> any{{"", 80, "TCP"}};
  const std::vector<HostPort> one{{"10.0.0.1", 80, "TCP"}};
  const std::vector<HostPort> other{{"10.0.0.2", 80, "TCP"}};
  const std::vector<HostPort> udp{{"", 80, "UDP"}};
  EXPECT_TRUE(ports_clash(any, one));
  EXPECT_FALSE(ports_clash(one, other));
  EXPECT_FALSE(ports_clash(any, udp));
}

}  // namespace
}  // namespace spotkeeper::plan
