#include "sim/serve/wire_objects.h"

#include <optional>
#include <string>
#include <utility>

#include <fmt/format.h>

namespace spotkeeper::sim::serve {
namespace {

namespace wire = kube::wire;

wire::Map map_of(const Labels& labels) {
  wire::Map map;
  map.reserve(labels.size());
  for (const auto& [key, value] : labels) map.emplace_back(key, value);
  return map;
}

wire::Time time_of(const std::optional<Instant>& at) { return {at}; }

wire::Text uid_text(const Uid& uid, wire::Arena& arena) { return arena.keep(std::string(uid.str())); }
wire::Text keep(const ResourceVersion& version, wire::Arena& arena) { return arena.keep(std::string(version.str())); }

wire::ObjectMeta meta_of(const Meta& meta, wire::Arena& arena) {
  wire::ObjectMeta out;
  out.name = meta.name.name;
  out.ns = arena.keep(std::string(meta.name.ns.str()));
  out.uid = uid_text(meta.uid, arena);
  out.resource_version = keep(meta.version, arena);
  out.generation = meta.generation;
  out.creation_timestamp = {meta.created};
  out.labels = map_of(meta.labels);
  out.annotations = map_of(meta.annotations);
  return out;
}

void own(wire::ObjectMeta& meta, const OwnerReference& owner, wire::Arena& arena) {
  if (owner.kind.empty()) return;
  wire::OwnerReference reference;
  reference.kind = owner.kind;
  reference.name = owner.name;
  reference.uid = uid_text(owner.uid, arena);
  reference.api_version = owner.api_version;
  reference.controller = true;
  reference.block_owner_deletion = true;
  meta.owner_references.push_back(reference);
}

wire::LabelSelector selector_of(const LabelSelector& selector) {
  wire::LabelSelector out;
  for (const SelectorRequirement& requirement : selector.requirements) {
    if (requirement.op == SelectorOperator::In && requirement.values.size() == 1) {
      out.match_labels.emplace_back(requirement.key, requirement.values.front());
      continue;
    }
    wire::LabelSelectorRequirement expression;
    expression.key = requirement.key;
    switch (requirement.op) {
      case SelectorOperator::In: expression.op = "In"; break;
      case SelectorOperator::NotIn: expression.op = "NotIn"; break;
      case SelectorOperator::Exists: expression.op = "Exists"; break;
      case SelectorOperator::DoesNotExist: expression.op = "DoesNotExist"; break;
      case SelectorOperator::Gt: expression.op = "Gt"; break;
      case SelectorOperator::Lt: expression.op = "Lt"; break;
    }
    for (const std::string& value : requirement.values) expression.values.emplace_back(value);
    out.match_expressions.push_back(std::move(expression));
  }
  return out;
}

std::optional<wire::LabelSelector> selector_of(const std::optional<LabelSelector>& selector) {
  if (!selector) return std::nullopt;
  return selector_of(*selector);
}

wire::Text effect_text(TaintEffect effect) {
  switch (effect) {
    case TaintEffect::NoSchedule: return "NoSchedule";
    case TaintEffect::PreferNoSchedule: return "PreferNoSchedule";
    case TaintEffect::NoExecute: return "NoExecute";
  }
  return "NoSchedule";
}

wire::Quantities quantities_of(const Resources& resources, wire::Arena& arena) {
  wire::Quantities out;
  if (resources.cpu.value != 0) out.entries.emplace_back("cpu", arena.keep(fmt::format("{}m", resources.cpu.value)));
  if (resources.memory.value != 0)
    out.entries.emplace_back("memory", arena.keep(std::to_string(resources.memory.value)));
  for (const auto& [name, amount] : resources.other) out.entries.emplace_back(name, arena.keep(std::to_string(amount)));
  return out;
}

// ---- Pods

wire::Toleration toleration_of(const Toleration& toleration) {
  wire::Toleration out;
  out.key = toleration.key;
  out.op = toleration.exists ? "Exists" : "Equal";
  out.value = toleration.value;
  if (toleration.effect) out.effect = effect_text(*toleration.effect);
  if (toleration.seconds) out.toleration_seconds = toleration.seconds->count();
  return out;
}

wire::TopologySpreadConstraint spread_of(const TopologySpread& spread) {
  wire::TopologySpreadConstraint out;
  out.max_skew = spread.max_skew;
  out.topology_key = spread.topology_key;
  out.when_unsatisfiable = spread.hard ? "DoNotSchedule" : "ScheduleAnyway";
  out.label_selector = selector_of(spread.selector);
  out.min_domains = spread.min_domains;
  out.node_affinity_policy = spread.honor_node_affinity ? "Honor" : "Ignore";
  out.node_taints_policy = spread.honor_node_taints ? "Honor" : "Ignore";
  for (const std::string& key : spread.match_label_keys) out.match_label_keys.emplace_back(key);
  return out;
}

void add_volumes(wire::PodSpec& spec, const PodTemplate& pod_template, wire::Arena& arena) {
  for (const std::string& claim : pod_template.claims) {
    wire::Volume volume;
    volume.name = arena.keep(fmt::format("claim-{}", spec.volumes.size()));
    volume.source.persistent_volume_claim.emplace();
    volume.source.persistent_volume_claim->claim_name = claim;
    spec.volumes.push_back(std::move(volume));
  }
  if (pod_template.local_storage) {
    wire::Volume scratch;
    scratch.name = "scratch";
    scratch.source.empty_dir.emplace();
    spec.volumes.push_back(std::move(scratch));
  }
}

wire::Container container_of(const PodBlueprint& blueprint, wire::Arena& arena) {
  const PodTemplate& pod_template = *blueprint.spec;
  wire::Container container;
  container.name = blueprint.container;
  container.image = blueprint.image;
  container.resources.requests = quantities_of(pod_template.requests, arena);
  if (blueprint.port != 0) {
    wire::ContainerPort port;
    port.container_port = blueprint.port;
    port.protocol = "TCP";
    container.ports.push_back(port);
  }
  for (const HostPort& host : pod_template.host_ports) {
    wire::ContainerPort bound;
    bound.host_port = bound.container_port = host.port;
    bound.protocol = host.protocol;
    bound.host_ip = host.ip;
    container.ports.push_back(bound);
  }
  if (pod_template.pre_stop) {
    wire::LifecycleHandler hook;
    if (pod_template.pre_stop->sleep) {
      hook.sleep.emplace().seconds = pod_template.pre_stop->sleep->count();
    } else {
      hook.exec.emplace().command.emplace_back("/bin/pre-stop");
    }
    container.lifecycle.emplace().pre_stop = std::move(hook);
  }
  return container;
}

wire::PodSpec pod_spec(const PodBlueprint& blueprint, wire::Arena& arena) {
  const PodTemplate& pod_template = *blueprint.spec;
  wire::PodSpec spec;
  add_volumes(spec, pod_template, arena);
  spec.containers.push_back(container_of(blueprint, arena));
  spec.restart_policy = "Always";
  spec.termination_grace_period_seconds = pod_template.grace.length().count();
  spec.node_selector = map_of(pod_template.node_selector);
  spec.service_account_name = "default";
  spec.host_network = pod_template.host_network;
  spec.scheduler_name = pod_template.scheduler;
  for (const Toleration& toleration : pod_template.tolerations) spec.tolerations.push_back(toleration_of(toleration));
  spec.priority_class_name = pod_template.priority_class;
  spec.priority = pod_template.priority;
  for (const std::string& gate : pod_template.readiness_gates) spec.readiness_gates.push_back({gate});
  for (const TopologySpread& spread : pod_template.spread)
    spec.topology_spread_constraints.push_back(spread_of(spread));
  return spec;
}

wire::PodTemplateSpec template_of(const PodBlueprint& blueprint, wire::Arena& arena) {
  wire::PodTemplateSpec out;
  if (blueprint.labels != nullptr) out.metadata.labels = map_of(*blueprint.labels);
  if (blueprint.annotations != nullptr) out.metadata.annotations = map_of(*blueprint.annotations);
  out.spec = pod_spec(blueprint, arena);
  return out;
}

wire::Text phase_text(PodPhase phase) {
  switch (phase) {
    case PodPhase::Pending: return "Pending";
    case PodPhase::Running: return "Running";
    case PodPhase::Succeeded: return "Succeeded";
    case PodPhase::Failed: return "Failed";
    case PodPhase::Unknown: break;
  }
  return "Unknown";
}

wire::PodCondition condition(wire::Text type, bool holds, const std::optional<Instant>& since, wire::Text reason = {}) {
  wire::PodCondition out;
  out.type = type;
  out.status = holds ? "True" : "False";
  out.last_transition_time = time_of(since);
  out.reason = reason;
  return out;
}

void add_conditions(wire::PodStatus& status, const PodObject& object) {
  const Pod& pod = object.pod;
  const std::optional<Instant> since = pod.ready_since ? pod.ready_since : pod.started;
  if (object.scheduled || pod.unschedulable)
    status.conditions.push_back(condition("PodScheduled", !pod.node.empty(), object.scheduled,
                                          pod.unschedulable ? "Unschedulable" : wire::Text()));
  if (pod.started) {
    status.conditions.push_back(condition("Initialized", true, pod.started));
    status.conditions.push_back(condition("ContainersReady", pod.ready, since));
  }
  if (pod.started || pod.ready) status.conditions.push_back(condition("Ready", pod.ready, since));
  if (object.disruption_target)
    status.conditions.push_back(condition("DisruptionTarget", true, pod.deletion, "EvictionByEvictionAPI"));
}

wire::ContainerStatus container_status(const PodObject& object) {
  wire::ContainerStatus status;
  status.name = object.blueprint.container;
  status.image = object.blueprint.image;
  status.ready = object.pod.ready;
  status.restart_count = object.restarts;
  status.started = object.running_since.has_value() && !object.ended;
  if (object.ended) {
    auto& ended = status.state.terminated.emplace();
    ended.exit_code = object.exit_code;
    ended.reason = object.exit_code == 0 ? "Completed" : "Error";
    ended.started_at = time_of(object.running_since);
    ended.finished_at = time_of(object.ended);
  } else if (object.running_since) {
    status.state.running.emplace().started_at = time_of(object.running_since);
  } else {
    status.state.waiting.emplace().reason = "ContainerCreating";
  }
  return status;
}

// ---- Workloads

wire::ObjectMeta workload_meta(const WorkloadObject& object, wire::Arena& arena) {
  wire::ObjectMeta meta = meta_of(object.meta, arena);
  own(meta, object.owner, arena);
  return meta;
}

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
  out.uid = uid_text(event.regarding_uid, arena);
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
  out.metadata.uid = uid_text(node.uid, arena);
  out.metadata.resource_version = keep(node.version, arena);
  out.metadata.creation_timestamp = {node.created};
  out.metadata.deletion_timestamp = time_of(node.deletion);
  out.metadata.labels = map_of(node.labels);
  out.metadata.annotations = map_of(node.annotations);
  out.spec.provider_id = node.provider_id;
  out.spec.unschedulable = node.unschedulable;
  for (const Taint& taint : node.taints) {
    wire::Taint& added = out.spec.taints.emplace_back();
    added.key = taint.key;
    added.value = taint.value;
    added.effect = effect_text(taint.effect);
    added.time_added = time_of(taint.added);
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

wire::Pod to_wire(const PodObject& object, wire::Arena& arena) {
  const Pod& pod = object.pod;
  wire::Pod out;
  out.metadata.name = pod.name.name;
  out.metadata.ns = arena.keep(std::string(pod.name.ns.str()));
  out.metadata.uid = uid_text(pod.uid, arena);
  out.metadata.resource_version = keep(pod.version, arena);
  out.metadata.creation_timestamp = {pod.created};
  out.metadata.deletion_timestamp = time_of(pod.deletion);
  if (pod.deletion_grace) out.metadata.deletion_grace_period_seconds = pod.deletion_grace->length().count();
  out.metadata.labels = map_of(*pod.labels);
  if (object.blueprint.annotations != nullptr) out.metadata.annotations = map_of(*object.blueprint.annotations);
  const auto* own_annotations = object.blueprint.annotations.get();
  const bool told = own_annotations != nullptr && own_annotations->contains("kubernetes.io/config.mirror");
  if (pod.mirror && !told) out.metadata.annotations.emplace_back("kubernetes.io/config.mirror", "static");
  own(out.metadata, object.owner, arena);

  out.spec = pod_spec(object.blueprint, arena);
  out.spec.node_name = arena.keep(std::string(pod.node.str()));

  out.status.phase = phase_text(pod.phase);
  out.status.reason = object.reason;
  out.status.start_time = time_of(pod.started);
  out.status.nominated_node_name = arena.keep(std::string(pod.nominated_node.str()));
  if (!object.ip.empty()) {
    out.status.pod_ip = object.ip;
    out.status.pod_ips.push_back({object.ip});
  }
  out.status.qos_class = "Burstable";
  add_conditions(out.status, object);
  if (pod.started) out.status.container_statuses.push_back(container_status(object));
  return out;
}

wire::Deployment to_wire(const DeploymentObject& object, wire::Arena& arena) {
  wire::Deployment out;
  out.metadata = workload_meta(object, arena);
  out.spec.replicas = object.replicas;
  out.spec.selector = selector_of(object.selector);
  out.spec.pod_template = template_of(object.blueprint, arena);
  out.status.observed_generation = object.observed_generation;
  out.status.replicas = out.status.updated_replicas = object.current;
  out.status.ready_replicas = out.status.available_replicas = object.ready;
  out.status.unavailable_replicas = object.replicas - object.ready;
  return out;
}

wire::ReplicaSet to_wire(const ReplicaSetObject& object, wire::Arena& arena) {
  wire::ReplicaSet out;
  out.metadata = workload_meta(object, arena);
  out.spec.replicas = object.replicas;
  out.spec.selector = selector_of(object.selector);
  out.spec.pod_template = template_of(object.blueprint, arena);
  out.status.observed_generation = object.observed_generation;
  out.status.replicas = out.status.fully_labeled_replicas = object.current;
  out.status.ready_replicas = out.status.available_replicas = object.ready;
  return out;
}

wire::StatefulSet to_wire(const StatefulSetObject& object, wire::Arena& arena) {
  wire::StatefulSet out;
  out.metadata = workload_meta(object, arena);
  out.spec.replicas = object.replicas;
  out.spec.selector = selector_of(object.selector);
  out.spec.pod_template = template_of(object.blueprint, arena);
  out.spec.service_name = object.meta.name.name;
  out.spec.pod_management_policy = "OrderedReady";
  out.status.observed_generation = object.observed_generation;
  out.status.replicas = out.status.current_replicas = out.status.updated_replicas = object.current;
  out.status.ready_replicas = out.status.available_replicas = object.ready;
  return out;
}

wire::DaemonSet to_wire(const DaemonSetObject& object, wire::Arena& arena) {
  wire::DaemonSet out;
  out.metadata = workload_meta(object, arena);
  out.spec.selector = selector_of(object.selector);
  out.spec.pod_template = template_of(object.blueprint, arena);
  out.status.desired_number_scheduled = object.replicas;
  out.status.current_number_scheduled = object.current;
  out.status.number_ready = object.ready;
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
  out.metadata.uid = uid_text(budget.uid, arena);
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
    target.uid = uid_text(endpoint.pod_uid, arena);
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
