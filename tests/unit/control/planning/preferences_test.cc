#include "plan/provision/preferences.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "control/planning/report.h"
#include "planned.h"

namespace spotkeeper::control {
namespace {

using namespace testing;
using plan::Preferences;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;

const std::string kPool(kAnyPool);

PlanningOptions options(Preferences preferences, std::int64_t weight_price = 10) {
  PlanningOptions out;
  out.policy.preferences = preferences;
  out.policy.pool_share = out.policy.node_share = 1;
  out.policy.weight_price = Money{weight_price};
  return out;
}

std::string prefers_node(std::string_view key, std::string_view value, int weight) {
  return fmt::format(
      "affinity: {{nodeAffinity: {{preferredDuringSchedulingIgnoredDuringExecution: [{{weight: {2}, preference: "
      "{{matchExpressions: [{{key: {0}, operator: In, values: [{1}]}}]}}}}]}}}}",
      key, value, weight);
}

std::string prefers_pods(std::string_view kind, std::string_view app, std::string_view key) {
  return fmt::format(
      "affinity: {{{0}: {{preferredDuringSchedulingIgnoredDuringExecution: [{{weight: 100, podAffinityTerm: "
      "{{topologyKey: {2}, labelSelector: {{matchLabels: {{app: {1}}}}}}}}}]}}}}",
      kind, app, key);
}

struct Met {
  std::int64_t weight = 0;
  std::int64_t of = 0;
  friend bool operator==(const Met&, const Met&) = default;
};

Met met(const format::JsonObject& plan) {
  const auto& preferences = plan.at("preferences");
  return {preferences.at("weight").as_int64(), preferences.at("of").as_int64()};
}

std::size_t hosts(const format::JsonObject& plan) { return plan.at("nodes").as_array().size(); }

TEST(Preferences, OfAnyNumberAreTaken) {
  const auto term = [](std::string_view zone) {
    return fmt::format(
        "{{weight: 1, preference: {{matchExpressions: [{{key: topology.kubernetes.io/zone, operator: In, "
        "values: [{}]}}]}}}}, ",
        zone);
  };
  std::string terms;
  for (int i = 0; i < 64; ++i) terms += term("c");
  for (int i = 0; i < 6; ++i) terms += term("nowhere");
  const std::string affinity =
      "affinity: {nodeAffinity: {preferredDuringSchedulingIgnoredDuringExecution: [" + terms + "]}}";
  const auto plan = planned(kPool + deployment("web", 1, "500m", affinity), options(Preferences::First));
  EXPECT_EQ(met(plan), (Met{64, 70}));
}

TEST(Preferences, CostNobodyElseALimitOnRisk) {
  // Zone b has one Spot pool alone; if shy has zone a for itself, all of web is lost with that pool.
  const std::string pools = R"(
---
apiVersion: karpenter.sh/v1
kind: NodePool
metadata: {name: one}
spec: {template: {spec: {requirements: [{key: topology.kubernetes.io/zone, operator: In, values: [a]}]}}}
---
apiVersion: karpenter.sh/v1
kind: NodePool
metadata: {name: two}
spec:
  template:
    spec:
      requirements:
      - {key: topology.kubernetes.io/zone, operator: In, values: [b]}
      - {key: karpenter.sh/capacity-type, operator: In, values: [spot]}
      - {key: node.kubernetes.io/instance-type, operator: In, values: [small.large]}
)";
  const std::string yaml = pools + deployment("web", 2, "1") +
                           deployment("shy", 1, "1",
                                      "priority: 9, nodeSelector: {topology.kubernetes.io/zone: a}, " +
                                          prefers_pods("podAntiAffinity", "web", "topology.kubernetes.io/zone"));
  for (const Preferences preferences : {Preferences::First, Preferences::Cost}) {
    PlanningOptions capped = options(preferences, 1'000);
    capped.policy.pool_share = 0.5;
    const auto plan = planned(yaml, capped);
    EXPECT_THAT(unplaced(plan), IsEmpty());
    for (const auto& share : plan.at("risk").at("worst_pool_shares").as_array())
      EXPECT_EQ(share.at("pods"), 1) << share;
  }
}

TEST(Preferences, CostNobodyElseAPlaceWhoIsMoreImportant) {
  // Where first would rather not be is the one place that leaves second its own.
  std::string unwelcome = node("n2", "a", "1");
  unwelcome.insert(unwelcome.find("status:"), "spec: {taints: [{key: k, effect: PreferNoSchedule}]}\n");
  const std::string yaml = node("n1", "a", "3") + unwelcome + deployment("first", 1, "1", "priority: 1000") +
                           deployment("second", 1, "2500m", "priority: 100") + deployment("third", 1, "1");
  for (const Preferences preferences : {Preferences::First, Preferences::Cost})
    EXPECT_THAT(unplaced(planned(yaml, options(preferences))), ElementsAre(StartsWith("shop/third-0")));
}

TEST(Preferences, KeepNobodyOutWhoMayComeByTheRules) {
  // mate may be on the one SSD beside one of web; web would rather have nobody on a disk of its kind.
  std::string nodes = node("n1", "a", "4") + node("n2", "a", "4");
  nodes.insert(nodes.find("labels: {") + 9, "disk: ssd, ");
  for (int i = 0; i < 8; ++i) nodes += node(fmt::format("other{}", i), "a", "100m");  // too many to try every seat
  const std::string alone =
      "affinity: {podAntiAffinity: {preferredDuringSchedulingIgnoredDuringExecution: [{weight: 5, podAffinityTerm: "
      "{topologyKey: disk, labelSelector: {}}}]}}";
  const std::string beside_one =
      "nodeSelector: {disk: ssd}, topologySpreadConstraints: [{maxSkew: 1, minDomains: 2, topologyKey: disk, "
      "whenUnsatisfiable: DoNotSchedule, labelSelector: {matchLabels: {app: web}}}]";
  const std::string yaml = nodes + deployment("web", 2, "1", alone) + deployment("mate", 1, "500m", beside_one);
  for (const Preferences preferences : {Preferences::First, Preferences::Cost})
    EXPECT_THAT(unplaced(planned(yaml, options(preferences, 1'000))), IsEmpty());
}

TEST(Preferences, OfNodesComeFirstOrAreIgnored) {
  const std::string yaml = kPool + deployment("web", 4, "500m", prefers_node("topology.kubernetes.io/zone", "c", 50));
  const auto first = planned(yaml, options(Preferences::First));
  EXPECT_THAT(of_nodes(first, "zone"), Each("c"));
  EXPECT_EQ(met(first), (Met{200, 200}));
  const auto ignored = planned(yaml, options(Preferences::Ignore));
  EXPECT_EQ(met(ignored).of, 200);
  EXPECT_LT(met(ignored).weight, 200);
}

TEST(Preferences, AreGivenUpWhereTheyCanNotBeMet) {
  const auto plan =
      planned(kPool + deployment("web", 3, "1", prefers_node("topology.kubernetes.io/zone", "nowhere", 100)),
              options(Preferences::First));
  EXPECT_THAT(unplaced(plan), IsEmpty());
  EXPECT_EQ(met(plan), (Met{0, 300}));
}

TEST(Preferences, OfMoreWeightOutlastThoseOfLess) {
  const std::string both =
      "affinity: {nodeAffinity: {preferredDuringSchedulingIgnoredDuringExecution: ["
      "{weight: 10, preference: {matchExpressions: [{key: topology.kubernetes.io/zone, operator: In, values: [a]}]}}, "
      "{weight: 90, preference: {matchExpressions: [{key: topology.kubernetes.io/zone, operator: In, values: "
      "[b]}]}}]}}";
  const auto plan = planned(kPool + deployment("web", 2, "1", both), options(Preferences::First));
  EXPECT_THAT(of_nodes(plan, "zone"), Each("b"));
  EXPECT_EQ(met(plan), (Met{180, 200}));
}

TEST(Preferences, KeepPodsApartThatWouldRatherBeAlone) {
  const std::string yaml =
      kPool + deployment("web", 3, "100m", prefers_pods("podAntiAffinity", "web", "kubernetes.io/hostname"));
  const auto first = planned(yaml, options(Preferences::First));
  EXPECT_EQ(hosts(first), 3U);
  EXPECT_EQ(met(first), (Met{300, 300}));
  const auto ignored = planned(yaml, options(Preferences::Ignore));
  EXPECT_LT(hosts(ignored), 3U);
}

TEST(Preferences, ThatOnlyFewPodsCanHaveDoNotTakeWhatAllCanHave) {
  const std::string away_from = "podAffinityTerm: {labelSelector: {matchLabels: {app: web}}, topologyKey: ";
  const std::string all =
      "affinity: {nodeAffinity: {preferredDuringSchedulingIgnoredDuringExecution: [{weight: 1, "
      "preference: {matchExpressions: [{key: topology.kubernetes.io/zone, operator: In, values: "
      "[a]}]}}]}, podAntiAffinity: {preferredDuringSchedulingIgnoredDuringExecution: [{weight: 10, " +
      away_from + "topology.kubernetes.io/zone}}, {weight: 1, " + away_from + "kubernetes.io/hostname}}]}}";
  // Three may be alone in a zone; everybody can be in zone a and alone on a node. Of so many as 40 nobody asks to be
  // alone in a zone.
  for (const int pods : {20, 40}) {
    const auto plan = planned(kPool + deployment("web", pods, "100m", all), options(Preferences::First));
    EXPECT_THAT(unplaced(plan), IsEmpty());
    EXPECT_GE(met(plan).weight, 2 * pods);
    EXPECT_EQ(met(plan).of, 12 * pods);
  }
}

TEST(Preferences, KeepPodsInZonesOfTheirOwnWhereThereAreEnough) {
  const std::string alone = prefers_pods("podAntiAffinity", "web", "topology.kubernetes.io/zone");
  const auto plan = planned(kPool + deployment("web", 3, "100m", alone), options(Preferences::First));
  EXPECT_EQ(met(plan), (Met{300, 300}));
}

TEST(Preferences, AreWorthWhatAPointOfWeightCosts) {
  const std::string yaml =
      kPool + deployment("web", 3, "100m", prefers_pods("podAntiAffinity", "web", "kubernetes.io/hostname"));
  const auto cheap = planned(yaml, options(Preferences::Cost, 1));
  const auto dear = planned(yaml, options(Preferences::Cost, 100'000));
  EXPECT_EQ(cheap.at("cost_per_hour"), planned(yaml, options(Preferences::Ignore)).at("cost_per_hour"));
  EXPECT_EQ(met(dear), (Met{300, 300}));
}

TEST(Preferences, ThatCostNothingAreMet) {
  const std::string yaml = kPool + deployment("web", 4, "500m", prefers_node("topology.kubernetes.io/zone", "c", 1));
  const auto plan = planned(yaml, options(Preferences::Cost));
  EXPECT_EQ(met(plan), (Met{4, 4}));
  EXPECT_EQ(plan.at("cost_per_hour"), planned(yaml, options(Preferences::Ignore)).at("cost_per_hour"));
}

TEST(Preferences, ForCompanyPutPodsTogether) {
  const std::string cache = deployment("cache", 1, "1500m", "nodeSelector: {topology.kubernetes.io/zone: b}");
  const auto plan =
      planned(kPool + cache +
                  deployment("web", 2, "1500m", prefers_pods("podAffinity", "cache", "topology.kubernetes.io/zone")),
              options(Preferences::First));
  EXPECT_THAT(of_nodes(plan, "zone"), Each("b"));
  EXPECT_EQ(met(plan), (Met{200, 200}));
}

TEST(Preferences, ScheduleAnywaySpreadsWhereItCan) {
  const std::string spread =
      "topologySpreadConstraints: [{maxSkew: 1, topologyKey: topology.kubernetes.io/zone, whenUnsatisfiable: "
      "ScheduleAnyway, labelSelector: {matchLabels: {app: web}}}]";
  const auto plan = planned(kPool + deployment("web", 3, "1", spread), options(Preferences::First));
  const auto zones = of_nodes(plan, "zone");
  EXPECT_THAT(std::set<std::string>(zones.begin(), zones.end()), SizeIs(3));
  EXPECT_EQ(met(plan), (Met{300, 300}));
  const auto one_zone = planned(node("n1", "a", "4") + node("n2", "b", "100m") + deployment("web", 3, "1", spread),
                                options(Preferences::First));
  EXPECT_THAT(unplaced(one_zone), IsEmpty());
  EXPECT_LT(met(one_zone).weight, 300);
}

TEST(Preferences, PreferNoScheduleIsAvoidedWhereThereIsAnotherNode) {
  const std::string soft =
      node("n1", "a", "4") + "spec: {taints: [{key: old, effect: PreferNoSchedule}]}\n" + node("n2", "a", "2");
  const auto plan = planned(soft + deployment("web", 2, "1"), options(Preferences::First));
  EXPECT_EQ(plan.at("existing").at(0).at("node"), "n2");
  EXPECT_EQ(met(plan), (Met{200, 200}));
  const auto full = planned(soft + deployment("web", 3, "1"), options(Preferences::First));
  EXPECT_THAT(unplaced(full), IsEmpty());
  EXPECT_EQ(met(full), (Met{200, 300}));
  const auto tolerated = planned(soft + deployment("web", 2, "1", "tolerations: [{key: old, operator: Exists}]"), {});
  EXPECT_EQ(met(tolerated), (Met{0, 0}));
}

TEST(Preferences, NeverLeaveAPodWithoutAPlaceThatHasOneOtherwise) {
  const std::string limited = kPool + "  limits: {nodes: 1}\n";
  const auto plan =
      planned(limited + deployment("web", 3, "100m", prefers_pods("podAntiAffinity", "web", "kubernetes.io/hostname")),
              options(Preferences::First));
  EXPECT_THAT(unplaced(plan), IsEmpty());
  EXPECT_EQ(met(plan), (Met{0, 300}));
}

TEST(Preferences, DoNotChangeWhichNodesASpreadCounts) {
  const std::string both =
      prefers_node("topology.kubernetes.io/zone", "a", 100) +
      ", topologySpreadConstraints: [{maxSkew: 1, topologyKey: topology.kubernetes.io/zone, whenUnsatisfiable: "
      "DoNotSchedule, labelSelector: {matchLabels: {app: web}}}]";
  const auto plan = planned(kPool + deployment("web", 6, "1", both), options(Preferences::First));
  EXPECT_THAT(unplaced(plan), IsEmpty());
  std::map<std::string, std::size_t> by_zone;
  for (const auto& each : plan.at("nodes").as_array())
    by_zone[std::string(each.at("zone").as_string())] += each.at("pods").as_array().size();
  for (const char* zone : {"a", "b", "c"}) EXPECT_EQ(by_zone[zone], 2U) << zone;
}

TEST(Preferences, LeaveTheBoundToTheRulesAlone) {
  const std::string yaml =
      kPool + deployment("web", 3, "100m", prefers_pods("podAntiAffinity", "web", "kubernetes.io/hostname"));
  EXPECT_EQ(planned(yaml, options(Preferences::First)).at("lower_bound_per_hour"),
            planned(yaml, options(Preferences::Ignore)).at("lower_bound_per_hour"));
}

}  // namespace
}  // namespace spotkeeper::control
