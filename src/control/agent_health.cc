#include "control/agent_health.h"

#include <algorithm>

namespace spotkeeper::control {
namespace {

constexpr Duration kStuck = 30s;

}  // namespace

std::vector<std::string> agent_unhealthy(const AgentStatus& status, const AgentConfig& config, Steady now) {
  std::vector<std::string> problems;
  // A poll takes a token, a question, a second token and the question again, each within its time-out.
  const Duration poll = config.metadata.interval + 4 * config.metadata.client.timeout;
  const Duration poll_limit = std::max(kStuck, 3 * poll);
  if (now - status.last_poll > poll_limit)
    problems.push_back("the metadata service has not been asked for " + format_duration(now - status.last_poll));
  if (now - status.last_look > kStuck)
    problems.push_back("the main loop has not turned for " + format_duration(now - status.last_look));
  problems.insert(problems.end(), status.stuck.begin(), status.stuck.end());
  return problems;
}

std::vector<std::string> agent_unready(const AgentStatus& status) {
  std::vector<std::string> problems;
  if (!status.node_seen) problems.emplace_back("the Node has not been seen yet");
  if (!status.metadata_answered) problems.emplace_back("the metadata service has not answered yet");
  return problems;
}

}  // namespace spotkeeper::control
