#include "sim/serve/agent_fleet.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <csignal>

#include "sim/serve/agent_list.h"

namespace spotkeeper::sim::serve {
namespace {

using testing::HasSubstr;

const NodeName kNode("a");
const Instant kStart = *parse_rfc3339("2026-01-01T00:00:00Z");

/// Returns when the node's process has ended, and leaves that for the fleet to see.
void wait_for_end(const AgentFleet& fleet) {
  siginfo_t info{};
  ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(fleet.pid(kNode).value()), &info, WEXITED | WNOWAIT), 0);
}

AgentFleet fleet_of(std::vector<std::string> command) {
  return {[command = std::move(command)](const NodeName&) { return command; }, testing::TempDir(), 10.0};
}

TEST(AgentFleet, StartsAnAgentAnewThatWasKilled) {
  AgentFleet fleet = fleet_of({"/bin/sleep", "600"});
  ASSERT_TRUE(fleet.start(kNode, kStart));
  const pid_t first = fleet.pid(kNode).value();
  ASSERT_TRUE(fleet.look(kStart + 1s));
  EXPECT_EQ(fleet.pid(kNode), first);
  ::kill(first, SIGKILL);
  wait_for_end(fleet);
  ASSERT_TRUE(fleet.look(kStart + 100s));
  EXPECT_EQ(fleet.pid(kNode), std::nullopt);
  ASSERT_TRUE(fleet.look(kStart + 100s + AgentFleet::kStartsAnewAfter - 1ms));
  EXPECT_EQ(fleet.pid(kNode), std::nullopt);
  EXPECT_EQ(fleet.restarts(), 0u);
  ASSERT_TRUE(fleet.look(kStart + 100s + AgentFleet::kStartsAnewAfter));
  EXPECT_TRUE(fleet.pid(kNode).has_value());
  EXPECT_NE(fleet.pid(kNode), first);
  EXPECT_EQ(fleet.restarts(), 1u);
}

TEST(AgentFleet, GivesUpAnAgentThatFailsAtOnceAgainAndAgain) {
  AgentFleet fleet = fleet_of({"/bin/sh", "-c", "exit 3"});
  Instant now = kStart;
  ASSERT_TRUE(fleet.start(kNode, now));
  for (int failures = 1; failures < AgentFleet::kMostFailures; ++failures) {
    wait_for_end(fleet);
    ASSERT_TRUE(fleet.look(now)) << failures;
    now += AgentFleet::kStartsAnewAfter;
    ASSERT_TRUE(fleet.look(now)) << failures;
  }
  wait_for_end(fleet);
  const auto last = fleet.look(now);
  ASSERT_FALSE(last);
  EXPECT_THAT(last.error().message, HasSubstr("the agent of node a has ended 5 times in a row"));
  EXPECT_THAT(last.error().message, HasSubstr("exit code 3"));
  EXPECT_THAT(last.error().message, HasSubstr("agent-a.log"));
}

TEST(AgentFleet, ForgetsFailuresOfAnAgentThatHasRunForAWhile) {
  AgentFleet fleet = fleet_of({"/bin/sh", "-c", "exit 3"});
  Instant now = kStart;
  ASSERT_TRUE(fleet.start(kNode, now));
  for (int ends = 0; ends < 2 * AgentFleet::kMostFailures; ++ends) {
    wait_for_end(fleet);
    now += 51s;  // five seconds of real time, ten times faster
    ASSERT_TRUE(fleet.look(now)) << ends;
    now += AgentFleet::kStartsAnewAfter;
    ASSERT_TRUE(fleet.look(now)) << ends;
  }
}

TEST(AgentFleet, HasNobodyOnAMachineThatDied) {
  AgentFleet fleet = fleet_of({"/bin/sleep", "600"});
  ASSERT_TRUE(fleet.start(kNode, kStart));
  fleet.stop(kNode);
  EXPECT_EQ(fleet.size(), 0u);
  ASSERT_TRUE(fleet.look(kStart + 100s));
  EXPECT_EQ(fleet.pid(kNode), std::nullopt);
}

TEST(AgentList, HasACommandThatAShellReadsAsItWasMeant) {
  const AgentPlace place{"/opt/my tools/spotkeeper", "/tmp/it's/kubeconfig", {kStart, kStart + 1s, 10}};
  const auto command = agent_command(place, kNode, "http://127.0.0.1:4711");
  const std::string line = agent_line(kNode, "http://127.0.0.1:4711", place.kubeconfig, command);
  EXPECT_EQ(
      line,
      "a\thttp://127.0.0.1:4711\t/tmp/it's/kubeconfig\t'/opt/my tools/spotkeeper' agent --node-name a --kubeconfig "
      "'/tmp/it'\\''s/kubeconfig' --metadata-url http://127.0.0.1:4711 --listen 127.0.0.1:0 --clock-epoch "
      "2026-01-01T00:00:00Z --clock-origin 2026-01-01T00:00:01Z --clock-rate 10 --log-format json\n");
}

}  // namespace
}  // namespace spotkeeper::sim::serve
