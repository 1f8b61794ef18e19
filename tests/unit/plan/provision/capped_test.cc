#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "plan/provision/plan.h"
#include "small_market.h"

namespace spotkeeper::plan {
namespace {

using namespace testing;
using ::testing::IsEmpty;
using ::testing::SizeIs;

/// Four pods by themselves, and four of a workload of which two may share a node and a Spot pool; a core each.
Problem half_capped() {
  Problem out = small_market();
  out.policy.pool_share = out.policy.node_share = 0.5;
  add_pods(out, add_shape(out, pods_of("alone", 1000)), 4);
  Shape web = pods_of("web", 1000);
  web.workload = WorkloadRef{NamespaceName("shop"), "Deployment", "web"};
  add_pods(out, add_shape(out, std::move(web)), 4);
  return out;
}

TEST(CappedPods, ComeBeforeThoseThatAnyMachineTakes) {
  // Four pods by themselves on one machine would leave the others two that are half full, or smaller ones.
  const Problem problem = half_capped();
  const Plan plan = make_plan(problem, StepBudget{0}, Seed{1});
  EXPECT_THAT(plan.unplaced, IsEmpty());
  EXPECT_THAT(plan.nodes, SizeIs(2));
  EXPECT_EQ(plan.cost, Money{190'000});  // two m.xlarge as Spot
}

}  // namespace
}  // namespace spotkeeper::plan
