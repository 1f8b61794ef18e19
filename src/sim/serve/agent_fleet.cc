#include "sim/serve/agent_fleet.h"

#include <utility>

#include <fmt/format.h>

#include "base/log.h"

namespace spotkeeper::sim::serve {

AgentFleet::AgentFleet(std::function<std::vector<std::string>(const NodeName&)> command, std::string directory,
                       double rate)
    : command_(std::move(command)),
      directory_(std::move(directory)),
      at_once_(duration_of_seconds(seconds_of(kAtOnce) * rate)) {}

std::string AgentFleet::log_of(const NodeName& node) const {
  return fmt::format("{}/agent-{}.log", directory_, node.str());
}

Result<void> AgentFleet::start(const NodeName& node, Instant now) {
  SK_TRY(auto process, ChildProcess::start(command_(node), log_of(node)));
  agents_.insert_or_assign(node, Agent{std::move(process), now, 0, std::nullopt});
  return {};
}

std::optional<pid_t> AgentFleet::pid(const NodeName& node) const {
  const auto found = agents_.find(node);
  if (found == agents_.end() || found->second.again_at) return std::nullopt;
  return found->second.process.pid();
}

Result<void> AgentFleet::look(Instant now) {
  for (auto& [node, agent] : agents_) SK_CHECK(look_at(node, agent, now));
  return {};
}

Result<void> AgentFleet::look_at(const NodeName& node, Agent& agent, Instant now) {
  if (agent.again_at) {
    if (now < *agent.again_at) return {};
    SK_TRY(agent.process, ChildProcess::start(command_(node), log_of(node)));
    agent.started = now;
    agent.again_at.reset();
    ++restarts_;
    return {};
  }
  if (agent.process.running()) return {};
  agent.failures = now - agent.started < at_once_ ? agent.failures + 1 : 1;
  if (agent.failures >= kMostFailures) {
    return fail(
        ErrorCode::Unavailable,
        fmt::format("the agent of node {} has ended {} times in a row soon after its start (the last time: {}); "
                    "its log is {}",
                    node.str(), agent.failures, agent.process.end(), log_of(node)));
  }
  agent.again_at = now + kStartsAnewAfter;
  log::warn("an agent has ended; it is started anew",
            {{"node", node.str()}, {"end", agent.process.end()}, {"log", log_of(node)}});
  return {};
}

}  // namespace spotkeeper::sim::serve
