// Who has a place, and where, when not everybody can have the first that would do.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "planned.h"

namespace spotkeeper::control {
namespace {

using namespace testing;
using ::testing::AllOf;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;

const std::string kPool(kAnyPool);

/// One node with four cores that carries disk: ssd.
constexpr std::string_view kOldNode = R"(
---
apiVersion: v1
kind: Node
metadata: {name: old, labels: {disk: ssd, topology.kubernetes.io/zone: a, kubernetes.io/hostname: old}}
status: {allocatable: {cpu: "4", memory: 16Gi, pods: "10"}}
)";

std::string pool_of(std::string_view requirement, std::string_view more = {}) {
  return fmt::format(R"(
---
apiVersion: karpenter.sh/v1
kind: NodePool
metadata: {{name: one}}
spec:
  {1}
  template:
    spec:
      requirements:
      - {{key: topology.kubernetes.io/zone, operator: In, values: [a]}}
      - {0}
)",
                     requirement, more);
}

/// The capacity type of the new node that the pod is on; empty: on none.
std::string capacity_of(const format::JsonObject& plan, std::string_view pod) {
  for (const auto& node : plan.at("nodes").as_array())
    for (const auto& each : node.at("pods").as_array())
      if (each.as_string() == pod) return std::string(node.at("capacity_type").as_string());
  return {};
}

// The important pod comes to the old node first; the big one can be nowhere else.
std::string one_must_leave(std::string_view important) {
  return deployment("first", 1, "1800m", important) + deployment("web", 1, "100m") +
         deployment("big", 1, "3500m", "nodeSelector: {disk: ssd}");
}

TEST(LeftOut, WhoLeavesItsSeatToAnotherStillGoesToOnDemandIfItTakesLongToEnd) {
  const auto plan =
      planned(kPool + std::string(kOldNode) + one_must_leave("priority: 100, terminationGracePeriodSeconds: 300"));
  EXPECT_THAT(unplaced(plan), IsEmpty());
  EXPECT_EQ(capacity_of(plan, "shop/first-0"), "on-demand");
}

TEST(LeftOut, WhoLeavesItsSeatToAnotherMayHaveANewMachine) {
  const auto plan = planned(kPool + std::string(kOldNode) + one_must_leave("priority: 100"));
  EXPECT_THAT(unplaced(plan), IsEmpty());
  EXPECT_EQ(capacity_of(plan, "shop/first-0"), "spot");
}

TEST(LeftOut, ALimitThatWasGivenUpForASeatIsTakenBackThoughOthersHaveToComeInAnotherOrder) {
  // picky has to come before web, which is more important, fills its zone; and only beside batch.
  const std::string picky = R"(
---
apiVersion: v1
kind: Pod
metadata: {name: picky, namespace: shop, labels: {app: picky}}
spec:
  containers: [{name: c, image: i, resources: {requests: {cpu: "1"}}, ports: [{containerPort: 80, hostPort: 80}]}]
  affinity: {podAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: karpenter.sh/capacity-type, labelSelector: {matchLabels: {app: batch}}}]}}
  topologySpreadConstraints: [{maxSkew: 1, topologyKey: topology.kubernetes.io/zone, whenUnsatisfiable: DoNotSchedule, labelSelector: {matchExpressions: [{key: app, operator: Exists}]}}]
)";
  std::string pool = pool_of("{key: node.kubernetes.io/instance-type, operator: In, values: [small.large]}");
  pool.replace(pool.find("[a]"), 3, "[a, b]");
  const auto plan = planned(pool + node("n1", "b", "500m") + deployment("web", 4, "600m", "priority: 100") + picky +
                            deployment("batch", 2, "250m", "terminationGracePeriodSeconds: 300"));
  EXPECT_THAT(unplaced(plan), IsEmpty());
  for (const auto& share : plan.at("risk").at("worst_pool_shares").as_array())
    EXPECT_LE(share.at("pods").as_int64(), 2) << share;
}

TEST(LeftOut, WhoIsMoreImportantComesBeforeWhoIsLargerHoweverManyThereAre) {
  const auto plan =
      planned(node("n1", "a", "4") + deployment("large", 9, "1") + deployment("urgent", 4, "500m", "priority: 100"));
  EXPECT_THAT(unplaced(plan), AllOf(SizeIs(7), Each(StartsWith("shop/large"))));
}

TEST(LeftOut, WhoCameFirstLeavesThePoolToWhoCanBeNowhereElse) {
  // Two of an app are in no team together, and who is in none is on Spot in zone a alone.
  std::string in_team = kPool + "      - {key: team, operator: In, values: [red]}\n";
  std::string in_none = kPool + "      - {key: karpenter.sh/capacity-type, operator: In, values: [spot]}\n";
  in_none.replace(in_none.find("[a, b, c]"), 9, "[a]");
  in_none.replace(in_none.find("name: any"), 9, "name: none");
  in_team.replace(in_team.find("[a, b, c]"), 9, "[a]");
  const auto plan = planned(
      in_team + in_none +
      deployment("web", 2, "1500m",
                 "affinity: {podAntiAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: team, "
                 "labelSelector: {matchLabels: {app: web}}}]}}, nodeSelector: {node.kubernetes.io/instance-type: "
                 "small.large}"));
  EXPECT_THAT(unplaced(plan), IsEmpty());
  EXPECT_THAT(of_nodes(plan, "capacity_type"), ::testing::UnorderedElementsAre("spot", "on-demand"));
}

