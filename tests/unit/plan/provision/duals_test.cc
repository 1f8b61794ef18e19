#include "plan/provision/duals.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

#include "base/random.h"

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

struct Program {
  std::vector<LinearItem> items;
  std::vector<LinearMachine> machines;
};

// Up to 20 items that up to 20 types take or not; the first type takes all.
Program random_program(Random& random) {
  Program out;
  const std::size_t resources = 1 + random.below(4);
  const auto amount = [&] { return 0.1 + 10 * random.unit(); };
  for (std::uint64_t i = 1 + random.below(20); i > 0; --i) {
    LinearItem item{{}, static_cast<double>(1 + random.below(1000))};
    for (std::size_t k = 0; k < resources; ++k) item.wants.push_back(k > 0 && random.chance(0.2) ? 0 : amount());
    out.items.push_back(std::move(item));
  }
  for (std::uint64_t c = 1 + random.below(20); c > 0; --c) {
    LinearMachine machine{{}, amount(), {}};
    for (std::size_t k = 0; k < resources; ++k) machine.room.push_back(10 + 10 * amount());
    for (std::size_t i = 0; i < out.items.size(); ++i)
      machine.takes.push_back(out.machines.empty() || random.chance(0.7) ? 1 : 0);
    out.machines.push_back(std::move(machine));
  }
  return out;
}

double proven_by(const Program& program, const std::vector<std::vector<double>>& weights) {
  double sum = 0;
  for (std::size_t i = 0; i < program.items.size(); ++i) {
    double least = std::numeric_limits<double>::infinity();
    for (std::size_t c = 0; c < program.machines.size(); ++c) {
      const LinearMachine& machine = program.machines[c];
      if (machine.takes[i] == 0) continue;
      double cost = 0;
      for (std::size_t k = 0; k < machine.room.size(); ++k)
        cost += weights[c][k] * machine.price * program.items[i].wants[k] / machine.room[k];
      least = std::min(least, cost);
    }
    sum += least * program.items[i].count;
  }
  return sum;
}

// What weights prove is concave in them: where no direction leads up, they prove most.
TEST(DualPrices, ProveMoreThanOtherWeights) {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    Random random(seed);
    const Program program = random_program(random);
    const DualPrices prices = find_prices(program.items, program.machines, {40, 1e-6});
    ASSERT_NEAR(prices.bound, proven_by(program, prices.weights), 1e-6 * prices.bound) << seed;
    for (int attempt = 0; attempt < 50; ++attempt) {
      auto weights = prices.weights;
      const double step = random.unit();
      for (auto& machine : weights) {
        const std::size_t heavier = random.below(machine.size());
        for (std::size_t k = 0; k < machine.size(); ++k)
          machine[k] = (1 - step) * machine[k] + (k == heavier ? step : 0);
      }
      EXPECT_LE(proven_by(program, weights), prices.bound * (1 + 1e-5)) << seed;
    }
  }
}

TEST(DualPrices, AreNothingOfNothing) { EXPECT_EQ(find_prices({}, {}, {10, 0}).bound, 0); }

}  // namespace
}  // namespace spotkeeper::plan
