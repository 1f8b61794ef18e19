// Every lost request is explained, each once, and with what was true in the world.
#include <gmock/gmock.h>

#include <set>

#include "tests/sim/scenarios/runs.h"

namespace spotkeeper::sim {
namespace {

using testing::HasSubstr;

Report explained(const Scenario& scenario, Policy policy, std::uint64_t seed) {
  RunOptions options;
  options.policy = policy;
  options.seed = seed;
  options.explain_losses = true;
  return run_with(scenario, options);
}

TEST(LostRequests, AreExplainedOneByOne) {
  for (const char* name : {"one-node", "slow-starters", "zone-storm"}) {
    for (const Policy policy : {Policy::None, Policy::DeleteAllNow, Policy::CordonAndDrain, Policy::Spotkeeper}) {
      const Report report = explained(shipped(name), policy, 3);
      EXPECT_EQ(report.losses.size(), report.traffic.lost()) << told(report);
      std::set<std::uint64_t> ids;
      std::array<std::uint64_t, outcome_count> by_outcome{};
      for (const LostRequest& lost : report.losses) {
        EXPECT_TRUE(ids.insert(lost.id).second) << "explained twice: " << lost.id;
        EXPECT_FALSE(explain(lost).empty());
        EXPECT_LE(lost.sent, lost.lost);
        ++by_outcome[static_cast<std::size_t>(lost.outcome)];
      }
      for (std::size_t i = 1; i < outcome_count; ++i) {
        EXPECT_EQ(by_outcome[i], report.traffic.ended(static_cast<Outcome>(i))) << name << " " << i;
      }
    }
  }
}

TEST(LostRequests, DoNotChangeBecauseSomebodyAsksWhy) {
  const Scenario scenario = shipped("slow-starters");
  Report asked = explained(scenario, Policy::None, 5);
  asked.losses.clear();
  asked.losses_explained = false;
  EXPECT_EQ(format::write_json(to_json(asked)), format::write_json(to_json(run_with(scenario, Policy::None, 5))));
}

TEST(LostRequests, NameTheProxyThatStillBelievedInADeadMachine) {
  const Report report = explained(shipped("one-node"), Policy::None, 1);
  bool seen = false;
  for (const LostRequest& lost : report.losses) {
    if (lost.outcome != Outcome::Unreachable) continue;
    seen = true;
    ASSERT_TRUE(lost.proxy && lost.pod && lost.wrong_since);
    EXPECT_EQ(lost.pod_node.str(), "node-1");
    EXPECT_TRUE(lost.machine_gone);
    EXPECT_GE(lost.sent, *lost.wrong_since);
    ASSERT_TRUE(lost.heard && lost.missing) << "the run goes on until every proxy has heard";
    EXPECT_GE(*lost.heard, lost.sent);
    EXPECT_EQ(*lost.missing, *lost.heard - *lost.wrong_since);
    EXPECT_GT(*lost.missing, 40s) << "the node counts as lost only after its heartbeats have been missed so long";
    EXPECT_THAT(explain(lost), HasSubstr("the proxy on " + lost.proxy->str() + " heard"));
    EXPECT_THAT(explain(lost), HasSubstr("nobody had told the pod to end"));
  }
  EXPECT_TRUE(seen);
}

TEST(LostRequests, SayHowMuchLongerAPreStopWouldHaveKeptThem) {
  Scenario scenario = shipped("one-node");
  PodTemplate spec = *scenario.workloads[0].workload.blueprint.spec;
  spec.pre_stop.reset();
  scenario.workloads[0].workload.blueprint.spec = std::make_shared<const PodTemplate>(spec);
  Behaviour behaviour = *scenario.workloads[0].workload.blueprint.behaviour;
  behaviour.answers_after_term = 100ms;
  scenario.workloads[0].workload.blueprint.behaviour = std::make_shared<const Behaviour>(behaviour);

  const Report without = explained(scenario, Policy::CordonAndDrain, 2);
  Duration longest{};
  for (const LostRequest& lost : without.losses) {
    if (lost.outcome != Outcome::Refused || !lost.pod) continue;
    ASSERT_TRUE(lost.missing);
    longest = std::max(longest, *lost.missing);
    EXPECT_THAT(explain(lost), HasSubstr("longer would have kept it"));
  }
  ASSERT_GT(longest, 0s) << told(without);

  // What they say is true: with a preStop that much longer, nobody is refused.
  spec.pre_stop = PreStop{std::chrono::ceil<std::chrono::seconds>(longest + 1s)};
  scenario.workloads[0].workload.blueprint.spec = std::make_shared<const PodTemplate>(spec);
  const Report with = explained(scenario, Policy::CordonAndDrain, 2);
  EXPECT_EQ(with.traffic.ended(Outcome::Refused), 0U) << told(with);
}

TEST(Deaths, ChangeNothingBecauseSomebodyAsks) {
  const Scenario scenario = shipped("slow-starters");
  RunOptions options;
  options.seed = 5;
  options.explain_deaths = true;
  Report asked = run_with(scenario, options);
  EXPECT_EQ(asked.deaths.size(), 6U) << "those of two of four nodes";
  asked.deaths_explained = false;
  EXPECT_EQ(format::write_json(to_json(asked)), format::write_json(to_json(run_with(scenario, Policy::Spotkeeper, 5))));
}

TEST(Series, CountsEveryLossAndEveryMachineOnce) {
  RunOptions options;
  options.policy = Policy::None;
  options.record_series = true;
  const Scenario scenario = shipped("slow-starters");
  const Report report = run_with(scenario, options);
  ASSERT_EQ(report.series.samples.size(), 136U) << "one at the start, and one at the end of each of 135 seconds";
  EXPECT_EQ(report.series.services, std::vector<std::string>{"shop/web"});
  std::uint64_t lost_in_all = 0;
  for (const Sample& sample : report.series.samples) {
    lost_in_all += sample.lost;
    const NodeStates& nodes = sample.nodes;
    EXPECT_EQ(nodes.ready + nodes.marked + nodes.cordoned + nodes.gone + nodes.booting, 4U);
    EXPECT_LE(sample.serving.at(0), 12U);
  }
  EXPECT_LE(lost_in_all, report.traffic.lost());
  EXPECT_EQ(report.series.samples.front().serving.at(0), 12U);
  EXPECT_EQ(report.series.samples.at(75).serving.at(0), 6U) << "two of four machines are dead, and nobody knows";
  EXPECT_EQ(report.series.samples.at(75).nodes.gone, 2U);
}

TEST(Series, ShowsHowSpotkeeperMarksNodesAndTheHandlerCordonsThem) {
  RunOptions options;
  options.record_series = true;
  options.policy = Policy::Spotkeeper;
  const Scenario scenario = shipped("slow-starters");
  const Report ours = run_with(scenario, options);
  EXPECT_EQ(ours.series.samples.at(20).nodes.ready, 2U) << told(ours);
  options.policy = Policy::CordonAndDrain;
  const Report theirs = run_with(scenario, options);
  EXPECT_EQ(theirs.series.samples.at(20).nodes.cordoned, 2U) << told(theirs);
}

TEST(Csv, HasALineForEverySecondOfEveryPolicy) {
  RunOptions options;
  options.record_series = true;
  std::vector<Report> reports;
  for (const Policy policy : {Policy::None, Policy::Spotkeeper}) {
    options.policy = policy;
    reports.push_back(run_with(shipped("slow-starters"), options));
  }
  const std::string csv = to_csv(reports);
  EXPECT_THAT(csv, testing::StartsWith("policy,second,lost,nodes_ready,nodes_marked,nodes_cordoned,nodes_gone,"
                                       "nodes_booting,serving:shop/web\nnone,0,0,4,0,0,0,0,12\n"));
  EXPECT_EQ(std::count(csv.begin(), csv.end(), '\n'), 1 + 2 * 136);
}

}  // namespace
}  // namespace spotkeeper::sim
