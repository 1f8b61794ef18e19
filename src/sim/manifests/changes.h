// Which changes of a cluster's manifests help most in a storm: each is tried by running the storm again with it, never
// guessed.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "sim/report.h"
#include "sim/scenario.h"

namespace spotkeeper::sim {

/// One change of one workload, or of its budget.
struct PossibleChange {
  ObjectName workload;
  std::string what;  // "preStop 5s → 15s"
  Scenario changed;
};

/// What may help the workloads that lost something in `report`, those that lost most first (at most `most_workloads` of
/// them): a longer preStop, a longer grace, a budget or a looser one, one replica more, required spread over zones, a
/// program that is ready in half the time.
[[nodiscard]] std::vector<PossibleChange> possible_changes(const Scenario& scenario, const Report& report,
                                                           std::size_t most_workloads = 5);

struct TriedChange {
  ObjectName workload;
  std::string what;
  std::uint64_t lost = 0;  // with it, in all runs
};
struct ChangeReport {
  Policy policy = Policy::None;  // under which all runs were made
  std::vector<std::uint64_t> seeds;
  std::uint64_t lost = 0;          // as things are, in all runs
  std::vector<TriedChange> tried;  // the best first
};

/// Runs the scenario as it is and with each change, once for each seed. `report`: of the first seed under that policy.
/// A change under which the pods have no room any more is left out.
Result<ChangeReport> try_changes(const Scenario& scenario, const Report& report,
                                 const std::function<void(double share)>& progress);

[[nodiscard]] format::JsonValue to_json(const ChangeReport& report);

}  // namespace spotkeeper::sim
