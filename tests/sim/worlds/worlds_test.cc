// Ten thousand worlds that nobody thought of, each under one of the policies, with every rule looked at after every
// event. SPOTKEEPER_SEED=N replays one, SPOTKEEPER_CASES says how many.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "sim/invariants/invariants.h"
#include "sim/run.h"
#include "tests/oracle/cases.h"
#include "tests/sim/scenarios/runs.h"
#include "tests/sim/worlds/random_world.h"

namespace spotkeeper::sim {
namespace {

struct Outcome {
  std::vector<Violation> violations;
  bool began = false;  // all pods were Ready in time, and the clock started
};

Outcome watch(const Scenario& world, Policy policy) {
  Outcome outcome;
  RunOptions options;
  options.policy = policy;
  options.violations = &outcome.violations;
  options.begun = [&](World&) { outcome.began = true; };
  (void)run(world, options);
  return outcome;
}

/// Half of the worlds have the real agents in them.
Policy policy_of(std::uint64_t seed) {
  constexpr std::array policies{Policy::Spotkeeper, Policy::None,           Policy::Spotkeeper,
                                Policy::Spotkeeper, Policy::CordonAndDrain, Policy::CordonAndDrainController,
                                Policy::Spotkeeper, Policy::DeleteAllNow};
  return policies.at(seed % policies.size());
}

TEST(RandomWorlds, KeepEveryRuleUnderEveryPolicy) {
  const Quiet quiet;
  const oracle::Cases all = oracle::cases_from_environment(10'000);
  std::uint64_t began = 0;
  int failures = 0;
  for (std::uint64_t seed = all.first_seed; seed < all.first_seed + all.count; ++seed) {
    const Outcome outcome = watch(random_world(seed), policy_of(seed));
    if (outcome.began) ++began;
    if (outcome.violations.empty()) continue;
    std::string told;
    for (const Violation& violation : outcome.violations) told += "\n  " + violation.str();
    ADD_FAILURE() << "SPOTKEEPER_SEED=" << seed << " build/release/tests/sim_worlds --gtest_filter=RandomWorlds.*"
                  << " (policy " << name_of(policy_of(seed)) << ")" << told;
    if (++failures == 5) return;
  }
  EXPECT_GE(began * 100, all.count * 95) << "worlds in which not every pod had become Ready";
}

TEST(RandomWorlds, AreNotSmall) {
  std::vector<std::size_t> nodes;
  std::vector<std::size_t> pods;
  for (std::uint64_t seed = 1; seed <= 2001; ++seed) {
    const Scenario world = random_world(seed);
    nodes.push_back(world.nodes.size());
    pods.push_back(pods_of(world));
  }
  std::ranges::sort(nodes);
  std::ranges::sort(pods);
  EXPECT_GE(nodes[nodes.size() / 2], 8U);
  EXPECT_GE(pods[pods.size() / 2], 60U);
}

TEST(RandomWorlds, HaveEverythingThatAWorldCanHave) {
  std::array<int, 9> having{};
  for (std::uint64_t seed = 1; seed <= 1000; ++seed) {
    const Scenario world = random_world(seed);
    const auto any = [&](auto&& is) { return std::ranges::any_of(world.workloads, is) ? 1 : 0; };
    having[0] += any([](const ScenarioWorkload& each) { return each.kind == Kind::Job; });
    having[1] += any([](const ScenarioWorkload& each) { return !each.workload.blueprint.spec->claims.empty(); });
    having[2] += any([](const ScenarioWorkload& each) { return each.autoscale.has_value(); });
    having[3] += std::ranges::any_of(world.loads, [](const Load& load) { return load.from_outside; }) ? 1 : 0;
    having[4] += world.market.groups.empty() ? 0 : 1;
    having[5] += any([](const ScenarioWorkload& each) { return each.workload.blueprint.behaviour->image_pull > 0s; });
    having[6] +=
        any([](const ScenarioWorkload& each) { return each.workload.blueprint.spec->affinity.has_node_required; });
    having[7] += std::ranges::any_of(world.loads, [](const Load& load) { return load.retries.most > 0; }) ? 1 : 0;
    having[8] += std::ranges::any_of(world.loads, [](const Load& load) { return load.longs.share > 0; }) ? 1 : 0;
  }
  for (const int worlds : having) {
    EXPECT_GT(worlds, 200) << "Jobs, volumes, autoscaling, load balancers, groups, image pulls, node affinity, "
                              "retries, long requests";
  }
}

}  // namespace
}  // namespace spotkeeper::sim
