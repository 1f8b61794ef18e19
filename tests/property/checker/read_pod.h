// A pod's specification, as a Pod has it or a workload's template.
#pragma once

#include <string>
#include <vector>

#include "tests/property/checker/reading.h"
#include "tests/property/checker/values.h"

namespace spotkeeper::checker {

/// `metadata` and `spec` of a Pod or of a template; `status` of a Pod that runs (null otherwise). Volumes that are
/// claims made for the pod (generic ephemeral ones) are named, but not made.
Pod read_pod(const std::string& space, const std::string& name, const Json& metadata, const Json& spec,
             const Json& status);

std::vector<Taint> read_taints(const Json& value, Path path);

/// Longer than this, and a pod doesn't end within a Spot notice.
inline constexpr std::int64_t kNoticeSeconds = 120;

}  // namespace spotkeeper::checker
