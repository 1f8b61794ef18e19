#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "sim/market/spot_trace.h"
#include "tests/unit/sim/market_support.h"

namespace spotkeeper::sim::market {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

std::string error_of(std::string_view json) {
  const auto read = parse_spot_trace(json, "zone.json");
  EXPECT_FALSE(read) << json;
  return read ? std::string() : read.error().message;
}

/// A folder that is gone afterwards.
class Folder {
 public:
  Folder() : path_(std::filesystem::path(testing::TempDir()) / "spot_traces") {
    std::filesystem::remove_all(path_);
    std::filesystem::create_directories(path_);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() { std::filesystem::remove_all(path_); }
  void write(const std::string& name, const std::string& text) const { std::ofstream(path_ / name) << text; }
  [[nodiscard]] std::string path() const { return path_.string(); }

 private:
  std::filesystem::path path_;
};

TEST(SpotTrace, IsReadWithItsGap) {
  const auto trace = parse_spot_trace(R"({"metadata":{"gap_seconds":300},"data":[0,3,3,16]})", "zone.json");
  ASSERT_TRUE(trace) << trace.error().message;
  EXPECT_EQ(trace->gap, 5min);
  EXPECT_THAT(trace->units, ElementsAre(0, 3, 3, 16));
  EXPECT_EQ(trace->length(), 20min);
}

TEST(SpotTrace, HoldsEachFigureForItsGapAndTheLastForEver) {
  const SpotTrace trace{10s, {4, 4, 7}};
  EXPECT_EQ(trace.tick_at(0s), 0U);
  EXPECT_EQ(trace.tick_at(9999ms), 0U);
  EXPECT_EQ(trace.tick_at(10s), 1U);
  EXPECT_EQ(trace.tick_at(24h), 2U);
  EXPECT_EQ(trace.next_change(0), 2U);
  EXPECT_EQ(trace.next_change(2), 3U);
}

TEST(SpotTrace, MayHavePricesBesideTheFigures) {
  EXPECT_TRUE(parse_spot_trace(R"({"metadata":{"gap_seconds":34},"data":[1],"prices":[0.5]})", "zone.json"));
}

TEST(SpotTrace, SaysWhatIsWrongAndWhere) {
  EXPECT_THAT(error_of("{"), AllOf(StartsWith("zone.json: "), HasSubstr("line 1")));
  EXPECT_THAT(error_of("[]"), StartsWith("zone.json: "));
  EXPECT_THAT(error_of(R"({"data":[1]})"), HasSubstr("/metadata"));
  EXPECT_THAT(error_of(R"({"metadata":{"gap_seconds":0},"data":[1]})"),
              HasSubstr("/metadata/gap_seconds: out of range"));
  EXPECT_THAT(error_of(R"({"metadata":{"gap_seconds":5},"data":[]})"), HasSubstr("/data: expected at least one"));
  EXPECT_THAT(error_of(R"({"metadata":{"gap_seconds":5},"data":[1,-1]})"), HasSubstr("/data/1: out of range"));
  EXPECT_EQ(error_of("{\"metadata\": {\"gap_seconds\": 5},\n \"data\": [1,\n  -1]}"),
            "zone.json: line 3, column 3: /data/1: out of range: 0 to 100000");
  EXPECT_THAT(error_of(R"({"metadata":{"gap_seconds":5},"data":[1,"2"]})"), HasSubstr("/data/1"));
  EXPECT_THAT(error_of(R"({"metadata":{"gap_seconds":5},"data":[0.5]})"), HasSubstr("/data/0"));
  EXPECT_THAT(error_of(R"({"metadata":{"gap_seconds":5},"dta":[1]})"), HasSubstr("did you mean 'data'"));
}

TEST(SpotTraces, AreReadFromAFolderByName) {
  const Folder folder;
  folder.write("us-east-1b_x_1.json", R"({"metadata":{"gap_seconds":5},"data":[2]})");
  folder.write("us-east-1a_x_1.json", R"({"metadata":{"gap_seconds":5},"data":[1]})");
  folder.write("README.md", "not one");
  const auto traces = load_spot_traces(folder.path());
  ASSERT_TRUE(traces) << traces.error().message;
  ASSERT_EQ(traces->size(), 2U);
  EXPECT_EQ(traces->at(0).name, "us-east-1a_x_1");
  EXPECT_EQ(traces->at(0).zone, "us-east-1a");
  EXPECT_THAT(traces->at(1).trace->units, ElementsAre(2));
}

TEST(SpotTraces, NameTheFileThatCannotBeRead) {
  const Folder folder;
  folder.write("us-east-1a.json", R"({"metadata":{"gap_seconds":5},"data":[]})");
  const auto traces = load_spot_traces(folder.path());
  ASSERT_FALSE(traces);
  EXPECT_THAT(traces.error().message, HasSubstr("us-east-1a.json: line 1, column 31: /data"));
}

TEST(SpotTraces, AreMissingInAFolderWithoutOneOrWithoutAFolder) {
  const Folder folder;
  EXPECT_EQ(load_spot_traces(folder.path()).error().code, ErrorCode::NotFound);
  EXPECT_EQ(load_spot_traces(folder.path() + "/none").error().code, ErrorCode::NotFound);
}

NamedTrace named(const std::string& name, std::uint32_t units) {
  return {name, name.substr(0, name.find('_')), trace_of(5min, {units})};
}

TEST(SpotTraces, DriveThePoolsOfTheirZone) {
  MarketSettings market = calm_market({"us-east-1a", "us-east-1b"});
  ASSERT_TRUE(drive_by_traces(market, {named("us-east-1a_v100_1", 1), named("us-east-1b_v100_1", 2)}));
  EXPECT_EQ(market.pools[0].trace_name, "us-east-1a_v100_1");
  EXPECT_EQ(market.pools[1].trace_name, "us-east-1b_v100_1");
}

TEST(SpotTraces, PreferTheOneThatNamesThePoolsType) {
  MarketSettings market = calm_market({"us-east-1a"});
  ASSERT_TRUE(drive_by_traces(market, {named("us-east-1a_c5.large", 1), named("us-east-1a_m5.large", 2)}));
  EXPECT_EQ(market.pools[0].trace_name, "us-east-1a_m5.large");
}

TEST(SpotTraces, OfOtherZonesGoToZonesWithoutOneInOrder) {
  MarketSettings market = calm_market({"eu-west-1a", "us-east-1b", "eu-west-1c"});
  const std::vector<NamedTrace> traces{named("us-east-1b_x", 1), named("us-east-1d_x", 2), named("us-east-1f_x", 3)};
  ASSERT_TRUE(drive_by_traces(market, traces));
  EXPECT_EQ(market.pools[0].trace_name, "us-east-1d_x");
  EXPECT_EQ(market.pools[1].trace_name, "us-east-1b_x");
  EXPECT_EQ(market.pools[2].trace_name, "us-east-1f_x");
}

TEST(SpotTraces, MustBeEnoughForTheZonesAndHavePoolsToDrive) {
  MarketSettings market = calm_market({"us-east-1a", "us-east-1b"});
  const auto few = drive_by_traces(market, {named("us-east-1a_x", 1)});
  ASSERT_FALSE(few);
  EXPECT_THAT(few.error().message, HasSubstr("no trace for zone 'us-east-1b'"));
  MarketSettings none;
  EXPECT_FALSE(drive_by_traces(none, {named("us-east-1a_x", 1)}));
}

}  // namespace
}  // namespace spotkeeper::sim::market
