// `spotkeeper agent --compat=nth`: AWS Node Termination Handler's flags and variables (cli/compat_nth.h) as options and
// settings of the agent. docs/nth.md says what is taken, and what is different on purpose.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "cli/options.h"
#include "control/agent.h"
#include "kube/config.h"

namespace spotkeeper::cli {

/// What stands beside `--compat=nth` (or `--compat nth`) behind `agent`: NTH's flags. With SPOTKEEPER_COMPAT=nth in the
/// environment what stands behind `agent`, which may be missing as it is where NTH's own image was. None: it is another
/// command line.
[[nodiscard]] std::optional<std::vector<std::string>> nth_arguments(std::span<const std::string> arguments,
                                                                    const kube::Environment& environment);

/// The agent's options, from NTH's flags and variables and, for what NTH has no word for, our own variables.
/// InvalidInput lists what can't be read or is not supported.
Result<Options> settle_nth(std::span<const std::string> arguments, const kube::Environment& environment);

/// Makes the agent mark, drain and watch as NTH's settings say.
void apply_nth(const NthSettings& settings, control::AgentConfig& config);

/// With the API server's address that NTH's settings name.
[[nodiscard]] kube::Environment with_nth_server(kube::Environment environment, const NthSettings& settings);

}  // namespace spotkeeper::cli
