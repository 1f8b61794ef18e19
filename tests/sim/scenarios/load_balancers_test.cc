// The floor of healthy load-balancer targets, held by agents that each decide for their own node at the same time.
#include <algorithm>
#include <set>
#include <string>

#include "plan/interruption/interruption.h"
#include "tests/sim/scenarios/runs.h"

namespace spotkeeper::sim {
namespace {

constexpr std::size_t kNodes = 10;
constexpr std::size_t kDying = 8;

Scenario eight_of_ten() {
  std::string dying;
  for (std::size_t i = 1; i <= kDying; ++i) dying += (i == 1 ? "a-" : ", a-") + std::to_string(i);
  auto scenario = parse_scenario(
      "scenario: targets\n"
      "duration: 5m\n"
      "cluster:\n"
      "  nodes:\n"
      "    - {count: 10, name: a, zone: us-east-1a, type: m5.large}\n"
      "workloads:\n"
      "  - {kind: Deployment, name: web, namespace: shop, replicas: 4, requests: {cpu: 100m, memory: 128Mi},\n"
      "     start: 2s, ready-after: 5s, probe-period: 2s, grace: 30s, pre-stop: 15s,\n"
      "     server: {concurrency: 16, queue: 64, answers-after-term: 5s}}\n"
      "services:\n"
      "  - {name: web, namespace: shop}\n"
      "load:\n"
      "  - {service: web, namespace: shop, rate: 20, share: 20%, kept: 50%, connections: 10}\n"
      "events:\n"
      "  - {at: 20s, notice: spot, nodes: [" +
          dying + "], deadline: 120s}\n",
      "targets.yaml", catalog());
  EXPECT_TRUE(scenario) << (scenario ? "" : scenario.error().message);
  return scenario ? std::move(*scenario) : Scenario{};
}

/// How many Nodes are out of the load balancers, at most, before a moment and over all.
struct Excluded {
  std::size_t before = 0;
  std::size_t ever = 0;
};

Excluded excluded_in(const Scenario& scenario, std::uint64_t seed, Duration moment) {
  Excluded excluded;
  std::set<ObjectName> out;
  Store::Subscription subscription;
  RunOptions options;
  options.seed = seed;
  options.begun = [&](World& world) {
    subscription = world.store().subscribe([&, limit = world.now() + moment, world = &world](const Change& change) {
      const auto* node = std::get_if<NodeObject>(change.object.get());
      if (node == nullptr || change.type == ChangeType::Deleted) return;
      if (node->node.labels.contains(plan::kExcludeLabel)) {
        out.insert(node->key);
      } else {
        out.erase(node->key);
      }
      excluded.ever = std::max(excluded.ever, out.size());
      if (world->now() < limit) excluded.before = std::max(excluded.before, out.size());
    });
  };
  options.ended = [&](const World&) { subscription = {}; };
  (void)run_with(scenario, options);
  return excluded;
}

TEST(LoadBalancers, KeepTheFloorWhileEightOfTenNodesDieAndThenLetEachGoInTime) {
  const Scenario scenario = eight_of_ten();
  const plan::MarkPolicy policy;
  const auto floor = static_cast<std::size_t>(static_cast<double>(kNodes) * policy.load_balancer_floor);
  ASSERT_GT(kDying, kNodes - floor);
  // A notice names its instant in whole seconds, so that agents may reckon with up to one second less.
  const Duration due = 20s + 120s - policy.deregistration_delay - 2s;
  for (std::uint64_t seed = 1; seed <= seeds_of(10); ++seed) {
    const Excluded excluded = excluded_in(scenario, seed, due);
    // The floor is used up. Two agents that decide within one watch's lag don't see each other's mark: one too many.
    EXPECT_GE(excluded.before, kNodes - floor) << "seed " << seed;
    EXPECT_LE(excluded.before, kNodes - floor + 1) << "seed " << seed;
    EXPECT_EQ(excluded.ever, kDying) << "seed " << seed;  // a target must leave before its machine does
  }
}

}  // namespace
}  // namespace spotkeeper::sim
