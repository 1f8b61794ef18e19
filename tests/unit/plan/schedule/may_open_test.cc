// Whether a machine may be bought in a domain that is not there yet, against which pods are spread that came before.
#include <gtest/gtest.h>

#include "plan/schedule/topology.h"
#include "tests/unit/plan/provision/small_market.h"

namespace spotkeeper::plan {
namespace {

using namespace testing;

/// One node in zone a, and shape 0: web, spread over zones; shape 1: anybody.
class MayOpen : public ::testing::Test {
 protected:
  explicit MayOpen(int bound = 0) : problem_(small_market()) {
    add_shape(problem_, pods_of("web", 100, spread_over_zones("web")));
    add_shape(problem_, pods_of("other", 100));
    problem_.nodes.push_back(node_in("n1", "a"));
    for (int i = 0; i < bound; ++i)
      problem_.nodes[0].pods.push_back({{NamespaceName("shop"), "old-" + std::to_string(i)}, 0, false});
    purchase_ = std::make_unique<Purchase>(problem_);
  }

  void place(int count) {
    for (int i = 0; i < count; ++i) purchase_->place(0, 0);
  }
  [[nodiscard]] const DomainsOfNode& zone(std::string_view name) const {
    return purchase_->candidates()[candidate(*purchase_, "m.large", name, CapacityType::Spot)].domains;
  }
  [[nodiscard]] bool may_open(std::string_view where, std::vector<ShapeId> coming) const {
    return purchase_->board().topology().may_open(zone(where), coming);
  }

  Problem problem_;
  std::unique_ptr<Purchase> purchase_;
};

TEST_F(MayOpen, AnEmptyZoneWhileTheOthersAreWithinTheSkew) {
  place(1);
  EXPECT_TRUE(may_open("b", {}));
  EXPECT_TRUE(may_open("b", {1}));
}

TEST_F(MayOpen, AZoneWithThePodThatComesWhereItWouldBeTooEmptyWithout) {
  place(2);
  EXPECT_FALSE(may_open("b", {}));
  EXPECT_FALSE(may_open("b", {1}));
  EXPECT_TRUE(may_open("b", {0}));
}

TEST_F(MayOpen, NoZoneAgainstWhichPlacedPodsCouldNotHaveCome) {
  place(3);
  EXPECT_FALSE(may_open("b", {0}));
}

TEST_F(MayOpen, AnyMachineInAZoneThatIsThere) {
  place(3);
  EXPECT_TRUE(may_open("a", {}));
}

TEST_F(MayOpen, AZoneThatHasBeenExpected) {
  purchase_->board().topology().expect(0, zone("b"));
  place(3);
  EXPECT_TRUE(may_open("b", {}));
  purchase_->board().topology().forget_expected();
  EXPECT_FALSE(may_open("b", {}));
}

TEST_F(MayOpen, AZoneAgainAfterThePodsHaveLeft) {
  place(3);
  for (int i = 0; i < 2; ++i) purchase_->remove(0, 0);
  EXPECT_TRUE(may_open("b", {}));
}

/// Beside copies of web that read no spread.
class MayOpenBesideOthers : public MayOpen {
 protected:
  void begin(PodTemplate web) {
    problem_.shapes[0] = pods_of("web", 100, std::move(web));
    add_shape(problem_, pods_of("web", 100));
    purchase_ = std::make_unique<Purchase>(problem_);
    for (const ShapeId shape : {2U, 2U, 0U, 0U}) purchase_->place(shape, 0);
  }
};

TEST_F(MayOpenBesideOthers, AZoneThatIsThereBeforeTheyCome) {
  begin(spread_over_zones("web"));
  EXPECT_TRUE(may_open("b", {0}));
}

TEST_F(MayOpenBesideOthers, NoZoneWhereTheSpreadPodsWaitForOthersByTheirAffinity) {
  PodTemplate web = spread_over_zones("web");
  web.affinity.pod_required.push_back(near("web", kZoneLabel));
  begin(std::move(web));
  EXPECT_FALSE(may_open("b", {0}));
}

/// A pod comes that by its affinity has to be where web is, of which one is there on Spot or is not.
class MayOpenForFollowers : public MayOpen {
 protected:
  void begin(int there) {
    problem_.shapes.push_back(pods_of("web", 100, beside("leader", kCapacityLabel)));
    problem_.shapes.push_back(pods_of("leader", 100));
    problem_.nodes[0].node.labels.set(std::string(kCapacityLabel), "spot");
    if (there == 1) problem_.nodes[0].pods.push_back({{NamespaceName("shop"), "old"}, 3, false});
    purchase_ = std::make_unique<Purchase>(problem_);
    for (const ShapeId shape : {3U, 0U, 0U}) purchase_->place(shape, 0);
  }
};

TEST_F(MayOpenForFollowers, NoZoneThatHasNobodyUntilThoseHaveComeWhomTheyFollow) {
  begin(0);
  EXPECT_FALSE(may_open("b", {2}));
  EXPECT_TRUE(may_open("b", {0}));
}

TEST_F(MayOpenForFollowers, AZoneWhereThoseWhomTheyFollowWereThereBefore) {
  begin(1);
  EXPECT_TRUE(may_open("b", {2}));
}

class MayOpenBesideOldPods : public MayOpen {
 protected:
  MayOpenBesideOldPods() : MayOpen(3) {}
};

TEST_F(MayOpenBesideOldPods, AZoneAgainstWhichOnlyPodsThatWereThereBeforeAreTooMany) {
  EXPECT_TRUE(may_open("b", {}));
  place(1);
  EXPECT_FALSE(may_open("b", {}));
}

}  // namespace
}  // namespace spotkeeper::plan
