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

const std::string kPool(kAnyPool);

constexpr std::string_view kZoneSpread =
    "topologySpreadConstraints: [{maxSkew: 1, topologyKey: topology.kubernetes.io/zone, whenUnsatisfiable: "
    "DoNotSchedule, labelSelector: {matchLabels: {app: web}}}]";

TEST(Plan, BuysNothingWhereThereIsRoom) {
  const auto plan = planned(kPool + node("n1", "a", "4") + deployment("web", 3, "1"));
  EXPECT_THAT(of_nodes(plan, "type"), IsEmpty());
  EXPECT_THAT(pods_by_node(plan), ElementsAre(3));
  EXPECT_EQ(plan.at("cost_per_hour"), "0.00");
}

TEST(Plan, BuysSpotForWhatHasNoRoomAndNumbersThePods) {
  const auto plan = planned(kPool + deployment("web", 2, "1"));
  EXPECT_THAT(of_nodes(plan, "capacity_type"), Each("spot"));
  EXPECT_EQ(plan.at("nodes").at(0).at("pods").at(0), "shop/web-0");
  EXPECT_THAT(unplaced(plan), IsEmpty());
}

TEST(Plan, PutsAtMostTheCapOfAWorkloadIntoOneSpotPool) {
  const auto plan = planned(kPool + deployment("web", 4, "1500m"));
  std::map<std::string, std::size_t> by_pool;
  for (const auto& each : plan.at("nodes").as_array())
    by_pool[std::string(each.at("type").as_string()) + std::string(each.at("zone").as_string())] +=
        each.at("pods").as_array().size();
  for (const auto& [pool, pods] : by_pool) EXPECT_LE(pods, 2U) << pool;
}

TEST(Plan, PutsAtMostHalfOfAWorkloadOnANewNode) {
  const std::string on_demand = "nodeSelector: {karpenter.sh/capacity-type: on-demand}";
  const auto plan = planned(kPool + deployment("web", 4, "100m", on_demand));
  EXPECT_THAT(pods_by_node(plan), ElementsAre(2, 2));
  PlanningOptions options;
  options.policy.node_share = 1;
  EXPECT_THAT(pods_by_node(planned(kPool + deployment("web", 4, "100m", on_demand), options)), ElementsAre(4));
}

TEST(Plan, GivesUpTheShareOfANodeBeforeAPodIsLeftOut) {
  const auto plan = planned(kPool + "  limits: {nodes: 1}\n" +
                            deployment("web", 4, "100m", "nodeSelector: {karpenter.sh/capacity-type: on-demand}"));
  EXPECT_THAT(pods_by_node(plan), ElementsAre(4));
  EXPECT_THAT(unplaced(plan), IsEmpty());
}

TEST(Plan, BuysAsManyMachinesAsPodsThatKeepApartAndLetsTheOthersRideAlong) {
  PlanningOptions options;
  options.policy.pool_share = options.policy.node_share = 1;
  const std::string apart =
      "affinity: {podAntiAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: "
      "kubernetes.io/hostname, labelSelector: {matchLabels: {app: apart}}}]}}";
  const auto plan = planned(kPool + deployment("apart", 20, "100m", apart) + deployment("web", 60, "100m"), options);
  EXPECT_THAT(pods_by_node(plan), AllOf(SizeIs(20), Each(4)));
  EXPECT_EQ(plan.at("cost_per_hour"), "1.00");
}

TEST(Plan, SpreadsOverTheZonesThatCanBeBought) {
  const auto plan = planned(kPool + deployment("web", 6, "1", kZoneSpread));
  std::map<std::string, std::size_t> by_zone;
  for (const auto& each : plan.at("nodes").as_array())
    by_zone[std::string(each.at("zone").as_string())] += each.at("pods").as_array().size();
  EXPECT_THAT(by_zone, ElementsAre(std::pair("a", 2), std::pair("b", 2), std::pair("c", 2)));
}

TEST(Plan, SaysHowManyZonesAreMissing) {
  const auto plan = planned(kPool +
                            deployment("web", 2, "1",
                                       "topologySpreadConstraints: [{maxSkew: 1, minDomains: 9, topologyKey: "
                                       "topology.kubernetes.io/zone, whenUnsatisfiable: DoNotSchedule, "
                                       "labelSelector: {matchLabels: {app: web}}}]") +
                            deployment("more", 5, "100m",
                                       "topologySpreadConstraints: [{maxSkew: 1, minDomains: 9, topologyKey: "
                                       "topology.kubernetes.io/zone, whenUnsatisfiable: DoNotSchedule, "
                                       "labelSelector: {matchLabels: {app: more}}}]"));
  EXPECT_THAT(unplaced(plan),
              ElementsAre(HasSubstr("needs 9 values of topology.kubernetes.io/zone for minDomains, 3 exist"),
                          HasSubstr("needs 9 values")));
}

