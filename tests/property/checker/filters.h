// The scheduler's filters: may this pod run on that host, and if not, by which rule. kube-scheduler 1.34, its plugins
// NodeUnschedulable, TaintToleration, NodeAffinity, NodePorts, NodeResourcesFit, VolumeRestrictions, NodeVolumeLimits,
// VolumeBinding, VolumeZone, PodTopologySpread and InterPodAffinity.
#pragma once

#include <cstddef>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "tests/property/checker/values.h"

namespace spotkeeper::checker {

class Kinds;

/// The first rule that is broken, in words; nothing: it may run there.
using Refusal = std::optional<std::string>;

/// Hosts and what is on each of them at one moment.
struct State {
  const Problem* problem = nullptr;
  const Kinds* kinds = nullptr;  // of its pods
  std::vector<Host> hosts;
};

bool is_spot(const Host& host);

/// What the host, and what is on it, says to the pod; and the pod's workload, which may want no more of it on Spot.
Refusal host_refusal(const State& state, const Pod& pod, const Host& host);
/// The same without room and ports: only labels, taints, volumes and the like.
Refusal label_refusal(const State& state, const Pod& pod, const Host& host);
/// Whether requests fit into what is left beside the pods that are there.
Refusal room_refusal(const Pod& pod, const Host& host);

/// The value of the label, if there is one.
const std::string* value_at(const Host& host, const std::string& key);

/// Whether the host is one of the spread's domains, and its pods count.
bool counts_for(const Pod& pod, const Spread& spread, const Host& host);
/// Whether the pod's spread counts the other one, where it is on such a host.
bool counts_pod(const Pod& pod, const Spread& spread, const Pod& other);
/// How a spread counts its domains. Karpenter counts what its NodePools could make, too, and takes the least of
/// hostnames as 0, since another node can always be had: never looser than the scheduler.
enum class Domains { OfNodes, AlsoPossible };
/// `possible` hosts stand for those that could be made; read with AlsoPossible only.
Refusal spread_refusal(const State& state, const Pod& pod, const Host& host, Domains domains,
                       const std::vector<Host>& possible);
/// Whether a term of affinity or anti-affinity selects the pod, and whether all of them do.
bool selects(const Problem& problem, const PodTerm& term, const Pod& other);
bool selects_all(const Problem& problem, const std::vector<PodTerm>& terms, const Pod& other);
/// Required affinity, required anti-affinity, and the anti-affinity of what is there.
Refusal affinity_refusal(const State& state, const Pod& pod, const Host& host);
Refusal volume_refusal(const State& state, const Pod& pod, const Host& host);

/// All of the above as the scheduler has it.
Refusal refusal(const State& state, const Pod& pod, const Host& host);

}  // namespace spotkeeper::checker
