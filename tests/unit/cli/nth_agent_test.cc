// `agent --compat=nth`: what AWS Node Termination Handler's settings make of the agent.
#include <string>
#include <vector>

#include "tests/unit/cli/nth_agent_fixture.h"

namespace spotkeeper::cli {
namespace {

using observe::Moment;
using ::spotkeeper::testing::FakeImds;
using ::spotkeeper::testing::NthCompatAgent;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST_F(NthCompatAgent, CordonsAndDrainsWithoutATaintUnlessItIsAskedFor) {
  cluster.add_pod("web-1", "n1", "web");
  with({});
  spot_notice();
  runtime.advance(20s);
  EXPECT_TRUE(cordoned());
  EXPECT_TRUE(empty());
  EXPECT_THAT(cluster.node("n1").taints, IsEmpty());
}

TEST_F(NthCompatAgent, TaintsWithNthsKeyOfTheKindAndTheEffectThatIsSet) {
  with({"--taint-node", "--taint-effect=PreferNoSchedule"});
  spot_notice();
  runtime.advance(5s);
  ASSERT_NE(taint("spot-itn"), nullptr);
  EXPECT_EQ(taint("spot-itn")->effect, spotkeeper::TaintEffect::PreferNoSchedule);
  EXPECT_THAT(taint("spot-itn")->value, HasSubstr("spot-terminate-"));
  EXPECT_EQ(taint("spot-itn")->value.find(':'), std::string::npos);  // a label's value has none
  EXPECT_FALSE(tainted());
}

TEST_F(NthCompatAgent, HearsOnlyWhatIsSwitchedOn) {
  with({"--enable-spot-interruption-draining=false"});
  spot_notice();
  imds.put(FakeImds::kLifecycle, "Terminated");
  imds.rebalance(runtime.now());
  runtime.advance(60s);
  EXPECT_TRUE(cluster.patches.empty());
  EXPECT_THAT(people.told, IsEmpty());
}

TEST_F(NthCompatAgent, CordonOnlyEvictsNothingAndStillSendsTheWebhook) {
  cluster.add_pod("web-1", "n1", "web");
  with({"--cordon-only"});
  spot_notice();
  runtime.advance(200s);
  EXPECT_TRUE(cordoned());
  EXPECT_TRUE(cluster.evictions.empty());
  EXPECT_TRUE(cluster.deletes.empty());
  EXPECT_EQ(people.ended().size(), 1U);
}

TEST_F(NthCompatAgent, ARebalanceRecommendationCordonsForGoodAndDrainsOnlyWhenThatIsSet) {
  cluster.add_pod("web-1", "n1", "web");
  with({"--enable-rebalance-monitoring", "--taint-node"});
  imds.rebalance(runtime.now());
  runtime.advance(1h);
  EXPECT_TRUE(cordoned());
  EXPECT_NE(taint("rebalance-recommendation"), nullptr);
  EXPECT_TRUE(cluster.evictions.empty());
  EXPECT_EQ(people.ended().size(), 1U);
}

TEST_F(NthCompatAgent, DrainsOnARebalanceRecommendationWhereThatIsSet) {
  cluster.add_pod("web-1", "n1", "web");
  with({"--enable-rebalance-draining", "--taint-node"});
  imds.rebalance(runtime.now());
  runtime.advance(30s);
  EXPECT_TRUE(cordoned());
  EXPECT_NE(taint("rebalance-recommendation"), nullptr);
  EXPECT_TRUE(empty());
  ASSERT_EQ(people.ended().size(), 1U);
  EXPECT_EQ(people.told.back().event.kind, "REBALANCE_RECOMMENDATION");
}

TEST_F(NthCompatAgent, DrainsForScheduledMaintenanceAtOnce) {
  cluster.add_pod("web-1", "n1", "web");
  cluster.add_pod("web-2", "n2", "web");  // the only one that serves would stay until its last safe start
  with({});
  imds.put(FakeImds::kScheduled, scheduled("instance-event-1", runtime.now() + 240h));
  runtime.advance(60s);
  EXPECT_TRUE(cordoned());
  EXPECT_TRUE(empty());
  EXPECT_EQ(people.ended().size(), 1U);
}

TEST_F(NthCompatAgent, SendsTheWebhookAlsoWhenTheDrainIsNotFinished) {
  cluster.add_pod("stuck-1", "n1", "stuck");
  cluster.pods_end_after.reset();
  cluster.evict_hook = [](const PodRef&) -> std::optional<kube::EvictAnswer> {
    return kube::EvictAnswer{kube::EvictOutcome::Forbidden, "no", std::nullopt};
  };
  cluster.delete_hook = [](const PodRef&) -> std::optional<Result<kube::DeleteOutcome>> {
    return Result<kube::DeleteOutcome>(fail(ErrorCode::Forbidden, "no"));
  };
  with({});
  spot_notice();
  runtime.advance(100s);
  EXPECT_THAT(people.ended(), IsEmpty());
  runtime.advance(30s);
  EXPECT_EQ(people.ended().size(), 1U);
}

TEST_F(NthCompatAgent, EventsHaveNthsReasonsNameAndAnnotations) {
  imds.put("/latest/dynamic/instance-identity/document",
           R"({"instanceId":"i-1","instanceType":"m5.large","region":"eu-west-1","availabilityZone":"eu-west-1a",)"
           R"("privateIp":"10.0.0.1","accountId":"123"})");
  imds.put("/latest/meta-data/instance-life-cycle", "spot");
  imds.put("/latest/meta-data/local-hostname", "ip-10-0-0-1.ec2.internal");
  imds.put("/latest/meta-data/public-ipv4", "192.0.2.1");
  cluster.add_pod("web-1", "n1", "web");
  with({"--emit-kubernetes-events", "--kubernetes-events-extra-annotations=team=web"});
  spot_notice();
  runtime.advance(20s);
  std::vector<std::string> reasons;
  reasons.reserve(cluster.events.size());
  for (const auto& event : cluster.events) reasons.push_back(event.kind + " " + event.reason);
  EXPECT_THAT(reasons, ElementsAre("Node SpotInterruption", "Node PreDrain", "Pod PodEviction", "Node CordonAndDrain"));
  EXPECT_EQ(cluster.events[0].annotations,
            (std::map<std::string, std::string>{{"account-id", "123"},
                                                {"availability-zone", "eu-west-1a"},
                                                {"instance-id", "i-1"},
                                                {"instance-life-cycle", "spot"},
                                                {"instance-type", "m5.large"},
                                                {"local-hostname", "ip-10-0-0-1.ec2.internal"},
                                                {"local-ipv4", "10.0.0.1"},
                                                {"public-hostname", ""},
                                                {"public-ipv4", "192.0.2.1"},
                                                {"region", "eu-west-1"},
                                                {"team", "web"}}));
  EXPECT_EQ(cluster.events[2].note, "Pod evicted due to node drain (node n1)");
  EXPECT_EQ(cluster.events[3].uid, Uid("uid-of-n1"));
}

TEST_F(NthCompatAgent, EveryKindOfEventHasNthsReason) {
  with({"--emit-kubernetes-events"});
  kube::EventNote note;
  note.kind = "Node";
  for (const char* const reason : {"NodeInterrupted", "RebalanceRecommended", "MaintenanceScheduled", "NodeRetiring",
                                   "InterruptionOver", "BudgetOverridden"}) {
    note.reason = reason;
    report->emit(note);
  }
  std::vector<std::string> reasons;
  for (const auto& event : cluster.events)
    if (event.reason != "PreDrain") reasons.push_back(event.reason);
  EXPECT_THAT(reasons, ElementsAre("SpotInterruption", "RebalanceRecommendation", "ScheduledEvent", "ASGLifecycle",
                                   "Uncordon", "BudgetOverridden"));
}

TEST_F(NthCompatAgent, EventsAreSentOnlyWhenAskedFor) {
  cluster.add_pod("web-1", "n1", "web");
  with({});
  spot_notice();
  runtime.advance(20s);
  EXPECT_TRUE(empty());
  EXPECT_TRUE(cluster.events.empty());
}

TEST_F(NthCompatAgent, CountsWhatNthCounts) {
  cluster.add_pod("web-1", "n1", "web");
  with({"--enable-rebalance-monitoring"});
  imds.rebalance(runtime.now());
  runtime.advance(5s);
  EXPECT_EQ(actions("cordon"), 1);
  EXPECT_EQ(actions("pre-drain"), 1);
  spot_notice();
  runtime.advance(20s);
  EXPECT_EQ(actions("pre-drain"), 2);
  EXPECT_EQ(actions("cordon-and-drain"), 1);
  EXPECT_EQ(actions("cordon-and-drain", "error"), -1);
  EXPECT_EQ(metric(R"(actions_node_total{node_action="cordon-and-drain",node_name="n1",node_event_id=")" +
                   people.told.back().event.event_id +
                   R"(",node_status="success",otel_scope_name="aws.node.termination.handler",otel_scope_version=""})"),
            1);
}

