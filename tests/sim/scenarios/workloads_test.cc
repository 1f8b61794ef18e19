// Jobs, priorities and autoscaled replicas in whole runs: what they change in what is lost, and what the report says.
#include <gmock/gmock.h>

#include <string>

#include "tests/sim/scenarios/runs.h"

namespace spotkeeper::sim {
namespace {

using testing::HasSubstr;

Scenario made(const std::string& yaml) {
  auto scenario = parse_scenario(yaml, "made.yaml", catalog());
  EXPECT_TRUE(scenario) << (scenario ? "" : scenario.error().message);
  return scenario ? std::move(*scenario) : Scenario{};
}

constexpr std::string_view kWeb =
    "  - {kind: Deployment, name: web, namespace: shop, replicas: 4, priority: 1000, requests: {cpu: 900m, memory: "
    "128Mi},\n"
    "     start: 2s, ready-after: 5s, probe-period: 2s, grace: 30s, pre-stop: 15s,\n"
    "     server: {concurrency: 16, queue: 64, answers-after-term: 5s}}\n";
constexpr std::string_view kAsked =
    "services:\n"
    "  - {name: web, namespace: shop}\n"
    "budgets:\n"
    "  - {name: web, namespace: shop, max-unavailable: 1}\n"
    "load:\n"
    "  - {service: web, namespace: shop, rate: 100, share: 60%, kept: 50%, connections: 20}\n";

// ---- Jobs

Scenario job() {
  return made(
      "scenario: batch\n"
      "duration: 60m\n"
      "cluster:\n"
      "  nodes:\n"
      "    - {count: 4, name: a, zone: us-east-1a, type: m5.large}\n"
      "workloads:\n"
      "  - {kind: Job, name: batch, namespace: shop, completions: 6, parallelism: 3, works-for: 8m, at: 5s,\n"
      "     requests: {cpu: 1500m, memory: 128Mi}, grace: 10s}\n"
      "events:\n"
      "  - {at: 1m, notice: spot, nodes: [a-1], deadline: 120s}\n");
}

TEST(Job, IsDoneSoonerWhereItsPodsAreMovedBeforeTheirMachineDies) {
  Duration sooner{};
  std::int32_t failed = 0;
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    const Report none = run_with(job(), Policy::None, seed);
    const Report kept = run_with(job(), Policy::Spotkeeper, seed);
    for (const Report* report : {&none, &kept}) {
      ASSERT_EQ(report->jobs.size(), 1U);
      EXPECT_EQ(report->jobs[0].succeeded, 6) << told(*report);
      EXPECT_LE(report->jobs[0].failed, 1) << told(*report);
      failed += report->jobs[0].failed;
      ASSERT_TRUE(report->jobs[0].took) << told(*report);
    }
    EXPECT_LE(kept.jobs[0].work_lost, none.jobs[0].work_lost) << told(kept);
    sooner += *none.jobs[0].took - *kept.jobs[0].took;
  }
  // Which pod gets which piece of work differs, so that one run alone says little.
  EXPECT_GT(sooner / 10, 30s);
  EXPECT_GT(failed, 10) << "some node had no pod of it";
}

TEST(Job, IsInTheReportOnlyWhereThereIsOne) {
  EXPECT_THAT(format::write_json(to_json(run_with(job(), Policy::None, 1))), HasSubstr("\"jobs\":{\"shop/batch\":{"));
  EXPECT_THAT(format::write_json(to_json(run_with(shipped("one-node"), Policy::None, 1))),
              testing::Not(HasSubstr("\"jobs\"")));
}

// ---- Priorities

/// Two of three nodes carry the web service, batch fills the rest; one of the web's goes.
Scenario crowded(std::int32_t priority_of_batch) {
  return made(
      "scenario: crowded\n"
      "duration: 5m\n"
      "cluster:\n"
      "  nodes:\n"
      "    - {count: 3, name: a, zone: us-east-1a, type: m5.large}\n"
      "workloads:\n" +
      std::string(kWeb) + "  - {kind: Deployment, name: batch, namespace: shop, replicas: 2, priority: " +
      std::to_string(priority_of_batch) + ",\n     requests: {cpu: 900m, memory: 128Mi}, grace: 5s}\n" +
      std::string(kAsked) +
      "events:\n"
      "  - {at: 20s, notice: spot, nodes: [a-1], deadline: 120s}\n");
}

TEST(Priorities, LetAServiceTakeThePlacesOfLesserPodsWhenANodeGoes) {
  const Report important = run_with(crowded(0), Policy::Spotkeeper, 1);
  EXPECT_EQ(important.traffic.lost(), 0U) << told(important);
  EXPECT_GT(important.pods.preempted, 0U) << told(important);
  const Report equal = run_with(crowded(1000), Policy::Spotkeeper, 1);
  EXPECT_EQ(equal.pods.preempted, 0U) << told(equal);
  EXPECT_FALSE(equal.recovered_after) << told(equal);
}

// ---- Autoscaling

TEST(Autoscale, MakesReplicasThatCarryTheLoadAndLosesNothingWhenANodeGoes) {
  const std::string text =
      "scenario: growing\n"
      "duration: 8m\n"
      "cluster:\n"
      "  nodes:\n"
      "    - {count: 6, name: a, zone: us-east-1a, type: m5.large}\n"
      "workloads:\n"
      "  - {kind: Deployment, name: web, namespace: shop, replicas: 4, AUTOrequests: {cpu: 500m, memory: 128Mi},\n"
      "     start: 2s, ready-after: 5s, probe-period: 2s, grace: 30s, pre-stop: 15s,\n"
      "     server: {concurrency: 16, queue: 64, answers-after-term: 5s}}\n" +
      std::string(kAsked) +
      "events:\n"
      "  - {at: 3m, notice: spot, nodes: [a-1], deadline: 120s}\n";
  const auto with = [&](const std::string& autoscale) {
    std::string yaml = text;
    yaml.replace(yaml.find("AUTO"), 4, autoscale);
    return run_with(made(yaml), Policy::Spotkeeper, 1);
  };
  const Report fixed = with("");
  const Report scaled = with("autoscale: {min: 2, max: 12, busy: 30%}, ");
  EXPECT_EQ(scaled.traffic.lost(), 0U) << told(scaled);
  EXPECT_EQ(fixed.traffic.sent(), scaled.traffic.sent());
  EXPECT_GE(scaled.pods.created, fixed.pods.created + 3) << told(scaled);  // 60 % of 4 are 30 % of 8
}

}  // namespace
}  // namespace spotkeeper::sim
