// core/v1 Pod. See objects.h.
#pragma once

#include <cstdint>
#include <optional>
#include <tuple>
#include <vector>

#include "kube/codec/wire_meta.h"

namespace spotkeeper::kube::wire {

struct ContainerPort {
  Text name;
  std::int32_t host_port = 0;
  std::int32_t container_port = 0;
  Text protocol;
  Text host_ip;
};
constexpr auto fields(const ContainerPort*) {
  return std::tuple{Field{1, "name", &ContainerPort::name}, Field{2, "hostPort", &ContainerPort::host_port},
                    Field{3, "containerPort", &ContainerPort::container_port},
                    Field{4, "protocol", &ContainerPort::protocol}, Field{5, "hostIP", &ContainerPort::host_ip}};
}

struct ResourceRequirements {
  Quantities limits;
  Quantities requests;
};
constexpr auto fields(const ResourceRequirements*) {
  return std::tuple{Field{1, "limits", &ResourceRequirements::limits},
                    Field{2, "requests", &ResourceRequirements::requests}};
}

struct ExecAction {
  std::vector<Text> command;
};
constexpr auto fields(const ExecAction*) { return std::tuple{Field{1, "command", &ExecAction::command}}; }

struct HttpGetAction {
  Text path;
  std::optional<IntOrString> port;
  Text host;
  Text scheme;
};
constexpr auto fields(const HttpGetAction*) {
  return std::tuple{Field{1, "path", &HttpGetAction::path}, Field{2, "port", &HttpGetAction::port},
                    Field{3, "host", &HttpGetAction::host}, Field{4, "scheme", &HttpGetAction::scheme}};
}

struct TcpSocketAction {
  std::optional<IntOrString> port;
  Text host;
};
constexpr auto fields(const TcpSocketAction*) {
  return std::tuple{Field{1, "port", &TcpSocketAction::port}, Field{2, "host", &TcpSocketAction::host}};
}

struct SleepAction {
  std::int64_t seconds = 0;
};
constexpr auto fields(const SleepAction*) { return std::tuple{Field{1, "seconds", &SleepAction::seconds}}; }

struct LifecycleHandler {
  std::optional<ExecAction> exec;
  std::optional<HttpGetAction> http_get;
  std::optional<TcpSocketAction> tcp_socket;
  std::optional<SleepAction> sleep;
};
constexpr auto fields(const LifecycleHandler*) {
  return std::tuple{Field{1, "exec", &LifecycleHandler::exec}, Field{2, "httpGet", &LifecycleHandler::http_get},
                    Field{3, "tcpSocket", &LifecycleHandler::tcp_socket}, Field{4, "sleep", &LifecycleHandler::sleep}};
}

struct Lifecycle {
  std::optional<LifecycleHandler> pre_stop;
};
constexpr auto fields(const Lifecycle*) { return std::tuple{Field{2, "preStop", &Lifecycle::pre_stop}}; }

struct Container {
  Text name;
  Text image;
  std::vector<ContainerPort> ports;
  ResourceRequirements resources;
  std::optional<Lifecycle> lifecycle;
  std::optional<Text> restart_policy;
};
constexpr auto fields(const Container*) {
  return std::tuple{Field{1, "name", &Container::name},
                    Field{2, "image", &Container::image},
                    Field{6, "ports", &Container::ports},
                    Field{8, "resources", &Container::resources},
                    Field{12, "lifecycle", &Container::lifecycle},
                    Field{24, "restartPolicy", &Container::restart_policy}};
}

struct PersistentVolumeClaimSource {
  Text claim_name;
  bool read_only = false;
};
constexpr auto fields(const PersistentVolumeClaimSource*) {
  return std::tuple{Field{1, "claimName", &PersistentVolumeClaimSource::claim_name},
                    Field{2, "readOnly", &PersistentVolumeClaimSource::read_only}};
}

struct EmptyDirSource {
  Text medium;
};
constexpr auto fields(const EmptyDirSource*) { return std::tuple{Field{1, "medium", &EmptyDirSource::medium}}; }

struct EphemeralSource {};  // its claim's name follows from the pod's and the volume's
constexpr std::tuple<> fields(const EphemeralSource*) { return {}; }

struct VolumeSource {
  std::optional<EmptyDirSource> empty_dir;
  std::optional<PersistentVolumeClaimSource> persistent_volume_claim;
  std::optional<EphemeralSource> ephemeral;
};
constexpr auto fields(const VolumeSource*) {
  return std::tuple{Field{2, "emptyDir", &VolumeSource::empty_dir},
                    Field{10, "persistentVolumeClaim", &VolumeSource::persistent_volume_claim},
                    Field{29, "ephemeral", &VolumeSource::ephemeral}};
}

struct Volume {
  Text name;
  VolumeSource source;
};
constexpr auto fields(const Volume*) {
  return std::tuple{Field{1, "name", &Volume::name}, Field{2, "", &Volume::source}};
}

struct Toleration {
  Text key;
  Text op;
  Text value;
  Text effect;
  std::optional<std::int64_t> toleration_seconds;
};
constexpr auto fields(const Toleration*) {
  return std::tuple{Field{1, "key", &Toleration::key}, Field{2, "operator", &Toleration::op},
                    Field{3, "value", &Toleration::value}, Field{4, "effect", &Toleration::effect},
                    Field{5, "tolerationSeconds", &Toleration::toleration_seconds}};
}

struct NodeSelectorRequirement {
  Text key;
  Text op;
  std::vector<Text> values;
};
constexpr auto fields(const NodeSelectorRequirement*) {
  return std::tuple{Field{1, "key", &NodeSelectorRequirement::key}, Field{2, "operator", &NodeSelectorRequirement::op},
                    Field{3, "values", &NodeSelectorRequirement::values}};
}

struct NodeSelectorTerm {
  std::vector<NodeSelectorRequirement> match_expressions;
  std::vector<NodeSelectorRequirement> match_fields;
};
constexpr auto fields(const NodeSelectorTerm*) {
  return std::tuple{Field{1, "matchExpressions", &NodeSelectorTerm::match_expressions},
                    Field{2, "matchFields", &NodeSelectorTerm::match_fields}};
}

struct NodeSelector {
  std::vector<NodeSelectorTerm> node_selector_terms;
};
constexpr auto fields(const NodeSelector*) {
  return std::tuple{Field{1, "nodeSelectorTerms", &NodeSelector::node_selector_terms}};
}

struct PreferredSchedulingTerm {
  std::int32_t weight = 0;
  NodeSelectorTerm preference;
};
constexpr auto fields(const PreferredSchedulingTerm*) {
  return std::tuple{Field{1, "weight", &PreferredSchedulingTerm::weight},
                    Field{2, "preference", &PreferredSchedulingTerm::preference}};
}

struct NodeAffinity {
  std::optional<NodeSelector> required;
  std::vector<PreferredSchedulingTerm> preferred;
};
constexpr auto fields(const NodeAffinity*) {
  return std::tuple{Field{1, "requiredDuringSchedulingIgnoredDuringExecution", &NodeAffinity::required},
                    Field{2, "preferredDuringSchedulingIgnoredDuringExecution", &NodeAffinity::preferred}};
}

struct PodAffinityTerm {
  std::optional<LabelSelector> label_selector;
  std::vector<Text> namespaces;
  Text topology_key;
  std::optional<LabelSelector> namespace_selector;
  std::vector<Text> match_label_keys;
  std::vector<Text> mismatch_label_keys;
};
constexpr auto fields(const PodAffinityTerm*) {
  return std::tuple{Field{1, "labelSelector", &PodAffinityTerm::label_selector},
                    Field{2, "namespaces", &PodAffinityTerm::namespaces},
                    Field{3, "topologyKey", &PodAffinityTerm::topology_key},
                    Field{4, "namespaceSelector", &PodAffinityTerm::namespace_selector},
                    Field{5, "matchLabelKeys", &PodAffinityTerm::match_label_keys},
                    Field{6, "mismatchLabelKeys", &PodAffinityTerm::mismatch_label_keys}};
}

struct WeightedPodAffinityTerm {
  std::int32_t weight = 0;
  PodAffinityTerm pod_affinity_term;
};
constexpr auto fields(const WeightedPodAffinityTerm*) {
  return std::tuple{Field{1, "weight", &WeightedPodAffinityTerm::weight},
                    Field{2, "podAffinityTerm", &WeightedPodAffinityTerm::pod_affinity_term}};
}

struct PodAffinity {
  std::vector<PodAffinityTerm> required;
  std::vector<WeightedPodAffinityTerm> preferred;
};
constexpr auto fields(const PodAffinity*) {
  return std::tuple{Field{1, "requiredDuringSchedulingIgnoredDuringExecution", &PodAffinity::required},
                    Field{2, "preferredDuringSchedulingIgnoredDuringExecution", &PodAffinity::preferred}};
}

struct Affinity {
  std::optional<NodeAffinity> node_affinity;
  std::optional<PodAffinity> pod_affinity;
  std::optional<PodAffinity> pod_anti_affinity;
};
constexpr auto fields(const Affinity*) {
  return std::tuple{Field{1, "nodeAffinity", &Affinity::node_affinity},
                    Field{2, "podAffinity", &Affinity::pod_affinity},
                    Field{3, "podAntiAffinity", &Affinity::pod_anti_affinity}};
}

struct TopologySpreadConstraint {
  std::int32_t max_skew = 0;
  Text topology_key;
  Text when_unsatisfiable;
  std::optional<LabelSelector> label_selector;
  std::optional<std::int32_t> min_domains;
  std::optional<Text> node_affinity_policy;
  std::optional<Text> node_taints_policy;
  std::vector<Text> match_label_keys;
};
constexpr auto fields(const TopologySpreadConstraint*) {
  return std::tuple{Field{1, "maxSkew", &TopologySpreadConstraint::max_skew},
                    Field{2, "topologyKey", &TopologySpreadConstraint::topology_key},
                    Field{3, "whenUnsatisfiable", &TopologySpreadConstraint::when_unsatisfiable},
                    Field{4, "labelSelector", &TopologySpreadConstraint::label_selector},
                    Field{5, "minDomains", &TopologySpreadConstraint::min_domains},
                    Field{6, "nodeAffinityPolicy", &TopologySpreadConstraint::node_affinity_policy},
                    Field{7, "nodeTaintsPolicy", &TopologySpreadConstraint::node_taints_policy},
                    Field{8, "matchLabelKeys", &TopologySpreadConstraint::match_label_keys}};
}

struct PodReadinessGate {
  Text condition_type;
};
constexpr auto fields(const PodReadinessGate*) {
  return std::tuple{Field{1, "conditionType", &PodReadinessGate::condition_type}};
}

struct PodSchedulingGate {
  Text name;
};
constexpr auto fields(const PodSchedulingGate*) { return std::tuple{Field{1, "name", &PodSchedulingGate::name}}; }

struct PodSpec {
  std::vector<Volume> volumes;
  std::vector<Container> containers;
  Text restart_policy;
  std::optional<std::int64_t> termination_grace_period_seconds;
  Map node_selector;
  Text service_account_name;
  Text node_name;
  bool host_network = false;
  std::optional<Affinity> affinity;
  Text scheduler_name;
  std::vector<Container> init_containers;
  std::vector<Toleration> tolerations;
  Text priority_class_name;
  std::optional<std::int32_t> priority;
  std::vector<PodReadinessGate> readiness_gates;
  Quantities overhead;
  std::vector<TopologySpreadConstraint> topology_spread_constraints;
  std::vector<PodSchedulingGate> scheduling_gates;
  std::optional<ResourceRequirements> resources;
};
constexpr auto fields(const PodSpec*) {
  return std::tuple{Field{1, "volumes", &PodSpec::volumes},
                    Field{2, "containers", &PodSpec::containers},
                    Field{3, "restartPolicy", &PodSpec::restart_policy},
                    Field{4, "terminationGracePeriodSeconds", &PodSpec::termination_grace_period_seconds},
                    Field{7, "nodeSelector", &PodSpec::node_selector},
                    Field{8, "serviceAccountName", &PodSpec::service_account_name},
                    Field{10, "nodeName", &PodSpec::node_name},
                    Field{11, "hostNetwork", &PodSpec::host_network},
                    Field{18, "affinity", &PodSpec::affinity},
                    Field{19, "schedulerName", &PodSpec::scheduler_name},
                    Field{20, "initContainers", &PodSpec::init_containers},
                    Field{22, "tolerations", &PodSpec::tolerations},
                    Field{24, "priorityClassName", &PodSpec::priority_class_name},
                    Field{25, "priority", &PodSpec::priority},
                    Field{28, "readinessGates", &PodSpec::readiness_gates},
                    Field{32, "overhead", &PodSpec::overhead},
                    Field{33, "topologySpreadConstraints", &PodSpec::topology_spread_constraints},
                    Field{38, "schedulingGates", &PodSpec::scheduling_gates},
                    Field{40, "resources", &PodSpec::resources}};
}

struct PodCondition {
  Text type;
  Text status;
  Time last_probe_time;
  Time last_transition_time;
  Text reason;
  Text message;
};
constexpr auto fields(const PodCondition*) {
  return std::tuple{Field{1, "type", &PodCondition::type},
                    Field{2, "status", &PodCondition::status},
                    Field{3, "lastProbeTime", &PodCondition::last_probe_time},
                    Field{4, "lastTransitionTime", &PodCondition::last_transition_time},
                    Field{5, "reason", &PodCondition::reason},
                    Field{6, "message", &PodCondition::message}};
}

struct PodIp {
  Text ip;
};
constexpr auto fields(const PodIp*) { return std::tuple{Field{1, "ip", &PodIp::ip}}; }

struct ContainerStateWaiting {
  Text reason;
  Text message;
};
constexpr auto fields(const ContainerStateWaiting*) {
  return std::tuple{Field{1, "reason", &ContainerStateWaiting::reason},
                    Field{2, "message", &ContainerStateWaiting::message}};
}

struct ContainerStateRunning {
  Time started_at;
};
constexpr auto fields(const ContainerStateRunning*) {
  return std::tuple{Field{1, "startedAt", &ContainerStateRunning::started_at}};
}

struct ContainerStateTerminated {
  std::int32_t exit_code = 0;
  std::int32_t signal = 0;
  Text reason;
  Text message;
  Time started_at;
  Time finished_at;
};
constexpr auto fields(const ContainerStateTerminated*) {
  return std::tuple{Field{1, "exitCode", &ContainerStateTerminated::exit_code},
                    Field{2, "signal", &ContainerStateTerminated::signal},
                    Field{3, "reason", &ContainerStateTerminated::reason},
                    Field{4, "message", &ContainerStateTerminated::message},
                    Field{5, "startedAt", &ContainerStateTerminated::started_at},
                    Field{6, "finishedAt", &ContainerStateTerminated::finished_at}};
}

struct ContainerState {
  std::optional<ContainerStateWaiting> waiting;
  std::optional<ContainerStateRunning> running;
  std::optional<ContainerStateTerminated> terminated;
};
constexpr auto fields(const ContainerState*) {
  return std::tuple{Field{1, "waiting", &ContainerState::waiting}, Field{2, "running", &ContainerState::running},
                    Field{3, "terminated", &ContainerState::terminated}};
}

struct ContainerStatus {
  Text name;
  ContainerState state;
  bool ready = false;
  std::int32_t restart_count = 0;
  Text image;
  Text image_id;
  Text container_id;
  std::optional<bool> started;
  Quantities allocated_resources;
  std::optional<ResourceRequirements> resources;
};
constexpr auto fields(const ContainerStatus*) {
  return std::tuple{Field{1, "name", &ContainerStatus::name},
                    Field{2, "state", &ContainerStatus::state},
                    Field{4, "ready", &ContainerStatus::ready},
                    Field{5, "restartCount", &ContainerStatus::restart_count},
                    Field{6, "image", &ContainerStatus::image},
                    Field{7, "imageID", &ContainerStatus::image_id},
                    Field{8, "containerID", &ContainerStatus::container_id},
                    Field{9, "started", &ContainerStatus::started},
                    Field{10, "allocatedResources", &ContainerStatus::allocated_resources},
                    Field{11, "resources", &ContainerStatus::resources}};
}

struct PodStatus {
  Text phase;
  std::vector<PodCondition> conditions;
  Text message;
  Text reason;
  Text host_ip;
  Text pod_ip;
  Time start_time;
  std::vector<ContainerStatus> container_statuses;
  Text qos_class;
  std::vector<ContainerStatus> init_container_statuses;
  Text nominated_node_name;
  std::vector<PodIp> pod_ips;
};
constexpr auto fields(const PodStatus*) {
  return std::tuple{Field{1, "phase", &PodStatus::phase},
                    Field{2, "conditions", &PodStatus::conditions},
                    Field{3, "message", &PodStatus::message},
                    Field{4, "reason", &PodStatus::reason},
                    Field{5, "hostIP", &PodStatus::host_ip},
                    Field{6, "podIP", &PodStatus::pod_ip},
                    Field{7, "startTime", &PodStatus::start_time},
                    Field{8, "containerStatuses", &PodStatus::container_statuses},
                    Field{9, "qosClass", &PodStatus::qos_class},
                    Field{10, "initContainerStatuses", &PodStatus::init_container_statuses},
                    Field{11, "nominatedNodeName", &PodStatus::nominated_node_name},
                    Field{12, "podIPs", &PodStatus::pod_ips}};
}

struct Pod {
  ObjectMeta metadata;
  PodSpec spec;
  PodStatus status;
};
constexpr auto fields(const Pod*) {
  return std::tuple{Field{1, "metadata", &Pod::metadata}, Field{2, "spec", &Pod::spec},
                    Field{3, "status", &Pod::status}};
}

struct PodTemplateSpec {
  ObjectMeta metadata;
  PodSpec spec;
};
constexpr auto fields(const PodTemplateSpec*) {
  return std::tuple{Field{1, "metadata", &PodTemplateSpec::metadata}, Field{2, "spec", &PodTemplateSpec::spec}};
}

}  // namespace spotkeeper::kube::wire