TEST(Plan, KeepsCopiesThatRepelEachOtherOnNodesOfTheirOwn) {
  const auto plan = planned(kPool + deployment("web", 3, "100m",
                                               "affinity: {podAntiAffinity: "
                                               "{requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: "
                                               "kubernetes.io/hostname, labelSelector: {matchLabels: {app: web}}}]}}"));
  EXPECT_THAT(pods_by_node(plan), ElementsAre(1, 1, 1));
}

TEST(Plan, KeepsARepelledPodAwayWhoseOwnConstraintsSayNothing) {
  const auto plan = planned(node("n1", "a", "4") + deployment("web", 1, "1") +
                            deployment("alone", 1, "2",
                                       "affinity: {podAntiAffinity: "
                                       "{requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: "
                                       "kubernetes.io/hostname, labelSelector: {matchLabels: {app: web}}}]}}"));
  EXPECT_THAT(unplaced(plan), ElementsAre(HasSubstr("a pod whose anti-affinity keeps it away")));
}

TEST(Plan, PutsTheFirstOfAGroupAnywhereAndTheRestBesideIt) {
  const auto plan =
      planned(kPool + deployment("web", 4, "1500m",
                                 "affinity: {podAffinity: "
                                 "{requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: "
                                 "topology.kubernetes.io/zone, labelSelector: {matchLabels: {app: web}}}]}}"));
  EXPECT_THAT(unplaced(plan), IsEmpty());
  const auto zones = of_nodes(plan, "zone");
  EXPECT_THAT(zones, Each(zones.front()));
}

TEST(Plan, IsolatesAPodThatCannotBeUnderstood) {
  const auto plan = planned(kPool + deployment("web", 1, "1") +
                            deployment("bad", 1, "1",
                                       "topologySpreadConstraints: [{maxSkew: 0, topologyKey: zone, "
                                       "whenUnsatisfiable: DoNotSchedule}]") +
                            deployment("worse", 1, "1",
                                       "affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: "
                                       "{nodeSelectorTerms: [{matchExpressions: [{key: a, operator: Near}]}]}}}"));
  EXPECT_THAT(unplaced(plan), ElementsAre(HasSubstr("maxSkew: 0 is not greater than zero"),
                                          HasSubstr("operator: 'Near' is not one of In")));
  EXPECT_THAT(plan.at("nodes").as_array(), SizeIs(1));
}

TEST(Plan, AssumesNoImageToRunOnTwoArchitectures) {
  EXPECT_THAT(of_nodes(planned(kPool + deployment("web", 1, "1")), "type"), Each("small.large"));
  EXPECT_THAT(of_nodes(planned(kPool + deployment("web", 1, "1", "nodeSelector: {kubernetes.io/arch: arm64}")), "type"),
              ElementsAre("arm.large"));
  PlanningOptions arm;
  arm.policy.default_arch = Architecture::Arm64;
  EXPECT_THAT(of_nodes(planned(kPool + deployment("web", 1, "1"), arm), "type"), ElementsAre("arm.large"));
}

TEST(Plan, BuysOnDemandForWhatTakesLongToEnd) {
  const std::string slow = kPool + deployment("web", 1, "1", "terminationGracePeriodSeconds: 600");
  EXPECT_THAT(of_nodes(planned(slow), "capacity_type"), ElementsAre("on-demand"));
  PlanningOptions brave;
  brave.policy.steady_on_demand = false;
  EXPECT_THAT(of_nodes(planned(slow, brave), "capacity_type"), ElementsAre("spot"));
}

// Three that have to be on demand, in three zones, and six that need not.
const std::string kThreeSlowAndSixQuick =
    deployment("db", 3, "1",
               "terminationGracePeriodSeconds: 600, affinity: {podAntiAffinity: "
               "{requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: topology.kubernetes.io/zone, "
               "labelSelector: {matchLabels: {app: db}}}]}}, volumes: [{name: host, hostPath: {path: /data}}]") +
    deployment("worker", 6, "1");

TEST(Plan, LetsWhatNeedNotBeOnDemandOnlyFillWhatIsOver) {
  for (const std::string port : {"", ", ports: [{containerPort: 1, hostPort: 5432}]"}) {
    std::string yaml = kPool + kThreeSlowAndSixQuick;
    yaml.insert(yaml.find("image: i") + 8, port);
    const auto plan = planned(yaml);
    std::vector<std::string> on_demand;
    for (const auto& node : plan.at("nodes").as_array())
      if (node.at("capacity_type") == "on-demand") on_demand.emplace_back(node.at("type").as_string());
    EXPECT_THAT(on_demand, ElementsAre("small.large", "small.large", "small.large")) << port;
    EXPECT_LE(std::stod(std::string(plan.at("cost_per_hour").as_string())), 0.4) << port;
  }
}

