#include "plan/drain/timing.h"

#include <algorithm>
#include <vector>

#include "plan/drain/filters.h"

namespace spotkeeper::plan {
namespace {

Duration bounded(std::chrono::seconds length) {
  return std::min<std::chrono::seconds>(length,
                                        std::chrono::duration_cast<std::chrono::seconds>(drain::kLongestLength));
}

Duration volumes_need(const Pod& pod, const DrainPolicy& policy) {
  return pod.spec->claims.empty() ? Duration::zero() : policy.volume_detach;
}

}  // namespace

Duration time_needed(const Pod& pod, Deadline deadline, const DrainPolicy& policy, Instant now) {
  const Duration whole = drain::whole_grace(pod, policy) + volumes_need(pod, policy);
  // Without the margin: were it counted, a pod whose grace fits by less than that would begin its end later than with a
  // little less time, and lose what it would have had.
  const bool fits = now + whole <= deadline.at;
  const bool yields = policy.grace_may_yield && drain::has_successor(pod);
  return fits && !yields ? whole : drain::least_needed(pod, policy);
}

Instant last_safe_start(const Pod& pod, Deadline deadline, const DrainPolicy& policy, Instant now) {
  return deadline.at - time_needed(pod, deadline, policy, now) - policy.margin;
}

namespace drain {

GracePeriod own_grace(const Pod& pod, const DrainPolicy& policy) { return policy.pod_grace.value_or(pod.spec->grace); }

Duration whole_grace(const Pod& pod, const DrainPolicy& policy) {
  return std::max(bounded(own_grace(pod, policy).length()), policy.completed_after_kill);
}

Duration least_needed(const Pod& pod, const DrainPolicy& policy) {
  const Duration volumes = volumes_need(pod, policy);
  const Duration grace = whole_grace(pod, policy);
  const std::optional<PreStop>& hook = pod.spec->pre_stop;
  if (hook && !hook->sleep) return grace + volumes;
  const Duration sleep = hook ? bounded(*hook->sleep) : Duration::zero();
  const Duration request = std::min(pod.spec->wishes.longest_request.value_or(policy.longest_request), kLongestLength);
  return std::min(grace, sleep + policy.endpoint_propagation + request) + volumes;
}

GracePeriod fitting_grace(const Pod& pod, const std::optional<Deadline>& deadline, const DrainPolicy& policy,
                          Instant now) {
  const GracePeriod own(std::max(own_grace(pod, policy).length(), 1s));
  if (!deadline) return own;
  // Half of the margin absorbs that a look comes a little after the instant it was due.
  const Duration left = deadline->at - now - policy.margin / 2;
  const Duration without_volumes = left - volumes_need(pod, policy);
  const auto fits = std::chrono::floor<std::chrono::seconds>(without_volumes >= 1s ? without_volumes : left);
  return GracePeriod(std::clamp(fits, 1s, own.length()));
}

Duration ready_after(std::span<const Pod* const> workload, const DrainPolicy& policy) {
  std::vector<Duration> seen;
  for (const Pod* pod : workload) {
    if (!pod->ready || !pod->ready_since) continue;
    const Duration took = *pod->ready_since - pod->created;
    if (took >= 0s && took <= policy.longest_ready_after) seen.push_back(std::max<Duration>(took, 1s));
  }
  if (seen.empty()) return std::max<Duration>(policy.default_ready_after, 1s);
  const auto third_quartile = seen.begin() + static_cast<std::ptrdiff_t>((seen.size() * 3 - 1) / 4);
  std::ranges::nth_element(seen, third_quartile);
  return *third_quartile;
}

Instant end_began(const Pod& terminating) {
  const GracePeriod grace = terminating.deletion_grace.value_or(terminating.spec->grace);
  return *terminating.deletion - bounded(grace.length());
}

}  // namespace drain
}  // namespace spotkeeper::plan
