// How long things take: what a pod needs to end, and what its successor needs to be Ready. Sources: docs/drain.md.
#pragma once

#include <optional>
#include <span>

#include "plan/drain/drain.h"

namespace spotkeeper::plan::drain {

/// Longer ones exist only as mistakes; bounded, sums of them fit a Duration.
inline constexpr Duration kLongestLength = 7 * 24h;

/// The pod's own, or the one that the policy has for all.
[[nodiscard]] GracePeriod own_grace(const Pod& pod, const DrainPolicy& policy);

/// The same, at least what the kubelet gives.
[[nodiscard]] Duration whole_grace(const Pod& pod, const DrainPolicy& policy);

/// What its requests need, where its whole grace has no room: preStop + endpoint propagation + its longest request, at
/// most its grace; all of that where nobody knows how long preStop takes; with volumes also their detaching.
[[nodiscard]] Duration least_needed(const Pod& pod, const DrainPolicy& policy);

/// The grace that still fits before the deadline, at least a second and at most the pod's own.
[[nodiscard]] GracePeriod fitting_grace(const Pod& pod, const std::optional<Deadline>& deadline,
                                        const DrainPolicy& policy, Instant now);

/// From a pod's creation to Ready, as this workload's own pods have shown it: the third quartile of those that are
/// Ready now. The default where none is.
[[nodiscard]] Duration ready_after(std::span<const Pod* const> workload, const DrainPolicy& policy);

/// When its end began: the API server adds the grace to that instant.
[[nodiscard]] Instant end_began(const Pod& terminating);

}  // namespace spotkeeper::plan::drain
