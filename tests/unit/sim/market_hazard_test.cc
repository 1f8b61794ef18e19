#include "sim/market/hazard.h"

#include <gtest/gtest.h>

#include <cmath>

#include "model/hazard.h"
#include "sim/market/boot.h"
#include "sim/market/price.h"
#include "tests/unit/sim/market_support.h"

namespace spotkeeper::sim::market {
namespace {

double exponential(Random& random) { return -std::log1p(-random.unit()); }

/// How many of `machines` of that age are interrupted within `length`.
int interrupted(double per_hour, Duration age, Duration length, int machines) {
  Random random(7);
  int count = 0;
  for (int i = 0; i < machines; ++i) {
    if (until_interruption(per_hour, age, exponential(random)) < length) ++count;
  }
  return count;
}

TEST(Hazard, TakesTheClassesShareInAMonthOfOldMachines) {
  for (const auto& [rate, share] :
       {std::pair{InterruptionRate::Below5, 0.025}, std::pair{InterruptionRate::From5To10, 0.075},
        std::pair{InterruptionRate::From10To15, 0.125}, std::pair{InterruptionRate::From15To20, 0.175},
        std::pair{InterruptionRate::Above20, 0.25}}) {
    const int machines = 20'000;
    const int count = interrupted(interruptions_per_hour(rate), 24h, duration_of_seconds(730.5 * 3600), machines);
    // Four standard deviations of a binomial count.
    EXPECT_NEAR(count, share * machines, 4 * std::sqrt(share * (1 - share) * machines)) << spotkeeper::name_of(rate);
  }
}

TEST(Hazard, FallsToATenthWithTheFirstSixHours) {
  EXPECT_EQ(age_factor(0s), 10);
  EXPECT_EQ(age_factor(29min), 10);
  EXPECT_EQ(age_factor(30min), 5);
  EXPECT_EQ(age_factor(1h), 2.4);
  EXPECT_EQ(age_factor(3h), 1.5);
  EXPECT_EQ(age_factor(6h), 1);
  EXPECT_EQ(age_factor(24h * 30), 1);
}

TEST(Hazard, IsMetByTheFrequencyInEachSpanOfAges) {
  const double per_hour = 0.05;
  const int machines = 200'000;
  struct Span {
    Duration from, until;
    double factor;
  };
  for (const Span& span :
       {Span{0s, 30min, 10}, Span{30min, 1h, 5}, Span{1h, 3h, 2.4}, Span{3h, 6h, 1.5}, Span{12h, 14h, 1}}) {
    const Duration length = span.until - span.from;
    const double expected = -std::expm1(-per_hour * span.factor * seconds_of(length) / 3600);
    const int count = interrupted(per_hour, span.from, length, machines);
    EXPECT_NEAR(count, expected * machines, 4 * std::sqrt(expected * machines)) << format_duration(span.from);
  }
}

TEST(Hazard, OfNothingNeverComes) { EXPECT_EQ(until_interruption(0, 0s, 0.1), kNever); }

TEST(Hazard, ComesLaterForALargerDraw) {
  EXPECT_LT(until_interruption(0.1, 0s, 0.5), until_interruption(0.1, 0s, 0.6));
  // 0.5 h · 10 + 0.5 h · 5 = 7.5 old hours in the first hour.
  EXPECT_NEAR(seconds_of(until_interruption(0.1, 0s, 0.75)), 3600, 1e-3);
}

TEST(Boot, TakesItsMediansByFamilyAndLongerOnMetal) {
  const InstanceType large = type_of("m5.large");
  const InstanceType metal = type_of("m5.metal");
  EXPECT_FALSE(is_metal(large));
  EXPECT_TRUE(is_metal(metal));
  for (const AmiFamily family : {AmiFamily::AL2, AmiFamily::AL2023, AmiFamily::Bottlerocket}) {
    const BootTimes times{family, {}, 0.25};
    EXPECT_GE(median_boot(times, large), 45s) << name_of(family);
    EXPECT_LE(median_boot(times, large), 75s) << name_of(family);
    EXPECT_GE(median_boot(times, metal), median_boot(times, large) + 3min);
  }
  EXPECT_LT(median_boot({AmiFamily::Bottlerocket, {}, 0}, large), median_boot({AmiFamily::AL2023, {}, 0}, large));
}

TEST(Boot, IsDrawnAroundTheMedian) {
  const BootTimes times{AmiFamily::AL2023, 100s, 0.25};
  Random random(3);
  int longer = 0;
  for (int i = 0; i < 10'000; ++i) longer += draw_boot(times, type_of("m5.large"), random) > 100s ? 1 : 0;
  EXPECT_NEAR(longer, 5000, 200);
}

TEST(PriceWalk, StaysBelowOnDemandAndAboveATenthOfIt) {
  PriceRules rough;
  rough.spread = 1.0;
  rough.half_life = 1h;
  const Money on_demand{96'000};
  PriceWalk walk(rough, Money{40'000}, on_demand, Random(5));
  for (int i = 0; i < 50'000; ++i) {
    const Money price = walk.next();
    ASSERT_LE(price, on_demand);
    ASSERT_GE(price, Money{9'600});
  }
}

TEST(PriceWalk, RevertsToTheMean) {
  PriceRules rules;
  PriceWalk walk(rules, Money{40'000}, Money{96'000}, Random(5));
  double sum = 0;
  const int steps = 200'000;  // about 1,400 half-lives
  for (int i = 0; i < steps; ++i) sum += static_cast<double>(walk.next().micros);
  EXPECT_NEAR(sum / steps, 40'000, 400);
}

TEST(PriceWalk, MovesLittleInOneStep) {
  PriceRules rules;
  PriceWalk walk(rules, Money{40'000}, Money{96'000}, Random(5));
  Money before = walk.now();
  for (int i = 0; i < 10'000; ++i) {
    const Money price = walk.next();
    // The step's standard deviation is 5 % · √(1 − 2^(−2·5/720)) = 0.49 %; five of them.
    ASSERT_LT(std::abs(price.micros - before.micros), 0.025 * 40'000);
    before = price;
  }
}

TEST(PriceHistory, CostsWhatHeldForAsLongAsItHeld) {
  PriceHistory history;
  history.set(kStart, Money{60'000});
  history.set(kStart + 1h, Money{120'000});
  history.set(kStart + 2h, Money{30'000});
  EXPECT_EQ(history.at(kStart + 30min), Money{60'000});
  EXPECT_EQ(history.at(kStart + 1h), Money{120'000});
  EXPECT_EQ(history.cost(kStart, kStart + 3h), Money{210'000});
  EXPECT_EQ(history.cost(kStart + 30min, kStart + 90min), Money{90'000});
  EXPECT_EQ(history.cost(kStart + 5h, kStart + 6h), Money{30'000});
  EXPECT_EQ(history.cost(kStart + 1h, kStart + 1h), Money{});
}

TEST(PriceHistory, IsAdditiveOverTime) {
  PriceHistory history;
  PriceRules rules;
  PriceWalk walk(rules, Money{36'000}, Money{96'000}, Random(2));
  for (int i = 0; i < 288; ++i) history.set(kStart + i * 5min, walk.next());
  const Money whole = history.cost(kStart, kStart + 24h);
  Money parts;
  for (int i = 0; i < 24; ++i) parts += history.cost(kStart + i * 1h, kStart + (i + 1) * 1h);
  EXPECT_EQ(parts, whole);
}

}  // namespace
}  // namespace spotkeeper::sim::market
