#include "control/planning/what_if.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "control/planning/comparison.h"
#include "control/planning/report.h"
#include "format/yaml.h"
#include "planned.h"

namespace spotkeeper::control {
namespace {

using namespace testing;
using ::testing::AllOf;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

const std::string kPool(kAnyPool);

constexpr std::string_view kSpotPool = R"(
apiVersion: karpenter.sh/v1
kind: NodePool
metadata: {name: any}
spec:
  template:
    spec:
      requirements:
      - {key: topology.kubernetes.io/zone, operator: In, values: [d]}
      - {key: karpenter.sh/capacity-type, operator: In, values: [spot]}
)";

Result<format::JsonValue> one_file(const std::string& path) {
  if (path != "pool.yaml") return fail(ErrorCode::NotFound, path + " is not there");
  return format::parse_yaml_stream(kSpotPool).value().front().value();
}

Result<plan::Problem> with(const plan::Problem& problem, const std::vector<std::string>& changes,
                           const PlanningOptions& options = {}) {
  std::vector<Change> parsed;
  for (const std::string& each : changes) {
    SK_TRY(auto change, parse_change(each, one_file));
    parsed.push_back(std::move(change));
  }
  return changed(problem, parsed, options);
}

plan::Plan plan_of(const plan::Problem& problem) { return plan::make_plan(problem, {}, {}); }

format::JsonObject document(const plan::Problem& problem) { return plan_json(problem, plan_of(problem), 0); }

std::string refusal(const plan::Problem& problem, const std::string& change) {
  const auto out = with(problem, {change});
  return out ? "" : out.error().message;
}

TEST(WhatIf, UnderstandsOnlyWhatItCanDo) {
  const auto problem = problem_of(kPool + deployment("web", 1, "1"));
  EXPECT_THAT(refusal(problem, "zone-gone"), HasSubstr("is not one of zone-gone=ZONE"));
  EXPECT_THAT(refusal(problem, "zone-gone="), HasSubstr("is not one of"));
  EXPECT_THAT(refusal(problem, "weather=bad"), HasSubstr("is not one of"));
  EXPECT_THAT(refusal(problem, "prices=×0"), HasSubstr("is not a factor above 0"));
  EXPECT_THAT(refusal(problem, "prices=-1"), HasSubstr("is not a factor above 0"));
  EXPECT_THAT(refusal(problem, "withdraw=a:b:cheap"), HasSubstr("is not TYPE, TYPE:ZONE"));
  EXPECT_THAT(refusal(problem, "nodepool=other.yaml"), HasSubstr("other.yaml is not there"));
}

TEST(WhatIf, RefusesWhatWouldChangeNothing) {
  const auto problem = problem_of(kPool + deployment("web", 1, "1"));
  EXPECT_THAT(refusal(problem, "zone-gone=z"), HasSubstr("zone-gone=z: no node is there"));
  EXPECT_THAT(refusal(problem, "zone-added=a"), HasSubstr("it is there already"));
  EXPECT_THAT(refusal(problem, "withdraw=m5.large"), HasSubstr("no such machine"));
  EXPECT_THAT(refusal(problem, "prices=m5.large=×2"), HasSubstr("no such machine"));
  EXPECT_THAT(refusal(problem, "families=m5"), HasSubstr("the catalogue has no family 'm5'"));
}

TEST(WhatIf, AZoneThatIsGoneTakesItsNodesAndTheirPodsNeedAPlace) {
  const auto problem = problem_of(kPool + node("n1", "a", "4") + node("n2", "b", "4") + R"(
---
apiVersion: v1
kind: Pod
metadata:
  {name: kept, namespace: shop, ownerReferences: [{apiVersion: apps/v1, kind: StatefulSet, name: s, uid: u, controller: true}]}
spec: {nodeName: n1, containers: [{name: c, image: i, resources: {requests: {cpu: "3"}}}]}
---
apiVersion: v1
kind: Pod
metadata: {name: lone, namespace: shop}
spec: {nodeName: n1, containers: [{name: c, image: i}]}
---
apiVersion: v1
kind: Pod
metadata: {name: full, namespace: shop}
spec: {nodeName: n2, containers: [{name: c, image: i, resources: {requests: {cpu: "3"}}}]}
)");
  const auto then = with(problem, {"zone-gone=a"}).value();
  ASSERT_THAT(then.nodes, SizeIs(1));
  ASSERT_THAT(then.pods, SizeIs(1));
  EXPECT_EQ(then.pods.front().name.str(), "shop/kept");
  EXPECT_THAT(then.remarks, ElementsAre(HasSubstr("1 pods in a that nobody makes anew")));
  EXPECT_THAT(of_nodes(document(then), "zone"), AllOf(SizeIs(1), Each(Not("a"))));
}

TEST(WhatIf, PricesAreTimesTheFactor) {
  const auto problem = problem_of(kPool + deployment("web", 1, "1"));
  const auto cost = [&](const std::string& change) { return plan_of(with(problem, {change}).value()).cost.str(); };
  EXPECT_EQ(plan_of(problem).cost.str(), "0.05");
  EXPECT_EQ(cost("prices=×1.5"), "0.075");
  EXPECT_EQ(cost("prices=x1.5"), "0.075");
  EXPECT_EQ(cost("prices=1.5"), "0.075");
  EXPECT_EQ(cost("prices=on-demand=×0.1"), "0.01");
  EXPECT_EQ(cost("prices=small.*=×1.5"), "0.075");
  EXPECT_EQ(cost("prices=small.large:a=×1.5"), "0.05");
}

TEST(WhatIf, ATypeThatIsWithdrawnIsNotBought) {
  const auto problem = problem_of(kPool + deployment("web", 1, "1"));
  EXPECT_THAT(of_nodes(document(with(problem, {"withdraw=small.large"}).value()), "type"), ElementsAre("wide.xlarge"));
  EXPECT_THAT(of_nodes(document(with(problem, {"withdraw=spot"}).value()), "capacity_type"), ElementsAre("on-demand"));
}

TEST(WhatIf, FamiliesTakeThePlaceOfWhatNodePoolsAskOfThem) {
  const auto problem =
      problem_of(kPool + "      - {key: karpenter.k8s.aws/instance-family, operator: In, values: [wide]}\n" +
                 deployment("web", 1, "1"));
  const auto types = [&](const std::string& change) {
    return of_nodes(document(with(problem, {change}).value()), "type");
  };
  EXPECT_THAT(of_nodes(document(problem), "type"), ElementsAre("wide.xlarge"));
  EXPECT_THAT(types("families=small"), ElementsAre("small.large"));
  EXPECT_THAT(types("families=*"), ElementsAre("small.large"));
}

TEST(WhatIf, AZoneThatIsAddedIsOneForEveryNodePoolThatListsZones) {
  const auto problem = problem_of(kPool + deployment("web", 4, "1500m",
                                                     "topologySpreadConstraints: [{maxSkew: 1, topologyKey: "
                                                     "topology.kubernetes.io/zone, whenUnsatisfiable: DoNotSchedule, "
                                                     "labelSelector: {matchLabels: {app: web}}}]"));
  const auto zones = of_nodes(document(with(problem, {"zone-added=d"}).value()), "zone");
  EXPECT_THAT(zones, ::testing::UnorderedElementsAre("a", "b", "c", "d"));
}

TEST(WhatIf, ANodePoolTakesThePlaceOfTheOneOfItsName) {
  const auto problem = problem_of(kPool + deployment("slow", 1, "1", "terminationGracePeriodSeconds: 600"));
  EXPECT_THAT(of_nodes(document(problem), "capacity_type"), ElementsAre("on-demand"));
  const auto then = document(with(problem, {"nodepool=pool.yaml"}).value());
  EXPECT_THAT(of_nodes(then, "capacity_type"), ElementsAre("spot"));
  EXPECT_THAT(of_nodes(then, "zone"), ElementsAre("d"));
}

TEST(WhatIf, ChangesCountTogetherWhateverTheirOrder) {
  const auto problem = problem_of(kPool + deployment("web", 1, "1"));
  for (const auto& changes : {std::vector<std::string>{"prices=×2", "nodepool=pool.yaml", "withdraw=small.large"},
                              std::vector<std::string>{"withdraw=small.large", "nodepool=pool.yaml", "prices=×2"}}) {
    const auto then = document(with(problem, changes).value());
    EXPECT_EQ(then.at("cost_per_hour"), "0.18");
    EXPECT_THAT(of_nodes(then, "zone"), ElementsAre("d"));
  }
}

TEST(Comparison, SaysWhatThereIsMoreOf) {
  const auto problem = problem_of(kPool + deployment("web", 3, "1"));
  const auto then = with(problem, {"withdraw=*:*:spot", "withdraw=wide.*"}).value();
  const auto difference = difference_json(figures_of(problem, plan_of(problem)), figures_of(then, plan_of(then)));
  EXPECT_EQ(difference.at("cost_per_hour"), format::JsonValue((plan_of(then).cost - plan_of(problem).cost).str()));
  EXPECT_EQ(difference.at("unplaced"), 0);
  EXPECT_LT(difference.at("expected_interruptions_per_day").as_double(), 0);
  EXPECT_LT(difference.at("worst_pool_share").as_double(), 0);
}

TEST(Comparison, NamesPodsThatHaveNoPlaceAnyMore) {
  const auto problem = problem_of(kPool + deployment("big", 1, "3") + deployment("huge", 1, "64"));
  const auto then = with(problem, {"withdraw=wide.xlarge"}).value();
  EXPECT_THAT(newly_unplaced(plan_of(problem), plan_of(then)), ElementsAre("shop/big-0"));
  EXPECT_THAT(newly_unplaced(plan_of(then), plan_of(problem)), IsEmpty());
}

}  // namespace
}  // namespace spotkeeper::control
