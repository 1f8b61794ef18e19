// The referee and what is bought: for each rule a plan that breaks it and no other, beside one that keeps it.
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/property/checker/hand_made.h"
#include "tests/property/checker/new_hosts.h"

namespace spotkeeper::checker {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(Checker, HoldsNewNodesToWhatCanBeHad) {
  const auto with = [](const std::string& type, const std::string& zone, const std::string& capacity_type) {
    return HandMade().pool("pool").pod("p").on_new(type, zone, capacity_type, {"p"}).verdict();
  };
  EXPECT_THAT(with("m5.large", "zone-a", "spot"), IsEmpty());
  EXPECT_THAT(with("m5.large", "zone-c", "spot"), HasSubstr("can't be had"));
  EXPECT_THAT(with("m5.large", "zone-z", "spot"), HasSubstr("can't be had"));
  EXPECT_THAT(with("m9.large", "zone-a", "spot"), HasSubstr("can't be had"));
  EXPECT_THAT(HandMade().pool("other").pod("p").on_new("m5.large", "zone-a", "spot", {"p"}).verdict(),
              HasSubstr("no such NodePool"));
  EXPECT_THAT(HandMade().pool("pool").on_new("m5.large", "zone-a", "spot", {}).verdict(), HasSubstr("nothing runs"));
}

TEST(Checker, AddsUpTheMoney) {
  HandMade made;
  made.pool("pool").pod("p").on_new("m5.large", "zone-a", "spot", {"p"});
  HandMade wrong_price = made;
  wrong_price.answer().nodes[0].price = wrong_price.answer().cost = 0.03;
  EXPECT_THAT(wrong_price.verdict(), HasSubstr("the price is"));
  HandMade wrong_sum = made;
  wrong_sum.answer().cost = 0.05;
  EXPECT_THAT(wrong_sum.verdict(), HasSubstr("cost_per_hour"));
  HandMade wrong_bound = made;
  wrong_bound.answer().bound = 0.041;
  EXPECT_THAT(wrong_bound.verdict(), HasSubstr("lower bound"));
}

TEST(Checker, HoldsNewNodesToTheirNodePool) {
  const auto with = [](const std::string& requirement) {
    return HandMade()
        .pool("pool", "{requirements: [{" + requirement + "}]}")
        .pod("p")
        .on_new("m5.large", "zone-a", "spot", {"p"})
        .verdict();
  };
  EXPECT_THAT(with("key: karpenter.k8s.aws/instance-cpu, operator: Gte, values: ['2']"), IsEmpty());
  EXPECT_THAT(with("key: karpenter.k8s.aws/instance-cpu, operator: Lte, values: ['2']"), IsEmpty());
  EXPECT_THAT(with("key: karpenter.k8s.aws/instance-cpu, operator: Gt, values: ['2']"), HasSubstr("does not allow it"));
  EXPECT_THAT(with("key: karpenter.sh/capacity-type, operator: In, values: [on-demand]"),
              HasSubstr("does not allow it"));
  EXPECT_THAT(with("key: karpenter.k8s.aws/instance-gpu-name, operator: Exists"), HasSubstr("does not allow it"));
  EXPECT_THAT(HandMade()
                  .pool("pool", "{taints: [{key: k, effect: NoSchedule}]}")
                  .pod("p")
                  .on_new("m5.large", "zone-a", "spot", {"p"})
                  .verdict(),
              HasSubstr("taint k"));
  EXPECT_THAT(HandMade()
                  .pool("pool", "{startupTaints: [{key: k, effect: NoSchedule}]}")
                  .pod("p")
                  .on_new("m5.large", "zone-a", "spot", {"p"})
                  .verdict(),
              IsEmpty());
}

TEST(Checker, LetsLabelsOfANodePoolTurnOutOneWayForEachNode) {
  HandMade made;
  made.pool("pool", "{requirements: [{key: team, operator: In, values: [red, blue]}]}")
      .pod("p", "{nodeSelector: {team: red}}")
      .pod("q", "{nodeSelector: {team: blue}}");
  EXPECT_THAT(
      HandMade(made).on_new("m5.large", "zone-a", "spot", {"p"}).on_new("m5.large", "zone-a", "spot", {"q"}).verdict(),
      IsEmpty());
  EXPECT_THAT(HandMade(made).on_new("m5.large", "zone-a", "spot", {"p", "q"}).verdict(), HasSubstr("node selector"));
}

TEST(Checker, KeepsRoomForDaemonSets) {
  HandMade made;
  made.pool("pool").pod("p", asks("{cpu: 1900m}"));
  EXPECT_THAT(HandMade(made).on_new("m5.large", "zone-a", "spot", {"p"}).verdict(), IsEmpty());
  HandMade more = made;
  more.add(
      "{kind: DaemonSet, metadata: {name: d}, spec: {template: {spec: {containers: [{resources: {limits: {cpu: "
      "10m}}}]}}}}");
  EXPECT_THAT(HandMade(more).on_new("m5.large", "zone-a", "spot", {"p"}).verdict(), HasSubstr("cpu"));
  HandMade elsewhere = made;
  elsewhere.add(
      "{kind: DaemonSet, metadata: {name: d}, spec: {template: {spec: {nodeSelector: {a: b}, containers: "
      "[{resources: {requests: {cpu: 10m}}}]}}}}");
  EXPECT_THAT(elsewhere.on_new("m5.large", "zone-a", "spot", {"p"}).verdict(), IsEmpty());
}

TEST(Checker, KeepsTheLimitsOfNodePools) {
  const auto with = [](const std::string& limits) {
    return HandMade()
        .pool("pool", "{}", limits)
        .pod("p")
        .pod("q")
        .on_new("m5.large", "zone-a", "spot", {"p"})
        .on_new("m5.large", "zone-a", "spot", {"q"})
        .verdict();
  };
  EXPECT_THAT(with("{cpu: 4, memory: 8Gi, nodes: 2}"), IsEmpty());
  EXPECT_THAT(with("{cpu: 3}"), HasSubstr("limit of cpu"));
  EXPECT_THAT(with("{memory: 7Gi}"), HasSubstr("limit of memory"));
  EXPECT_THAT(with("{nodes: 1}"), HasSubstr("limit of nodes"));
}

TEST(Checker, WantsEveryAlternativeToDo) {
  const auto with = [](const std::string& alternative, const std::string& memory) {
    return HandMade()
        .pool("pool")
        .pod("p", asks("{memory: " + memory + "}"))
        .on_new("m5.large", "zone-a", "spot", {"p"}, {alternative})
        .verdict();
  };
  EXPECT_THAT(with("c5.large", "2Gi"), IsEmpty());
  EXPECT_THAT(with("c5.large", "3Gi"), HasSubstr("alternative c5.large zone-a spot would not do"));
  EXPECT_THAT(with("m6g.large", "2Gi"), HasSubstr("names no architecture"));
  EXPECT_THAT(with("m9.large", "2Gi"), HasSubstr("can't be had"));
}

TEST(Checker, WantsEveryAlternativeToDoForTheRulesBetweenPodsToo) {
  const auto in = [](const std::string& zone) {
    HandMade made;
    made.node("a", "{topology.kubernetes.io/zone: zone-a}").running("r", "a", "{app: x}").pool("pool");
    made.pod("p",
             "{affinity: {podAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: "
             "topology.kubernetes.io/zone, labelSelector: {matchLabels: {app: x}}}]}}}");
    made.on_new("m5.large", "zone-a", "spot", {"p"});
    made.answer().nodes[0].alternatives.push_back({"c5.large", zone, "spot", 0.04});
    return made.verdict();
  };
  EXPECT_THAT(in("zone-a"), IsEmpty());
  EXPECT_THAT(in("zone-b"), HasSubstr("alternative c5.large zone-b spot would not do"));
}

TEST(Checker, TakesThePromisedLabelsForThoseOfTheAlternativesToo) {
  const auto in_team = [](const std::string& pool, const std::string& labels) {
    HandMade made;
    made.pool("pool", pool, "{}", labels).pod("q", "{}", "{app: x}");
    made.pod("p",
             "{affinity: {podAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: team, "
             "labelSelector: {matchLabels: {app: x}}}]}}}");
    made.on_new("m5.large", "zone-a", "spot", {"q"}, {"c5.large"}).on_new("m5.large", "zone-a", "spot", {"p"});
    const Problem problem = made.problem();
    for (PlannedNode& node : made.answer().nodes) {
      node.labels =
          new_hosts(problem, problem.pools[0], problem.machines.at(node.type), node.zone, node.capacity_type, "any")[0]
              .labels;
      node.labels["team"] = "a name that nobody else knows";
      node.labels.erase("kubernetes.io/hostname");
    }
    return made.verdict();
  };
  EXPECT_THAT(in_team("{requirements: [{key: team, operator: Exists}]}", "{}"), IsEmpty());
  EXPECT_THAT(in_team("{}", "{team: red}"), HasSubstr("can't be these"));
}

TEST(Checker, WantsAlternativesOfTheSameKindAndLittleDearer) {
  HandMade made;
  made.pool("pool").pod("p").on_new("m5.large", "zone-a", "spot", {"p"});
  made.answer().nodes[0].alternatives.push_back({"m5.large", "zone-a", "on-demand", 0.1});
  EXPECT_THAT(made.verdict(), AllOf(HasSubstr("not of the capacity type"), HasSubstr("too dear")));
}

TEST(Checker, WantsAsManyValuesAsMinValuesSays) {
  const std::string spec = "{requirements: [{key: node.kubernetes.io/instance-type, operator: Exists, minValues: 2}]}";
  EXPECT_THAT(HandMade().pool("pool", spec).pod("p").on_new("m5.large", "zone-a", "spot", {"p"}).verdict(),
              HasSubstr("minValues"));
  EXPECT_THAT(
      HandMade().pool("pool", spec).pod("p").on_new("m5.large", "zone-a", "spot", {"p"}, {"c5.large"}).verdict(),
      IsEmpty());
}

TEST(Checker, HoldsNewNodesToTheLabelsThatThePlanPromises) {
  HandMade made;
  made.pool("pool").pod("p").on_new("m5.large", "zone-a", "spot", {"p"});
  made.answer().nodes[0].labels = {{"kubernetes.io/arch", "amd64"}};
  EXPECT_THAT(made.verdict(), HasSubstr("its labels can't be these"));
}

}  // namespace
}  // namespace spotkeeper::checker
