// Kubernetes objects, a catalogue and prices into what a plan is asked for.
//
// Read: Pod, Deployment, ReplicaSet, StatefulSet, DaemonSet and Job (expanded to the pods that they have not made yet,
// numbered name-0, name-1, …), Node, PodDisruptionBudget, NodePool (karpenter.sh/v1, v1beta1), PersistentVolumeClaim,
// PersistentVolume, StorageClass, CSINode, Namespace, PriorityClass, and lists of them. Other kinds say nothing about
// placement and are passed over. An object that can't be read takes no other with it: it is in Problem::unreadable.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "format/json.h"
#include "model/catalog.h"
#include "plan/schedule/problem.h"

namespace spotkeeper::control {

/// What an hour of one machine costs, instead of what the catalogue says.
struct PriceRow {
  std::string type;
  std::string zone;  // empty: every zone
  plan::CapacityType capacity = plan::CapacityType::OnDemand;
  Money price;
};

/// CSV with the header `instance_type,zone,capacity_type,usd_per_hour`; `#` begins a comment line. An empty zone means
/// every zone; a row that names the zone wins over one that does not. A row of a type and capacity type that the
/// catalogue has no price for adds it ("reserved" comes from here alone). `file` names the text in errors.
Result<std::vector<PriceRow>> parse_prices(std::string_view csv, std::string_view file);

/// A pool that can't be had: "m5.large", "m5.large:us-east-1a", "m5.large:us-east-1a:spot"; * is every one.
struct UnavailablePool {
  std::string type;  // empty: every one, as the rest
  std::string zone;
  std::optional<plan::CapacityType> capacity;
};
Result<UnavailablePool> parse_unavailable(std::string_view text);

struct PlanningOptions {
  /// Where machines can be had. Empty: the zones that NodePools, Nodes, volumes and prices name; if none does,
  /// us-east-1a, us-east-1b and us-east-1c.
  std::vector<std::string> zones;
  std::vector<PriceRow> prices;
  std::vector<UnavailablePool> unavailable;
  plan::Policy policy;
};

/// `documents`: one object, or a list of objects, each. InvalidInput only where one is no object with a kind, or two of
/// one kind have the same name.
Result<plan::Problem> read_problem(std::span<const format::JsonValue> documents, const Catalog& catalog,
                                   const PlanningOptions& options);

}  // namespace spotkeeper::control
