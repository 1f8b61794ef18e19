// What the flags of `spotkeeper simulate` ask for together that can't be. Nothing that was said is passed over in
// silence: what has no place in the run that is asked for is refused by its name, before the run.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "cli/options.h"

namespace spotkeeper::cli {

/// Before anything is read. None: they can be.
[[nodiscard]] std::optional<std::string> check_simulate_flags(const Options& options);

/// `--policy` and `--fail-on-loss` where it is known who runs; `side_by_side`: they are compared.
[[nodiscard]] std::optional<std::string> check_judged_policy(const Options& options,
                                                             std::span<const sim::Policy> policies, bool side_by_side);

}  // namespace spotkeeper::cli
