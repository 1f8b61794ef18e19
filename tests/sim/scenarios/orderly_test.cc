// Workloads that must be taken apart with care: StatefulSets, one pod at a time and in order, and services that say how
// many of their pods have to serve at every moment.
#include <algorithm>
#include <limits>
#include <set>
#include <string>
#include <vector>

#include "tests/sim/scenarios/runs.h"

namespace spotkeeper::sim {
namespace {

/// What can be seen of one workload's pods through the API, from the clock's start on.
class Watcher {
 public:
  explicit Watcher(std::string app) : app_(std::move(app)) {}

  void watch(World& world) {
    look(world);
    subscription_ = world.store().subscribe([this, &world](const Change& change) {
      if (std::holds_alternative<PodObject>(*change.object)) look(world);
    });
  }
  void stop() { subscription_ = {}; }

  /// Names, in the order in which they were told to end.
  [[nodiscard]] const std::vector<std::string>& told_to_end() const { return told_; }
  [[nodiscard]] std::size_t least_serving() const { return least_serving_; }
  [[nodiscard]] std::size_t most_ending() const { return most_ending_; }

 private:
  void look(const World& world) {
    std::size_t serving = 0;
    std::set<Uid> ending;
    for (const auto& [name, object] : world.store().all(Kind::Pod)) {
      const Pod& pod = std::get<PodObject>(*object).pod;
      const auto* app = pod.labels->find("app");
      if (app == nullptr || *app != app_) continue;
      if (pod.serving()) ++serving;
      if (pod.terminating()) ending.insert(pod.uid);
      if (pod.terminating() && seen_.insert(pod.uid).second) told_.push_back(pod.name.name);
    }
    least_serving_ = std::min(least_serving_, serving);
    most_ending_ = std::max(most_ending_, ending.size());
  }

