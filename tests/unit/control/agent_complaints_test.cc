// What an agent says of things that somebody has set up wrong, each of them once.
#include <string>
#include <utility>
#include <vector>

#include "control/agent.h"
#include "tests/unit/control/agent_fixture.h"

namespace spotkeeper::control {
namespace {

using ::spotkeeper::testing::AgentWorld;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kBanana = "annotation spotkeeper.dev/min-serving: 'banana' is not a percentage such as 60%";

class AgentComplaints : public AgentWorld {
 protected:
  void add_unreadable(const std::string& name, const std::string& node, std::vector<std::string> lines) {
    cluster.add_pod(name, node, "web");
    cluster.change([&](Snapshot& world) {
      Pod pod = *world.find_pod(Uid("uid-of-" + name));
      PodTemplate shape = *pod.spec;
      shape.wishes.unreadable = std::move(lines);
      pod.spec = world.intern(shape);
      world.put(std::move(pod));
    });
  }
  [[nodiscard]] int times_logged(const std::string& text) const {
    int times = 0;
    for (auto at = logged.find(text); at != std::string::npos; at = logged.find(text, at + 1)) ++times;
    return times;
  }
};

TEST_F(AgentComplaints, APodThatCanNotBeUnderstoodIsToldOfOnceWhenItsNodeIsDrained) {
  add_unreadable("web-1", "n1", {kBanana, "toleration of 'a': unknown effect 'NoEntry'"});
  add_unreadable("web-2", "n2", {kBanana});
  cluster.add_pod("web-3", "n1", "web");
  cluster.evict_hook = [](const PodRef&) -> std::optional<kube::EvictAnswer> {
    return kube::EvictAnswer{kube::EvictOutcome::BudgetRefused, "no", std::nullopt};
  };
  start();
  runtime.advance(2s);
  EXPECT_EQ(metric("spotkeeper_pods_not_understood_total"), 0) << "there from the start, for alerts";
  spot_notice();
  runtime.advance(60s);
  EXPECT_EQ(metric("spotkeeper_pods_not_understood_total"), 1);
  EXPECT_EQ(times_logged("banana"), 1);
  EXPECT_THAT(logged, HasSubstr("app/web-1"));
  ASSERT_EQ(cluster.events_with("PodNotUnderstood"), 1);
  for (const auto& event : cluster.events) {
    if (event.reason != "PodNotUnderstood") continue;
    EXPECT_EQ(event.type, kube::EventNote::Type::Warning);
    EXPECT_EQ(event.kind, "Pod");
    EXPECT_EQ(event.name, "web-1");
    EXPECT_THAT(event.note, HasSubstr(kBanana));
    EXPECT_THAT(event.note, HasSubstr("unknown effect 'NoEntry'"));
  }
}

TEST_F(AgentComplaints, APodThatGoesWithTheMachineIsNotComplainedOf) {
  add_unreadable("daemon-1", "n1", {kBanana});
  cluster.change([](Snapshot& world) {
    Pod pod = *world.find_pod(Uid("uid-of-daemon-1"));
    pod.owner = world.intern(WorkloadRef{NamespaceName("app"), "DaemonSet", "daemon"});
    world.put(std::move(pod));
  });
  start();
  runtime.advance(2s);
  spot_notice();
  runtime.advance(30s);
  EXPECT_EQ(metric("spotkeeper_pods_not_understood_total"), 0);
  EXPECT_EQ(cluster.events_with("PodNotUnderstood"), 0);
}

TEST_F(AgentComplaints, ANodeThatDoesNotExistIsToldOfOnceAndAgainWhenItAppears) {
  config.node = NodeName("node-99");
  start();
  runtime.advance(10min);
  EXPECT_EQ(times_logged("no Node of this name"), 1);
  EXPECT_THAT(logged, HasSubstr("node-99"));
  EXPECT_THAT(logged, HasSubstr("--node-name"));
  EXPECT_THAT(logged, Not(HasSubstr("the Node is there now")));
  cluster.add_node("node-99");
  runtime.advance(10min);
  EXPECT_EQ(times_logged("the Node is there now"), 1);
  EXPECT_EQ(times_logged("no Node of this name"), 1);
}

TEST_F(AgentComplaints, NothingIsSaidOfANodeThatIsThere) {
  start();
  runtime.advance(10min);
  EXPECT_THAT(logged, Not(HasSubstr("no Node of this name")));
  EXPECT_THAT(logged, Not(HasSubstr("the Node is there now")));
}

}  // namespace
}  // namespace spotkeeper::control
