#include <algorithm>
#include <utility>

#include "base/text.h"
#include "kube/codec/decode.h"
#include "kube/codec/parts.h"

namespace spotkeeper::kube {
namespace {

constexpr std::int64_t kDefaultGrace = 30;

GracePeriod grace_from(std::int64_t seconds) {
  // The API server turns negatives into 1 (a leftover of old objects).
  return GracePeriod(std::chrono::seconds(seconds < 0 ? 1 : seconds));
}

PodPhase phase_from(std::string_view phase) {
  if (phase.empty() || phase == "Pending") return PodPhase::Pending;
  if (phase == "Running") return PodPhase::Running;
  if (phase == "Succeeded") return PodPhase::Succeeded;
  if (phase == "Failed") return PodPhase::Failed;
  return PodPhase::Unknown;
}

/// "data-web-3" of pod "web-3" is "data-*".
std::string claim_pattern(std::string_view claim, std::string_view pod) {
  const std::string suffix = "-" + std::string(pod);
  if (pod.empty() || claim.size() <= suffix.size() || !claim.ends_with(suffix)) return std::string(claim);
  return std::string(claim.substr(0, claim.size() - pod.size())) + "*";
}

void read_volumes(const wire::PodSpec& spec, std::string_view pod, PodTemplate& out) {
  for (const auto& volume : spec.volumes) {
    if (volume.source.empty_dir) out.local_storage = true;
    if (volume.source.persistent_volume_claim)
      out.claims.push_back(claim_pattern(volume.source.persistent_volume_claim->claim_name, pod));
    if (volume.source.ephemeral) out.claims.push_back("*-" + std::string(volume.name));
  }
}

void read_host_ports(const std::vector<wire::Container>& containers, bool sidecars_only, PodTemplate& out) {
  for (const auto& container : containers) {
    if (sidecars_only && container.restart_policy != "Always") continue;
    for (const auto& port : container.ports) {
      if (port.host_port <= 0) continue;
      out.host_ports.push_back({port.host_ip == "0.0.0.0" ? "" : std::string(port.host_ip), port.host_port,
                                port.protocol.empty() ? "TCP" : std::string(port.protocol)});
    }
  }
}

/// What stands in a template and in each of its pods alike. `pod`: the pod's name, empty for a template.
Result<PodTemplate> shape_from(const wire::ObjectMeta& meta, const wire::PodSpec& spec, const wire::PodStatus* status,
                               MissingRequests missing) {
  PodTemplate out;
  out.grace = grace_from(spec.termination_grace_period_seconds.value_or(kDefaultGrace));
  out.pre_stop = longest_pre_stop(spec);
  out.wishes = wishes_from(meta.annotations);
  SK_TRY(out.requests, effective_requests(spec, status, missing));
  if (!spec.scheduler_name.empty()) out.scheduler = spec.scheduler_name;
  out.priority = spec.priority.value_or(0);
  out.priority_class = spec.priority_class_name;
  out.node_selector = labels_from(spec.node_selector);
  if (spec.affinity) out.affinity = affinity_from(*spec.affinity, out.wishes.unreadable);
  out.spread = spread_from(spec.topology_spread_constraints);
  out.tolerations = tolerations_from(spec.tolerations, out.wishes.unreadable);
  read_host_ports(spec.containers, false, out);
  read_host_ports(spec.init_containers, true, out);
  read_volumes(spec, meta.name, out);
  out.host_network = spec.host_network;
  out.gated = !spec.scheduling_gates.empty();
  for (const auto& gate : spec.readiness_gates) out.readiness_gates.emplace_back(gate.condition_type);
  return out;
}

void read_conditions(const wire::PodStatus& status, Pod& out) {
  for (const auto& condition : status.conditions) {
    if (condition.type == "Ready" && condition.status == "True") {
      out.ready = true;
      out.ready_since = condition.last_transition_time.at;
    }
    if (condition.type == "PodScheduled" && condition.status == "False" && condition.reason == "Unschedulable")
      out.unschedulable = true;
  }
}

bool is_mirror(const wire::ObjectMeta& meta) {
  const auto marked = [](const auto& each) { return each.first == "kubernetes.io/config.mirror"; };
  const auto of_node = [](const auto& each) { return each.kind == "Node" && each.api_version == "v1"; };
  return std::ranges::any_of(meta.annotations, marked) || std::ranges::any_of(meta.owner_references, of_node);
}

/// The number of a StatefulSet's pod: "web-3" of "web".
std::optional<std::int32_t> ordinal_of(std::string_view pod, const WorkloadRef& owner) {
  if (owner.kind != "StatefulSet" || !pod.starts_with(owner.name + "-")) return std::nullopt;
  const auto number = parse_int<std::int32_t>(pod.substr(owner.name.size() + 1), 0);
  return number ? std::optional(*number) : std::nullopt;
}

/// A DaemonSet's controller binds each pod to its node by an affinity to the node's name. Once it is there this says
/// nothing more, but it would make a template of its own for every such pod.
void drop_own_node(Affinity& affinity, const NodeName& node) {
  const auto names_it = [&](const SelectorRequirement& field) {
    return field.key == "metadata.name" && field.op == SelectorOperator::In && field.values.size() == 1 &&
           field.values.front() == node.str();
  };
  for (NodeSelectorTerm& term : affinity.node_required) std::erase_if(term.fields, names_it);
  const auto is_free = [](const NodeSelectorTerm& term) { return term.fields.empty() && term.labels.empty(); };
  if (affinity.has_node_required && std::ranges::any_of(affinity.node_required, is_free)) {
    affinity.node_required.clear();
    affinity.has_node_required = false;
  }
}

/// What a DaemonSet's controller adds to the pods it makes (pkg/controller/daemon/util
/// AddOrUpdateDaemonPodTolerations).
void add_daemon_tolerations(PodTemplate& out) {
  const auto add = [&](std::string_view condition, TaintEffect effect) {
    out.tolerations.push_back({"node.kubernetes.io/" + std::string(condition), true, "", effect, {}});
  };
  for (const auto* condition : {"not-ready", "unreachable"}) add(condition, TaintEffect::NoExecute);
  for (const auto* condition : {"disk-pressure", "memory-pressure", "pid-pressure", "unschedulable"})
    add(condition, TaintEffect::NoSchedule);
  if (out.host_network) add("network-unavailable", TaintEffect::NoSchedule);
}

}  // namespace

Result<Pod> pod_from(const wire::Pod& pod, Snapshot& shared) {
  const wire::ObjectMeta& meta = pod.metadata;
  Pod out;
  out.name = {NamespaceName(meta.ns), std::string(meta.name)};
  out.uid = Uid(meta.uid);
  out.version = ResourceVersion(meta.resource_version);
  out.node = NodeName(pod.spec.node_name);
  out.nominated_node = NodeName(pod.status.nominated_node_name);
  SK_TRY(PodTemplate shape,
         shape_from(meta, pod.spec, &pod.status, MissingRequests::AreZero).within("pod " + out.name.str()));
  if (!out.node.empty()) drop_own_node(shape.affinity, out.node);
  out.spec = shared.intern(std::move(shape));
  out.labels = shared.intern(labels_from(meta.labels));
  if (auto owner = workload_of(meta, out.name.ns)) {
    out.ordinal = ordinal_of(meta.name, *owner);
    out.owner = shared.intern(*std::move(owner));
  }
  out.mirror = is_mirror(meta);
  out.phase = phase_from(pod.status.phase);
  read_conditions(pod.status, out);
  out.created = meta.creation_timestamp.at.value_or(Instant());
  out.started = pod.status.start_time.at;
  out.deletion = meta.deletion_timestamp.at;
  if (meta.deletion_grace_period_seconds) out.deletion_grace = grace_from(*meta.deletion_grace_period_seconds);
  return out;
}

Result<PodTemplate> template_from(const wire::PodTemplateSpec& spec, TemplateOf kind) {
  SK_TRY(PodTemplate out, shape_from(spec.metadata, spec.spec, nullptr, MissingRequests::AreLimits));
  if (kind == TemplateOf::DaemonSet) add_daemon_tolerations(out);
  return out;
}

}  // namespace spotkeeper::kube
