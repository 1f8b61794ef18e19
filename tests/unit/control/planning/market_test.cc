#include "control/planning/market.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace spotkeeper::control {
namespace {

using ::testing::HasSubstr;

constexpr std::string_view kHeader = "instance_type,zone,capacity_type,usd_per_hour\n";

std::string refusal(std::string_view rows) {
  const auto parsed = parse_prices(std::string(kHeader) + std::string(rows), "p.csv");
  return parsed ? "" : parsed.error().message;
}

TEST(Prices, AreReadRowByRow) {
  const auto rows =
      parse_prices(std::string(kHeader) + "# a comment\n\nm5.large, ,spot,0.03\r\nm5.large,a,reserved,0\n", "p.csv")
          .value();
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0].zone, "");
  EXPECT_EQ(rows[0].price.str(), "0.03");
  EXPECT_EQ(rows[1].capacity, plan::CapacityType::Reserved);
}

TEST(Prices, SayFileAndLineOfAMistake) {
  EXPECT_THAT(refusal("m5.large,a,spot\n"), HasSubstr("p.csv:2: expected 4 cells, got 3"));
  EXPECT_THAT(refusal("m5.large,a,cheap,1\n"), HasSubstr("p.csv:2: 'cheap' is not one of"));
  EXPECT_THAT(refusal("m5.large,a,spot,-1\n"), HasSubstr("p.csv:2: "));
  EXPECT_THAT(refusal(",a,spot,1\n"), HasSubstr("no instance type"));
  EXPECT_THAT(parse_prices("", "p.csv").error().message, HasSubstr("p.csv: empty"));
}

TEST(MachinePattern, MeansWhatItNamesAndNoMore) {
  const auto matches = [](std::string_view pattern, const char* type, const char* zone, plan::CapacityType as) {
    return parse_machines(pattern).value().matches(type, zone, as);
  };
  using enum plan::CapacityType;
  EXPECT_TRUE(matches("m5.large", "m5.large", "a", Spot));
  EXPECT_FALSE(matches("m5.large", "m5.xlarge", "a", Spot));
  EXPECT_TRUE(matches("m5.*", "m5.xlarge", "a", Spot));
  EXPECT_FALSE(matches("m5.*", "m5a.xlarge", "a", Spot));
  EXPECT_TRUE(matches("*:a:spot", "c7i.large", "a", Spot));
  EXPECT_FALSE(matches("*:a:spot", "c7i.large", "b", Spot));
  EXPECT_FALSE(matches("*:a:spot", "c7i.large", "a", OnDemand));
}

}  // namespace
}  // namespace spotkeeper::control