TEST_F(NthCompatAgent, CountsADrainThatFailsAndAnEventThatIsCalledOff) {
  cluster.add_pod("web-1", "n1", "web");
  cluster.evict_hook = [](const PodRef&) -> std::optional<kube::EvictAnswer> {
    return kube::EvictAnswer{kube::EvictOutcome::Forbidden, "no", std::nullopt};
  };
  cluster.delete_hook = [](const PodRef&) -> std::optional<Result<kube::DeleteOutcome>> {
    return Result<kube::DeleteOutcome>(fail(ErrorCode::Forbidden, "no"));
  };
  with({"--emit-kubernetes-events"});
  imds.put(FakeImds::kScheduled, scheduled("instance-event-1", runtime.now() + 240h));
  runtime.advance(30s);
  imds.put(FakeImds::kScheduled, scheduled("instance-event-1", runtime.now() + 240h, "canceled"));
  runtime.advance(30s);
  EXPECT_EQ(actions("uncordon"), 1);
  spot_notice(20s);
  runtime.advance(30s);
  EXPECT_EQ(actions("cordon-and-drain", "error"), 1);
  EXPECT_EQ(cluster.events_with("CordonAndDrainError"), 1);
}

TEST_F(NthCompatAgent, GivesEveryPodTheGraceThatIsSet) {
  cluster.add_pod("short-1", "n1", "short", 5s);
  cluster.add_pod("long-1", "n1", "long", 90s);
  with({"--pod-termination-grace-period=20"});
  spot_notice();
  runtime.advance(30s);
  EXPECT_EQ(cluster.graces.at(Uid("uid-of-short-1")), GracePeriod(20s));
  EXPECT_EQ(cluster.graces.at(Uid("uid-of-long-1")), GracePeriod(20s));
}

