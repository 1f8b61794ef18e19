// policy/v1 PodDisruptionBudget.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "base/time.h"
#include "model/labels.h"
#include "model/names.h"

namespace spotkeeper {

/// A count of pods or a share of them.
struct CountOrPercent {
  std::int32_t value = 0;
  bool percent = false;
  /// Of `total` pods, rounded up (as the disruption controller rounds both minAvailable and maxUnavailable).
  [[nodiscard]] std::int64_t of(std::int64_t total) const;
  friend auto operator<=>(const CountOrPercent&, const CountOrPercent&) = default;
};

enum class UnhealthyPodEviction { IfHealthyBudget, AlwaysAllow, Unknown };  // Unknown is treated as a refusal

struct DisruptionBudget {
  ObjectName name;
  Uid uid;
  ResourceVersion version;
  std::optional<LabelSelector> selector;  // none matches no pod, an empty one every pod of the namespace
  std::optional<CountOrPercent> min_available;
  std::optional<CountOrPercent> max_unavailable;
  UnhealthyPodEviction unhealthy = UnhealthyPodEviction::IfHealthyBudget;
  std::int64_t generation = 0;

  std::int64_t observed_generation = 0;  // less than `generation`: the rest of the status is stale
  std::int32_t disruptions_allowed = 0;
  std::int32_t current_healthy = 0;
  std::int32_t desired_healthy = 0;
  std::int32_t expected_pods = 0;
  std::map<std::string, Instant> disrupted;  // evictions accepted but not yet seen by the controller, by pod name

  [[nodiscard]] bool stale() const { return observed_generation < generation; }
  [[nodiscard]] bool covers(const Labels& pod) const { return selector && selector->matches(pod); }
};

}  // namespace spotkeeper
