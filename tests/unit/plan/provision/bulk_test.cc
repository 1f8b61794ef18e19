#include "plan/provision/bulk.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "small_market.h"

namespace spotkeeper::plan {
namespace {

using namespace testing;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::Ne;
using ::testing::Optional;

bool may_take(Shape shape) {
  Problem problem = small_market();
  Shape agent = pods_of("agent", 100);
  agent.workload = WorkloadRef{NamespaceName("shop"), "DaemonSet", "agent"};
  problem.daemons.push_back(add_shape(problem, std::move(agent)));
  const ShapeId id = add_shape(problem, std::move(shape));
  return Bulk::may_take(Purchase(problem), id);
}

TEST(Bulk, TakesWhatOnlyZonesAndCopiesDecideAbout) {
  EXPECT_TRUE(may_take(pods_of("web", 100)));
  EXPECT_TRUE(may_take(pods_of("web", 100, spread_over_zones("web"))));
  EXPECT_TRUE(may_take(pods_of("web", 100, away_from("web", kHostnameLabel))));
  EXPECT_TRUE(may_take(pods_of("web", 100, beside("web", kZoneLabel))));
}

TEST(Bulk, TakesNobodyAboutWhomTheRestOfTheNodeDecides) {
  PodTemplate port;
  port.host_ports.push_back({"", 80, "TCP"});
  EXPECT_FALSE(may_take(pods_of("web", 100, std::move(port))));
  EXPECT_FALSE(may_take(pods_of("web", 100, beside("web", kHostnameLabel))));
  EXPECT_FALSE(may_take(pods_of("web", 100, away_from("agent", kHostnameLabel))));
  for (int which = 0; which < 3; ++which) {
    Shape shape = pods_of("web", 100);
    if (which == 0) shape.volumes.own.emplace_back("ebs.csi.aws.com", 1);
    if (which == 1) shape.volumes.shared.emplace_back("ebs.csi.aws.com", "vol-1");
    if (which == 2) shape.volumes.exclusive.emplace_back("shop/claim");
    EXPECT_FALSE(may_take(std::move(shape))) << which;
  }
}

/// Pods that were seated on machines of their own, which Bulk takes over.
class Adoption : public ::testing::Test {
 protected:
  Adoption() : problem_(small_market()) {}

  void begin() {
    purchase_ = std::make_unique<Purchase>(problem_);
    place_.resize(problem_.pods.size());
  }
  NodeId seat(const std::vector<PodId>& pods, std::string_view type, std::string_view zone, CapacityType capacity) {
    const NodeId node = purchase_->open(candidate(*purchase_, type, zone, capacity));
    for (const PodId pod : pods) {
      EXPECT_EQ(purchase_->allows(problem_.pods[pod].shape, node, {}), Refusal::None);
      purchase_->place(problem_.pods[pod].shape, node);
    }
    return node;
  }
  /// With these, and `others` that have no place yet, everything anew.
  void adopt(const std::vector<std::pair<NodeId, std::vector<PodId>>>& seated, const std::vector<PodId>& others = {}) {
    Bulk bulk(*purchase_, others);
    for (const auto& [node, pods] : seated) bulk.adopt(node, pods);
    Random random(1);
    bulk.place(0, random, place_);
  }

  [[nodiscard]] const Offering& bought(PodId pod) const {
    return problem_.offerings[purchase_->candidates()[*purchase_->bought_as(*place_[pod])].offering];
  }
  [[nodiscard]] std::string type(PodId pod) const { return problem_.types[bought(pod).type].name.str(); }
  [[nodiscard]] std::string zone(PodId pod) const { return problem_.zones[bought(pod).zone]; }

