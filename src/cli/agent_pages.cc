#include "cli/agent_pages.h"

#include <utility>

#include "control/agent_health.h"

namespace spotkeeper::cli {

observe::PageSources agent_pages(const MetricsRegistry& metrics, const control::Agent& agent,
                                 const control::AgentConfig& config, const net::Runtime& runtime) {
  observe::PageSources sources;
  sources.metrics = &metrics;
  sources.unhealthy = [&] { return control::agent_unhealthy(agent.status(), config, runtime.steady()); };
  sources.unready = [&] { return control::agent_unready(agent.status()); };
  return sources;
}

observe::PageSources nth_pages(observe::PageSources sources, const NthSettings& settings) {
  if (settings.probes_port) sources.health_path = settings.probes_path;
  sources.health_body = R"({"health":"OK"})";
  return sources;
}

}  // namespace spotkeeper::cli
