#include "sim/serve/wire_objects.h"

#include <string>

#include <fmt/format.h>

#include "sim/serve/wire_pieces.h"

namespace spotkeeper::sim::serve {
namespace {

wire::NodeCondition node_condition(wire::Text type, wire::Text status, const NodeObject& node, wire::Text reason,
                                   wire::Text message) {
  wire::NodeCondition out;
  out.type = type;
  out.status = status;
  out.last_heartbeat_time = {node.heartbeat};
  out.last_transition_time = {node.ready_since};
  out.reason = reason;
  out.message = message;
  return out;
}

wire::NodeSystemInfo machine_info(const Node& node) {
  wire::NodeSystemInfo info;
  info.boot_id = node.boot_id;
  info.kubelet_version = "v1.34.0";
  info.kube_proxy_version = "v1.34.0";
  info.os_image = "Spotkeeper simulated node";
  info.kernel_version = "6.1.0";
  info.container_runtime_version = "containerd://2.0.0";
  info.operating_system = "linux";
  const std::string* architecture = node.labels.find("kubernetes.io/arch");
  info.architecture = architecture == nullptr ? wire::Text("amd64") : wire::Text(*architecture);
  return info;
}

wire::ObjectReference reference_of(const EventObject& event, wire::Arena& arena) {
  wire::ObjectReference out;
  out.kind = event.regarding_kind;
  out.ns = arena.keep(std::string(event.regarding.ns.str()));
  out.name = event.regarding.name;
  out.uid = keep(event.regarding_uid, arena);
  out.api_version = event.regarding_api_version;
  return out;
}

}  // namespace

wire::Namespace to_wire(const NamespaceObject& object, wire::Arena& arena) {
  wire::Namespace out;
  out.metadata = meta_of(object.meta, arena);
  out.status.phase = "Active";
  return out;
}

wire::Node to_wire(const NodeObject& object, wire::Arena& arena) {
  const Node& node = object.node;
  wire::Node out;
  out.metadata.name = object.key.name;
  out.metadata.uid = keep(node.uid, arena);
  out.metadata.resource_version = keep(node.version, arena);
  out.metadata.creation_timestamp = {node.created};
  out.metadata.deletion_timestamp = wire::Time{node.deletion};
  out.metadata.labels = map_of(node.labels);
  out.metadata.annotations = map_of(node.annotations);
  out.spec.provider_id = node.provider_id;
  out.spec.unschedulable = node.unschedulable;
  for (const Taint& taint : node.taints) {
    wire::Taint& added = out.spec.taints.emplace_back();
    added.key = taint.key;
    added.value = taint.value;
    added.effect = effect_text(taint.effect);
    added.time_added = wire::Time{taint.added};
  }
  out.status.capacity = quantities_of(object.capacity, arena);
  out.status.allocatable = quantities_of(node.allocatable, arena);
  if (!object.ready_status.empty()) {
    const wire::Text pods = arena.keep(std::to_string(node.max_pods));
    out.status.capacity.entries.emplace_back("pods", pods);
    out.status.allocatable.entries.emplace_back("pods", pods);
    out.status.conditions.push_back(node_condition("Ready", object.ready_status, object, object.ready_reason, ""));
  }
  if (!object.address.empty()) out.status.addresses.push_back({"InternalIP", object.address});
  if (!object.hostname.empty()) out.status.addresses.push_back({"Hostname", object.hostname});
  if (!node.boot_id.empty()) out.status.node_info = machine_info(node);
  return out;
}

wire::PodDisruptionBudget to_wire(const BudgetObject& object, wire::Arena& arena) {
  const DisruptionBudget& budget = object.budget;
  const auto amount = [&](const CountOrPercent& count) -> wire::IntOrString {
    if (count.percent) return arena.keep(fmt::format("{}%", count.value));
    return count.value;
  };
  wire::PodDisruptionBudget out;
  out.metadata.name = budget.name.name;
  out.metadata.ns = arena.keep(std::string(budget.name.ns.str()));
  out.metadata.uid = keep(budget.uid, arena);
  out.metadata.resource_version = keep(budget.version, arena);
  out.metadata.generation = budget.generation;
  out.metadata.creation_timestamp = {object.created};
  out.metadata.labels = map_of(object.labels);
  if (budget.min_available) out.spec.min_available = amount(*budget.min_available);
  if (budget.max_unavailable) out.spec.max_unavailable = amount(*budget.max_unavailable);
  out.spec.selector = selector_of(budget.selector);
  if (budget.unhealthy == UnhealthyPodEviction::AlwaysAllow) out.spec.unhealthy_pod_eviction_policy = "AlwaysAllow";
  out.status.observed_generation = budget.observed_generation;
  out.status.disruptions_allowed = budget.disruptions_allowed;
  out.status.current_healthy = budget.current_healthy;
  out.status.desired_healthy = budget.desired_healthy;
  out.status.expected_pods = budget.expected_pods;
  for (const auto& [pod, at] : budget.disrupted) out.status.disrupted_pods.entries.emplace_back(pod, wire::Time{at});
  return out;
}

wire::EndpointSlice to_wire(const EndpointSliceObject& object, wire::Arena& arena) {
  wire::EndpointSlice out;
  out.metadata = meta_of(object.meta, arena);
  out.address_type = "IPv4";
  wire::EndpointPort port;
  port.protocol = "TCP";
  port.port = object.port;
  out.ports.push_back(port);
  for (const EndpointObject& endpoint : object.endpoints) {
    wire::Endpoint& added = out.endpoints.emplace_back();
    added.addresses.emplace_back(endpoint.address);
    added.conditions = {endpoint.ready, endpoint.serving, endpoint.terminating};
    added.node_name = arena.keep(std::string(endpoint.node.str()));
    added.zone = endpoint.zone;
    wire::ObjectReference& target = added.target_ref.emplace();
    target.kind = "Pod";
    target.ns = arena.keep(std::string(endpoint.pod.ns.str()));
    target.name = endpoint.pod.name;
    target.uid = keep(endpoint.pod_uid, arena);
  }
  return out;
}

wire::Lease to_wire(const LeaseObject& object, wire::Arena& arena) {
  wire::Lease out;
  out.metadata = meta_of(object.meta, arena);
  if (object.holder) out.spec.holder_identity = *object.holder;
  out.spec.lease_duration_seconds = object.duration_seconds;
  out.spec.acquire_time = {object.acquired};
  out.spec.renew_time = {object.renewed};
  out.spec.lease_transitions = object.transitions;
  return out;
}

wire::Event to_wire(const EventObject& object, wire::Arena& arena) {
  wire::Event out;
  out.metadata = meta_of(object.meta, arena);
  out.event_time = {object.first};
  if (object.count > 1) out.series = wire::EventSeries{object.count, {object.last}};
  out.reporting_controller = object.reporting_controller;
  out.reporting_instance = object.reporting_instance;
  out.action = object.action;
  out.reason = object.reason;
  out.regarding = reference_of(object, arena);
  out.note = object.note;
  out.type = object.type;
  return out;
}

wire::CoreEvent to_core_wire(const EventObject& object, wire::Arena& arena) {
  wire::CoreEvent out;
  out.metadata = meta_of(object.meta, arena);
  out.involved_object = reference_of(object, arena);
  out.reason = object.reason;
  out.message = object.note;
  out.source.component = object.reporting_controller;
  out.first_timestamp = {object.first};
  out.last_timestamp = {object.last};
  out.count = object.count;
  out.type = object.type;
  out.event_time = {object.first};
  out.action = object.action;
  out.reporting_component = object.reporting_controller;
  out.reporting_instance = object.reporting_instance;
  return out;
}

}  // namespace spotkeeper::sim::serve
