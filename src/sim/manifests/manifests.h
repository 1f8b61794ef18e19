// What people have, read from manifests or from a live cluster: workloads, services, budgets, nodes, and how fast their
// pods became ready. From it a scenario is made (sim/manifests/build.h).
//
// Taken: YAML and JSON, many documents in a file, `List` and the lists of one kind that the API server answers with. Of
// kind Deployment, StatefulSet, DaemonSet (apps/v1), Service, Node, Pod (v1) and PodDisruptionBudget (policy/v1); what
// is of another kind is counted and passed over. Fields are those of docs/kubernetes.md; fields that nobody knows are
// passed over, as the API server does.
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
#include "sim/objects.h"

namespace spotkeeper::sim {

struct FoundProbe {
  Duration initial_delay{};
  Duration period = 10s;
};

struct FoundWorkload {
  Kind kind = Kind::Deployment;  // StatefulSet, DaemonSet
  ObjectName name;
  std::int32_t replicas = 1;
  LabelSelector selector;
  Labels labels;  // its own
  Labels pod_labels;
  Labels pod_annotations;
  PodTemplate spec;
  std::optional<FoundProbe> readiness;  // the slowest of its containers'
  std::optional<FoundProbe> startup;
  std::vector<Duration> became_ready;  // of live pods: from the kubelet's start to Ready
};

struct FoundService {
  ObjectName name;
  Labels selector;  // empty: somebody else makes its endpoints
};

struct FoundCluster {
  std::vector<FoundWorkload> workloads;
  std::vector<FoundService> services;
  std::vector<DisruptionBudget> budgets;
  std::vector<Node> nodes;
  std::map<std::string, std::size_t> passed_over;  // objects of other kinds, by kind
};

/// One file, or one answer of the API server.
struct ManifestText {
  std::string name;                                      // for errors
  std::variant<std::string, format::JsonValue> content;  // YAML or JSON, or a document that was read already
};

/// An InvalidInput names file, document, line, column and field: "web.yaml: document 2: line 14, column 5:
/// /spec/replicas: expected a whole number, got a string". Two objects of one kind and name are an error.
Result<FoundCluster> read_manifests(std::span<const ManifestText> texts);

}  // namespace spotkeeper::sim
