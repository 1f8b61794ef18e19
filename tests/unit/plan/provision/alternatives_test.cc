#include "plan/provision/alternatives.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "tests/unit/plan/provision/small_market.h"

namespace spotkeeper::plan {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr std::size_t kTypes = 6;

/// Machines of one size in one zone as Spot, each a hundredth dearer than the one before; half of a workload may be in
/// one pool.
Problem like_machines() {
  Problem out;
  out.zones = {"a"};
  for (std::uint32_t type = 0; type < kTypes; ++type) {
    out.types.push_back(testing::machine_type("m" + std::to_string(type) + ".large", 2));
    out.offerings.push_back({type, 0, CapacityType::Spot, Money{100'000 + 1'000 * type}});
  }
  out.pools.emplace_back().name = "any";
  out.policy.pool_share = 0.5;
  return out;
}

ShapeId add_workload(Problem& problem, const std::string& app, int pods) {
  Shape shape = testing::pods_of(app, 100);
  shape.workload = WorkloadRef{NamespaceName("shop"), "Deployment", app};
  const ShapeId id = testing::add_shape(problem, std::move(shape));
  testing::add_pods(problem, id, pods);
  return id;
}

NodeId buy(Purchase& purchase, CandidateId candidate, ShapeId shape, int pods) {
  const NodeId node = purchase.open(candidate);
  for (int i = 0; i < pods; ++i) purchase.place(shape, node);
  return node;
}

/// Of the alternatives, how many have this offering.
std::int64_t having(const std::vector<std::vector<std::uint32_t>>& alternatives, std::uint32_t offering) {
  return std::ranges::count_if(alternatives, [&](const auto& each) { return std::ranges::count(each, offering) > 0; });
}

TEST(Alternatives, AreTheOthersThatWouldDo) {
  Problem problem = like_machines();
  const ShapeId web = add_workload(problem, "web", 1);
  Purchase purchase(problem);
  EXPECT_THAT(find_alternatives(purchase, {buy(purchase, 2, web, 1)}), ElementsAre(ElementsAre(0, 1, 3, 4, 5)));
}

TEST(Alternatives, PutNoMoreOfAWorkloadIntoOnePoolThanItsCapWhicheverOfThemAreLaunched) {
  Problem problem = like_machines();
  const ShapeId web = add_workload(problem, "web", 4);
  Purchase purchase(problem);
  const auto found = find_alternatives(purchase, {buy(purchase, 0, web, 2), buy(purchase, 1, web, 2)});
  EXPECT_THAT(found, ElementsAre(ElementsAre(2, 4), ElementsAre(3, 5)));
}

TEST(Alternatives, MayBeSharedAsFarAsTheCapGoes) {
  Problem problem = like_machines();
  const ShapeId web = add_workload(problem, "web", 4);
  Purchase purchase(problem);
  std::vector<NodeId> nodes(4);
  for (CandidateId id = 0; id < 4; ++id) nodes[id] = buy(purchase, id, web, 1);
  const auto found = find_alternatives(purchase, nodes);
  EXPECT_THAT(found, Each(SizeIs(2)));
  for (std::uint32_t offering = 0; offering < kTypes; ++offering)
    EXPECT_EQ(having(found, offering), offering < 4 ? 1 : 2) << offering;
}

TEST(Alternatives, OfOneWorkloadAreNoneOfAnothersBusiness) {
  Problem problem = like_machines();
  const ShapeId web = add_workload(problem, "web", 1);
  const ShapeId api = add_workload(problem, "api", 1);
  Purchase purchase(problem);
  const auto found = find_alternatives(purchase, {buy(purchase, 0, web, 1), buy(purchase, 1, api, 1)});
  EXPECT_THAT(found, Each(SizeIs(kTypes - 1)));
}

TEST(Alternatives, AreOneListForMachinesThatHoldTheSame) {
  Problem problem = like_machines();
  const ShapeId web = add_workload(problem, "web", 8);
  Purchase purchase(problem);
  const std::vector<NodeId> nodes{buy(purchase, 0, web, 2), buy(purchase, 0, web, 2), buy(purchase, 1, web, 2)};
  // Four of eight are on the first two, so that nobody else can have what these may be.
  EXPECT_THAT(find_alternatives(purchase, nodes), ElementsAre(ElementsAre(2, 4), ElementsAre(2, 4), ElementsAre(3, 5)));
}

TEST(Alternatives, AreNoWorseThanThePlanItselfWhereItGaveTheCapUp) {
  Problem problem = like_machines();
  const ShapeId web = add_workload(problem, "web", 4);
  Purchase purchase(problem);
  const auto found = find_alternatives(purchase, {buy(purchase, 0, web, 3), buy(purchase, 1, web, 1)});
  // Three in a pool are as many as the plan has: on its own each may be any other, and not both the same.
  for (std::uint32_t offering = 0; offering < kTypes; ++offering) EXPECT_LE(having(found, offering), 1) << offering;
  EXPECT_THAT(found, ElementsAre(SizeIs(2), SizeIs(2)));
}

TEST(Alternatives, CountWhatRunsInAPoolAlready) {
  Problem problem = like_machines();
  const ShapeId web = add_workload(problem, "web", 2);
  ExistingNode there = testing::node_in("old", "a");
  there.node.labels.set(std::string(kTypeLabel), "m1.large");
  there.node.labels.set(std::string(kCapacityLabel), "spot");
  there.pods = {{{NamespaceName("shop"), "web-0"}, web}, {{NamespaceName("shop"), "web-1"}, web}};
  problem.nodes.push_back(there);
  Purchase purchase(problem);
  EXPECT_THAT(find_alternatives(purchase, {buy(purchase, 0, web, 1)}), ElementsAre(ElementsAre(2, 3, 4, 5)));
}

TEST(Alternatives, AreAsManyAsMinValuesAskForInAnyCase) {
  Problem problem = like_machines();
  const ShapeId web = add_workload(problem, "web", 4);
  PoolRequirement types;
  types.key = std::string(kTypeLabel);
  types.op = PoolOperator::Exists;
  types.min_values = 5;
  problem.pools.front().requirements.push_back(types);
  Purchase purchase(problem);
  EXPECT_THAT(find_alternatives(purchase, {buy(purchase, 0, web, 2), buy(purchase, 1, web, 2)}), Each(SizeIs(4)));
}

TEST(Alternatives, AreNoneForNothing) {
  Problem problem = like_machines();
  const Purchase purchase(problem);
  EXPECT_THAT(find_alternatives(purchase, {}), IsEmpty());
}

}  // namespace
}  // namespace spotkeeper::plan