TEST(Plan, ProvesThatPodsWhichRepelEachOtherNeedAMachineEach) {
  const auto plan = planned(kPool + kThreeSlowAndSixQuick);
  EXPECT_GE(std::stod(std::string(plan.at("lower_bound_per_hour").as_string())), 0.3);
}

TEST(Plan, GivesTheRoomWithinALimitToThePodOfMorePriority) {
  const std::string pool = R"(
---
apiVersion: karpenter.sh/v1
kind: NodePool
metadata: {name: one}
spec:
  limits: {nodes: 1}
  template: {spec: {requirements: [{key: node.kubernetes.io/instance-type, operator: In, values: [small.large]}]}}
---
apiVersion: scheduling.k8s.io/v1
kind: PriorityClass
metadata: {name: high}
value: 1000
)";
  const auto plan =
      planned(pool + deployment("big", 1, "1800m") + deployment("vital", 1, "1", "priorityClassName: high"));
  EXPECT_EQ(plan.at("nodes").at(0).at("pods").at(0), "shop/vital-0");
  EXPECT_THAT(unplaced(plan), ElementsAre(HasSubstr("no room within the NodePool's limits")));
}

TEST(Plan, KeepsRoomForThePodsOfDaemonSets) {
  const std::string daemon = R"(
---
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: log, namespace: shop}
spec:
  selector: {matchLabels: {app: log}}
  template:
    metadata: {labels: {app: log}}
    spec: {containers: [{name: c, image: i, resources: {requests: {cpu: 500m}}}]}
)";
  EXPECT_THAT(of_nodes(planned(kPool + deployment("web", 1, "1600m")), "type"), ElementsAre("small.large"));
  EXPECT_THAT(of_nodes(planned(kPool + daemon + deployment("web", 1, "1600m")), "type"), ElementsAre("wide.xlarge"));
}

TEST(Plan, BuysOnlyWhatANodePoolsRequirementsAllow) {
  const std::string pool = R"(
---
apiVersion: karpenter.sh/v1
kind: NodePool
metadata: {name: big}
spec:
  template:
    spec:
      requirements:
      - {key: karpenter.k8s.aws/instance-cpu, operator: Gte, values: ["4"]}
      - {key: karpenter.sh/capacity-type, operator: NotIn, values: [spot]}
      - {key: team, operator: In, values: [red, blue]}
)";
  const auto plan = planned(pool + deployment("web", 1, "1", "nodeSelector: {team: red}"));
  EXPECT_THAT(of_nodes(plan, "type"), ElementsAre("wide.xlarge"));
  EXPECT_THAT(of_nodes(plan, "capacity_type"), ElementsAre("on-demand"));
  EXPECT_EQ(plan.at("nodes").at(0).at("labels").at("team"), "red");
  EXPECT_THAT(unplaced(planned(pool + deployment("web", 1, "1", "nodeSelector: {team: green}"))), SizeIs(1));
}

TEST(Plan, SetsANodePoolAsideThatCannotBeUnderstood) {
  const std::string pool = R"(
---
apiVersion: karpenter.sh/v1
kind: NodePool
metadata: {name: odd}
spec: {template: {spec: {requirements: [{key: a, operator: Near, values: [b]}]}}}
)";
  const auto plan = planned(pool + deployment("web", 1, "1"));
  EXPECT_THAT(std::string(plan.at("remarks").at(0).as_string()), HasSubstr("NodePool odd is set aside"));
  EXPECT_THAT(unplaced(plan), SizeIs(1));
}

TEST(Plan, TakesPricesAndWhatCanNotBeHadFromOutside) {
  PlanningOptions options;
  options.market.prices =
      parse_prices("instance_type,zone,capacity_type,usd_per_hour\nwide.xlarge,b,spot,0.01\n", "p").value();
  EXPECT_THAT(of_nodes(planned(kPool + deployment("web", 1, "1"), options), "zone"), ElementsAre("b"));
  options.market.unavailable = {parse_machines("wide.xlarge:b:spot").value()};
  EXPECT_THAT(of_nodes(planned(kPool + deployment("web", 1, "1"), options), "type"), ElementsAre("small.large"));
  EXPECT_FALSE(parse_machines("a:b:cheap"));
  EXPECT_FALSE(parse_prices("instance_type\n", "p"));
}

