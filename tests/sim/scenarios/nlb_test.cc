// What must be seen in `nlb`: a balancer that hears as late as the machine dies.
#include "tests/sim/scenarios/runs.h"

namespace spotkeeper::sim {
namespace {

// Of 150 new connections a second a sixth goes to the pod on the machine.
constexpr double kPerSecond = 150.0 / 6;

class Nlb : public testing::TestWithParam<std::uint64_t> {};

TEST_P(Nlb, LosesHalfAMinuteOfTheMachinesShareWithoutAHandler) {
  const Report report = run_with(shipped("nlb"), Policy::None, GetParam());
  // Until the health checks have failed.
  EXPECT_NEAR(static_cast<double>(lost(report, ClientStyle::New)), 30 * kPerSecond, 8 * kPerSecond) << told(report);
  EXPECT_GT(lost(report, ClientStyle::Kept), 0U) << told(report);
  EXPECT_EQ(report.pods.killed_hard, 1U) << told(report);
}

// It can't be nothing: the pod answers until 117 s after its eviction, and the machine dies 120 s after the notice. The
// balancer's last new connection comes up to 5 s + 2 s + 125 s after the eviction, which the agent asks for within 3 s
// of the notice.
TEST_P(Nlb, LosesAtMostWhatTheBalancerSendsAfterTheMachinesDeathWithSpotkeeper) {
  const Report report = run_with(shipped("nlb"), Policy::Spotkeeper, GetParam());
  const double longest = 3 + 5 + 2 + 125 - 115;
  EXPECT_LT(static_cast<double>(lost(report, ClientStyle::New)), longest * kPerSecond * 1.1) << told(report);
  EXPECT_EQ(report.pods.evicted + report.pods.deleted, 1U) << told(report);
  EXPECT_EQ(report.pods.killed_hard, 0U) << told(report);
  EXPECT_EQ(report.traffic.ended(Outcome::Cut), 0U) << told(report);
}

INSTANTIATE_TEST_SUITE_P(Seeds, Nlb, testing::Range<std::uint64_t>(1, 1 + seeds_of(10)));

TEST(NlbWithAnAlb, LosesNothingWithSpotkeeper) {
  Scenario alb = shipped("nlb");
  alb.services[0].load_balancer = usual(LoadBalancerType::Alb);
  for (std::uint64_t seed = 1; seed <= seeds_of(5); ++seed) {
    const Report report = run_with(alb, Policy::Spotkeeper, seed);
    EXPECT_EQ(report.traffic.lost(), 0U) << told(report);
  }
}

TEST(NlbWithAShortPreStop, LosesAsMuchWithEveryHandlerAsWithNone) {
  Scenario hasty = shipped("nlb");
  PodTemplate spec = *hasty.workloads[0].workload.blueprint.spec;
  spec.pre_stop = PreStop{15s};
  spec.grace = GracePeriod(30s);
  hasty.workloads[0].workload.blueprint.spec = std::make_shared<const PodTemplate>(spec);
  for (const Policy policy : {Policy::CordonAndDrain, Policy::Spotkeeper}) {
    const Report report = run_with(hasty, policy, 1);
    EXPECT_NEAR(static_cast<double>(lost(report, ClientStyle::New)), 30 * kPerSecond, 8 * kPerSecond) << told(report);
  }
}

}  // namespace
}  // namespace spotkeeper::sim
