// The same storms with an API server, a metadata service and clocks that misbehave. Each fault alone must not cost a
// request, nor make anything happen twice.
#include "tests/sim/scenarios/runs.h"

namespace spotkeeper::sim {
namespace {

struct Fault {
  const char* name;
  const char* yaml;
};

class Faults : public testing::TestWithParam<Fault> {};

TEST_P(Faults, CostNoRequestInTheStorm) {
  for (std::uint64_t seed = 1; seed <= seeds_of(3); ++seed) {
    const Report report =
        run_with(shipped_with("zone-storm", std::string("faults:\n  ") + GetParam().yaml), Policy::Spotkeeper, seed);
    EXPECT_EQ(report.traffic.lost(), 0U) << GetParam().yaml << "\n" << told(report);
    EXPECT_EQ(report.pods.killed_hard, 0U) << GetParam().yaml << "\n" << told(report);
    EXPECT_EQ(report.pods.repeated, 0U) << GetParam().yaml << "\n" << told(report);
  }
}

TEST_P(Faults, CostNoRequestOnOneNode) {
  for (std::uint64_t seed = 1; seed <= seeds_of(10); ++seed) {
    const Report report =
        run_with(shipped_with("one-node", std::string("faults:\n  ") + GetParam().yaml), Policy::Spotkeeper, seed);
    EXPECT_EQ(report.traffic.lost(), 0U) << GetParam().yaml << "\n" << told(report);
    EXPECT_EQ(report.pods.killed_hard, 0U) << GetParam().yaml << "\n" << told(report);
    EXPECT_EQ(report.pods.repeated, 0U) << GetParam().yaml << "\n" << told(report);
  }
}

constexpr Fault kFaults[] = {
    {"Conflicts", "api: {conflict: 50%}"},
    {"Throttled", "api: {throttled: 50%, retry-after: 1s}"},
    {"ThrottledWithoutRetryAfter", "api: {throttled-bare: 50%}"},
    {"ServerErrors", "api: {unavailable: 30%}"},
    {"LostAnswers", "api: {lost-answer: 30%}"},
    {"SlowApi", "api: {latency: 500ms}"},
    {"WatchLag", "api: {watch-lag: 5s}"},
    {"WatchGaps", "api: {watch-gap: 5%}"},
    {"PartialViews", "api: {partial-view: 30%}"},
    {"ApiAwayForTwentySeconds", "api: {unavailable: 100%, from: 30s, until: 50s}"},
    {"MetadataUnavailable", "metadata: {unavailable: 50%}"},
    {"MetadataBurst", "metadata: {unavailable: 100%, from: 20s, until: 45s}"},
    {"MetadataGarbage", "metadata: {garbage: 50%}"},
    {"MetadataHalfAnswers", "metadata: {half-answer: 50%}"},
    {"MetadataSilent", "metadata: {slow: 30%}"},
    {"TokensExpire", "metadata: {token-life: 5s, unauthorized: 10%}"},
    {"MetadataClockAhead", "metadata: {date-skew: 5s}"},
    {"MetadataClockBehind", "metadata: {date-skew: -5s}"},
    {"ClocksWrong", "clock-skew: 5s"},
    {"Everything",
     "api: {conflict: 10%, throttled: 10%, unavailable: 10%, lost-answer: 5%, watch-gap: 1%, partial-view: 10%}\n"
     "  metadata: {unavailable: 10%, garbage: 10%, half-answer: 10%, slow: 5%}\n  clock-skew: 2s"},
};

// Controls: the faults reach the agent.

TEST(FaultsThatNeverEnd, CostRequestsWhereTheApiRefusesEverything) {
  const Report report =
      run_with(shipped_with("one-node", "faults: {api: {throttled: 100%, from: 10s}}"), Policy::Spotkeeper, 1);
  EXPECT_GT(report.traffic.lost(), 0U) << told(report);
  EXPECT_EQ(report.pods.killed_hard, 1U) << told(report);
}

TEST(FaultsThatNeverEnd, CostRequestsWhereTheMetadataServiceSaysNothing) {
  const Report report =
      run_with(shipped_with("one-node", "faults: {metadata: {unavailable: 100%, from: 10s}}"), Policy::Spotkeeper, 1);
  EXPECT_GT(report.traffic.lost(), 0U) << told(report);
  EXPECT_EQ(report.pods.killed_hard, 1U) << told(report);
}

INSTANTIATE_TEST_SUITE_P(Alone, Faults, testing::ValuesIn(kFaults),
                         [](const testing::TestParamInfo<Fault>& fault) { return fault.param.name; });

}  // namespace
}  // namespace spotkeeper::sim
