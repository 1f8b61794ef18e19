// The defects of AWS Node Termination Handler 1.25 in IMDS mode that `agent --compat=nth` does not have, one test each
// or more. D1, D3, D4, D6 and D13 are of its queue mode, which is refused at the start.
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "cli/agent_pages.h"
#include "net/event_loop.h"
#include "net/http_client.h"
#include "tests/unit/cli/nth_agent_fixture.h"

namespace spotkeeper::cli {
namespace {

using ::spotkeeper::testing::FakeImds;
using ::spotkeeper::testing::NthCompatAgent;
using ::testing::IsEmpty;

class NthDefectAgent : public NthCompatAgent {};

// D2: there, a Node that can't be looked up once loses the event, with USE_PROVIDER_ID.
TEST_F(NthDefectAgent, D2AFailedLookupOfTheNodeLosesNoEvent) {
  cluster.add_pod("web-1", "n1", "web");
  int refusals = 5;
  cluster.patch_hook = [&](const NodeChange&) -> std::optional<Error> {
    if (refusals-- > 0) return Error{ErrorCode::Conflict, "the object has been modified"};
    return std::nullopt;
  };
  int failures = 3;
  cluster.get_hook = [&]() -> std::optional<Error> {
    if (failures-- > 0) return Error{ErrorCode::Unavailable, "etcdserver: leader changed"};
    return std::nullopt;
  };
  with({"--use-provider-id"});
  spot_notice();
  runtime.advance(60s);
  EXPECT_LT(failures, 0);
  EXPECT_TRUE(cordoned());
  EXPECT_TRUE(empty());
  EXPECT_EQ(people.ended().size(), 1U);
}

// D5: there, the fourth error that is the same, whatever came between, ends the process.
TEST_F(NthDefectAgent, D5EqualErrorsOfTheMetadataServiceNeverEndTheProcess) {
  cluster.add_pod("web-1", "n1", "web");
  with({"--emit-kubernetes-events"});
  for (int day = 0; day < 10; ++day) {
    imds.hook = [](const net::HttpRequest&) { return FakeImds::Reply{503, "busy"}; };
    runtime.advance(30s);
    imds.hook = nullptr;
    runtime.advance(1h);
  }
  EXPECT_FALSE(ended);
  EXPECT_GE(metric(R"(events_error_total{event_error_where="SPOT_ITN_MONITOR",)"
                   R"(otel_scope_name="aws.node.termination.handler",otel_scope_version=""})"),
            10);
  EXPECT_GE(cluster.events_with("MonitorError"), 10);  // one a row, not one an answer
  EXPECT_LE(cluster.events_with("MonitorError"), 40);
  spot_notice();
  runtime.advance(20s);
  EXPECT_TRUE(empty());
}

// D7: there, with this cache and without events nothing is evicted and success is reported.
TEST_F(NthDefectAgent, D7TheCacheOfTheApiServerWithoutEventsStillDrains) {
  cluster.add_pod("web-1", "n1", "web");
  with({}, {{"USE_APISERVER_CACHE", "true"}, {"EMIT_KUBERNETES_EVENTS", "false"}});
  spot_notice();
  runtime.advance(20s);
  EXPECT_EQ(cluster.evictions.size(), 1U);
  EXPECT_EQ(actions("cordon-and-drain"), 1);
}

// D8: there, the same cache evicts static pods and NTH's own.
TEST_F(NthDefectAgent, D8TheCacheOfTheApiServerEvictsNeitherStaticPodsNorItself) {
  cluster.add_pod("web-1", "n1", "web");
  cluster.add_pod("handler-1", "n1", "handler");
  cluster.add_pod("static-1", "n1", "static");
  cluster.add_pod("daemon-1", "n1", "daemon", 30s, "DaemonSet");
  cluster.change([](Snapshot& world) {
    Pod pod = *world.find_pod(Uid("uid-of-static-1"));
    pod.mirror = true;
    world.put(pod);
  });
  with({"--pod-name=handler-1", "--pod-namespace=app"}, {{"USE_APISERVER_CACHE", "true"}});
  spot_notice();
  runtime.advance(119s);
  ASSERT_EQ(cluster.evictions.size(), 1U);
  EXPECT_EQ(cluster.evictions[0].name.name, "web-1");
  EXPECT_THAT(cluster.deletes, IsEmpty());
}

// D9: there, the state is a new event, and a new webhook, every two seconds.
TEST_F(NthDefectAgent, D9AnAsgTerminationSendsOneWebhook) {
  cluster.add_pod("web-1", "n1", "web");
  with({"--enable-asg-lifecycle-draining", "--taint-node"});
  imds.put(FakeImds::kLifecycle, "Terminated");
  runtime.advance(2min);
  EXPECT_TRUE(empty());
  EXPECT_NE(taint("asg-lifecycle-termination"), nullptr);
  ASSERT_EQ(people.ended().size(), 1U);
  EXPECT_EQ(people.told[0].event.kind, "ASG_LIFECYCLE");
}

// D10, D11: there, clean-up stops at the first label that is missing, and takes back a label that somebody else set.
TEST_F(NthDefectAgent, D10AndD11RemovesItsLabelsAndTaintsOnCancelThoughOneIsMissing) {
  with({"--taint-node"});
  cluster.edit_node("n1", [](Node& node) { node.labels.set(plan::kExcludeLabel, "somebody"); });
  imds.put(FakeImds::kScheduled, scheduled("instance-event-1", runtime.now() + 240h));
  runtime.advance(30s);
  ASSERT_NE(taint("scheduled-maintenance"), nullptr);
  ASSERT_TRUE(cordoned());
  imds.put(FakeImds::kScheduled, scheduled("instance-event-1", runtime.now() + 240h, "canceled"));
  cluster.patch_hook = [this](const NodeChange&) -> std::optional<Error> {
    cluster.patch_hook = nullptr;  // somebody takes the taint away just before our patch
    cluster.edit_node("n1", [](Node& node) { node.taints.clear(); });
    return Error{ErrorCode::Conflict, "the object has been modified"};
  };
  runtime.advance(60s);
  EXPECT_FALSE(cordoned());
  EXPECT_EQ(taint("scheduled-maintenance"), nullptr);
  EXPECT_EQ(*cluster.node("n1").labels.find(plan::kExcludeLabel), "somebody");
  EXPECT_FALSE(mark());
}

// D12: there, the Node's private name is compared with its name: where Nodes are called by their instances nothing
// matches.
TEST_F(NthDefectAgent, D12NodesMayBeCalledByTheirInstances) {
  cluster.add_node("i-0abc");
  cluster.add_pod("web-1", "i-0abc", "web");
  with({"--node-name=i-0abc", "--enable-asg-lifecycle-draining"});
  imds.put(FakeImds::kLifecycle, "Terminated");
  runtime.advance(20s);
  spot_notice();  // while the other stands
  runtime.advance(20s);
  EXPECT_TRUE(cluster.node("i-0abc").unschedulable);
  EXPECT_TRUE(cluster.world.pods_on(NodeName("i-0abc")).empty());
  EXPECT_EQ(people.ended().size(), 2U);  // each has its webhook
}

// D14: there, this is both a drain's time-out and when it begins: 30 waits for 90 s and then has 30.
TEST_F(NthDefectAgent, D14TheNodesGraceNeitherDelaysNorEndsADrain) {
  for (const char* const seconds : {"30", "300"}) {
    SCOPED_TRACE(seconds);
    const std::string pod = std::string("web-") + seconds;
    cluster.add_pod(pod, "n1", "web");
    with({std::string("--node-termination-grace-period=") + seconds});
    spot_notice();
    runtime.advance(10s);
    EXPECT_TRUE(empty());
    kill();
    imds.pages.clear();
  }
}

// D15: there, drains because of recommendations take all workers.
TEST_F(NthDefectAgent, D15ASpotNoticeWaitsForNoRebalanceDrain) {
  cluster.add_pod("web-1", "n1", "web");
  cluster.add_budget("strict", "web", 0);
  with({"--enable-rebalance-draining"});
  imds.rebalance(runtime.now());
  runtime.advance(60s);
  EXPECT_FALSE(empty());  // its budget allows nothing, and no machine goes by itself
  spot_notice();
  const Instant dies = runtime.now() + 120s;
  ASSERT_TRUE(runtime.run_until([&] { return !cluster.deletes.empty(); }, 200s));
  EXPECT_GE(dies - runtime.now(), 30s);  // its whole grace
}

/// What a kubelet is told at the probes' port, over a real connection.
class Probe {
 public:
  Probe(const observe::PageSources& sources, std::string path) : path_(std::move(path)) {
    server_ = observe::serve_pages(loop_, *net::SocketAddress::parse("127.0.0.1", 0), sources).value();
    client_ = net::make_http_transport(loop_, {"http", "127.0.0.1", server_->address().port()}, {}).value();
  }
  net::HttpResponse get() {
    net::HttpRequest request;
    request.target = path_;
    return loop_.run_until(client_->send(request, 10s)).value();
  }

