#include "model/quantity.h"

#include <limits>

#include <gtest/gtest.h>

namespace spotkeeper {
namespace {

Quantity quantity(std::string_view text) {
  const auto parsed = Quantity::parse(text);
  EXPECT_TRUE(parsed) << text;
  return parsed.value_or(Quantity());
}

TEST(Quantity, ReadsEverySuffix) {
  EXPECT_EQ(quantity("100m").ceil_milli(), 100);
  EXPECT_EQ(quantity("1.5Gi").ceil(), 1'610'612'736);
  EXPECT_EQ(quantity("2e3").ceil(), 2000);
  EXPECT_EQ(quantity("2E3").ceil(), 2000);
  EXPECT_EQ(quantity("5e-1").ceil_milli(), 500);
  EXPECT_EQ(quantity("12E"), quantity("12000P"));
  EXPECT_EQ(quantity("1Ei").ceil(), std::int64_t{1} << 60);
  EXPECT_EQ(quantity("+1k"), quantity("1000"));
  EXPECT_EQ(quantity("1.G"), quantity("1G"));
  EXPECT_EQ(quantity(".5"), quantity("500m"));
  EXPECT_EQ(quantity("3000000n"), quantity("3m"));
  EXPECT_EQ(quantity("3000u"), quantity("3m"));
}

TEST(Quantity, RoundsUpWhereSomethingIsLeft) {
  EXPECT_EQ(quantity("1n").ceil(), 1);
  EXPECT_EQ(quantity("1n").ceil_milli(), 1);
  EXPECT_EQ(quantity("1500m").ceil(), 2);
  EXPECT_EQ(quantity("0.1n"), quantity("1n"));
  EXPECT_EQ(quantity("1e-30"), quantity("1n"));
  EXPECT_EQ(quantity("0.1Ki").ceil(), 103);
  EXPECT_EQ(quantity("0.0000000000000000000000000000000000001Ei"), quantity("1n"));
  EXPECT_EQ(quantity("-1500m").ceil(), -1);
  EXPECT_EQ(quantity("-0.1n"), quantity("-1n"));
}

TEST(Quantity, StopsAtTheEndsInsteadOfOverflowing) {
  constexpr auto most = std::numeric_limits<std::int64_t>::max();
  EXPECT_EQ(quantity("100Ei").ceil(), most);
  EXPECT_EQ(quantity("100Ei"), Quantity::of(most));
  EXPECT_EQ(quantity("1e1000000000000").ceil(), most);
  EXPECT_EQ(quantity("9999999999999999999999999999999999999999999").ceil_milli(), most);
  EXPECT_EQ(quantity("1e-99999999999999"), quantity("1n"));
  Quantity sum = quantity("1e28");
  for (int i = 0; i < 100; ++i) sum += quantity("1e28");
  EXPECT_EQ(sum, quantity("1e28"));
}

TEST(Quantity, WritesTheCanonicalForm) {
  EXPECT_EQ(quantity("0").str(), "0");
  EXPECT_EQ(quantity("-0.0m").str(), "0");
  EXPECT_EQ(quantity("1500m").str(), "1500m");
  EXPECT_EQ(quantity("2000").str(), "2k");
  EXPECT_EQ(quantity("1Ki").str(), "1024");
  EXPECT_EQ(quantity("-1.5").str(), "-1500m");
  for (const char* text : {"1n", "999999999999n", "-7u", "12E", "1e28", "0.000000001", "1.5Gi", "1234567890123456789"})
    EXPECT_EQ(quantity(quantity(text).str()), quantity(text)) << text;
}

TEST(Quantity, RefusesWhatIsNone) {
  for (const char* text : {"", "-", "m", "Ki", "1 ", " 1", "1mi", "1K", "1ki", "1e", "1e+", "1e1.5", "1..2", "1,5",
                           "--1", "0x10", "1e3m", "1Kii", "NaN"})
    EXPECT_FALSE(Quantity::parse(text)) << text;
}

TEST(Quantity, RefusesAbsurdLengthsWithAShortMessage) {
  const auto parsed = Quantity::parse(std::string(1'000'000, '1'));
  ASSERT_FALSE(parsed);
  EXPECT_LT(parsed.error().message.size(), 300U);
}

}  // namespace
}  // namespace spotkeeper
