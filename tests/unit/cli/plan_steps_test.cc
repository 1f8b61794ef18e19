#include "cli/plan_steps.h"

#include <gtest/gtest.h>

namespace spotkeeper::cli {
namespace {

TEST(PlanSteps, AreAsManyAsFitIntoWhatIsLeftAfterTheFirstPlan) {
  const auto steps = steps_within(2, [](std::uint64_t n) { return 0.5 + 1e-4 * static_cast<double>(n); });
  EXPECT_NEAR(static_cast<double>(steps), 15000, 100);
}

TEST(PlanSteps, AreNotMisjudgedWhereTheFirstPlanWasMeasuredTooLong) {
  // Another process took 20 ms of the first measurement: a short probe seems to take less than nothing.
  const auto steps =
      steps_within(2, [](std::uint64_t n) { return (n == 0 ? 0.02 : 0.0) + 8e-5 * static_cast<double>(n); });
  EXPECT_LT(static_cast<double>(steps) * 8e-5, 2.3);
  EXPECT_GT(static_cast<double>(steps) * 8e-5, 1.8);
}

TEST(PlanSteps, AreNoneWhereTheFirstPlanTakesAllTheTime) {
  EXPECT_EQ(steps_within(2, [](std::uint64_t) { return 3.0; }), 0U);
  EXPECT_EQ(steps_within(0, [](std::uint64_t) { return 0.1; }), 0U);
}

}  // namespace
}  // namespace spotkeeper::cli
