// The shipped scenarios that claim that nothing is lost, as the oracle sees them: taken from the scenario's own world a
// moment before its notice. Rounded to a grid of ten seconds so that all of it becomes harder: a successor takes
// longer, and a last safe start comes earlier.
#include <cstdio>
#include <set>
#include <string>

#include "tests/oracle/drain_oracle.h"
#include "tests/sim/scenarios/runs.h"

namespace spotkeeper::sim {
namespace {

constexpr oracle::Seconds kGrid = 10;

oracle::Seconds rounded_up(Duration length) {
  return static_cast<oracle::Seconds>(std::chrono::ceil<std::chrono::seconds>(length).count() + kGrid - 1) / kGrid *
         kGrid;
}

oracle::Seconds rounded_down(oracle::Seconds at) { return at / kGrid * kGrid; }

struct Claim {
  std::string scenario;
  std::string zone;        // whose nodes go, where the market and not an event takes them
  oracle::Seconds notice;  // from the notice to the end of the machine
  int floor;               // so many must serve: one, or what the load needs
  int slots;               // successors that find room without a new machine
  std::size_t event = 0;   // of the scenario's: which notice
};

std::set<NodeName> going(const World& world, const Scenario& scenario, const Claim& claim) {
  if (claim.zone.empty()) {
    const std::vector<NodeName> targets = targets_of(scenario, scenario.events.at(claim.event), scenario.seed);
    return {targets.begin(), targets.end()};
  }
  std::set<NodeName> nodes;
  for (const auto& [name, object] : world.store().all(Kind::Node))
    if (const Node& node = std::get<NodeObject>(*object).node; node.zone() == claim.zone) nodes.insert(node.name);
  return nodes;
}

oracle::World seen_by_the_oracle(const World& of, const Scenario& scenario, const Claim& claim) {
  const std::set<NodeName> dying = going(of, scenario, claim);
  oracle::World world;
  world.step = kGrid;
  world.horizon = 300;
  world.slots = claim.slots;
  oracle::Service service;
  service.floor = claim.floor;
  for (const auto& [name, object] : of.store().all(Kind::Pod)) {
    const auto& pod = std::get<PodObject>(*object);
    if (pod.pod.is_daemon()) continue;
    EXPECT_TRUE(pod.pod.ready) << pod.pod.name.str();
    ++service.serving;
    const Behaviour& behaviour = *pod.blueprint.behaviour;
    Duration ready_after = behaviour.start + behaviour.ready_after + behaviour.probe_period;
    if (!pod.pod.spec->claims.empty()) {  // the disk moves first; twice the medians, which one in a hundred exceeds
      ready_after += 2 * (scenario.delays.volumes.detach + scenario.delays.volumes.attach);
    }
    service.ready_after = rounded_up(ready_after);
    service.one_at_a_time = pod.pod.ordinal.has_value();
    if (!dying.contains(pod.pod.node)) continue;
    const auto grace = static_cast<oracle::Seconds>(pod.pod.spec->grace.length().count());
    const oracle::Ending ending{.grace = grace, .requests = grace, .successor = true, .since = 0};
    oracle::Pod leaving;
    leaving.latest = rounded_down(oracle::last_safe_start(ending, claim.notice, 2, oracle::Grace::Whole));
    leaving.lasts = rounded_up(pod.pod.spec->grace.length());
    leaving.gone = claim.notice;
    leaving.ordinal = pod.pod.ordinal.value_or(0);
    world.pods.push_back(leaving);
  }
  world.services.push_back(service);
  for (const auto& [name, object] : of.store().all(Kind::Budget))
    world.budgets.push_back({std::get<BudgetObject>(*object).budget.desired_healthy, {0}});
  return world;
}

class ClaimedScenario : public testing::TestWithParam<Claim> {};

TEST_P(ClaimedScenario, CanBeKeptWithoutALoss) {
  const Claim& claim = GetParam();
  const Scenario scenario = shipped(claim.scenario);
  std::optional<oracle::World> world;
  RunOptions options;
  options.policy = Policy::None;
  options.begun = [&](World& of) { world = seen_by_the_oracle(of, scenario, claim); };
  Scenario brief = scenario;
  brief.duration = 1s;
  run_with(brief, options);
  ASSERT_TRUE(world);
  EXPECT_FALSE(world->pods.empty());
  EXPECT_EQ(world->budgets.size(), scenario.budgets.size());
  const long least = oracle::least_loss(*world);
  std::printf("%s: %zu of %d pods leave within %d s, at least %d must serve: the oracle loses %ld\n",
              claim.scenario.c_str(), world->pods.size(), world->services[0].serving, claim.notice, claim.floor, least);
  EXPECT_EQ(least, 0);
}

// What the load needs: 50 % of 3 replicas, 70 %, 60 % and 50 % of 12. Half of the slow starters' twelve leave before
// any successor can be Ready; those that end go on answering until their successors are there, and the floor is one.
// (So does the single replica, which the oracle, for whom a pod serves until its end begins, can't keep.)
INSTANTIATE_TEST_SUITE_P(
    Shipped, ClaimedScenario,
    testing::Values(Claim{"one-node", "", 120, 2, 1000}, Claim{"zone-storm", "", 120, 9, 1000},
                    Claim{"slow-starters", "", 60, 1, 1000}, Claim{"capacity-error", "us-east-1a", 120, 8, 3},
                    // Both pools of a zone at once, where its storms take one; two more fit on
                    // each of the eight machines that stay.
                    Claim{"rolling-storm", "us-east-1a", 120, 6, 16}, Claim{"blocking-budget", "", 120, 3, 1000},
                    Claim{"two-budgets", "", 120, 4, 1000}, Claim{"slow-shutdown", "", 120, 6, 1000},
                    // 60 % of 16; the two notices come a minute apart, and the first one's successors are Ready in
                    // 40 s, so each is judged alone. Of the machines that nobody recommended to leave each of four has
                    // room for one more: two for either notice.
                    Claim{"rebalance-then-notice", "", 120, 10, 2, 1},
                    Claim{"rebalance-then-notice", "", 120, 10, 2, 2}, Claim{"statefulset-volumes", "", 120, 1, 1000},
                    Claim{"no-budget", "", 120, 1, 1000}, Claim{"remedies/pre-stop-15s-and-budget", "", 120, 2, 1000}),
    [](const auto& of) {
      std::string name = of.param.scenario;
      std::erase_if(name, [](char c) { return c == '-' || c == '/'; });
      return of.param.event == 0 ? name : name + std::to_string(of.param.event);
    });

}  // namespace
}  // namespace spotkeeper::sim
