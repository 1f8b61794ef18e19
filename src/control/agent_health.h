// What an agent's probes answer. Liveness asks what only a restart can help: a loop that has stopped turning, a watch
// that has come to a standstill. Errors and silence of the metadata service or of the API server are none of that: the
// next process would get the same ones, and a restart would cost the drain that is under way.
#pragma once

#include <string>
#include <vector>

#include "base/time.h"
#include "control/agent.h"

namespace spotkeeper::control {

/// Empty: healthy. `now` on the agent's clock.
[[nodiscard]] std::vector<std::string> agent_unhealthy(const AgentStatus& status, const AgentConfig& config,
                                                       Steady now);
/// Empty: it sees its Node and the metadata service.
[[nodiscard]] std::vector<std::string> agent_unready(const AgentStatus& status);

}  // namespace spotkeeper::control
