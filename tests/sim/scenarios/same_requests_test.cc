// A comparison of policies is fair: each is sent the same requests, whatever it does to the pods.
#include <string>

#include "tests/sim/scenarios/runs.h"

namespace spotkeeper::sim {
namespace {

/// What a policy was sent, by client style.
std::string sent_under(const Scenario& scenario, Policy policy, std::uint64_t seed) {
  const Report report = run_with(scenario, policy, seed);
  std::string text;
  for (const StyleCounts& counts : report.traffic.styles) text += std::to_string(counts.sent) + " ";
  EXPECT_EQ(report.traffic.sent(), report.traffic.answered() + report.traffic.lost()) << told(report);
  return text;
}

TEST(SameRequests, AreSentToEveryPolicyOfAComparison) {
  for (const char* name : {"one-node", "zone-storm"}) {
    const Scenario scenario = shipped(name);
    for (std::uint64_t seed = 1; seed <= seeds_of(4); ++seed) {
      const std::string undisturbed = sent_under(scenario, Policy::None, seed);
      EXPECT_EQ(sent_under(scenario, Policy::DeleteAllNow, seed), undisturbed) << name << " seed " << seed;
      EXPECT_EQ(sent_under(scenario, Policy::Spotkeeper, seed), undisturbed) << name << " seed " << seed;
    }
  }
}

TEST(SameRequests, AreSentWhenRequestsAreLost) {
  const Scenario scenario = shipped("zone-storm");
  ASSERT_GT(run_with(scenario, Policy::None, 1).traffic.lost(), 0U);  // the policies above differ in what they lose
}

TEST(SameRequests, StayTheSameWhenTheApiMisbehaves) {
  const std::string calm = sent_under(shipped("one-node"), Policy::Spotkeeper, 7);
  const Scenario faulty = shipped_with("one-node", "faults: {api: {throttled: 30%, conflict: 30%, watch-gap: 5%}}");
  EXPECT_EQ(sent_under(faulty, Policy::Spotkeeper, 7), calm);
}

}  // namespace
}  // namespace spotkeeper::sim
