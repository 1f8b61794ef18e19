// kill -9 of an agent at every point at which it changes something: before the request has arrived, and after it was
// carried out but not answered. The next process goes on; nothing happens twice, nothing is lost.
#include <vector>

#include "tests/sim/scenarios/runs.h"

namespace spotkeeper::sim {
namespace {

/// How many points a run has.
std::size_t count_points(const Scenario& scenario, std::uint64_t seed) {
  std::size_t points = 0;
  RunOptions options;
  options.seed = seed;
  options.crash = [&](const ActionPoint&) {
    ++points;
    return false;
  };
  (void)run_with(scenario, options);
  return points;
}

Report crash_at(const Scenario& scenario, std::uint64_t seed, std::size_t point) {
  std::size_t seen = 0;
  RunOptions options;
  options.seed = seed;
  options.crash = [&](const ActionPoint&) { return seen++ == point; };
  Report report = run_with(scenario, options);
  EXPECT_GT(seen, point) << "nobody was killed";
  return report;
}

void expect_unharmed(const Report& report, std::size_t point) {
  EXPECT_EQ(report.traffic.lost(), 0U) << "killed at point " << point << "\n" << told(report);
  EXPECT_EQ(report.pods.killed_hard, 0U) << "killed at point " << point << "\n" << told(report);
  EXPECT_EQ(report.pods.repeated, 0U) << "killed at point " << point << "\n" << told(report);
}

TEST(Crash, AtEveryPointOfOneNodeLosesNothingAndDoesNothingTwice) {
  const Scenario scenario = shipped("one-node");
  const std::size_t points = count_points(scenario, 1);
  ASSERT_GE(points, 4U);  // at least a patch and an eviction, each with two sides
  for (std::size_t point = 0; point < points; point += stride()) expect_unharmed(crash_at(scenario, 1, point), point);
}

TEST(Crash, AtEveryPointOfTheStormLosesNothingAndDoesNothingTwice) {
  const Scenario scenario = shipped("zone-storm");
  const std::size_t points = count_points(scenario, 1);
  ASSERT_GE(points, 28U);  // ten nodes with one patch each, four pods, each with two sides
  for (std::size_t point = 0; point < points; point += stride()) expect_unharmed(crash_at(scenario, 1, point), point);
}

TEST(Crash, OfEveryAgentAgainAndAgainLosesNothingAndDoesNothingTwice) {
  const Scenario scenario = shipped("zone-storm");
  RunOptions options;
  std::size_t seen = 0;
  options.crash = [&](const ActionPoint&) { return seen++ % 5 == 4; };
  const Report report = run_with(scenario, options);
  EXPECT_EQ(report.traffic.lost(), 0U) << told(report);
  EXPECT_EQ(report.pods.killed_hard, 0U) << told(report);
  EXPECT_EQ(report.pods.repeated, 0U) << told(report);
  EXPECT_GE(seen, 28U);
}

}  // namespace
}  // namespace spotkeeper::sim