TEST_F(NthCompatAgent, EvictsAlsoWhereNoNodeHasRoom) {
  cluster.add_pod("web-1", "n1", "web");
  for (const char* const other : {"n2", "n3"}) cluster.edit_node(other, [](Node& node) { node.allocatable = {}; });
  with({"--enable-rebalance-draining"});
  imds.rebalance(runtime.now());
  runtime.advance(20s);
  EXPECT_TRUE(empty());
}

TEST_F(NthCompatAgent, SetsNthsLabelsWhileAScheduledEventStands) {
  with({"--exclude-from-load-balancers"});
  const Instant before = runtime.now();
  imds.put(FakeImds::kScheduled, scheduled("instance-event-1", runtime.now() + 240h));
  runtime.advance(30s);
  EXPECT_EQ(label("aws-node-termination-handler/event-id"), "instance-event-1");
  EXPECT_EQ(label("aws-node-termination-handler/action"), "UncordonAfterReboot");
  const auto since = std::stoll(label("aws-node-termination-handler/action-time"));
  EXPECT_GE(since, std::chrono::floor<std::chrono::seconds>(before.time_since_epoch()).count());
  EXPECT_EQ(label(std::string(plan::kExcludeLabel)), "aws-node-termination-handler");
  imds.put(FakeImds::kScheduled, scheduled("instance-event-1", runtime.now() + 240h, "completed"));
  runtime.advance(30s);
  for (const char* const key : {"event-id", "action", "action-time"})
    EXPECT_EQ(label(std::string("aws-node-termination-handler/") + key), "none") << key;
  EXPECT_EQ(label(std::string(plan::kExcludeLabel)), "none");
}

TEST_F(NthCompatAgent, ExcludesFromLoadBalancersOnlyWhatIsDrained) {
  with({"--exclude-from-load-balancers", "--enable-rebalance-monitoring"});
  imds.rebalance(runtime.now());
  runtime.advance(30s);
  EXPECT_TRUE(cordoned());
  EXPECT_EQ(label(std::string(plan::kExcludeLabel)), "none");
}

