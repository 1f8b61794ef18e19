// What the simulated API server stores: Kubernetes objects as values, with the fields that the product and everyday
// kubectl read. Nodes, pods and budgets are the model's own types with what only the wire shows beside them.
//
// An object in the store never changes; a change is a new object under the same name with a higher version.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/time.h"
#include "model/disruption_budget.h"
#include "model/labels.h"
#include "model/names.h"
#include "model/node.h"
#include "model/pod.h"

namespace spotkeeper::sim {

/// metadata of the kinds that have no type in the model.
struct Meta {
  ObjectName name;  // namespace empty: cluster-wide
  Uid uid;
  ResourceVersion version;
  std::int64_t generation = 1;
  Instant created;
  Labels labels;
  Labels annotations;
};

struct OwnerReference {  // the controller's
  std::string api_version;
  std::string kind;
  std::string name;
  Uid uid;
};

struct NamespaceObject {
  Meta meta;
};

struct NodeObject {
  ObjectName key;        // no namespace, and the node's name
  Node node;             // node.annotations holds every annotation
  std::string hostname;  // status.addresses
  std::string address;   // InternalIP
  Resources capacity;
  std::string ready_status = "True";  // condition Ready: True, False or Unknown
  std::string ready_reason = "KubeletReady";
  Instant ready_since;
  Instant heartbeat;  // as of the last write; a live kubelet renews it every 10 s without one
};

/// How the program in a pod behaves; the cluster can't see it.
struct Behaviour {
  Duration image_pull{};      // on a machine that has not had the image yet
  Duration start = 2s;        // from the kubelet's decision, or the pulled image, to a running container
  Duration ready_after = 5s;  // from a running container to the first probe that can succeed
  Duration probe_period = 5s;
  std::uint32_t concurrency = 32;     // requests served at once
  std::uint32_t queue = 128;          // requests waiting beyond that; one more is answered 503
  Duration service_time = 50ms;       // median of a log-normal
  double service_sigma = 0.5;         // of its logarithm
  Duration answers_after_term = 5s;   // goes on accepting so long after SIGTERM, with Connection: close
  bool abrupt = false;                // ends at SIGTERM at once, whatever it is doing
  bool ignores_term = false;          // never ends by itself: SIGKILL ends it
  std::optional<Duration> exec_hook;  // how long an exec or httpGet preStop hook takes
  std::optional<Duration> works_for;  // then it has done its work and ends by itself: a Job's; SIGTERM cuts it short
  friend bool operator==(const Behaviour&, const Behaviour&) = default;
};

/// What a workload makes its pods from.
struct PodBlueprint {
  std::shared_ptr<const PodTemplate> spec;
  std::shared_ptr<const Labels> labels;
  std::shared_ptr<const Labels> annotations;  // as on the wire; spec->wishes is what they say
  std::shared_ptr<const Behaviour> behaviour;
  std::string container = "app";
  std::string image = "registry.local/app:1";
  std::int32_t port = 8080;
  bool preempts = true;  // its priority class' preemptionPolicy is not Never
};

struct PodObject {
  Pod pod;
  OwnerReference owner;  // kind empty: none
  PodBlueprint blueprint;
  std::string ip;                        // status.podIP
  std::string reason;                    // status.reason
  bool disruption_target = false;        // condition DisruptionTarget is True (EvictionByEvictionAPI)
  std::optional<Instant> scheduled;      // condition PodScheduled became True
  std::optional<Instant> running_since;  // state.running.startedAt
  std::optional<Instant> ended;          // state.terminated.finishedAt
  std::int32_t exit_code = 0;            // of the ended container: 0, 137 (SIGKILL), 143 (SIGTERM)
  std::int32_t restarts = 0;
};

struct ServiceObject {
  Meta meta;
  Labels selector;
  std::int32_t port = 80;
  std::int32_t target_port = 8080;
  std::string cluster_ip;
};

/// Deployment, ReplicaSet, StatefulSet, DaemonSet: which one is said by the kind it is stored as.
struct WorkloadObject {
  Meta meta;
  OwnerReference owner;  // a ReplicaSet's Deployment
  LabelSelector selector;
  PodBlueprint blueprint;
  std::int32_t replicas = 1;  // DaemonSet: how many nodes should run it
  std::int64_t observed_generation = 1;
  std::int32_t current = 0;  // pods that are not terminating
  std::int32_t ready = 0;
};
struct DeploymentObject : WorkloadObject {};
struct ReplicaSetObject : WorkloadObject {};
struct StatefulSetObject : WorkloadObject {};
struct DaemonSetObject : WorkloadObject {};

struct BudgetObject {
  DisruptionBudget budget;
  Labels labels;
  Instant created;
};

struct EndpointObject {
  std::string address;
  ObjectName pod;
  Uid pod_uid;
  NodeName node;
  std::string zone;
  bool ready = false;    // Ready and not terminating
  bool serving = false;  // Ready
  bool terminating = false;
};
struct EndpointSliceObject {
  Meta meta;
  std::string service;
  std::int32_t port = 8080;
  std::vector<EndpointObject> endpoints;
};

struct LeaseObject {
  Meta meta;
  std::optional<std::string> holder;
  std::optional<std::int32_t> duration_seconds;
  std::optional<Instant> acquired;
  std::optional<Instant> renewed;
  std::optional<std::int32_t> transitions;
};

struct EventObject {
  Meta meta;
  std::string type = "Normal";
  std::string reason;
  std::string action;
  std::string note;
  std::string regarding_api_version = "v1";
  std::string regarding_kind;
  ObjectName regarding;
  Uid regarding_uid;
  std::string reporting_controller;
  std::string reporting_instance;
  Instant first;
  Instant last;
  std::int32_t count = 1;
};

struct ConfigMapObject {
  Meta meta;
  Labels data;
};

/// ValidatingWebhookConfiguration and MutatingWebhookConfiguration: kept and shown, and never asked.
struct WebhooksObject {
  Meta meta;
  std::string webhooks = "[]";  // the array, as JSON
};
struct ValidatingWebhooksObject : WebhooksObject {};
struct MutatingWebhooksObject : WebhooksObject {};

/// In the order of `Object`'s alternatives. A Job is a workload of the world, but no object of its store.
enum class Kind {
  Namespace,
  Node,
  Pod,
  Service,
  Deployment,
  ReplicaSet,
  StatefulSet,
  DaemonSet,
  Budget,
  EndpointSlice,
  Lease,
  Event,
  ConfigMap,
  ValidatingWebhooks,
  MutatingWebhooks,
  Job,
};
inline constexpr std::size_t kind_count = 15;

using Object = std::variant<NamespaceObject, NodeObject, PodObject, ServiceObject, DeploymentObject, ReplicaSetObject,
                            StatefulSetObject, DaemonSetObject, BudgetObject, EndpointSliceObject, LeaseObject,
                            EventObject, ConfigMapObject, ValidatingWebhooksObject, MutatingWebhooksObject>;
using ObjectRef = std::shared_ptr<const Object>;  // never null where handed out

[[nodiscard]] inline Kind kind_of(const Object& object) { return static_cast<Kind>(object.index()); }
/// "Pod", "Deployment", …
[[nodiscard]] std::string_view name_of(Kind kind);
[[nodiscard]] const ObjectName& key_of(const Object& object);  // valid as long as the object
[[nodiscard]] const Uid& uid_of(const Object& object);
[[nodiscard]] const ResourceVersion& version_of(const Object& object);
[[nodiscard]] const Labels& labels_of(const Object& object);

}  // namespace spotkeeper::sim
