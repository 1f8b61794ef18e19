// Agents that do not see all pods: what they decide of a whole workload waits, and no budget is overridden for want of
// sight.
#include "tests/sim/scenarios/runs.h"

namespace spotkeeper::sim {
namespace {

TEST(PartialViews, OverrideNoBudget) {
  for (const char* scenario : {"one-node", "zone-storm"})
    for (std::uint64_t seed = 1; seed <= 3; ++seed)
      for (const char* share : {"30%", "80%"}) {
        const Report report =
            run_with(shipped_with(scenario, std::string("faults: {api: {partial-view: ") + share + "}}"),
                     Policy::Spotkeeper, seed);
        EXPECT_EQ(report.budget_overrides, 0U) << share << "\n" << told(report);
        EXPECT_EQ(report.traffic.lost(), 0U) << share << "\n" << told(report);
        EXPECT_EQ(report.pods.killed_hard, 0U) << share << "\n" << told(report);
      }
}

}  // namespace
}  // namespace spotkeeper::sim