  Problem problem_;
  std::unique_ptr<Purchase> purchase_;
  std::vector<std::optional<NodeId>> place_;
};

TEST_F(Adoption, ChoosesTheMachineAnew) {
  const auto web = add_pods(problem_, add_shape(problem_, pods_of("web", 500)), 1);
  begin();
  const NodeId before = seat(web, "m.xlarge", "a", CapacityType::OnDemand);
  adopt({{before, web}});
  ASSERT_THAT(place_, ElementsAre(Optional(Ne(before))));
  EXPECT_EQ(type(0), "m.large");
  EXPECT_EQ(bought(0).capacity, CapacityType::Spot);
  EXPECT_TRUE(purchase_->pods_on(before).empty());
}

TEST_F(Adoption, KeepsPodsTogetherThatWereSeatedTogether) {
  const auto web = add_pods(problem_, add_shape(problem_, pods_of("web", 1000, beside("web", kHostnameLabel))), 3);
  begin();
  adopt({{seat(web, "m.xlarge", "a", CapacityType::OnDemand), web}});
  EXPECT_THAT(place_, Each(place_[0]));
  EXPECT_EQ(type(0), "m.xlarge");
}

TEST_F(Adoption, PutsTwoGroupsOnTwoMachines) {
  const auto pods = add_pods(problem_, add_shape(problem_, pods_of("web", 500)), 2);
  begin();
  const NodeId first = seat({pods[0]}, "m.xlarge", "a", CapacityType::OnDemand);
  const NodeId second = seat({pods[1]}, "m.xlarge", "a", CapacityType::OnDemand);
  adopt({{first, {pods[0]}}, {second, {pods[1]}}});
  ASSERT_TRUE(place_[0] && place_[1]);
  EXPECT_NE(*place_[0], *place_[1]);
}

TEST_F(Adoption, LetsOthersFillWhatIsOver) {
  const auto seated = add_pods(problem_, add_shape(problem_, pods_of("db", 1500)), 1);
  const auto others = add_pods(problem_, add_shape(problem_, pods_of("web", 250)), 2);
  begin();
  adopt({{seat(seated, "m.xlarge", "a", CapacityType::OnDemand), seated}}, others);
  EXPECT_THAT(place_, Each(place_[0]));
  EXPECT_EQ(type(0), "m.large");
}

TEST_F(Adoption, KeepsItsZoneWhereRulesOverZonesLookAtIt) {
  const ShapeId web = add_shape(problem_, pods_of("web", 500, spread_over_zones("web")));
  const auto pods = add_pods(problem_, web, 2);
  for (Offering& each : problem_.offerings)
    if (problem_.zones[each.zone] == "a") each.price = each.price.percent(10);  // where both would be cheaper
  begin();
  const NodeId in_a = seat({pods[0]}, "m.xlarge", "a", CapacityType::OnDemand);
  const NodeId in_b = seat({pods[1]}, "m.xlarge", "b", CapacityType::OnDemand);
  adopt({{in_a, {pods[0]}}, {in_b, {pods[1]}}});
  EXPECT_EQ(zone(0), "a");
  EXPECT_EQ(zone(1), "b");
}

TEST_F(Adoption, MovesToTheCheaperZoneWhereNoRuleLooksAtIt) {
  const auto web = add_pods(problem_, add_shape(problem_, pods_of("web", 500)), 1);
  for (Offering& each : problem_.offerings)
    if (problem_.zones[each.zone] == "a") each.price = each.price.percent(10);
  begin();
  adopt({{seat(web, "m.large", "b", CapacityType::Spot), web}});
  EXPECT_EQ(zone(0), "a");
}

TEST_F(Adoption, StaysOffSpotWhereAPodTakesLongToEnd) {
  PodTemplate slow;
  slow.grace = GracePeriod(600s);
  const auto web = add_pods(problem_, add_shape(problem_, pods_of("web", 500, std::move(slow))), 1);
  begin();
  adopt({{seat(web, "m.xlarge", "a", CapacityType::OnDemand), web}});
  EXPECT_EQ(type(0), "m.large");
  EXPECT_EQ(bought(0).capacity, CapacityType::OnDemand);
}

TEST_F(Adoption, WithinALimitOfTheirNodePool) {
  problem_.pools[0].limits = {{"nodes", 1}};
  const auto web = add_pods(problem_, add_shape(problem_, pods_of("web", 500)), 1);
  begin();
  adopt({{seat(web, "m.xlarge", "a", CapacityType::OnDemand), web}});
  ASSERT_TRUE(place_[0]);
  EXPECT_EQ(purchase_->limits_left(0), std::vector<std::int64_t>{0});
}

TEST_F(Adoption, PutsPodsThatFindNoMachineBackIntoNoZone) {
  // Of three in zone a one node can take two; zone b is full. The third is taken out of the count of its zone.
  problem_.pools[0].limits = {{"nodes", 1}};
  problem_.types.resize(1);
  std::erase_if(problem_.offerings, [](const Offering& each) { return each.type != 0; });
  const ShapeId web = add_shape(problem_, pods_of("web", 1000, beside("web", kZoneLabel)));
  const auto pods = add_pods(problem_, web, 3);
  begin();
  adopt({}, pods);
  EXPECT_EQ(std::ranges::count_if(place_, [](const auto& each) { return each.has_value(); }), 2);
  const Topology& topology = purchase_->board().topology();
  const auto placed = std::ranges::find_if(place_, [](const auto& each) { return each.has_value(); });
  for (int i = 0; i < 2; ++i) purchase_->remove(web, **placed);
  // Nobody counts any more: whoever comes now is the first again, anywhere.
  for (const std::string_view name : {"a", "b"})
    EXPECT_EQ(topology.allows(
                  web, purchase_->candidates()[candidate(*purchase_, "m.large", name, CapacityType::Spot)].domains),
              Refusal::None)
        << name;
}

/// No two hosts differ by more than two pods of the app.
PodTemplate two_on_a_host(const std::string& app) {
  PodTemplate out = spread_over_zones(app);
  out.spread.front().topology_key = std::string(kHostnameLabel);
  out.spread.front().max_skew = 2;
  return out;
}

TEST_F(Adoption, KeepsRulesOverHostsInTheOrderInWhichZonesWereSettled) {
  // first has to come before copies, as these are more than zones may differ by; so only one of them may be beside it.
  const auto first = add_pods(problem_, add_shape(problem_, pods_of("web", 100, spread_over_zones("web"))), 1);
  const auto copies = add_pods(problem_, add_shape(problem_, pods_of("web", 500, two_on_a_host("web"))), 3);
  for (Offering& each : problem_.offerings)
    if (problem_.zones[each.zone] == "a") each.price = each.price.percent(10);
  begin();
  purchase_->board().topology().expect(problem_.pods[copies[0]].shape, purchase_->candidates().front().domains);
  adopt({}, {first[0], copies[0], copies[1], copies[2]});
  ASSERT_TRUE(place_[first[0]]);
  EXPECT_LE(std::ranges::count(place_, place_[first[0]]), 2);
}

TEST_F(Adoption, SettlesThoseFirstWhoMindOthersOnTheirHost) {
  // Were the large ones in their zone before, the small one would have to be in the other.
  PodTemplate apart = spread_over_zones("web");
  apart.spread.push_back(two_on_a_host("web").spread.front());
  apart.spread.back().max_skew = 1;
  const auto large = add_pods(problem_, add_shape(problem_, pods_of("web", 500)), 2);
  const auto small = add_pods(problem_, add_shape(problem_, pods_of("web", 100, std::move(apart))), 1);
  begin();
  for (CandidateId id = 0; id < purchase_->candidates().size(); ++id)
    purchase_->board().topology().expect(problem_.pods[small[0]].shape, purchase_->candidates()[id].domains);
  adopt({}, {large[0], large[1], small[0]});
  ASSERT_THAT(place_, Each(Ne(std::nullopt)));
  for (const PodId pod : large) EXPECT_EQ(zone(pod), zone(small[0]));
}

TEST_F(Adoption, KeepsRulesOverHostsWhereSomebodyHasToComeLaterThanWasSettled) {
  // The two copies come to where huge is; that has no machine after all, so they have to wait for small.
  problem_.pools[0].limits = {{"cpu", 2000}};
  PodTemplate beside_both = beside("small", kZoneLabel);
  beside_both.affinity.pod_required.front().selector =
      LabelSelector{{{"app", SelectorOperator::In, {"huge", "small"}}}, {}};
  beside_both.spread = two_on_a_host("copy").spread;
  beside_both.spread.front().selector = LabelSelector{{{"app", SelectorOperator::In, {"copy", "small"}}}, {}};
  const auto huge = add_pods(problem_, add_shape(problem_, pods_of("huge", 3000)), 1);
  const auto copies = add_pods(problem_, add_shape(problem_, pods_of("copy", 500, std::move(beside_both))), 2);
  const auto small = add_pods(problem_, add_shape(problem_, pods_of("small", 100)), 1);
  begin();
  purchase_->board().topology().expect(problem_.pods[copies[0]].shape, purchase_->candidates().front().domains);
  adopt({}, {huge[0], copies[0], copies[1], small[0]});
  EXPECT_FALSE(place_[huge[0]]);
  ASSERT_TRUE(place_[small[0]]);
  EXPECT_EQ(std::ranges::count(place_, place_[small[0]]), 2);
}

TEST_F(Adoption, GivesAMachineBackOnceOfWhichAllAreTakenBack) {
  // As above, but nobody comes whom the two could wait for.
  problem_.pools[0].limits = {{"cpu", 2000}};
  const auto huge = add_pods(problem_, add_shape(problem_, pods_of("huge", 3000)), 1);
  const auto copies = add_pods(problem_, add_shape(problem_, pods_of("copy", 500, beside("huge", kZoneLabel))), 2);
  begin();
  adopt({}, {huge[0], copies[0], copies[1]});
  EXPECT_THAT(place_, Each(std::optional<NodeId>()));
  EXPECT_EQ(purchase_->limits_left(0), std::vector<std::int64_t>{2000});
}

}  // namespace
}  // namespace spotkeeper::plan
