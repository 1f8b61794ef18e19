// A pod as decisions need it. What the pods of one template share is in a PodTemplate, held once for all of them.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "model/labels.h"
#include "model/names.h"
#include "model/scheduling.h"

namespace spotkeeper {

/// What runs before SIGTERM. Only a sleep says how long it takes; exec and httpGet hooks take an unknown part of the
/// grace.
struct PreStop {
  std::optional<std::chrono::seconds> sleep;  // none: an exec (other than `sleep N`) or httpGet hook
  friend auto operator<=>(const PreStop&, const PreStop&) = default;
};

/// Annotations that a pod's owner can put on it, parsed. One that can't be read is as if absent, and is in
/// `unreadable`.
struct PodWishes {
  /// karpenter.sh/do-not-disrupt: "true", or cluster-autoscaler.kubernetes.io/safe-to-evict: "false".
  bool do_not_disrupt = false;
  /// spotkeeper.dev/longest-request: how long its longest request takes ("30s").
  std::optional<Duration> longest_request;
  /// spotkeeper.dev/min-serving: share of the workload's replicas that must keep serving, in (0, 1] ("60%").
  std::optional<double> min_serving;
  std::vector<std::string> unreadable;  // "annotation …: why"; constraints that nobody knows are here, too
  friend auto operator<=>(const PodWishes&, const PodWishes&) = default;
};

/// The immutable part of a pod, the same for all pods of a template. Interned: equal contents are one object.
struct PodTemplate {
  GracePeriod grace;
  std::optional<PreStop> pre_stop;  // the longest of its containers'
  PodWishes wishes;
  Resources requests;  // effective: init containers, sidecars, overhead, pod-level (docs/kubernetes.md)
  std::string scheduler = "default-scheduler";
  std::int32_t priority = 0;
  std::string priority_class;
  Labels node_selector;
  Affinity affinity;  // of a bound pod without that to its own node by name (a DaemonSet's)
  std::vector<TopologySpread> spread;
  std::vector<Toleration> tolerations;
  std::vector<HostPort> host_ports;
  /// PersistentVolumeClaims, generic ephemeral ones too. "*" stands for the pod's own name ("data-*", "*-scratch"), so
  /// that the pods of a StatefulSet share their template; Pod::claims has the names themselves.
  std::vector<std::string> claims;
  bool local_storage = false;  // has an emptyDir
  bool host_network = false;
  bool gated = false;  // schedulingGates not empty
  std::vector<std::string> readiness_gates;
  friend auto operator<=>(const PodTemplate&, const PodTemplate&) = default;
};

enum class PodPhase { Pending, Running, Succeeded, Failed, Unknown };

struct Pod {
  ObjectName name;
  Uid uid;
  ResourceVersion version;
  NodeName node;  // empty: not scheduled
  NodeName nominated_node;
  std::shared_ptr<const PodTemplate> spec;   // never null
  std::shared_ptr<const Labels> labels;      // never null
  std::shared_ptr<const WorkloadRef> owner;  // null: nobody makes it anew
  bool mirror = false;                       // a static pod's mirror: only its file ends it
  PodPhase phase = PodPhase::Pending;
  bool ready = false;          // condition Ready is True
  bool unschedulable = false;  // condition PodScheduled is False, reason Unschedulable
  Instant created;
  std::optional<Instant> started;      // status.startTime: the kubelet took it
  std::optional<Instant> ready_since;  // when condition Ready last became True
  std::optional<Instant> deletion;     // metadata.deletionTimestamp: by then it is to be gone, grace included
  std::optional<GracePeriod> deletion_grace;
  std::optional<std::int32_t> ordinal;  // a StatefulSet pod's number

  [[nodiscard]] PodRef ref() const { return {name, uid}; }
  /// The PersistentVolumeClaims it uses, by name.
  [[nodiscard]] std::vector<std::string> claims() const;
  [[nodiscard]] bool terminating() const { return deletion.has_value(); }
  /// Succeeded or Failed: its containers have ended for good.
  [[nodiscard]] bool completed() const { return phase == PodPhase::Succeeded || phase == PodPhase::Failed; }
  [[nodiscard]] bool is_daemon() const { return owner != nullptr && owner->kind == "DaemonSet"; }
  /// Serves requests now: Ready, and nobody has begun to end it.
  [[nodiscard]] bool serving() const { return ready && !terminating() && !completed(); }
};

}  // namespace spotkeeper