  std::string app_;
  Store::Subscription subscription_;
  std::set<Uid> seen_;
  std::vector<std::string> told_;
  std::size_t least_serving_ = std::numeric_limits<std::size_t>::max();
  std::size_t most_ending_ = 0;
};

Report watched(const Scenario& scenario, std::uint64_t seed, Watcher& watcher) {
  RunOptions options;
  options.seed = seed;
  options.begun = [&](World& world) { watcher.watch(world); };
  options.ended = [&](const World&) { watcher.stop(); };
  return run_with(scenario, options);
}

Scenario parsed(const std::string& yaml) {
  auto scenario = parse_scenario(yaml, "orderly.yaml", catalog());
  EXPECT_TRUE(scenario) << (scenario ? "" : scenario.error().message);
  return scenario ? std::move(*scenario) : Scenario{};
}

constexpr const char* kThreeZones =
    "scenario: orderly\n"
    "duration: 5m\n"
    "cluster:\n"
    "  nodes:\n"
    "    - {count: 3, name: a, zone: us-east-1a, type: m5.large}\n"
    "    - {count: 3, name: b, zone: us-east-1b, type: m5.large}\n"
    "    - {count: 3, name: c, zone: us-east-1c, type: m5.large}\n";

// ---- StatefulSets

/// Five members, two of them on the one node of zone a.
std::string database() {
  return "workloads:\n"
         "  - {kind: StatefulSet, name: db, namespace: shop, replicas: 5, requests: {cpu: 300m, memory: 256Mi},\n"
         "     start: 2s, ready-after: 12s, probe-period: 4s, grace: 25s, pre-stop: 15s,\n"
         "     server: {concurrency: 16, queue: 64, answers-after-term: 5s}}\n"
         "services:\n"
         "  - {name: db, namespace: shop}\n"
         "load:\n"
         "  - {service: db, namespace: shop, rate: 200, share: 50%, kept: 50%, connections: 30}\n";
}

TEST(StatefulSetDrain, TakesOneAtATimeTheHighestOrdinalFirst) {
  const Scenario scenario = parsed(
      "scenario: orderly\n"
      "duration: 5m\n"
      "cluster:\n"
      "  nodes:\n"
      "    - {name: a, zone: us-east-1a, type: m5.large}\n"
      "    - {name: b, zone: us-east-1b, type: m5.large}\n"
      "    - {name: c, zone: us-east-1c, type: m5.large}\n" +
      database() +
      "budgets:\n  - {name: db, namespace: shop, max-unavailable: 1}\n"
      "events:\n  - {at: 20s, notice: spot, nodes: [a-1], deadline: 120s}\n");
  for (std::uint64_t seed = 1; seed <= seeds_of(10); ++seed) {
    Watcher watcher("db");
    const Report report = watched(scenario, seed, watcher);
    EXPECT_EQ(watcher.told_to_end(), (std::vector<std::string>{"db-3", "db-0"})) << told(report);
    EXPECT_EQ(watcher.most_ending(), 1U) << told(report);
    EXPECT_EQ(watcher.least_serving(), 4U) << told(report);
    EXPECT_EQ(report.traffic.lost(), 0U) << told(report);
    EXPECT_EQ(report.pods.killed_hard, 0U) << told(report);
    EXPECT_EQ(report.budget_overrides, 0U) << told(report);
    EXPECT_TRUE(report.recovered_after) << told(report);
  }
}

TEST(StatefulSetDrain, TakesOneAtATimeWhereItsMembersStandOnSeveralDyingNodes) {
  const Scenario scenario = parsed(kThreeZones + database() +
                                   "budgets:\n  - {name: db, namespace: shop, max-unavailable: 1}\n"
                                   "events:\n  - {at: 20s, notice: spot, zone: us-east-1a, deadline: 120s}\n");
  for (std::uint64_t seed = 1; seed <= seeds_of(10); ++seed) {
    Watcher watcher("db");
    const Report report = watched(scenario, seed, watcher);
    EXPECT_EQ(watcher.told_to_end().size(), 2U) << told(report);
    EXPECT_EQ(watcher.most_ending(), 1U) << told(report);
    EXPECT_EQ(watcher.least_serving(), 4U) << told(report);
    EXPECT_EQ(report.traffic.lost(), 0U) << told(report);
    EXPECT_EQ(report.pods.killed_hard, 0U) << told(report);
    EXPECT_EQ(report.budget_overrides, 0U) << told(report);
  }
}

TEST(StatefulSetDrain, TakesOneAtATimeWithoutABudget) {
  const std::string notices[] = {"events:\n  - {at: 20s, notice: spot, zone: us-east-1a, deadline: 120s}\n",
                                 "events:\n  - {at: 20s, notice: spot, zone: us-east-1b, deadline: 240s}\n"};
  for (const std::string& notice : notices) {
    const Scenario scenario = parsed(kThreeZones + database() + notice);
    for (std::uint64_t seed = 1; seed <= seeds_of(10); ++seed) {
      Watcher watcher("db");
      const Report report = watched(scenario, seed, watcher);
      EXPECT_EQ(watcher.told_to_end().size(), 2U) << told(report);
      EXPECT_TRUE(std::ranges::is_sorted(watcher.told_to_end(), std::greater())) << told(report);
      EXPECT_EQ(watcher.most_ending(), 1U) << told(report);
      EXPECT_EQ(watcher.least_serving(), 4U) << told(report);
      EXPECT_EQ(report.traffic.lost(), 0U) << told(report);
      EXPECT_EQ(report.pods.killed_hard, 0U) << told(report);
    }
  }
}

TEST(StatefulSetDrain, LosesRequestsWithoutAHandler) {
  const Scenario scenario =
      parsed(kThreeZones + database() + "events:\n  - {at: 20s, notice: spot, zone: us-east-1a, deadline: 120s}\n");
  EXPECT_GT(run_with(scenario, Policy::None, 1).traffic.lost(), 0U);
}

// ---- min-serving

/// Eight replicas of which six have to serve; three stand in the zone that goes.
Scenario six_of_eight(const std::string& budgets) {
  return parsed(std::string(kThreeZones) +
                "workloads:\n"
                "  - {name: api, namespace: shop, replicas: 8, requests: {cpu: 300m, memory: 256Mi}, start: 2s,\n"
                "     ready-after: 30s, probe-period: 4s, grace: 25s, pre-stop: 15s, min-serving: 75%,\n"
                "     server: {concurrency: 16, queue: 64, answers-after-term: 5s}}\n"
                "services:\n"
                "  - {name: api, namespace: shop}\n" +
                budgets +
                "load:\n"
                "  - {service: api, namespace: shop, rate: 400, share: 60%, kept: 50%, connections: 50}\n"
                "events:\n"
                "  - {at: 20s, notice: spot, zone: us-east-1a, deadline: 120s}\n");
}

TEST(MinServing, HoldsAtEveryMomentWithoutABudget) {
  for (std::uint64_t seed = 1; seed <= seeds_of(10); ++seed) {
    Watcher watcher("api");
    const Report report = watched(six_of_eight(""), seed, watcher);
    EXPECT_GE(watcher.least_serving(), 6U) << told(report);
    EXPECT_GE(watcher.told_to_end().size(), 3U) << told(report);  // a successor may have to go on, too
    EXPECT_EQ(report.traffic.lost(), 0U) << told(report);
    EXPECT_EQ(report.pods.killed_hard, 0U) << told(report);
  }
}

TEST(MinServing, GoesPastABudgetThatWouldBreakIt) {
  const Scenario blocked = six_of_eight("budgets:\n  - {name: api, namespace: shop, max-unavailable: 0}\n");
  for (std::uint64_t seed = 1; seed <= seeds_of(10); ++seed) {
    Watcher watcher("api");
    const Report report = watched(blocked, seed, watcher);
    EXPECT_GE(watcher.least_serving(), 6U) << told(report);
    EXPECT_EQ(report.budget_overrides, 3U) << told(report);  // one early, two at their last safe start
    EXPECT_EQ(report.traffic.lost(), 0U) << told(report);
    EXPECT_EQ(report.pods.killed_hard, 0U) << told(report);
  }
}

TEST(MinServing, IsBrokenByAHandlerThatDeletesAllAtOnce) {
  Watcher watcher("api");
  RunOptions options;
  options.policy = Policy::DeleteAllNow;
  options.begun = [&](World& world) { watcher.watch(world); };
  options.ended = [&](const World&) { watcher.stop(); };
  (void)run_with(six_of_eight(""), options);
  EXPECT_LT(watcher.least_serving(), 6U);
}

}  // namespace
}  // namespace spotkeeper::sim
