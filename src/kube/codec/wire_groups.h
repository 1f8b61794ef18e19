// policy/v1, coordination.k8s.io/v1 and discovery.k8s.io/v1. See objects.h.
#pragma once

#include <cstdint>
#include <optional>
#include <tuple>
#include <vector>

#include "kube/codec/wire_meta.h"

namespace spotkeeper::kube::wire {

struct PodDisruptionBudgetSpec {
  std::optional<IntOrString> min_available;
  std::optional<LabelSelector> selector;
  std::optional<IntOrString> max_unavailable;
  std::optional<Text> unhealthy_pod_eviction_policy;
};
constexpr auto fields(const PodDisruptionBudgetSpec*) {
  return std::tuple{Field{1, "minAvailable", &PodDisruptionBudgetSpec::min_available},
                    Field{2, "selector", &PodDisruptionBudgetSpec::selector},
                    Field{3, "maxUnavailable", &PodDisruptionBudgetSpec::max_unavailable},
                    Field{4, "unhealthyPodEvictionPolicy", &PodDisruptionBudgetSpec::unhealthy_pod_eviction_policy}};
}

struct PodDisruptionBudgetStatus {
  std::int64_t observed_generation = 0;
  Times disrupted_pods;
  std::int32_t disruptions_allowed = 0;
  std::int32_t current_healthy = 0;
  std::int32_t desired_healthy = 0;
  std::int32_t expected_pods = 0;
  std::vector<Condition> conditions;
};
constexpr auto fields(const PodDisruptionBudgetStatus*) {
  return std::tuple{Field{1, "observedGeneration", &PodDisruptionBudgetStatus::observed_generation},
                    Field{2, "disruptedPods", &PodDisruptionBudgetStatus::disrupted_pods},
                    Field{3, "disruptionsAllowed", &PodDisruptionBudgetStatus::disruptions_allowed},
                    Field{4, "currentHealthy", &PodDisruptionBudgetStatus::current_healthy},
                    Field{5, "desiredHealthy", &PodDisruptionBudgetStatus::desired_healthy},
                    Field{6, "expectedPods", &PodDisruptionBudgetStatus::expected_pods},
                    Field{7, "conditions", &PodDisruptionBudgetStatus::conditions}};
}

struct PodDisruptionBudget {
  ObjectMeta metadata;
  PodDisruptionBudgetSpec spec;
  PodDisruptionBudgetStatus status;
};
constexpr auto fields(const PodDisruptionBudget*) {
  return std::tuple{Field{1, "metadata", &PodDisruptionBudget::metadata}, Field{2, "spec", &PodDisruptionBudget::spec},
                    Field{3, "status", &PodDisruptionBudget::status}};
}

struct LeaseSpec {
  std::optional<Text> holder_identity;
  std::optional<std::int32_t> lease_duration_seconds;
  MicroTime acquire_time;
  MicroTime renew_time;
  std::optional<std::int32_t> lease_transitions;
  std::optional<Text> strategy;
  std::optional<Text> preferred_holder;
};
constexpr auto fields(const LeaseSpec*) {
  return std::tuple{Field{1, "holderIdentity", &LeaseSpec::holder_identity},
                    Field{2, "leaseDurationSeconds", &LeaseSpec::lease_duration_seconds},
                    Field{3, "acquireTime", &LeaseSpec::acquire_time},
                    Field{4, "renewTime", &LeaseSpec::renew_time},
                    Field{5, "leaseTransitions", &LeaseSpec::lease_transitions},
                    Field{6, "strategy", &LeaseSpec::strategy},
                    Field{7, "preferredHolder", &LeaseSpec::preferred_holder}};
}

struct Lease {
  ObjectMeta metadata;
  LeaseSpec spec;
};
constexpr auto fields(const Lease*) {
  return std::tuple{Field{1, "metadata", &Lease::metadata}, Field{2, "spec", &Lease::spec}};
}

struct EndpointConditions {
  std::optional<bool> ready;
  std::optional<bool> serving;
  std::optional<bool> terminating;
};
constexpr auto fields(const EndpointConditions*) {
  return std::tuple{Field{1, "ready", &EndpointConditions::ready}, Field{2, "serving", &EndpointConditions::serving},
                    Field{3, "terminating", &EndpointConditions::terminating}};
}

struct Endpoint {
  std::vector<Text> addresses;
  EndpointConditions conditions;
  std::optional<Text> hostname;
  std::optional<ObjectReference> target_ref;
  std::optional<Text> node_name;
  std::optional<Text> zone;
};
constexpr auto fields(const Endpoint*) {
  return std::tuple{Field{1, "addresses", &Endpoint::addresses}, Field{2, "conditions", &Endpoint::conditions},
                    Field{3, "hostname", &Endpoint::hostname},   Field{4, "targetRef", &Endpoint::target_ref},
                    Field{6, "nodeName", &Endpoint::node_name},  Field{7, "zone", &Endpoint::zone}};
}

struct EndpointPort {
  std::optional<Text> name;
  std::optional<Text> protocol;
  std::optional<std::int32_t> port;
  std::optional<Text> app_protocol;
};
constexpr auto fields(const EndpointPort*) {
  return std::tuple{Field{1, "name", &EndpointPort::name}, Field{2, "protocol", &EndpointPort::protocol},
                    Field{3, "port", &EndpointPort::port}, Field{4, "appProtocol", &EndpointPort::app_protocol}};
}

struct EndpointSlice {
  ObjectMeta metadata;
  std::vector<Endpoint> endpoints;
  std::vector<EndpointPort> ports;
  Text address_type;
};
constexpr auto fields(const EndpointSlice*) {
  return std::tuple{Field{1, "metadata", &EndpointSlice::metadata}, Field{2, "endpoints", &EndpointSlice::endpoints},
                    Field{3, "ports", &EndpointSlice::ports}, Field{4, "addressType", &EndpointSlice::address_type}};
}

}  // namespace spotkeeper::kube::wire
