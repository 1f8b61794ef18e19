// What must be seen in the scenarios of the Spot market.
#include <memory>
#include <string>
#include <vector>

#include "sim/market/report_json.h"
#include "sim/market/spot_trace.h"
#include "tests/sim/scenarios/runs.h"

namespace spotkeeper::sim {
namespace {

std::uint64_t lost_by(const Report& report, const std::string& pods) {
  std::uint64_t lost = 0;
  for (const auto& [pod, count] : report.traffic.lost_by_pod) lost += pod.find(pods) != std::string::npos ? count : 0;
  return lost;
}

/// What the market did, without what came of it.
std::string market_of(const Report& report) { return format::write_json(market::market_json(report.market)); }

TEST(CapacityError, IsAnsweredWithOnDemandMachinesInTimeForSpotkeeperToLoseNothing) {
  for (std::uint64_t seed = 1; seed <= seeds_of(10); ++seed) {
    const Report report = run_with(shipped("capacity-error"), Policy::Spotkeeper, seed);
    EXPECT_EQ(report.traffic.lost(), 0U) << told(report);
    EXPECT_EQ(report.interruptions, 3U) << told(report);
    EXPECT_EQ(report.market.launched_on_demand, 3U) << told(report);
    EXPECT_EQ(report.market.capacity_errors, 6U) << told(report);  // two pools refused three machines
    EXPECT_EQ(report.pods.killed_hard, 0U) << told(report);
    EXPECT_TRUE(report.recovered_after) << told(report);
  }
}

TEST(CapacityError, LosesRequestsWithoutAHandler) {
  for (std::uint64_t seed = 1; seed <= seeds_of(5); ++seed) {
    const Report report = run_with(shipped("capacity-error"), Policy::None, seed);
    EXPECT_GT(report.traffic.lost(), 0U) << told(report);
  }
}

TEST(CapacityError, LeavesTheGroupShortForMinutesWithoutAFallback) {
  Scenario stuck = shipped("capacity-error");
  stuck.market.groups[0].fall_back_to_on_demand = false;
  const Report without = run_with(stuck, Policy::None, 1);
  const Report with = run_with(shipped("capacity-error"), Policy::None, 1);
  EXPECT_EQ(without.market.launched_on_demand, 0U);
  EXPECT_GT(without.market.groups[0].missing, 3 * 5min) << told(without);
  EXPECT_LT(with.market.groups[0].missing, 1min) << told(with);
  EXPECT_LT(without.market.total, with.market.total);  // what is not there costs nothing
}

TEST(PriceSpike, TakesTheServiceOfTheFixedBidDownWhateverHandlesTheNotices) {
  for (const Policy policy : {Policy::None, Policy::Spotkeeper}) {
    const Report report = run_with(shipped("price-spike"), policy, 1);
    EXPECT_EQ(report.interruptions, 3U) << told(report);
    EXPECT_EQ(report.market.groups[0].ready_least, 0U) << told(report);
    // Ten minutes less the notice, and a minute to boot, for each of three.
    EXPECT_GE(report.market.groups[0].missing, 3 * 8min) << told(report);
    EXPECT_LE(report.market.groups[0].missing, 3 * 12min) << told(report);
    // 50 requests a second for as long.
    EXPECT_GT(report.traffic.lost(), 50U * 8 * 60) << told(report);
  }
}

TEST(PriceSpike, DoesNotTouchTheGroupThatBidsOnDemand) {
  for (const Policy policy : {Policy::None, Policy::Spotkeeper}) {
    const Report report = run_with(shipped("price-spike"), policy, 1);
    EXPECT_EQ(report.market.groups[1].missing, 0s) << told(report);
    EXPECT_EQ(report.market.groups[1].ready_least, 3U) << told(report);
    EXPECT_EQ(lost_by(report, "shop/open"), 0U) << told(report);
    EXPECT_LT(report.market.total, report.market.on_demand_total) << told(report);
  }
}

TEST(RollingStorm, LosesNothingWithSpotkeeper) {
  const Report report = run_with(shipped("rolling-storm"), Policy::Spotkeeper, 1);
  EXPECT_EQ(report.traffic.lost(), 0U) << told(report);
  EXPECT_GE(report.interruptions, 12U) << told(report);
  EXPECT_GT(report.market.capacity_errors, 0U) << told(report);
  EXPECT_GT(report.market.recommended, report.market.falsely_recommended) << told(report);
  EXPECT_GE(report.market.groups[0].ready_least, 9U) << told(report);
}

TEST(RollingStorm, LosesRequestsWithoutAHandlerAndDoesTheSameToEverybody) {
  const Report none = run_with(shipped("rolling-storm"), Policy::None, 1);
  const Report spotkeeper = run_with(shipped("rolling-storm"), Policy::Spotkeeper, 1);
  EXPECT_GT(none.traffic.lost(), 0U) << told(none);
  EXPECT_EQ(market_of(none), market_of(spotkeeper));
  EXPECT_EQ(none.market.total, spotkeeper.market.total);
}

TEST(MarketDay, CostsLessThanHalfOfOnDemandAndHasADozenInterruptions) {
  Scenario day = shipped("market-day");
  const Report report = run_with(day, Policy::None, 1);
  EXPECT_GE(report.interruptions, 5U) << told(report);
  EXPECT_LE(report.interruptions, 60U) << told(report);
  EXPECT_LT(report.market.total.micros, report.market.on_demand_total.micros / 2) << told(report);
  EXPECT_GT(report.market.total, Money{}) << told(report);
  EXPECT_EQ(report.market.launched >= report.market.interrupted, true) << told(report);
}

TEST(MarketDay, LosesLessWithSpotkeeperThanWithoutAHandler) {
  Scenario morning = shipped("market-day");
  morning.duration = 6h;
  const Report none = run_with(morning, Policy::None, 1);
  const Report spotkeeper = run_with(morning, Policy::Spotkeeper, 1);
  EXPECT_EQ(market_of(none), market_of(spotkeeper));
  EXPECT_GT(none.traffic.lost(), 0U) << told(none);
  EXPECT_LT(spotkeeper.traffic.lost(), none.traffic.lost()) << told(spotkeeper);
}

TEST(MarketDay, FollowsARecording) {
  Scenario day = shipped("market-day");
  day.duration = 2h;
  std::vector<std::uint32_t> units;
  units.reserve(48);
  for (int i = 0; i < 48; ++i) units.push_back(i / 6 % 2 == 0 ? 1 : 0);  // half an hour each
  const auto trace = std::make_shared<const market::SpotTrace>(market::SpotTrace{5min, units});
  ASSERT_TRUE(market::drive_by_traces(day.market, {{"us-east-1a_x_1", "us-east-1a", trace},
                                                   {"us-east-1d_x_1", "us-east-1d", trace},
                                                   {"us-east-1f_x_1", "us-east-1f", trace}}));
  const Report report = run_with(day, Policy::None, 1);
  EXPECT_GE(report.interruptions, 12U) << told(report);
  EXPECT_GT(report.market.launched_on_demand, 0U) << told(report);
  EXPECT_EQ(report.market.traces.at("us-east-1b/m5.large"), "us-east-1d_x_1");
}

TEST(MarketDay, IsTheSameBytesForTheSameSeed) {
  Scenario morning = shipped("market-day");
  morning.duration = 3h;
  for (const Policy policy : {Policy::None, Policy::Spotkeeper}) {
    EXPECT_EQ(told(run_with(morning, policy, 5)), told(run_with(morning, policy, 5)));
  }
}

}  // namespace
}  // namespace spotkeeper::sim
