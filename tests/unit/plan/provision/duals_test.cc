#include "plan/provision/duals.h"

#include <gtest/gtest.h>

namespace spotkeeper::plan {
namespace {

TEST(DualPrices, AreThoseOfTheOneResourceThatRunsOut) {
  // Ten pods of 1 CPU and 1 GiB on machines of 4 CPU and 16 GiB for 8: CPU alone decides, and 2.5 machines cost 20.
  const auto prices = find_prices({{{1, 1}, 10}}, {{{4, 16}, 8, {1}}}, {2000, 1e-6});
  EXPECT_NEAR(prices.bound, 20, 0.01);
  EXPECT_NEAR(prices.of_item.front(), 2, 0.001);
}

TEST(DualPrices, LetDifferentPodsShareAMachineThatNeitherWouldFill) {
  // Eight of 1 CPU and 8 of 1 GiB fill two machines of 4 and 4 together; apart they would need four.
  const auto prices = find_prices({{{1, 0}, 8}, {{0, 1}, 8}}, {{{4, 4}, 10, {1, 1}}}, {2000, 1e-6});
  EXPECT_NEAR(prices.bound, 20, 0.05);
}

TEST(DualPrices, ChooseTheMachineThatIsCheapestForWhatItHas) {
  const auto prices = find_prices({{{1, 4}, 100}}, {{{4, 8}, 10, {1}}, {{2, 8}, 7, {1}}}, {2000, 1e-6});
  EXPECT_NEAR(prices.bound, 350, 1);
}

TEST(DualPrices, NeverExceedThePriceThatSomePlanHas) {
  for (std::size_t rounds : {0U, 1U, 10U, 100U})
    EXPECT_LE(
        find_prices({{{1, 4}, 100}, {{2, 1}, 50}}, {{{4, 8}, 10, {1, 1}}, {{2, 8}, 7, {1, 1}}}, {rounds, 0}).bound,
        600);
}

TEST(DualPrices, AreNothingOfNothing) { EXPECT_EQ(find_prices({}, {}, {10, 0}).bound, 0); }

}  // namespace
}  // namespace spotkeeper::plan
