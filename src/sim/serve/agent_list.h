// The agents of a served world as command lines, for a person who starts one by hand.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "model/names.h"
#include "net/event_loop.h"

namespace spotkeeper::sim::serve {

/// What the agents of a world have in common.
struct AgentPlace {
  std::string program;
  std::string kubeconfig;
  net::TimeScale scale;  // the world's clock, which an agent must share
};

/// argv of the agent of `node`.
[[nodiscard]] std::vector<std::string> agent_command(const AgentPlace& place, const NodeName& node,
                                                     const std::string& metadata_url);

inline constexpr std::string_view kAgentListHeading = "#node\tmetadata-url\tkubeconfig\tcommand\n";
/// One line of the file DIR/agents, with tabs between: the last part is for a POSIX shell.
[[nodiscard]] std::string agent_line(const NodeName& node, std::string_view metadata_url, std::string_view kubeconfig,
                                     const std::vector<std::string>& command);

}  // namespace spotkeeper::sim::serve
