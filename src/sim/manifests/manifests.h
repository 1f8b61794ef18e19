// What people have, read from manifests or from a live cluster: workloads, services, budgets, nodes, and how fast their
// pods became ready. From it a scenario is made (sim/manifests/build.h).
//
// Taken: YAML and JSON, many documents in a file, `List` and the lists of one kind that the API server answers with. Of
// kind Deployment, StatefulSet, DaemonSet (apps), Job (batch), Service, Node, Pod (core), PodDisruptionBudget (policy),
// HorizontalPodAutoscaler (autoscaling), PriorityClass (scheduling) and Ingress (networking.k8s.io); what is of another
// kind, or of a like-named kind of another group, is counted and passed over. A field that Kubernetes has not is an
// error (sim/manifests/known_fields.h), but in an object that has been in an API server.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "format/json.h"
#include "model/disruption_budget.h"
#include "model/node.h"
#include "model/pod.h"
#include "sim/world.h"

namespace spotkeeper::sim {

struct FoundProbe {
  Duration initial_delay{};
  Duration period = 10s;
};

struct FoundWorkload {
  Kind kind = Kind::Deployment;  // StatefulSet, DaemonSet, Job
  ObjectName name;
  std::optional<std::int32_t> replicas;  // none: nobody says how many
  JobSettings job;                       // of a Job
  bool preempts = true;                  // its pods' preemptionPolicy is not Never
  LabelSelector selector;
  Labels labels;  // its own
  Labels pod_labels;
  Labels pod_annotations;
  PodTemplate spec;
  std::optional<FoundProbe> readiness;  // the slowest of its containers'
  std::optional<FoundProbe> startup;
  std::vector<Duration> became_ready;  // of live pods: from the kubelet's start to Ready
};

/// What an AWS load balancer sends requests to: pods, or ports of nodes.
enum class TargetType { Ip, Instance };

struct FoundService {
  ObjectName name;
  Labels selector;                         // empty: somebody else makes its endpoints
  bool load_balancer = false;              // of type LoadBalancer
  std::optional<TargetType> network;       // and its annotations or its class ask for an NLB with such targets
  std::optional<TargetType> alb_override;  // targets of an ALB before it, whatever the Ingress says
};

struct FoundIngress {
  ObjectName name;
  std::string ingress_class;  // empty: the cluster's default
  TargetType targets = TargetType::Instance;
  std::vector<std::string> services;  // in its namespace, each once
};

/// autoscaling/v1 and v2.
struct FoundAutoscaler {
  ObjectName name;
  std::string target_kind;
  std::string target;  // in its namespace
  std::int32_t least = 1;
  std::int32_t most = 1;
  std::optional<double> cpu;            // utilisation that it aims at, of the requests; none: it has no such metric
  std::vector<std::string> unmodelled;  // its other metrics: "memory", "Pods requests-per-second"
};

struct FoundPriorityClass {
  std::string name;
  std::int32_t value = 0;
  bool global_default = false;
  bool preempts = true;
};

struct FoundCluster {
  std::vector<FoundWorkload> workloads;
  std::vector<FoundService> services;
  std::vector<FoundIngress> ingresses;
  std::vector<FoundAutoscaler> autoscalers;
  std::vector<FoundPriorityClass> priority_classes;
  std::vector<DisruptionBudget> budgets;
  std::vector<Node> nodes;
  std::vector<std::string> sources;  // the texts' names
  std::size_t pods = 0;
  std::size_t lone_pods = 0;                       // that no controller makes anew
  std::map<std::string, std::size_t> passed_over;  // objects of other kinds, by kind (with its group, if that is why)
};

/// One file, or one answer of the API server.
struct ManifestText {
  std::string name;                                      // for errors
  std::variant<std::string, format::JsonValue> content;  // YAML or JSON, or a document that was read already
};

/// An InvalidInput names file, document, line, column and field: "web.yaml: document 2: line 14, column 5:
/// /spec/replicas: expected a whole number, got a string". Two objects of one kind and name are an error, and so is a
/// text without any object.
Result<FoundCluster> read_manifests(std::span<const ManifestText> texts);

}  // namespace spotkeeper::sim
