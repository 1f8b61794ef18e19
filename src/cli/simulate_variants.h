// `spotkeeper simulate` of a scenario that has variants: each of them under each policy, as one table.
#pragma once

#include "cli/commands.h"
#include "sim/scenario.h"

namespace spotkeeper::cli {

/// Runs the variants under the policies of --compare (none given: `none`, `cordon-and-drain` and `spotkeeper`), prints
/// what was lost, and gives the exit code. What is about one run alone (--html, --explain-lost, --serve, --trace, CSV)
/// is refused: it can be asked of one variant.
int simulate_variants(const sim::Scenario& scenario, const Options& options, Streams streams);

}  // namespace spotkeeper::cli
