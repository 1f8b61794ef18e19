// One agent on node "n1" of a cluster of three, with a metadata service, under virtual time.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "base/log.h"
#include "base/metrics.h"
#include "control/agent.h"
#include "control/node_record.h"
#include "net/task_group.h"
#include "tests/unit/control/fake_cluster.h"
#include "tests/unit/support/fake_imds.h"
#include "tests/unit/support/settable_clock.h"
#include "tests/unit/support/virtual_runtime.h"

namespace spotkeeper::testing {

class AgentWorld : public ::testing::Test {
 public:
  ~AgentWorld() override {
    kill();
    log::capture(nullptr);
  }

 protected:
  AgentWorld() {
    log::capture(&logged);
    for (const char* name : {"n1", "n2", "n3"}) cluster.add_node(name);
    config.node = NodeName("n1");
    config.acknowledge_within = 0s;  // no controller, unless the test has one
    runtime.advance(1s);
  }

  void start() {
    control::ClusterApi& api = through != nullptr ? *through : cluster;
    agent = std::make_unique<control::Agent>(control::AgentPorts{machine, api, imds, metrics, messenger}, config);
    ended = false;
    group.start(run());
  }
  /// As kill -9 does it: at once, wherever it is.
  void kill() {
    group.cancel_all();
    agent.reset();
  }
  /// No PATCH of a Node is allowed.
  void refuse_patches() {
    cluster.patch_hook = [](const NodeChange&) -> std::optional<Error> { return Error{ErrorCode::Forbidden, "no"}; };
  }
  /// The agent is killed, nothing is announced any more, and n1 has no mark.
  void forget_notice() {
    kill();
    imds.pages.clear();
    cluster.edit_node("n1", [](Node& node) {
      node.annotations = {};
      node.taints.clear();
      node.unschedulable = false;
    });
  }
  /// The same, and n1 has the pod that it had at first.
  void begin_anew(const std::string& pod, const std::string& app) {
    forget_notice();
    if (empty()) cluster.add_pod(pod, "n1", app);
    runtime.advance(1s);
  }
  net::Task<void> run() {
    co_await agent->run();
    ended = true;
  }
  void spot_notice(Duration ahead = 120s, const std::string& action = "terminate") {
    imds.spot(action, runtime.now() + ahead);
  }
  /// What the metadata service says of one scheduled event.
  static std::string scheduled(const std::string& id, Instant at, const std::string& state = "active",
                               const std::string& code = "instance-reboot") {
    // The service's own form of a time, made from RFC 3339.
    const std::string date = net::format_http_date(at);  // "Sun, 06 Nov 1994 08:49:37 GMT"
    return R"([{"NotBefore":")" + date.substr(5) + R"(","Code":")" + code +
           R"(","Description":"d","NotAfter":"","EventId":")" + id + R"(","State":")" + state + R"("}])";
  }
  [[nodiscard]] std::optional<plan::NodeMark> mark() const { return control::mark_of(cluster.node("n1")).value(); }
  [[nodiscard]] bool tainted(const std::string& name = "n1") const {
    for (const Taint& taint : cluster.node(name).taints)
      if (taint.key == plan::kTaintKey) return true;
    return false;
  }
  [[nodiscard]] bool cordoned() const { return cluster.node("n1").unschedulable; }
  [[nodiscard]] double metric(const std::string& line_start) const {
    const std::string text = "\n" + metrics.text();
    const std::size_t at = text.find("\n" + line_start + " ");
    if (at == std::string::npos) return -1;
    return std::stod(text.substr(at + line_start.size() + 2));
  }
  /// Everything that can be done has been done: no pod of n1 that moves is left, or nothing changes any more.
  [[nodiscard]] bool empty() const { return cluster.world.pods_on(NodeName("n1")).empty(); }

  VirtualRuntime runtime;          // the time that is right
  SettableClock machine{runtime};  // the agent's own machine, whose wall clock can be set
  FakeCluster cluster{runtime};
  FakeImds imds{runtime};
  MetricsRegistry metrics;
  control::Messenger* messenger = nullptr;
  control::ClusterApi* through = nullptr;  // what stands before the cluster, if anything does
  control::AgentConfig config;
  std::string logged;
  std::unique_ptr<control::Agent> agent;
  bool ended = false;
  net::TaskGroup group{runtime};
};

}  // namespace spotkeeper::testing
