// Pods, and the templates that they are made from.
#include <optional>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "sim/serve/wire_objects.h"
#include "sim/serve/wire_pieces.h"

namespace spotkeeper::sim::serve {
namespace {

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
    spec.volumes.push_back(volume);
  }
  if (pod_template.local_storage) {
    wire::Volume scratch;
    scratch.name = "scratch";
    scratch.source.empty_dir.emplace();
    spec.volumes.push_back(scratch);
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
  out.last_transition_time = wire::Time{since};
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
    ended.started_at = wire::Time{object.running_since};
    ended.finished_at = wire::Time{object.ended};
  } else if (object.running_since) {
    status.state.running.emplace().started_at = wire::Time{object.running_since};
  } else {
    status.state.waiting.emplace().reason = "ContainerCreating";
  }
  return status;
}

}  // namespace

wire::PodTemplateSpec template_of(const PodBlueprint& blueprint, wire::Arena& arena) {
  wire::PodTemplateSpec out;
  if (blueprint.labels != nullptr) out.metadata.labels = map_of(*blueprint.labels);
  if (blueprint.annotations != nullptr) out.metadata.annotations = map_of(*blueprint.annotations);
  out.spec = pod_spec(blueprint, arena);
  return out;
}

wire::Pod to_wire(const PodObject& object, wire::Arena& arena) {
  const Pod& pod = object.pod;
  wire::Pod out;
  out.metadata.name = pod.name.name;
  out.metadata.ns = arena.keep(std::string(pod.name.ns.str()));
  out.metadata.uid = keep(pod.uid, arena);
  out.metadata.resource_version = keep(pod.version, arena);
  out.metadata.creation_timestamp = {pod.created};
  out.metadata.deletion_timestamp = wire::Time{pod.deletion};
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
  out.status.start_time = wire::Time{pod.started};
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

}  // namespace spotkeeper::sim::serve
