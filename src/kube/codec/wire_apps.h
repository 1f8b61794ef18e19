// apps/v1: who makes pods. See objects.h.
#pragma once

#include <cstdint>
#include <optional>
#include <tuple>
#include <vector>

#include "kube/codec/wire_pod.h"

namespace spotkeeper::kube::wire {

struct DeploymentSpec {
  std::optional<std::int32_t> replicas;
  std::optional<LabelSelector> selector;
  PodTemplateSpec pod_template;
  std::int32_t min_ready_seconds = 0;
};
constexpr auto fields(const DeploymentSpec*) {
  return std::tuple{Field{1, "replicas", &DeploymentSpec::replicas}, Field{2, "selector", &DeploymentSpec::selector},
                    Field{3, "template", &DeploymentSpec::pod_template},
                    Field{5, "minReadySeconds", &DeploymentSpec::min_ready_seconds}};
}

struct DeploymentStatus {
  std::int64_t observed_generation = 0;
  std::int32_t replicas = 0;
  std::int32_t updated_replicas = 0;
  std::int32_t available_replicas = 0;
  std::int32_t unavailable_replicas = 0;
  std::int32_t ready_replicas = 0;
};
constexpr auto fields(const DeploymentStatus*) {
  return std::tuple{Field{1, "observedGeneration", &DeploymentStatus::observed_generation},
                    Field{2, "replicas", &DeploymentStatus::replicas},
                    Field{3, "updatedReplicas", &DeploymentStatus::updated_replicas},
                    Field{4, "availableReplicas", &DeploymentStatus::available_replicas},
                    Field{5, "unavailableReplicas", &DeploymentStatus::unavailable_replicas},
                    Field{7, "readyReplicas", &DeploymentStatus::ready_replicas}};
}

struct Deployment {
  ObjectMeta metadata;
  DeploymentSpec spec;
  DeploymentStatus status;
};
constexpr auto fields(const Deployment*) {
  return std::tuple{Field{1, "metadata", &Deployment::metadata}, Field{2, "spec", &Deployment::spec},
                    Field{3, "status", &Deployment::status}};
}

struct ReplicaSetSpec {
  std::optional<std::int32_t> replicas;
  std::optional<LabelSelector> selector;
  PodTemplateSpec pod_template;
};
constexpr auto fields(const ReplicaSetSpec*) {
  return std::tuple{Field{1, "replicas", &ReplicaSetSpec::replicas}, Field{2, "selector", &ReplicaSetSpec::selector},
                    Field{3, "template", &ReplicaSetSpec::pod_template}};
}

struct ReplicaSetStatus {
  std::int32_t replicas = 0;
  std::int32_t fully_labeled_replicas = 0;
  std::int64_t observed_generation = 0;
  std::int32_t ready_replicas = 0;
  std::int32_t available_replicas = 0;
};
constexpr auto fields(const ReplicaSetStatus*) {
  return std::tuple{Field{1, "replicas", &ReplicaSetStatus::replicas},
                    Field{2, "fullyLabeledReplicas", &ReplicaSetStatus::fully_labeled_replicas},
                    Field{3, "observedGeneration", &ReplicaSetStatus::observed_generation},
                    Field{4, "readyReplicas", &ReplicaSetStatus::ready_replicas},
                    Field{5, "availableReplicas", &ReplicaSetStatus::available_replicas}};
}

struct ReplicaSet {
  ObjectMeta metadata;
  ReplicaSetSpec spec;
  ReplicaSetStatus status;
};
constexpr auto fields(const ReplicaSet*) {
  return std::tuple{Field{1, "metadata", &ReplicaSet::metadata}, Field{2, "spec", &ReplicaSet::spec},
                    Field{3, "status", &ReplicaSet::status}};
}

struct StatefulSetSpec {
  std::optional<std::int32_t> replicas;
  std::optional<LabelSelector> selector;
  PodTemplateSpec pod_template;
  Text service_name;
  Text pod_management_policy;
};
constexpr auto fields(const StatefulSetSpec*) {
  return std::tuple{Field{1, "replicas", &StatefulSetSpec::replicas}, Field{2, "selector", &StatefulSetSpec::selector},
                    Field{3, "template", &StatefulSetSpec::pod_template},
                    Field{5, "serviceName", &StatefulSetSpec::service_name},
                    Field{6, "podManagementPolicy", &StatefulSetSpec::pod_management_policy}};
}

struct StatefulSetStatus {
  std::int64_t observed_generation = 0;
  std::int32_t replicas = 0;
  std::int32_t ready_replicas = 0;
  std::int32_t current_replicas = 0;
  std::int32_t updated_replicas = 0;
  std::int32_t available_replicas = 0;
};
constexpr auto fields(const StatefulSetStatus*) {
  return std::tuple{Field{1, "observedGeneration", &StatefulSetStatus::observed_generation},
                    Field{2, "replicas", &StatefulSetStatus::replicas},
                    Field{3, "readyReplicas", &StatefulSetStatus::ready_replicas},
                    Field{4, "currentReplicas", &StatefulSetStatus::current_replicas},
                    Field{5, "updatedReplicas", &StatefulSetStatus::updated_replicas},
                    Field{11, "availableReplicas", &StatefulSetStatus::available_replicas}};
}

struct StatefulSet {
  ObjectMeta metadata;
  StatefulSetSpec spec;
  StatefulSetStatus status;
};
constexpr auto fields(const StatefulSet*) {
  return std::tuple{Field{1, "metadata", &StatefulSet::metadata}, Field{2, "spec", &StatefulSet::spec},
                    Field{3, "status", &StatefulSet::status}};
}

struct DaemonSetSpec {
  std::optional<LabelSelector> selector;
  PodTemplateSpec pod_template;
};
constexpr auto fields(const DaemonSetSpec*) {
  return std::tuple{Field{1, "selector", &DaemonSetSpec::selector}, Field{2, "template", &DaemonSetSpec::pod_template}};
}

struct DaemonSetStatus {
  std::int32_t current_number_scheduled = 0;
  std::int32_t number_misscheduled = 0;
  std::int32_t desired_number_scheduled = 0;
  std::int32_t number_ready = 0;
  std::int64_t observed_generation = 0;
  std::int32_t updated_number_scheduled = 0;
  std::int32_t number_available = 0;
  std::int32_t number_unavailable = 0;
};
constexpr auto fields(const DaemonSetStatus*) {
  return std::tuple{Field{1, "currentNumberScheduled", &DaemonSetStatus::current_number_scheduled},
                    Field{2, "numberMisscheduled", &DaemonSetStatus::number_misscheduled},
                    Field{3, "desiredNumberScheduled", &DaemonSetStatus::desired_number_scheduled},
                    Field{4, "numberReady", &DaemonSetStatus::number_ready},
                    Field{5, "observedGeneration", &DaemonSetStatus::observed_generation},
                    Field{6, "updatedNumberScheduled", &DaemonSetStatus::updated_number_scheduled},
                    Field{7, "numberAvailable", &DaemonSetStatus::number_available},
                    Field{8, "numberUnavailable", &DaemonSetStatus::number_unavailable}};
}

struct DaemonSet {
  ObjectMeta metadata;
  DaemonSetSpec spec;
  DaemonSetStatus status;
};
constexpr auto fields(const DaemonSet*) {
  return std::tuple{Field{1, "metadata", &DaemonSet::metadata}, Field{2, "spec", &DaemonSet::spec},
                    Field{3, "status", &DaemonSet::status}};
}

}  // namespace spotkeeper::kube::wire
