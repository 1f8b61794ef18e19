// The constraints that decide which node a pod may run on, as values (core/v1 PodSpec). Interpreted by plan/schedule.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "model/labels.h"
#include "model/names.h"
#include "model/quantity.h"

namespace spotkeeper {

/// Amounts by resource. CPU and memory have fields of their own, everything else (ephemeral-storage, hugepages-…,
/// nvidia.com/gpu…) is in `other`, sorted by name, in whole units.
struct Resources {
  MilliCpu cpu;
  Bytes memory;
  std::vector<std::pair<std::string, std::int64_t>> other;

  Resources& operator+=(const Resources& more);
  Resources& operator-=(const Resources& less);
  /// Every amount of this one is at most that of `room` (a resource that `room` does not name is 0 there).
  [[nodiscard]] bool fits(const Resources& room) const;
  friend auto operator<=>(const Resources&, const Resources&) = default;
};

enum class TaintEffect { NoSchedule, PreferNoSchedule, NoExecute };

struct Taint {
  std::string key;
  std::string value;
  TaintEffect effect = TaintEffect::NoSchedule;
  std::optional<Instant> added;  // only meaningful for NoExecute
  friend auto operator<=>(const Taint&, const Taint&) = default;
};

struct Toleration {
  std::string key;      // empty with `exists`: every key
  bool exists = false;  // operator Exists; else Equal
  std::string value;
  std::optional<TaintEffect> effect;            // none: every effect
  std::optional<std::chrono::seconds> seconds;  // for NoExecute: how long; none: for ever
  [[nodiscard]] bool tolerates(const Taint& taint) const;
  friend auto operator<=>(const Toleration&, const Toleration&) = default;
};

struct NodeSelectorTerm {
  std::vector<SelectorRequirement> labels;  // matchExpressions
  std::vector<SelectorRequirement> fields;  // matchFields: metadata.name only
  friend auto operator<=>(const NodeSelectorTerm&, const NodeSelectorTerm&) = default;
};
struct PreferredNodeTerm {
  std::int32_t weight = 1;
  NodeSelectorTerm term;
  friend auto operator<=>(const PreferredNodeTerm&, const PreferredNodeTerm&) = default;
};
struct PodAffinityTerm {
  std::optional<LabelSelector> selector;  // none: matches no pod
  std::vector<NamespaceName> namespaces;
  std::optional<LabelSelector> namespace_selector;
  std::string topology_key;
  std::vector<std::string> match_label_keys;
  std::vector<std::string> mismatch_label_keys;
  friend auto operator<=>(const PodAffinityTerm&, const PodAffinityTerm&) = default;
};
struct PreferredPodTerm {
  std::int32_t weight = 1;
  PodAffinityTerm term;
  friend auto operator<=>(const PreferredPodTerm&, const PreferredPodTerm&) = default;
};
struct TopologySpread {
  std::int32_t max_skew = 1;  // as written: 0 and less come from old objects and can never be met
  std::string topology_key;
  bool hard = true;  // DoNotSchedule; else ScheduleAnyway
  std::optional<LabelSelector> selector;
  std::optional<std::int32_t> min_domains;
  bool honor_node_affinity = true;  // nodeAffinityPolicy: Honor
  bool honor_node_taints = false;   // nodeTaintsPolicy: Ignore
  std::vector<std::string> match_label_keys;
  friend auto operator<=>(const TopologySpread&, const TopologySpread&) = default;
};
struct HostPort {
  std::string ip;  // empty: 0.0.0.0
  std::int32_t port = 0;
  std::string protocol = "TCP";
  friend auto operator<=>(const HostPort&, const HostPort&) = default;
};

struct Affinity {
  std::vector<NodeSelectorTerm> node_required;  // any one must match; only read if has_node_required
  bool has_node_required = false;               // present with no terms matches no node
  std::vector<PreferredNodeTerm> node_preferred;
  std::vector<PodAffinityTerm> pod_required;
  std::vector<PreferredPodTerm> pod_preferred;
  std::vector<PodAffinityTerm> anti_required;
  std::vector<PreferredPodTerm> anti_preferred;
  friend auto operator<=>(const Affinity&, const Affinity&) = default;
};

}  // namespace spotkeeper
