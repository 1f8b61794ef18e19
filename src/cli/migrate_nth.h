// From the Helm values of AWS Node Termination Handler's chart (IMDS mode) to a manifest of our agent with
// `--compat=nth`, and what changes by it. Pure: texts in, a value out. Source: the chart's values and its DaemonSet.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "format/json.h"

namespace spotkeeper::cli {

struct NthMigration {
  struct Finding {
    std::string key;    // "enableSqsTerminationDraining"
    std::string place;  // "values.yaml:3:1"
    std::string text;
  };
  std::vector<format::JsonValue> manifest;  // the objects to apply, in their order
  std::vector<Finding> unsupported;         // what has to be solved first
  std::vector<Finding> notes;               // what was set and has no effect, or another one
};

/// `base` is deploy/agent.yaml. InvalidInput with one line for each key that the chart has not (and the nearest that it
/// has) and each value that can't be read: "values.yaml:7:1: deleteLocalDataOnDrain: the chart has no such value; did
/// you mean 'deleteLocalData'?".
Result<NthMigration> migrate_nth_values(std::string_view values, std::string_view file, std::string_view base);

/// What is different on purpose, whatever is set: one sentence each. docs/nth.md has the same list.
[[nodiscard]] std::span<const std::string_view> nth_differences();

}  // namespace spotkeeper::cli
