#include "model/money.h"

#include <gtest/gtest.h>

#include <limits>

namespace spotkeeper {
namespace {

Money dollars(std::string_view text) { return Money::parse(text).value(); }

TEST(MoneyText, ReadsDollarsExactly) {
  EXPECT_EQ(dollars("0.204").micros, 204'000);
  EXPECT_EQ(dollars("0.000001").micros, 1);
  EXPECT_EQ(dollars("5").micros, 5'000'000);
  EXPECT_EQ(dollars("407.680000").micros, 407'680'000);
  EXPECT_EQ(dollars("1000000000").micros, 1'000'000'000'000'000);
}

TEST(MoneyText, RefusesWhatIsNoAmount) {
  for (const std::string_view text : {"", ".", ".5", "1.", "-1", "+1", "1e3", "0.0000001", "1,5", "$1", " 1", "1 ",
                                      "1.2.3", "1000000001", "99999999999999999999"}) {
    EXPECT_FALSE(Money::parse(text).has_value()) << text;
  }
}

TEST(MoneyText, WritesAtLeastCentsAndNothingThatIsNotNeeded) {
  EXPECT_EQ(dollars("0.204").str(), "0.204");
  EXPECT_EQ(dollars("13.2").str(), "13.20");
  EXPECT_EQ(dollars("5").str(), "5.00");
  EXPECT_EQ(dollars("0.000001").str(), "0.000001");
  EXPECT_EQ(Money{-500'000}.str(), "-0.50");
  EXPECT_EQ(Money{std::numeric_limits<std::int64_t>::min()}.str(), "-9223372036854.775808");
}

TEST(MoneyArithmetic, CostsByTheTimeUsed) {
  EXPECT_EQ(dollars("0.36").over(90min), dollars("0.54"));
  EXPECT_EQ(dollars("0.36").over(1s), dollars("0.0001"));
  EXPECT_EQ(dollars("1").over(Duration(1)), Money{0});
  EXPECT_EQ(dollars("0.000001").over(30min).micros, 1) << "halves are rounded away from zero";
  EXPECT_EQ(Money{-1}.over(30min).micros, -1);
}

TEST(MoneyArithmetic, SaturatesInsteadOfWrapping) {
  constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
  EXPECT_EQ(Money{most}.over(100h).micros, most);
  EXPECT_EQ(Money{-most}.percent(1000).micros, std::numeric_limits<std::int64_t>::min());
}

TEST(MoneyArithmetic, TakesPercentages) {
  EXPECT_EQ(dollars("0.1").percent(30), dollars("0.03"));
  EXPECT_EQ(dollars("0.000005").percent(10).micros, 1);
  EXPECT_EQ(dollars("2").percent(0), Money{});
}

}  // namespace
}  // namespace spotkeeper
