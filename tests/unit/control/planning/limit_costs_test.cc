#include "control/planning/limit_costs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "control/planning/report.h"
#include "planned.h"

namespace spotkeeper::control {
namespace {

using namespace testing;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

const std::string kPool(kAnyPool);

std::vector<std::string> names(const std::vector<LimitCost>& limits) {
  std::vector<std::string> out;
  out.reserve(limits.size());
  for (const LimitCost& each : limits) out.emplace_back(each.limit);
  return out;
}

TEST(LimitCosts, SayWhatOnDemandCostsThatALimitAsksFor) {
  const auto problem = problem_of(kPool + deployment("slow", 1, "1", "terminationGracePeriodSeconds: 600"));
  const auto limits = costs_of_limits(problem, {}, {});
  ASSERT_THAT(names(limits), ElementsAre("risk-pool-share", "risk-node-share", "risk-steady-on-demand"));
  EXPECT_EQ(limits[0].with.cost, limits[0].without.cost);
  EXPECT_EQ(limits[1].with.cost, limits[1].without.cost);
  EXPECT_EQ(limits[2].with.cost.str(), "0.10");
  EXPECT_EQ(limits[2].without.cost.str(), "0.05");
  const auto document = limits_json(limits);
  EXPECT_EQ(document.at(2).at("cost_per_hour"), "0.05");
  EXPECT_EQ(document.at(2).at("without").at("cost_per_hour"), "-0.05");
}

TEST(LimitCosts, AreNoneWhereNoLimitIsOn) {
  PlanningOptions options;
  options.policy.pool_share = options.policy.node_share = 1;
  options.policy.steady_on_demand = false;
  EXPECT_THAT(costs_of_limits(problem_of(kPool + deployment("web", 4, "1"), options), {}, {}), IsEmpty());
}

TEST(Report, SaysWhatTheDearestAlternativesCost) {
  const auto problem = problem_of(kPool + deployment("web", 1, "1"));
  plan::Plan plan = plan::make_plan(problem, {}, {});
  ASSERT_EQ(plan.nodes.size(), 1U);
  plan.nodes.front().alternatives.clear();
  EXPECT_EQ(dearest_of(problem, plan), plan.cost);
  std::uint32_t dearest = 0;
  for (std::uint32_t i = 0; i < problem.offerings.size(); ++i) {
    plan.nodes.front().alternatives.push_back(i);
    if (problem.offerings[i].price > problem.offerings[dearest].price) dearest = i;
  }
  EXPECT_EQ(dearest_of(problem, plan), problem.offerings[dearest].price);
  EXPECT_EQ(plan_json(problem, plan, 0).at("dearest_per_hour"), "0.18");
}

}  // namespace
}  // namespace spotkeeper::control