TEST(LeftOut, SeatsTakenAnewLeaveAsManyTypesAsMinValuesAsksFor) {
  const auto plan =
      planned(pool_of("{key: node.kubernetes.io/instance-type, operator: In, values: [small.large, wide.xlarge], "
                      "minValues: 2}") +
              std::string(kOldNode) + one_must_leave("priority: 100"));
  EXPECT_THAT(unplaced(plan), IsEmpty());
  for (const auto& node : plan.at("nodes").as_array())
    EXPECT_THAT(node.at("alternatives").as_array(), SizeIs(1)) << node;
}

TEST(LeftOut, NobodyIsForTheRulesOfAPodThatCannotBeUnderstood) {
  // Its spread would count web on machines of four CPUs alone, so that no other could stand in for one of them.
  const std::string bad = R"(
---
apiVersion: v1
kind: Pod
metadata: {name: bad, namespace: shop}
spec:
  nodeSelector: {karpenter.k8s.aws/instance-cpu: "4"}
  containers: [{name: c, image: i}]
  topologySpreadConstraints: [{maxSkew: 0, topologyKey: topology.kubernetes.io/zone, whenUnsatisfiable: DoNotSchedule, labelSelector: {matchLabels: {app: web}}}]
)";
  const auto plan = planned(pool_of("{key: node.kubernetes.io/instance-type, operator: In, values: [small.large, "
                                    "wide.xlarge], minValues: 2}") +
                            bad + deployment("web", 1, "600m"));
  EXPECT_THAT(unplaced(plan), ElementsAre(HasSubstr("shop/bad")));
}

/// One pod of Deployment web with this expression about its node.
std::string web_that_needs(std::string_view expression) {
  const std::string terms = "{nodeSelectorTerms: [{matchExpressions: [" + std::string(expression) + "]}]}";
  return deployment("web", 1, "1",
                    "affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: " + terms + "}}");
}

TEST(LeftOut, APodThatAvoidsAValueGetsAnotherOneOfAnOpenLabel) {
  const auto plan = planned(pool_of("{key: team, operator: In, values: [blue, red]}") +
                            web_that_needs("{key: team, operator: NotIn, values: [blue]}"));
  EXPECT_THAT(unplaced(plan), IsEmpty());
  EXPECT_EQ(plan.at("nodes").at(0).at("labels").at("team"), "red");
}

TEST(LeftOut, APodGetsAValueBesideItsBoundOfAnOpenLabel) {
  const auto plan =
      planned(pool_of("{key: rank, operator: Exists}") + web_that_needs("{key: rank, operator: Gt, values: [\"7\"]}"));
  EXPECT_THAT(unplaced(plan), IsEmpty());
  EXPECT_EQ(plan.at("nodes").at(0).at("labels").at("rank"), "8");
}

constexpr std::string_view kAgent = R"(
---
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: agent, namespace: system}
spec:
  selector: {matchLabels: {daemon: agent}}
  template:
    metadata: {labels: {daemon: agent}}
    spec: {containers: [{name: c, image: i, resources: {requests: {cpu: 100m}}}]}
)";

std::string near_agent(std::string_view kind) {
  return fmt::format(
      "affinity: {{{}: {{requiredDuringSchedulingIgnoredDuringExecution: [{{topologyKey: kubernetes.io/hostname, "
      "namespaces: [system], labelSelector: {{matchLabels: {{daemon: agent}}}}}}]}}}}",
      kind);
}

TEST(LeftOut, ADaemonSetsPodIsCompanyOnAMachineThatIsNotBoughtYet) {
  const auto plan = planned(kPool + std::string(kAgent) + deployment("web", 1, "1", near_agent("podAffinity")));
  EXPECT_THAT(unplaced(plan), IsEmpty());
}

TEST(LeftOut, WhoCannotBeWhereADaemonSetIsIsToldSoAndUsesUpNoLimit) {
  const std::string pods = std::string(kAgent) +
                           deployment("shy", 1, "1", "priority: 9, " + near_agent("podAntiAffinity")) +
                           deployment("web", 1, "1");
  EXPECT_THAT(unplaced(planned(kPool + pods)),
              ElementsAre(AllOf(HasSubstr("shop/shy-0"), HasSubstr("a pod that its anti-affinity keeps away from"))));
  const std::string small = "{key: node.kubernetes.io/instance-type, operator: In, values: [small.large]}";
  EXPECT_THAT(unplaced(planned(pool_of(small, "limits: {nodes: 1}") + pods)), ElementsAre(HasSubstr("shop/shy-0")));
}

TEST(LeftOut, WithinALimitWhoHasAHostPortDoesNotComeBeforeWhoIsMoreImportant) {
  const std::string port = R"(
---
apiVersion: v1
kind: Pod
metadata: {name: port, namespace: shop}
spec: {containers: [{name: c, image: i, resources: {requests: {cpu: 1500m}}, ports: [{containerPort: 80, hostPort: 80}]}]}
)";
  const auto plan = planned(
      pool_of("{key: node.kubernetes.io/instance-type, operator: In, values: [small.large]}", "limits: {nodes: 1}") +
      port + deployment("web", 1, "1500m", "priority: 100"));
  EXPECT_THAT(unplaced(plan), ElementsAre(HasSubstr("shop/port")));
}

}  // namespace
}  // namespace spotkeeper::control
