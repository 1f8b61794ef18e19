// What a node is to a pod by itself, without any other pod: its labels, its taints, its name.
//
// Rules: kube-scheduler's NodeAffinity, TaintToleration and NodePorts.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "model/labels.h"
#include "model/pod.h"
#include "model/scheduling.h"

namespace spotkeeper::plan {

inline constexpr std::string_view kHostnameLabel = "kubernetes.io/hostname";
inline constexpr std::string_view kZoneLabel = "topology.kubernetes.io/zone";
inline constexpr std::string_view kRegionLabel = "topology.kubernetes.io/region";
inline constexpr std::string_view kTypeLabel = "node.kubernetes.io/instance-type";
inline constexpr std::string_view kArchLabel = "kubernetes.io/arch";
inline constexpr std::string_view kCapacityLabel = "karpenter.sh/capacity-type";
inline constexpr std::string_view kPoolLabel = "karpenter.sh/nodepool";

/// A node selector's term; an empty one matches no node. `name`: what metadata.name would be.
[[nodiscard]] bool matches(const NodeSelectorTerm& term, const Labels& labels, std::string_view name);
/// Any one of them; none of none.
[[nodiscard]] bool matches_any(std::span<const NodeSelectorTerm> terms, const Labels& labels, std::string_view name);

/// nodeSelector and required node affinity.
[[nodiscard]] bool selects(const PodTemplate& spec, const Labels& labels, std::string_view name);

/// The first NoSchedule or NoExecute taint that none of these tolerates; nullptr where there is none.
[[nodiscard]] const Taint* untolerated(std::span<const Toleration> tolerations, std::span<const Taint> taints);

/// A node that is cordoned takes only pods that tolerate its taint.
[[nodiscard]] bool tolerates_cordon(std::span<const Toleration> tolerations);

/// Some port of the one can't be given beside some port of the other: protocol and number alike, and the address, of
/// which 0.0.0.0 is every one.
[[nodiscard]] bool ports_clash(std::span<const HostPort> mine, std::span<const HostPort> theirs);

}  // namespace spotkeeper::plan