TEST(Plan, FindsASeatForEveryoneWhereTakingTheFirstWouldNot) {
  // The large one would take n1, by name, where alone the two others have room together.
  const auto plan = planned(node("n1", "a", "3") + node("n2", "a", "2") + deployment("p", 1, "2") +
                            deployment("q", 1, "1500m") + deployment("r", 1, "1500m"));
  EXPECT_THAT(unplaced(plan), SizeIs(0));
}

TEST(Plan, PutsAPodWithAVolumeIntoTheZoneOfItsVolume) {
  const std::string volume = R"(
---
apiVersion: v1
kind: PersistentVolume
metadata: {name: pv1}
spec:
  csi: {driver: ebs.csi.aws.com, volumeHandle: vol-1}
  nodeAffinity: {required: {nodeSelectorTerms: [{matchExpressions: [{key: topology.kubernetes.io/zone, operator: In, values: [b]}]}]}}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data, namespace: shop}
spec: {volumeName: pv1}
)";
  const std::string uses = "volumes: [{name: d, persistentVolumeClaim: {claimName: data}}]";
  EXPECT_THAT(of_nodes(planned(kPool + volume + deployment("web", 1, "1", uses)), "zone"), ElementsAre("b"));
  EXPECT_THAT(unplaced(planned(kPool + deployment("web", 1, "1", uses))),
              ElementsAre(HasSubstr("'data' is not there")));
}

TEST(Plan, RequestsWhatAPodHasALimitOf) {
  const auto pod = [](std::string_view resources) {
    return fmt::format(
        "\n---\napiVersion: v1\nkind: Pod\nmetadata: {{name: p}}\nspec: {{containers: [{{name: c, image: i, resources: "
        "{}}}]}}\n",
        resources);
  };
  EXPECT_THAT(unplaced(planned(node("n1", "a", "1") + pod("{limits: {cpu: 2}}"))), SizeIs(1));
  EXPECT_THAT(unplaced(planned(node("n1", "a", "1") + pod("{limits: {cpu: 2}, requests: {cpu: 1}}"))), IsEmpty());
}

TEST(Plan, LeavesAsManyTypesToChooseFromAsMinValuesAsks) {
  const std::string pool = R"(
---
apiVersion: karpenter.sh/v1
kind: NodePool
metadata: {name: two}
spec:
  template:
    spec:
      requirements:
      - {key: topology.kubernetes.io/zone, operator: In, values: [a]}
      - {key: node.kubernetes.io/instance-type, operator: Exists, minValues: 2}
)";
  const auto plan = planned(pool + deployment("web", 1, "1"));
  EXPECT_THAT(of_nodes(plan, "type"), ElementsAre("small.large"));
  EXPECT_EQ(plan.at("nodes").at(0).at("alternatives").at(0).at("type"), "wide.xlarge");
  EXPECT_THAT(unplaced(planned(pool + deployment("web", 1, "3"))), ElementsAre(HasSubstr("minValues")));
}

TEST(Plan, SaysWhatOnePoolTakesDown) {
  const auto plan = planned(kPool + deployment("web", 4, "100m"));
  const auto& shares = plan.at("risk").at("worst_pool_shares");
  EXPECT_EQ(shares.at(0).at("workload"), "Deployment shop/web");
  EXPECT_EQ(shares.at(0).at("pods"), 2);
  EXPECT_EQ(shares.at(0).at("of"), 4);
}

TEST(Plan, IsNearItsBoundWhereThereAreManyPods) {
  PlanningOptions options;
  options.policy.pool_share = options.policy.node_share = 1;
  const auto plan = planned(kPool + deployment("web", 300, "300m") + deployment("db", 90, "700m"), options);
  EXPECT_LT(plan.at("gap").as_double(), 0.05);
  EXPECT_THAT(unplaced(plan), IsEmpty());
}

TEST(Plan, CostsNoLessThanItsBound) {
  const auto plan = planned(kPool + deployment("web", 20, "300m") + deployment("db", 7, "1300m"));
  const auto cost = Money::parse(std::string_view(plan.at("cost_per_hour").as_string())).value();
  const auto bound = Money::parse(std::string_view(plan.at("lower_bound_per_hour").as_string())).value();
  EXPECT_GT(bound, Money{});
  EXPECT_GE(cost, bound);
}

TEST(Plan, IsTheSameForTheSameInput) {
  const std::string yaml = kPool + deployment("web", 20, "300m") + deployment("db", 7, "1300m", kZoneSpread);
  EXPECT_EQ(planned(yaml), planned(yaml));
}

}  // namespace
}  // namespace spotkeeper::control
