// What the agent's process says about itself over HTTP, at our own port and at those of AWS Node Termination Handler.
#pragma once

#include "base/metrics.h"
#include "cli/compat_nth.h"
#include "control/agent.h"
#include "net/runtime.h"
#include "observe/pages.h"

namespace spotkeeper::cli {

/// All of them outlive what is returned. /healthz fails when the agent has come to a standstill by `runtime`'s steady
/// clock (control/agent_health.h), /readyz until it has seen its Node and the metadata service.
[[nodiscard]] observe::PageSources agent_pages(const MetricsRegistry& metrics, const control::Agent& agent,
                                               const control::AgentConfig& config, const net::Runtime& runtime);

/// The same where NTH's metrics and probes are looked for: its path (where the probes are on), and its word that all is
/// well. Unlike NTH's, the probe fails when the process stands still.
[[nodiscard]] observe::PageSources nth_pages(observe::PageSources sources, const NthSettings& settings);

}  // namespace spotkeeper::cli
