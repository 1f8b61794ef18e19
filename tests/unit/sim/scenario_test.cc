#include "sim/scenario.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cloud/aws/embedded_catalog.h"

namespace spotkeeper::sim {
namespace {

using testing::HasSubstr;

const Catalog& catalog() {
  static const Catalog parsed = *Catalog::parse(aws::embedded_catalog(), "catalogue");
  return parsed;
}

constexpr std::string_view kLeast =
    "scenario: least\n"
    "cluster:\n"
    "  nodes:\n"
    "    - {name: m, type: m5.large}\n";

std::string error_of(const std::string& yaml) {
  const auto read = parse_scenario(yaml, "storm.yaml", catalog());
  EXPECT_FALSE(read) << yaml;
  return read ? std::string() : read.error().message;
}

TEST(Scenario, ReadsTheShippedOnes) {
  ASSERT_FALSE(shipped_scenarios().empty());
  for (const ShippedScenario& shipped : shipped_scenarios()) {
    const auto read = parse_scenario(shipped.yaml, shipped.name, catalog());
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(read->name, shipped.name);
  }
}

TEST(Scenario, TakesSizesAndPricesFromTheCatalogue) {
  const auto read = parse_scenario(kLeast, "least.yaml", catalog());
  ASSERT_TRUE(read);
  ASSERT_EQ(read->nodes.size(), 1U);
  EXPECT_EQ(read->nodes[0].name, "m-1");
  EXPECT_EQ(read->nodes[0].allocatable.cpu.value, 1930);
  EXPECT_GT(read->nodes[0].price, 0);
}

TEST(Scenario, FitsTheServiceTimeToRateAndShare) {
  const auto storm = load_scenario("zone-storm", catalog());
  ASSERT_TRUE(storm);
  const Behaviour& web = *storm->workloads[0].workload.blueprint.behaviour;
  const double mean = seconds_of(web.service_time) * std::exp(web.service_sigma * web.service_sigma / 2);
  EXPECT_NEAR(2000 / (12 * web.concurrency / mean), 0.7, 1e-6);
  EXPECT_EQ(storm->loads[0].rate, 2000);
}

TEST(Scenario, CoversTheSlowestProxyWithPreStopInTheStorm) {
  const auto storm = load_scenario("zone-storm", catalog());
  ASSERT_TRUE(storm);
  const auto& web = storm->workloads[0].workload.blueprint;
  EXPECT_GE(*web.spec->pre_stop->sleep, storm->delays.straggler);
  EXPECT_GE(*web.spec->pre_stop->sleep, storm->delays.proxy_most);
  EXPECT_GE(web.spec->grace.length(), *web.spec->pre_stop->sleep + web.behaviour->answers_after_term);
}

TEST(Scenario, NamesFileLineReasonAndTheRightKeyOfATypo) {
  const std::string message = error_of("scenario: x\nclustr: {}\n");
  EXPECT_THAT(message, HasSubstr("storm.yaml"));
  EXPECT_THAT(message, HasSubstr("line 2"));
  EXPECT_THAT(message, HasSubstr("clustr"));
  EXPECT_THAT(message, HasSubstr("did you mean 'cluster'"));
}

TEST(Scenario, NamesTheRightKeyAtEveryDepth) {
  const std::string least(kLeast);
  EXPECT_THAT(error_of("scenario: x\ncluster: {nods: []}\n"), HasSubstr("did you mean 'nodes'"));
  EXPECT_THAT(error_of("scenario: x\ncluster: {nodes: [{name: m, typ: m5.large}]}\n"),
              HasSubstr("did you mean 'type'"));
  EXPECT_THAT(error_of("scenario: x\ncluster: {endpoint-delay: {medain: 1s}, nodes: [{name: m}]}\n"),
              HasSubstr("did you mean 'median'"));
  EXPECT_THAT(error_of(least + "workloads:\n  - {name: a, replica: 3}\n"), HasSubstr("did you mean 'replicas'"));
  EXPECT_THAT(error_of(least + "workloads:\n  - {name: a, server: {quue: 3}}\n"), HasSubstr("did you mean 'queue'"));
  EXPECT_THAT(error_of(least + "workloads:\n  - {name: a, spread: [{ovr: zone}]}\n"), HasSubstr("did you mean 'over'"));
  EXPECT_THAT(error_of(least + "services:\n  - {name: a, selectr: {}}\n"), HasSubstr("did you mean 'selector'"));
  EXPECT_THAT(error_of(least + "budgets:\n  - {name: a, min-avail: 1}\n"), HasSubstr("min-available"));
  EXPECT_THAT(error_of(least + "load:\n  - {servic: a}\n"), HasSubstr("did you mean 'service'"));
  EXPECT_THAT(error_of(least + "events:\n  - {notise: spot}\n"), HasSubstr("did you mean 'notice'"));
  EXPECT_THAT(error_of(least + "faults: {api: {conflikt: 1%}}\n"), HasSubstr("did you mean 'conflict'"));
  EXPECT_THAT(error_of(least + "faults: {metadata: {garbge: 1%}}\n"), HasSubstr("did you mean 'garbage'"));
}

TEST(Scenario, ListsTheKeysWhereNoneIsNear) {
  EXPECT_THAT(error_of("scenario: x\ncluster: {nodes: [{name: m, flavour: m5.large}]}\n"),
              HasSubstr("unknown key 'flavour'; known here: count, name, zone, type"));
}

TEST(Scenario, NamesEveryKeyThatAnEmptyFileLacks) {
  for (const char* nothing : {"", "# only a comment\n", "---\n"}) {
    const std::string message = error_of(nothing);
    EXPECT_THAT(message, HasSubstr("storm.yaml"));
    EXPECT_THAT(message, HasSubstr("says nothing"));
    EXPECT_THAT(message, HasSubstr("'scenario'"));
    EXPECT_THAT(message, HasSubstr("'cluster' with 'nodes'"));
  }
  EXPECT_THAT(error_of("seed: 3\n"), HasSubstr("missing: scenario, cluster"));
  EXPECT_THAT(error_of("scenario: x\n"), HasSubstr("missing: cluster"));
}

TEST(Scenario, RefusesWhatMakesNoSense) {
  const std::string least(kLeast);
  EXPECT_THAT(error_of("scenario: x\n"), HasSubstr("cluster"));
  EXPECT_THAT(error_of(least + "duration: 0s\n"), HasSubstr("out of range"));
  EXPECT_THAT(error_of(least + "seed: -1\n"), HasSubstr("seed"));
  EXPECT_THAT(error_of("scenario: Big Storm\ncluster: {nodes: [{name: m}]}\n"), HasSubstr("lower-case"));
  EXPECT_THAT(error_of("scenario: x\ncluster: {nodes: [{name: m, type: m5.lrge}]}\n"),
              HasSubstr("did you mean 'm5.large'"));
  EXPECT_THAT(error_of(least + "workloads:\n  - {name: a, grace: 1.5s}\n"), HasSubstr("whole seconds"));
  EXPECT_THAT(error_of(least + "workloads:\n  - {name: a}\n  - {name: a}\n"), HasSubstr("a second one"));
  EXPECT_THAT(error_of(least + "workloads:\n  - {name: a, kind: Deploymnt}\n"), HasSubstr("Deployment"));
  EXPECT_THAT(error_of(least + "budgets:\n  - {name: a}\n"), HasSubstr("min-available or max-unavailable"));
  EXPECT_THAT(error_of(least + "budgets:\n  - {name: a, min-available: 120%}\n"), HasSubstr("80%"));
  EXPECT_THAT(error_of(least + "load:\n  - {service: a, rate: 5}\n"), HasSubstr("no service"));
  EXPECT_THAT(error_of(least + "services:\n  - {name: a}\nload:\n  - {service: a, rate: 5}\n"),
              HasSubstr("no workload is behind"));
  EXPECT_THAT(error_of(least + "events:\n  - {notice: spot}\n"), HasSubstr("zone, nodes, share"));
  EXPECT_THAT(error_of(least + "events:\n  - {notice: spot, nodes: [m-2]}\n"), HasSubstr("did you mean 'm-1'"));
  EXPECT_THAT(error_of(least + "events:\n  - {notice: spot, zone: mars-1a}\n"), HasSubstr("no node is in zone"));
  EXPECT_THAT(error_of(least + "faults: {api: {conflict: 150%}}\n"), HasSubstr("out of range"));
}

TEST(Scenario, SaysWhichOnesThereAreWhenAskedForAnother) {
  const auto read = load_scenario("zone-strom", catalog());
  ASSERT_FALSE(read);
  EXPECT_THAT(read.error().message, HasSubstr("did you mean 'zone-storm'"));
  EXPECT_THAT(read.error().message, HasSubstr("one-node"));
}

TEST(Scenario, ChoosesAShareOfTheNodesByTheSeed) {
  auto storm = load_scenario("zone-storm", catalog());
  ASSERT_TRUE(storm);
  ScenarioEvent event;
  event.share = 0.1;
  const auto first = targets_of(*storm, event, 1);
  EXPECT_EQ(first.size(), 3U);
  EXPECT_EQ(first, targets_of(*storm, event, 1));
  bool differs = false;
  for (std::uint64_t seed = 2; seed < 6; ++seed) differs = differs || first != targets_of(*storm, event, seed);
  EXPECT_TRUE(differs);
}

}  // namespace
}  // namespace spotkeeper::sim
