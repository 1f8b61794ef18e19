#include "control/planning/explanation.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "planned.h"

namespace spotkeeper::control {
namespace {

using namespace testing;
using ::testing::HasSubstr;

const std::string kPool(kAnyPool);

plan::Explanation explained(const plan::Problem& problem, std::string_view pod) {
  const auto explanation = plan::explain(problem, plan::make_plan(problem, {}, {}), pod);
  EXPECT_TRUE(explanation) << pod;
  return explanation.value_or(plan::Explanation());
}

std::string tainted_node(std::string_view name) {
  return fmt::format("{}spec: {{taints: [{{key: dedicated, value: gpu, effect: NoSchedule}}]}}\n",
                     node(name, "a", "4"));
}

const plan::Answers* answer(const std::vector<plan::Answers>& all, plan::Refusal why) {
  const auto at = std::ranges::find(all, why, &plan::Answers::why);
  return at == all.end() ? nullptr : &*at;
}

TEST(Explanation, GroupsNodesByWhatTheySay) {
  const auto out = explained(problem_of(node("n1", "a", "1") + node("n2", "a", "1500m") + tainted_node("n3") +
                                        tainted_node("n4") + node("n5", "a", "4") + deployment("web", 1, "2")),
                             "shop/web-0");
  EXPECT_EQ(out.node, 4U);
  const auto* const cpu = answer(out.nodes, plan::Refusal::Cpu);
  ASSERT_NE(cpu, nullptr);
  EXPECT_EQ(cpu->detail, "wants 2 CPU, 1.5 CPU at most are left");
  EXPECT_THAT(cpu->names, ::testing::ElementsAre("n1", "n2"));
  const auto* const taint = answer(out.nodes, plan::Refusal::Taint);
  ASSERT_NE(taint, nullptr);
  EXPECT_EQ(taint->detail, "dedicated=gpu:NoSchedule");
  EXPECT_EQ(taint->count, 2);
}

TEST(Explanation, SaysWhichNodesWouldDoAsWell) {
  const auto out =
      explained(problem_of(node("n1", "a", "4") + node("n2", "a", "4") + deployment("web", 1, "2")), "shop/web-0");
  EXPECT_EQ(out.node, 0U);
  const auto* const able = answer(out.nodes, plan::Refusal::None);
  ASSERT_NE(able, nullptr);
  EXPECT_THAT(able->names, ::testing::ElementsAre("n2"));
}

TEST(Explanation, SaysWhatAPodBearsOfItsMachine) {
  const auto problem = problem_of(kPool + deployment("web", 2, "1"));
  const auto plan = plan::make_plan(problem, {}, {});
  Money all;
  for (const char* pod : {"shop/web-0", "shop/web-1"}) all += explained(problem, pod).bears;
  EXPECT_NEAR(static_cast<double>(all.micros), static_cast<double>(plan.cost.micros), 2);
}

TEST(Explanation, CountsTheMachinesOfANodePoolByTheirAnswers) {
  const auto out = explained(problem_of(kPool + deployment("web", 1, "3")), "shop/web-0");
  ASSERT_EQ(out.pools.size(), 1U);
  const auto& answers = out.pools.front().answers;
  const auto* const able = answer(answers, plan::Refusal::None);
  ASSERT_NE(able, nullptr);
  EXPECT_EQ(able->count, 6);  // wide.xlarge in three zones, Spot and on-demand
  EXPECT_EQ(able->types, 1);
  EXPECT_EQ(able->cheapest->str(), "0.09");
  EXPECT_EQ(answer(answers, plan::Refusal::Cpu)->names.front(), "small.large");
  EXPECT_EQ(answer(answers, plan::Refusal::Architecture)->count, 3);
}

TEST(Explanation, KnowsWhyAPodHasNoPlace) {
  const auto out = explained(problem_of(kPool + deployment("web", 1, "64")), "shop/web-0");
  EXPECT_THAT(out.unplaced, HasSubstr("too little CPU"));
  EXPECT_EQ(answer(out.pools.front().answers, plan::Refusal::None), nullptr);
}

TEST(Explanation, SaysWhatWasGivenUpForThePod) {
  const std::string spot_alone = R"(
---
apiVersion: karpenter.sh/v1
kind: NodePool
metadata: {name: spot}
spec:
  template:
    spec:
      requirements:
      - {key: topology.kubernetes.io/zone, operator: In, values: [a]}
      - {key: karpenter.sh/capacity-type, operator: In, values: [spot]}
)";
  const auto slow = explained(problem_of(spot_alone + deployment("slow", 1, "1", "terminationGracePeriodSeconds: 600")),
                              "shop/slow-0");
  EXPECT_EQ(slow.given_up, plan::Refusal::Steady);
  const auto quick = explained(problem_of(spot_alone + deployment("quick", 1, "1")), "shop/quick-0");
  EXPECT_EQ(quick.given_up, plan::Refusal::None);
}

TEST(Explanation, CallsNoMachineCheaperForAllThatWouldTakeOnlyThePodItself) {
  const auto problem = problem_of(kPool + deployment("web", 1, "500m") +
                                  deployment("slow", 1, "500m", "terminationGracePeriodSeconds: 600"));
  const auto out = explained(problem, "shop/web-0");
  const auto plan = plan::make_plan(problem, {}, {});
  ASSERT_TRUE(out.machine);
  ASSERT_EQ(problem.offerings[plan.nodes[*out.machine].offering].capacity, plan::CapacityType::OnDemand);
  EXPECT_GT(out.cheaper, 0);
  EXPECT_EQ(out.cheaper_for_all, 0);
}

TEST(Explanation, KnowsPodsThatAreOnTheirNodeAlready) {
  const auto out = explained(problem_of(node("n1", "a", "4") + R"(
---
apiVersion: v1
kind: Pod
metadata: {name: old, namespace: shop}
spec: {nodeName: n1, containers: [{name: c, image: i}]}
)"),
                             "shop/old");
  EXPECT_TRUE(out.bound);
  EXPECT_EQ(out.node, 0U);
}

TEST(Explanation, IsNoneOfAPodThatNobodyKnows) {
  const auto problem = problem_of(kPool + deployment("web", 1, "1"));
  EXPECT_FALSE(plan::explain(problem, plan::make_plan(problem, {}, {}), "shop/web-7"));
}

TEST(ExplanationDocument, SaysWhichRulesBindAndWhatEachLeavesOut) {
  const auto problem = problem_of(kPool + node("n1", "a", "1") + deployment("web", 1, "3"));
  const auto plan = plan::make_plan(problem, {}, {});
  const auto document = explanation_json(problem, plan, *plan::explain(problem, plan, "shop/web-0"));
  EXPECT_EQ(document.at("machine").at("type"), "wide.xlarge");
  EXPECT_EQ(document.at("node"), nullptr);
  const auto& rules = document.at("bound_by").as_array();
  ASSERT_EQ(rules.size(), 2U);
  EXPECT_EQ(rules.at(1).at("rule"), "too little CPU");
  EXPECT_EQ(rules.at(1).at("nodes"), 1);
  EXPECT_EQ(rules.at(1).at("machines"), 6);
}

}  // namespace
}  // namespace spotkeeper::control