TEST_F(NthCompatAgent, TheWebhookHasNthsFields) {
  imds.put("/latest/dynamic/instance-identity/document", R"({"instanceId":"i-1","instanceType":"m5.large"})");
  imds.put("/latest/meta-data/public-hostname", "ec2-192-0-2-1.compute.amazonaws.com");
  cluster.edit_node("n1", [](Node& node) { node.provider_id = "aws:///eu-west-1a/i-1"; });
  cluster.add_pod("web-1", "n1", "web");
  with({});
  spot_notice();
  runtime.advance(20s);
  const observe::Notification& news = people.told.back();
  ASSERT_EQ(news.moment, Moment::Ended);
  EXPECT_EQ(news.event.kind, "SPOT_ITN");
  EXPECT_EQ(news.event.monitor, "SPOT_ITN_MONITOR");
  EXPECT_EQ(news.event.node_name, "n1");
  EXPECT_EQ(news.event.machine.instance_id, "i-1");
  EXPECT_EQ(news.event.machine.public_hostname, "ec2-192-0-2-1.compute.amazonaws.com");
  EXPECT_EQ(news.event.provider_id, "aws:///eu-west-1a/i-1");
  EXPECT_THAT(news.event.pods, ElementsAre("app/web-1"));
}

TEST(NthArguments, AreWhatStandsBesideCompat) {
  using Words = std::vector<std::string>;
  const auto of = [](const Words& words) { return nth_arguments(words, {{"SPOTKEEPER_COMPAT", ""}}); };
  EXPECT_EQ(of({"agent", "--compat=nth", "--dry-run"}), Words{"--dry-run"});
  EXPECT_EQ(of({"agent", "-node-name", "n1", "--compat", "nth"}), (Words{"-node-name", "n1"}));
  EXPECT_EQ(of({"agent", "--dry-run"}), std::nullopt);
  EXPECT_EQ(of({"simulate", "--compat=nth"}), std::nullopt);
  EXPECT_EQ(of({"agent", "--compat=nth", "--help"}), std::nullopt);
  EXPECT_EQ(of({}), std::nullopt);
}

TEST(NthArguments, AreAllThereAreWhereTheEnvironmentSaysSo) {
  using Words = std::vector<std::string>;
  const auto of = [](const Words& words) { return nth_arguments(words, {{"SPOTKEEPER_COMPAT", "nth"}}); };
  EXPECT_EQ(of({}), Words{});
  EXPECT_EQ(of({"--dry-run"}), Words{"--dry-run"});
  EXPECT_EQ(of({"agent", "--dry-run"}), Words{"--dry-run"});
  EXPECT_EQ(of({"agent", "--compat=nth", "--dry-run"}), Words{"--dry-run"});
  EXPECT_EQ(of({"simulate", "zone-storm"}), std::nullopt);
  EXPECT_EQ(of({"--version"}), std::nullopt);
  EXPECT_EQ(of({"--help"}), std::nullopt);
}

TEST(NthArguments, BecomeTheAgentsOptions) {
  const auto options = settle_nth(std::vector<std::string>{"--json-logging", "--log-level=DEBUG", "--dry-run"},
                                  {{"NODE_NAME", "n1"}, {"SPOTKEEPER_LISTEN", "127.0.0.1:1"}, {"DRY_RUN", "false"}});
  ASSERT_TRUE(options.has_value()) << options.error().message;
  EXPECT_EQ(options->agent.node_name, "n1");
  EXPECT_TRUE(options->agent.dry_run);
  EXPECT_TRUE(options->agent.imds_v1);
  EXPECT_EQ(options->log.format, log::Format::Json);
  EXPECT_EQ(options->log.level, log::Level::Debug);
  EXPECT_EQ(options->agent.listen.text(), "127.0.0.1:1");
  EXPECT_FALSE(options->drain.exclude_from_load_balancers);
  EXPECT_EQ(with_nth_server({}, options->nth->settings).size(), 0U);
}

TEST(NthArguments, WhatIsNotSupportedIsRefusedByItsName) {
  const auto refused =
      settle_nth(std::vector<std::string>{"--enable-out-of-service-taint", "--enable-sqs-termination-draining"},
                 {{"NODE_NAME", "n1"}, {"HEARTBEAT_INTERVAL", "60"}});
  ASSERT_FALSE(refused.has_value());
  EXPECT_THAT(refused.error().message, HasSubstr("--enable-out-of-service-taint=true: not supported: "));
  EXPECT_THAT(refused.error().message, HasSubstr("--enable-sqs-termination-draining=true: not supported: "));
  EXPECT_THAT(refused.error().message, HasSubstr("HEARTBEAT_INTERVAL=60: not supported: "));
}

}  // namespace
}  // namespace spotkeeper::cli
