// `spotkeeper simulate --serve`: the scenario in a world behind real protocols.
#pragma once

#include <functional>
#include <vector>

#include "base/result.h"
#include "cli/commands.h"
#include "sim/report.h"
#include "sim/scenario.h"

namespace spotkeeper::cli {

/// Serves the scenario to its end (with --keep: until interrupted) and gives its report; with --compare, first that of
/// the same scenario and seed in which nobody handles the notices. With --keep the reports are also handed to `early`,
/// before the world goes on.
Result<std::vector<sim::Report>> serve_simulation(const sim::Scenario& scenario, const Options& options,
                                                  Streams streams,
                                                  const std::function<void(const std::vector<sim::Report>&)>& early);

}  // namespace spotkeeper::cli
