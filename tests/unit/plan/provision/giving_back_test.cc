// A machine that is not bought after all leaves nothing behind.
#include <gtest/gtest.h>

#include "small_market.h"

namespace spotkeeper::plan {
namespace {

using namespace testing;

NodeId open_in(Purchase& purchase, std::string_view zone) {
  return purchase.open(candidate(purchase, "m.large", zone, CapacityType::Spot));
}

TEST(GivingBack, FreesTheLimitsOfItsNodePool) {
  Problem problem = small_market();
  problem.pools[0].limits = {{"cpu", 5000}, {"nodes", 2}};
  const ShapeId web = add_shape(problem, pods_of("web", 100));
  Purchase purchase(problem);
  const CandidateId large = candidate(purchase, "m.large", "a", CapacityType::Spot);
  open_in(purchase, "a");
  const NodeId second = open_in(purchase, "a");
  EXPECT_EQ(purchase.allows_new(web, large, {}), Refusal::PoolLimit);
  EXPECT_EQ(purchase.limits_left(0), (std::vector<std::int64_t>{1000, 0}));
  purchase.give_back(second);
  EXPECT_EQ(purchase.allows_new(web, large, {}), Refusal::None);
  EXPECT_EQ(purchase.limits_left(0), (std::vector<std::int64_t>{3000, 1}));
}

TEST(GivingBack, TakesItsZoneAwayAgain) {
  Problem problem = small_market();
  const ShapeId web = add_shape(problem, pods_of("web", 100, spread_over_zones("web")));
  problem.nodes.push_back(node_in("n1", "a"));
  Purchase purchase(problem);
  purchase.place(web, 0);
  const NodeId empty = open_in(purchase, "b");
  EXPECT_EQ(purchase.allows(web, 0, {}), Refusal::Spread);
  purchase.give_back(empty);
  EXPECT_EQ(purchase.allows(web, 0, {}), Refusal::None);
}

TEST(GivingBack, TakesTheZoneOnlyWithTheLastMachineThere) {
  Problem problem = small_market();
  const ShapeId web = add_shape(problem, pods_of("web", 100, spread_over_zones("web")));
  problem.nodes.push_back(node_in("n1", "a"));
  Purchase purchase(problem);
  purchase.place(web, 0);
  const NodeId first = open_in(purchase, "b");
  open_in(purchase, "b");
  purchase.give_back(first);
  EXPECT_EQ(purchase.allows(web, 0, {}), Refusal::Spread);
}

TEST(GivingBack, TakesThePodsOfItsDaemonSetsWithIt) {
  Problem problem = small_market();
  const ShapeId lonely = add_shape(problem, pods_of("lonely", 100, beside("agent", kZoneLabel)));
  Shape agent = pods_of("agent", 100);
  agent.workload = WorkloadRef{NamespaceName("shop"), "DaemonSet", "agent"};
  problem.daemons.push_back(add_shape(problem, std::move(agent)));
  Purchase purchase(problem);
  const NodeId bought = open_in(purchase, "b");
  EXPECT_EQ(purchase.allows(lonely, bought, {}), Refusal::None);
  purchase.give_back(bought);
  const NodeId other = purchase.open(candidate(purchase, "m.large", "a", CapacityType::Spot));
  EXPECT_EQ(purchase.board().topology().allows(lonely, purchase.board().domains_of(other)), Refusal::None);
  EXPECT_EQ(purchase.board().topology().allows(lonely, purchase.board().domains_of(bought)), Refusal::Affinity);
}

TEST(GivingBack, LeavesANodeThatTakesNobody) {
  Problem problem = small_market();
  const ShapeId web = add_shape(problem, pods_of("web", 0));
  Purchase purchase(problem);
  const NodeId node = open_in(purchase, "a");
  EXPECT_EQ(purchase.allows(web, node, {}), Refusal::None);
  purchase.give_back(node);
  EXPECT_EQ(purchase.allows(web, node, {}), Refusal::Pods);
}

}  // namespace
}  // namespace spotkeeper::plan
