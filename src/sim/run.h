// Runs a scenario under one policy, in virtual time, and says what was lost.
//
// The clock starts when every pod is Ready (or the scenario's warm-up is over); requests have been flowing for a few
// seconds by then. From then on they are counted until the scenario's duration has passed, and each is followed to its
// end. The same scenario, seed and policy give the same report, byte for byte, on every machine.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "sim/cluster_port.h"
#include "sim/invariants/invariants.h"
#include "sim/policies/drain_handler.h"
#include "sim/report.h"
#include "sim/scenario.h"

namespace spotkeeper::sim {

struct RunOptions {
  Policy policy = Policy::Spotkeeper;
  std::optional<std::uint64_t> seed;  // none: the scenario's
  /// Called about once a second of virtual time, with the share of the run that is done.
  std::function<void(double share)> progress;
  /// Ends an agent's process where it says so; it is started anew after `restart_after` (Spotkeeper only).
  Boundary crash;
  Duration restart_after = 2s;
  bool record_series = false;         // Report::series
  bool explain_losses = false;        // Report::losses
  bool explain_deaths = false;        // Report::deaths
  DrainHandlerOptions drain_handler;  // `one_controller` follows from the policy
  /// Every rule of sim/invariants is looked at after every event, and what breaks one goes there, whether or not the
  /// run comes to its end. Null: nobody looks.
  std::vector<Violation>* violations = nullptr;
  /// Called with the world at the clock's start, for tests that look on or meddle.
  std::function<void(World&)> begun;
  /// Called with the world when everything is over.
  std::function<void(const World&)> ended;
};

/// InvalidInput if the scenario's pods have no room and the warm-up ends before they are Ready.
Result<Report> run(const Scenario& scenario, const RunOptions& options);

}  // namespace spotkeeper::sim
