// What a plan is asked for: pods that have no node, nodes that are there, and machines that can be had.
//
// Values that were read and understood at the edge (control/planning reads documents into them). Pods with equal
// constraints are one Shape, so that work and memory go by shape and not by pod. A pod whose constraints could not be
// understood has a shape that says why: it is reported, and never placed.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/time.h"
#include "model/catalog.h"
#include "model/disruption_budget.h"
#include "model/node.h"
#include "model/node_pool.h"
#include "model/pod.h"

namespace spotkeeper::plan {

using ShapeId = std::uint32_t;  // into Problem::shapes
using PodId = std::uint32_t;    // into Problem::pods

/// What the volumes of a pod ask of its node (kube-scheduler's VolumeBinding, VolumeZone, NodeVolumeLimits and
/// VolumeRestrictions), worked out from its claims.
struct VolumeNeeds {
  /// Of each, some term must match the node: a volume's node affinity, its zone labels, a class's allowedTopologies.
  std::vector<std::vector<NodeSelectorTerm>> where;
  /// Volumes that no other pod uses, by driver.
  std::vector<std::pair<std::string, std::int64_t>> own;
  /// Volumes that several pods use, as (driver, handle): attached once for all of them on a node. Sorted.
  std::vector<std::pair<std::string, std::string>> shared;
  /// Claims that only one pod of the cluster may use at a time (ReadWriteOncePod).
  std::vector<std::string> exclusive;
  friend auto operator<=>(const VolumeNeeds&, const VolumeNeeds&) = default;
};

struct Shape {
  NamespaceName ns;
  std::shared_ptr<const PodTemplate> spec;  // never null
  std::shared_ptr<const Labels> labels;     // never null
  std::optional<WorkloadRef> workload;
  VolumeNeeds volumes;
  /// Its workload's annotations keep it off Spot; volumes.where says it.
  bool kept_off_spot = false;
  /// It asks for what the pod would like, too: that goes before any limit is given up for it.
  bool wishes = false;
  /// Why such a pod can't be placed whatever there is; empty: it can be tried.
  std::string refused;
};

struct PendingPod {
  ObjectName name;
  ShapeId shape = 0;
};

struct BoundPod {
  ObjectName name;
  ShapeId shape = 0;
  bool terminating = false;  // holds its room until it is gone, but no longer counts for spread
};

struct ExistingNode {
  Node node;
  std::vector<BoundPod> pods;
  std::vector<std::pair<std::string, std::int64_t>> attach_limits;  // volumes at most, by driver; none: no limit known
};

enum class CapacityType { OnDemand, Spot, Reserved };
/// "on-demand", "spot", "reserved": as the label karpenter.sh/capacity-type has it.
[[nodiscard]] std::string_view name_of(CapacityType type);

/// One thing that can be bought. (type, zone) as Spot is a capacity pool: its machines are lost together.
struct Offering {
  std::uint32_t type = 0;  // into Problem::types
  std::uint32_t zone = 0;  // into Problem::zones
  CapacityType capacity = CapacityType::OnDemand;
  Money price;  // an hour
};

/// What preferred terms are: a cost that is weighed against that of machines; rules that are given up where they can't
/// be kept; nothing.
enum class Preferences { Cost, First, Ignore };

/// "cost", "first", "ignore".
[[nodiscard]] std::string_view name_of(Preferences preferences);

struct Policy {
  Architecture default_arch = Architecture::Amd64;
  /// Pods that take longer than this to end, and StatefulSets with volumes, go to on-demand where they have the choice.
  Duration notice = 120s;
  bool steady_on_demand = true;  // false: they may go to Spot like any other
  /// At most this share of a workload's pods in one Spot pool (at least one pod); 1: no limit. Where a disruption
  /// budget says how many may be lost, that counts instead.
  double pool_share = 0.5;
  /// At most this share of a workload's pods on one new node (at least one pod); 1: no limit.
  double node_share = 0.5;
  bool budgets_cap = true;
  Preferences preferences = Preferences::Cost;
  Money weight_price{10};  // Cost: what a point of weight (1 to 100 a term) that a pod goes without costs an hour
};

struct Problem {
  std::vector<Shape> shapes;
  std::vector<PendingPod> pods;
  std::vector<ExistingNode> nodes;  // by name
  std::vector<ShapeId> daemons;     // one pod of each on every node that it may run on
  std::map<NamespaceName, Labels> namespaces;
  std::vector<DisruptionBudget> budgets;
  std::vector<NodePool> pools;      // by name
  std::vector<InstanceType> types;  // by name
  std::vector<std::string> zones;   // sorted
  std::vector<Offering> offerings;
  Policy policy;
  /// Pods that could not even be made into a shape, and objects that make pods and can't be read: what, and why.
  std::vector<std::pair<std::string, std::string>> unreadable;
  std::vector<std::string> remarks;  // whole sentences: what was assumed, which NodePool was set aside and why
};

}  // namespace spotkeeper::plan