 private:
  net::EventLoop loop_;
  std::string path_;
  std::unique_ptr<net::HttpServer> server_;
  std::unique_ptr<net::HttpClient> client_;
};

// D16: there, the probe says that all is well whatever stands still.
TEST_F(NthDefectAgent, D16TheProbeFailsWhenTheProcessStandsStill) {
  with({"--enable-probes-server", "--probes-server-endpoint=/livez"});
  Probe probe(cli::nth_pages(cli::agent_pages(metrics, *agent, config, runtime), settings), "/livez");
  EXPECT_EQ(probe.get().status, 200);
  EXPECT_EQ(probe.get().body, R"({"health":"OK"})");
  imds.stands_still = true;
  runtime.advance(10min);
  const net::HttpResponse stuck = probe.get();
  EXPECT_EQ(stuck.status, 503);
  EXPECT_THAT(stuck.body, ::testing::StartsWith("the metadata service has not been asked for 10m0."));
}

// An error of the metadata service is none of the process: a restart would mend nothing.
TEST_F(NthDefectAgent, D16TheProbeIsWellWhileTheMetadataServiceAnswersErrors) {
  with({"--enable-probes-server", "--probes-server-endpoint=/livez"});
  Probe probe(cli::nth_pages(cli::agent_pages(metrics, *agent, config, runtime), settings), "/livez");
  for (const FakeImds::Reply& reply : {FakeImds::Reply{500, "no"}, FakeImds::Reply{200, {}, ErrorCode::Unavailable},
                                       FakeImds::Reply{200, {}, std::nullopt, 1h}}) {
    imds.hook = [reply](const net::HttpRequest&) { return reply; };
    runtime.advance(10min);
    EXPECT_EQ(probe.get().status, 200);
  }
}

// D17: there, each drain that takes long holds one of the workers.
TEST_F(NthDefectAgent, D17ALongDrainKeepsNoOtherEventWaiting) {
  cluster.add_pod("slow-1", "n1", "slow", 100s);
  cluster.pods_end_after.reset();
  with({"--enable-asg-lifecycle-draining", "--taint-node"}, {{"WORKERS", "1"}});
  imds.put(FakeImds::kLifecycle, "Terminated");
  runtime.advance(5s);
  ASSERT_NE(taint("asg-lifecycle-termination"), nullptr);
  spot_notice();
  runtime.advance(3s);
  EXPECT_NE(taint("spot-itn"), nullptr);
}

// D18: there, a refused token is sent again beside the new one.
TEST_F(NthDefectAgent, D18ARefusedTokenIsReplacedNotAdded) {
  with({});
  imds.forget_tokens();
  imds.requests.clear();
  spot_notice();
  runtime.advance(5s);
  EXPECT_TRUE(cordoned());
  for (const net::HttpRequest& request : imds.requests) {
    int tokens = 0;
    for (const auto& [name, value] : request.headers) tokens += name == "X-aws-ec2-metadata-token" ? 1 : 0;
    EXPECT_LE(tokens, 1) << request.target;
  }
}

// There, each event of a node is a drain of its own.
TEST_F(NthDefectAgent, TwoEventsOfANodeAreOneDrain) {
  cluster.add_pod("web-1", "n1", "web");
  cluster.add_pod("api-1", "n1", "api");
  with({"--enable-asg-lifecycle-draining"});
  imds.put(FakeImds::kLifecycle, "Terminated");
  spot_notice();
  runtime.advance(60s);
  EXPECT_TRUE(empty());
  EXPECT_EQ(cluster.evictions_asked, 2);
  EXPECT_EQ(actions("cordon-and-drain"), 1);
}

}  // namespace
}  // namespace spotkeeper::cli
