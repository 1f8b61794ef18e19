// The referee and what of a workload may be in one place: plans that break each rule, beside ones that keep it.
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/property/checker/hand_made.h"

namespace spotkeeper::checker {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(Checker, KeepsSlowPodsFromSpot) {
  const std::string slow = "{terminationGracePeriodSeconds: 300}";
  EXPECT_THAT(HandMade().pool("pool").pod("p", slow).on_new("m5.large", "zone-a", "spot", {"p"}).verdict(),
              HasSubstr("within a Spot notice"));
  EXPECT_THAT(HandMade().pool("pool").pod("p", slow).on_new("m5.large", "zone-a", "on-demand", {"p"}).verdict(),
              IsEmpty());
  const std::string spot_only = "{requirements: [{key: karpenter.sh/capacity-type, operator: In, values: [spot]}]}";
  EXPECT_THAT(HandMade().pool("pool", spot_only).pod("p", slow).on_new("m5.large", "zone-a", "spot", {"p"}).verdict(),
              IsEmpty());
}

TEST(Checker, KeepsAWorkloadFromBeingLostWithOneSpotPool) {
  HandMade made;
  made.pool("pool").add("{kind: Deployment, metadata: {name: w}, spec: {replicas: 3, template: {spec: {}}}}");
  HandMade together = made;
  EXPECT_THAT(together.on_new("m5.large", "zone-a", "spot", {"w-0", "w-1"})
                  .on_new("m5.large", "zone-b", "spot", {"w-2"})
                  .verdict({.pool_share = 0.5}),
              HasSubstr("2 of default/Deployment/w's 3 pods"));
  EXPECT_THAT(together.verdict(), IsEmpty());
  EXPECT_THAT(HandMade(made)
                  .on_new("m5.large", "zone-a", "on-demand", {"w-0", "w-1"})
                  .on_new("m5.large", "zone-b", "spot", {"w-2"})
                  .verdict({.pool_share = 0.5}),
              IsEmpty());
}

TEST(Checker, KeepsAWorkloadFromBeingLostWithOneNewNode) {
  const auto with = [](const std::string& limits, double share) {
    return HandMade()
        .pool("pool", "{}", limits)
        .add("{kind: Deployment, metadata: {name: w}, spec: {replicas: 3, template: {spec: {}}}}")
        .on_new("m5.large", "zone-a", "on-demand", {"w-0", "w-1"})
        .on_new("m5.large", "zone-b", "on-demand", {"w-2"})
        .verdict({.node_share = share});
  };
  EXPECT_THAT(with("{}", 0.5), HasSubstr("2 of default/Deployment/w's 3 pods are in the new node 0"));
  EXPECT_THAT(with("{}", 0.7), IsEmpty());
  EXPECT_THAT(with("{nodes: 2}", 0.5), IsEmpty());  // there is no other place
}

// Three pods of w; how many may be on Spot stands on it.
HandMade annotated(const std::string& annotations) {
  return HandMade().pool("pool").add("{kind: ReplicaSet, metadata: {name: w, annotations: {" + annotations +
                                     "}}, spec: {replicas: 3, template: {spec: {}}}}");
}

std::string with_on_spot(HandMade made, const std::vector<std::string>& spot, const std::vector<std::string>& others) {
  if (!spot.empty()) made.on_new("m5.large", "zone-a", "spot", spot);
  if (!others.empty()) made.on_new("m5.large", "zone-a", "on-demand", others);
  return made.verdict();
}

TEST(Checker, KeepsAsManyPodsOffSpotAsTheirWorkloadSays) {
  const HandMade base = annotated("spotkeeper.dev/on-demand-base: '1'");
  EXPECT_THAT(with_on_spot(base, {"w-0", "w-1"}, {"w-2"}), IsEmpty());
  EXPECT_THAT(with_on_spot(base, {"w-0", "w-1", "w-2"}, {}), HasSubstr("2 of default/ReplicaSet/w's 3 pods"));
  const HandMade share = annotated("spotkeeper.dev/spot-share: 70%");
  EXPECT_THAT(with_on_spot(share, {"w-0", "w-1"}, {"w-2"}), IsEmpty());
  EXPECT_THAT(with_on_spot(share, {"w-0", "w-1", "w-2"}, {}), HasSubstr("on Spot already"));
  const HandMade both = annotated("spotkeeper.dev/on-demand-base: '1', spotkeeper.dev/spot-share: 50%");
  EXPECT_THAT(with_on_spot(both, {"w-0"}, {"w-1", "w-2"}), IsEmpty());
  EXPECT_THAT(with_on_spot(both, {"w-0", "w-1"}, {"w-2"}), HasSubstr("1 of default/ReplicaSet/w's 3 pods"));
}

TEST(Checker, CountsPodsOfAWorkloadThatAreThereAlready) {
  const auto there = [](const std::string& capacity) {
    return annotated("spotkeeper.dev/on-demand-base: '1'")
        .node("n1", "{karpenter.sh/capacity-type: " + capacity + "}", "{unschedulable: true}")
        .add(
            "{kind: Pod, metadata: {name: old, ownerReferences: [{kind: ReplicaSet, name: w, controller: true}]}, "
            "spec: {nodeName: n1}}");
  };
  EXPECT_THAT(with_on_spot(there("on-demand"), {"w-0", "w-1"}, {}), IsEmpty());
  EXPECT_THAT(with_on_spot(there("spot"), {"w-0", "w-1"}, {}), HasSubstr("on Spot already"));
  EXPECT_THAT(with_on_spot(there("spot"), {"w-0"}, {"w-1"}), IsEmpty());
}

TEST(Checker, WantsPodsLeftOutWhoseShareOfSpotCanNotBeRead) {
  for (const char* wrong : {"spotkeeper.dev/on-demand-base: two", "spotkeeper.dev/on-demand-base: '-1'",
                            "spotkeeper.dev/spot-share: '0.7'", "spotkeeper.dev/spot-share: 170%"}) {
    EXPECT_THAT(with_on_spot(annotated(wrong), {}, {"w-0", "w-1", "w-2"}), HasSubstr("is placed, but broken")) << wrong;
  }
}

TEST(Checker, SeesThatAPodMayBeOnSpotYet) {
  const std::string spot_only = "{requirements: [{key: karpenter.sh/capacity-type, operator: In, values: [spot]}]}";
  HandMade made;
  made.pool("pool", spot_only)
      .add(
          "{kind: ReplicaSet, metadata: {name: w, annotations: {spotkeeper.dev/on-demand-base: '1'}}, spec: {replicas: "
          "2, template: {spec: {}}}}")
      .left_out("w-0");
  EXPECT_THAT(HandMade(made).on_new("m5.large", "zone-a", "spot", {"w-1"}).verdict(), IsEmpty());
  EXPECT_THAT(HandMade(made).left_out("w-1").verdict(), HasSubstr("there is a place on a new"));
}

}  // namespace
}  // namespace spotkeeper::checker
