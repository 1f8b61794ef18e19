#include "control/planning/spot_shares.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "planned.h"

namespace spotkeeper::control {
namespace {

using namespace testing;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const std::string kPool(kAnyPool);

/// A Deployment of pods that need a small.large each.
std::string annotated(int replicas, std::string_view annotations) {
  std::string yaml = deployment("web", replicas, "2");
  const std::string_view metadata = "metadata: {name: web, namespace: shop";
  yaml.insert(yaml.find(metadata) + metadata.size(), fmt::format(", annotations: {{{}}}", annotations));
  return yaml;
}

std::size_t off_spot(const format::JsonObject& plan) {
  std::size_t pods = 0;
  for (const auto& each : plan.at("nodes").as_array())
    if (each.at("capacity_type") != "spot") pods += each.at("pods").as_array().size();
  return pods;
}

TEST(SpotShare, KeepsTheBaseAndTheRestOfTheShareOffSpot) {
  EXPECT_EQ(off_spot(planned(kPool + annotated(10, ""))), 0U);
  EXPECT_EQ(off_spot(planned(kPool + annotated(10, "spotkeeper.dev/on-demand-base: '2'"))), 2U);
  EXPECT_EQ(off_spot(planned(kPool + annotated(10, "spotkeeper.dev/spot-share: 70%"))), 3U);
  EXPECT_EQ(
      off_spot(planned(kPool + annotated(10, "spotkeeper.dev/on-demand-base: '2', spotkeeper.dev/spot-share: 50%"))),
      6U);
  EXPECT_EQ(off_spot(planned(kPool + annotated(3, "spotkeeper.dev/on-demand-base: '9'"))), 3U);
}

TEST(SpotShare, CountsPodsThatAreOnOtherNodesAlready) {
  std::string there = node("n1", "a", "1");
  for (const char* const name : {"db-0", "db-1"}) {
    there += fmt::format(R"(
---
apiVersion: v1
kind: Pod
metadata:
  {{name: {}, namespace: shop, ownerReferences: [{{apiVersion: apps/v1, kind: StatefulSet, name: db, uid: u, controller: true}}]}}
spec: {{nodeName: n1, containers: [{{name: c, image: i}}]}}
)",
                         name);
  }
  const auto plan = planned(kPool + there + R"(
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db, namespace: shop, annotations: {spotkeeper.dev/on-demand-base: '3'}}
spec:
  replicas: 5
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec: {containers: [{name: c, image: i, resources: {requests: {cpu: "2"}}}]}
)");
  EXPECT_EQ(off_spot(plan), 1U);
}

TEST(SpotShare, LeavesOtherNodesToThePodsThatMayNotBeOnSpot) {
  std::string spot_alone = kPool + "      - {key: karpenter.sh/capacity-type, operator: In, values: [spot]}\n";
  spot_alone.insert(spot_alone.find("  template:"), "  limits: {nodes: 1}\n");
  const auto plan = planned(spot_alone + node("n1", "a", "2") + annotated(2, "spotkeeper.dev/on-demand-base: '1'"));
  EXPECT_THAT(unplaced(plan), IsEmpty());
}

TEST(SpotShare, IsNotGivenUp) {
  const std::string spot_alone = kPool + "      - {key: karpenter.sh/capacity-type, operator: In, values: [spot]}\n";
  const auto plan = planned(spot_alone + annotated(2, "spotkeeper.dev/on-demand-base: '1'"));
  EXPECT_THAT(unplaced(plan), ElementsAre(HasSubstr("Spot capacity, of which its workload may have no more")));
}

TEST(SpotShare, ThatCanNotBeReadLeavesItsPodsAloneWithoutAPlace) {
  for (const char* const wrong : {"spotkeeper.dev/on-demand-base: 'two'", "spotkeeper.dev/on-demand-base: '-1'",
                                  "spotkeeper.dev/spot-share: '0.7'", "spotkeeper.dev/spot-share: 170%"}) {
    const auto plan = planned(kPool + annotated(1, wrong) + deployment("other", 1, "1"));
    EXPECT_THAT(unplaced(plan), ElementsAre(HasSubstr("shop/web-0: /metadata/annotations/"))) << wrong;
  }
}

}  // namespace
}  // namespace spotkeeper::control
