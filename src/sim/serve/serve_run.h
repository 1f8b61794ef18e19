// A scenario in a served world: real time (or faster), real protocols, and real agent processes against them.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "base/result.h"
#include "sim/report.h"
#include "sim/scenario.h"

namespace spotkeeper::sim::serve {

/// Where the run stands, for a progress line.
struct ServeProgress {
  enum class Stage {
    Serving,   // the world is up; there are no agents, or they are starting
    Running,   // the scenario's clock runs
    Finished,  // its report is there; the world is kept
  };
  Stage stage = Stage::Serving;
  double share = 0;        // of the scenario's duration
  Duration elapsed{};      // on its clock
  std::size_t agents = 0;  // whose node is watched
  std::size_t nodes = 0;
  std::uint64_t sent = 0;
  std::uint64_t lost = 0;
  std::uint64_t interruptions = 0;
  std::string kubeconfig;
  std::string agent_list;  // a file: serve/agent_list.h
};

struct ServeOptions {
  std::uint64_t seed = 1;
  double speed = 1.0;
  std::string directory;  // exists; kubeconfig, agents (serve/agent_list.h) and the agents' logs go there
  std::string program;    // this program's own file, for `agents` and for DIR/agents
  /// Run `program` as the agent of every node; otherwise the scenario's clock starts at once.
  bool agents = false;
  bool explain_losses = false;  // Report::losses
  bool explain_deaths = false;  // Report::deaths
  /// Go on serving after the report, until SIGINT or SIGTERM.
  bool keep = false;
  std::function<void(const ServeProgress&)> progress;  // about five times a second
  std::function<void(const Report&)> reported;         // once, before a kept world goes on
};

/// Serves the scenario to its end. Ended by a signal before, the error is Cancelled. Everything it started has ended
/// when it returns.
Result<Report> serve_scenario(const Scenario& scenario, const ServeOptions& options);

}  // namespace spotkeeper::sim::serve
