// What `spotkeeper plan` is asked for, read from where the options say.
#pragma once

#include <optional>
#include <vector>

#include "base/result.h"
#include "cli/options.h"
#include "control/planning/what_if.h"
#include "plan/schedule/problem.h"

namespace spotkeeper::cli {

struct PlanInput {
  plan::Problem problem;
  std::vector<control::Change> changes;
  std::optional<plan::Problem> changed;  // with all of `changes`; none where there are none
};

Result<PlanInput> read_plan_input(const Options& options);

}  // namespace spotkeeper::cli
