#include "sim/market/reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "model/hazard.h"
#include "sim/scenario.h"
#include "tests/unit/sim/market_support.h"

namespace spotkeeper::sim::market {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

constexpr std::string_view kLeast =
    "scenario: least\n"
    "cluster: {}\n"
    "groups:\n"
    "  - {name: web, size: 3, zones: [us-east-1a, us-east-1b], types: [m5.large]}\n";

Scenario read(std::string_view more) {
  auto scenario = parse_scenario(std::string(kLeast) + std::string(more), "s.yaml", catalog());
  EXPECT_TRUE(scenario) << (scenario ? "" : scenario.error().message);
  return scenario ? std::move(*scenario) : Scenario{};
}

std::string error_of(std::string_view more) {
  const auto scenario = parse_scenario(std::string(kLeast) + std::string(more), "s.yaml", catalog());
  EXPECT_FALSE(scenario) << more;
  return scenario ? std::string() : scenario.error().message;
}

std::string group_error(const std::string& keys) {
  const auto scenario = parse_scenario("scenario: s\ncluster: {}\ngroups:\n  - {" + keys + "}\n", "s.yaml", catalog());
  EXPECT_FALSE(scenario) << keys;
  return scenario ? std::string() : scenario.error().message;
}

TEST(MarketReader, MakesAPoolOfEveryTypeInEveryZoneFromTheCatalogue) {
  const auto scenario = parse_scenario(
      "scenario: s\ncluster: {}\ngroups:\n  - {name: g, size: 1, zones: [us-east-1a, us-east-1b], types: [m5.large, "
      "c5.large]}\n",
      "s.yaml", catalog());
  ASSERT_TRUE(scenario) << scenario.error().message;
  ASSERT_EQ(scenario->market.pools.size(), 4U);
  const PoolSettings& pool = scenario->market.pools[1];
  EXPECT_EQ(pool.name(), "us-east-1a/c5.large");
  EXPECT_EQ(pool.mean_price, *type_of("c5.large").spot_price());
  EXPECT_EQ(pool.per_hour, interruptions_per_hour(type_of("c5.large").spot->rate));
}

TEST(MarketReader, PutsTheGroupsFirstNodesIntoTheCluster) {
  const Scenario scenario = read("");
  ASSERT_EQ(scenario.nodes.size(), 3U);
  EXPECT_EQ(scenario.nodes[0].name, "web-1");
  EXPECT_EQ(scenario.nodes[0].zone, "us-east-1a");
  EXPECT_EQ(scenario.nodes[1].zone, "us-east-1b");
  EXPECT_EQ(scenario.nodes[2].capacity_type, "spot");
  EXPECT_LT(scenario.nodes[2].price, scenario.nodes[2].on_demand_price);
  EXPECT_EQ(scenario.nodes[2].allocatable.cpu.value, 1930);
}

TEST(MarketReader, ReadsEveryKey) {
  const Scenario scenario = read(R"(
  - name: fixed
    size: 2
    zones: [us-east-1c]
    types: [m5.metal]
    policy: price
    fallback: [on-demand]
    max-price: 1.5
    replace-on: death
    request-delay: 10s
    retry: 1m
    ami: Bottlerocket
    boot: {median: 90s, sigma: 0.1}
    age: 1h
    labels: {team: shop}
    taints: [{key: k, effect: NoSchedule}]
market:
  prices: {step: 1m, half-life: 2h, spread: 10%}
  interruptions: {times: 3, together: 25%, takes: 80%, within: 2m}
  notice: {length: 100s, short: 10%, short-length: 5s, none: 2%}
  rebalance: {before: 30%, lead: 4m, lead-sigma: 0.5, false-per-hour: 0.1}
  capacity: {out: 10m, out-sigma: 1, refused: 5%}
  trace: {machines: 4, start: 12h}
  pools: [{zone: us-east-1a, price: 0.03, interruptions-per-hour: 0.2}]
  storms: [{at: 10m, zone: us-east-1a, type: m5.large, takes: 50%, within: 1m, out: 5m}]
  outages: [{at: 1m, for: 2m, zone: us-east-1b}]
  spikes: [{at: 3m, for: 4m, to: 90%}]
)");
  const MarketSettings& market = scenario.market;
  ASSERT_EQ(market.groups.size(), 2U);
  const GroupSettings& group = market.groups[1];
  EXPECT_EQ(group.policy, GroupPolicy::Price);
  EXPECT_FALSE(group.fall_back_to_pools);
  EXPECT_TRUE(group.fall_back_to_on_demand);
  EXPECT_EQ(group.max_price, Money{1'500'000});
  EXPECT_EQ(group.replace_on, ReplaceOn::Death);
  EXPECT_EQ(group.request_delay, 10s);
  EXPECT_EQ(group.retry, 1min);
  EXPECT_EQ(group.boot.family, AmiFamily::Bottlerocket);
  EXPECT_EQ(group.boot.median, 90s);
  EXPECT_EQ(group.age, 1h);
  EXPECT_EQ(group.taints.size(), 1U);
  EXPECT_EQ(market.prices.half_life, 2h);
  EXPECT_EQ(market.risk.times, 3);
  EXPECT_EQ(market.risk.takes, 0.8);
  EXPECT_EQ(market.notice.short_length, 5s);
  EXPECT_EQ(market.notice.none_share, 0.02);
  EXPECT_EQ(market.rebalance.false_per_hour, 0.1);
  EXPECT_EQ(market.capacity.refused, 0.05);
  EXPECT_EQ(market.machines_per_unit, 4U);
  EXPECT_EQ(market.trace_start, 12h);
  EXPECT_EQ(market.pools[0].mean_price, Money{30'000});
  EXPECT_EQ(market.pools[0].per_hour, 0.2);
  EXPECT_NE(market.pools[1].per_hour, 0.2);
  EXPECT_EQ(market.storms[0].takes, 0.5);
  EXPECT_EQ(market.storms[0].out, 5min);
  EXPECT_EQ(market.outages[0].where.zone, "us-east-1b");
  EXPECT_EQ(market.spikes[0].of_on_demand, 0.9);
}

TEST(MarketReader, KeepsTheDefaultsOfWhatIsNotSaid) {
  const Scenario scenario = read("");
  EXPECT_EQ(scenario.market.notice.length, 120s);
  EXPECT_TRUE(scenario.market.groups[0].fall_back_to_pools);
  EXPECT_TRUE(scenario.market.groups[0].fall_back_to_on_demand);
  EXPECT_FALSE(scenario.market.groups[0].max_price);
}

TEST(MarketReader, SaysWhereAKeyIsWrongAndWhichWasMeant) {
  EXPECT_THAT(error_of("market:\n  notice: {lenght: 120s}\n"),
              AllOf(StartsWith("s.yaml: line 6"), HasSubstr("did you mean 'length'")));
  EXPECT_THAT(error_of("market:\n  price: {}\n"), HasSubstr("did you mean 'prices'"));
  EXPECT_THAT(error_of("market:\n  storms: [{at: 1m, zone: us-east-1c}]\n"),
              AllOf(HasSubstr("/market/storms/0/zone"), HasSubstr("no group has a pool in zone 'us-east-1c'")));
  EXPECT_THAT(error_of("market:\n  outages: [{for: 1m, type: m5.xlarge}]\n"), HasSubstr("did you mean 'm5.large'"));
  EXPECT_THAT(error_of("market:\n  outages: [{at: 1m}]\n"), HasSubstr("/for: missing"));
  EXPECT_THAT(error_of("market:\n  spikes: [{for: 1m, to: 140%}]\n"), HasSubstr("out of range"));
  EXPECT_THAT(error_of("market:\n  notice: {short: 60%, none: 60%}\n"), HasSubstr("more than 100% together"));
  EXPECT_THAT(error_of("market:\n  pools: [{price: 99}]\n"), HasSubstr("above on-demand"));
  EXPECT_THAT(error_of("market:\n  interruptions: {times: -1}\n"), HasSubstr("out of range"));
}

TEST(MarketReader, SaysWhatAGroupLacks) {
  EXPECT_THAT(group_error("name: g, size: 0, zones: [us-east-1a], types: [m5.large]"), HasSubstr("1 to 10000"));
  EXPECT_THAT(group_error("name: g, zones: [us-east-1a], types: [m5.large]"), HasSubstr("/groups/0/size"));
  EXPECT_THAT(group_error("name: g, size: 1, types: [m5.large]"), HasSubstr("at least one zone"));
  EXPECT_THAT(group_error("name: g, size: 1, zones: [us-east-1a]"), HasSubstr("at least one instance type"));
  EXPECT_THAT(group_error("name: g, size: 1, zones: [us-east-1a], types: [m5.lrge]"), HasSubstr("did you mean"));
  EXPECT_THAT(group_error("name: g, size: 1, zones: [us-east-1a, us-east-1a], types: [m5.large]"),
              HasSubstr("a second time"));
  EXPECT_THAT(group_error("name: g, size: 1, zones: [us-east-1a], types: [m5.large], policy: cheap"),
              HasSubstr("expected one of price, spread, on-demand"));
  EXPECT_THAT(group_error("name: g, size: 1, zones: [us-east-1a], types: [m5.large], fallback: [ondemand]"),
              HasSubstr("did you mean 'on-demand'"));
  EXPECT_THAT(group_error("name: g, size: 1, zones: [us-east-1a], types: [m5.large], ami: AL2024"),
              HasSubstr("did you mean 'AL2"));
}

TEST(MarketReader, RefusesTwoOfAName) {
  EXPECT_THAT(error_of("  - {name: web, size: 1, zones: [us-east-1a], types: [m5.large]}\n"),
              HasSubstr("a second group called 'web'"));
  const auto clash = parse_scenario(
      "scenario: s\ncluster: {nodes: [{name: web, type: m5.large}]}\n"
      "groups: [{name: web, size: 1, zones: [us-east-1a], types: [m5.large]}]\n",
      "s.yaml", catalog());
  ASSERT_FALSE(clash);
  EXPECT_THAT(clash.error().message, HasSubstr("two nodes are called 'web-1'"));
}

TEST(MarketReader, RefusesMoreThanCanBeSimulated) {
  EXPECT_THAT(error_of("  - {name: a, size: 9999, zones: [us-east-1a], types: [m5.large]}\n"),
              HasSubstr("more than 10000 nodes"));
}

}  // namespace
}  // namespace spotkeeper::sim::market
