// One simulated run, with a progress bar on a terminal.
#pragma once

#include "base/result.h"
#include "cli/commands.h"
#include "sim/run.h"

namespace spotkeeper::cli {

/// With the seed and what the options want to be recorded.
Result<sim::Report> simulate_once(const sim::Scenario& scenario, sim::Policy policy, const Options& options,
                                  Streams streams);

}  // namespace spotkeeper::cli
