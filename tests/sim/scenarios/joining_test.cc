// Nodes that join while the policy is on are handled like those that were there from the start.
#include <set>
#include <string>

#include "tests/sim/scenarios/runs.h"

namespace spotkeeper::sim {
namespace {

/// A pool that is taken twice: the second time whoever joined after the first.
Scenario taken_twice() {
  auto scenario = parse_scenario(
      "scenario: taken-twice\n"
      "duration: 10m\n"
      "cluster: {}\n"
      "groups:\n"
      "  - {name: web, size: 4, zones: [us-east-1a], types: [m5.large], fallback: [], replace-on: notice, retry: 5s}\n"
      "  - {name: safe, size: 2, zones: [us-east-1b], types: [m5.large], policy: on-demand, fallback: []}\n"
      "market:\n"
      "  interruptions: {times: 0}\n"
      "  rebalance: {before: 0%}\n"
      "  storms:\n"
      "    - {at: 20s, zone: us-east-1a, takes: 100%, within: 1s, out: 0s}\n"
      "    - {at: 5m, zone: us-east-1a, takes: 100%, within: 1s, out: 0s}\n"
      "workloads:\n"
      "  - {kind: Deployment, name: web, namespace: shop, replicas: 4, requests: {cpu: 400m, memory: 128Mi},\n"
      "     start: 2s, ready-after: 5s, probe-period: 2s, grace: 30s, pre-stop: 15s,\n"
      "     server: {concurrency: 16, queue: 64, answers-after-term: 5s}}\n"
      "services:\n"
      "  - {name: web, namespace: shop}\n"
      "load:\n"
      "  - {service: web, namespace: shop, rate: 50, share: 20%, kept: 50%, connections: 10}\n",
      "twice.yaml", catalog());
  EXPECT_TRUE(scenario) << (scenario ? "" : scenario.error().message);
  return scenario ? std::move(*scenario) : Scenario{};
}

/// Names of nodes that joined, and of those among them that somebody took pods off before their end.
struct Joined {
  std::set<std::string> all;
  std::set<std::string> handled;
};

Joined joined_in(const Scenario& scenario, Policy policy, Report& report) {
  Joined joined;
  std::set<std::string> first;
  for (const NodeSpec& node : scenario.nodes) first.insert(node.name);
  Store::Subscription subscription;
  RunOptions options;
  options.policy = policy;
  options.begun = [&](World& world) {
    subscription = world.store().subscribe([&](const Change& change) {
      const auto* object = std::get_if<NodeObject>(change.object.get());
      if (object == nullptr || first.contains(object->key.name)) return;
      joined.all.insert(object->key.name);
      const bool marked = object->node.unschedulable ||
                          std::any_of(object->node.taints.begin(), object->node.taints.end(),
                                      [](const Taint& t) { return t.key.starts_with("spotkeeper.dev/"); });
      if (marked) joined.handled.insert(object->key.name);
    });
  };
  options.ended = [&](const World&) { subscription = {}; };
  report = run_with(scenario, options);
  return joined;
}

TEST(Joining, NodesGetAnAgentOfTheirOwn) {
  const Scenario scenario = taken_twice();
  Report report;
  const Joined joined = joined_in(scenario, Policy::Spotkeeper, report);
  EXPECT_GE(report.interruptions, 5U) << told(report);  // four, and then whoever had joined
  EXPECT_GE(joined.all.size(), 4U);
  EXPECT_EQ(joined.handled.size(), report.interruptions - 4) << told(report);
  EXPECT_EQ(report.traffic.lost(), 0U) << told(report);
  EXPECT_EQ(report.pods.killed_hard, 0U) << told(report);
}

TEST(Joining, NodesGetAHandlerOfTheirOwn) {
  const Scenario scenario = taken_twice();
  Report report;
  const Joined joined = joined_in(scenario, Policy::CordonAndDrain, report);
  EXPECT_GE(report.interruptions, 5U) << told(report);
  EXPECT_EQ(joined.handled.size(), report.interruptions - 4) << told(report);
  EXPECT_EQ(report.pods.killed_hard, 0U) << told(report);
}

TEST(Joining, NodesAreThereAfterTheirBootAndNotBefore) {
  Scenario scenario = taken_twice();
  scenario.market.storms.pop_back();
  Report report;
  Instant begun;
  std::optional<Instant> first_joined;
  Store::Subscription subscription;
  RunOptions options;
  options.policy = Policy::None;
  options.begun = [&](World& world) {
    begun = world.now();
    subscription = world.store().subscribe([&, world = &world](const Change& change) {
      const bool added = change.type == ChangeType::Added && kind_of(*change.object) == Kind::Node;
      if (added && !first_joined) first_joined = world->now();
    });
  };
  options.ended = [&](const World&) { subscription = {}; };
  report = run_with(scenario, options);
  ASSERT_TRUE(first_joined);
  EXPECT_GT(*first_joined - begun, 20s + 30s);  // AL2023: a minute in the median
  EXPECT_LT(*first_joined - begun, 20s + 2min);
}

}  // namespace
}  // namespace spotkeeper::sim
