// Kubernetes' objects as model values.
//
// Each from a protobuf message (without its envelope) or a JSON document; both give equal values. A malformed object is
// an InvalidInput that names the field; a field that is well-formed but can't be understood makes that one pod harder
// to place, never easier, and is told in its wishes (model/pod.h) or its selector's `invalid`.
//
// Sources of the rules: docs/kubernetes.md (effective requests: component-helpers resource/helpers.go; owners, mirror
// pods: kubectl's drain filters).
#pragma once

#include "base/result.h"
#include "kube/codec/objects.h"
#include "kube/wire.h"
#include "model/disruption_budget.h"
#include "model/labels.h"
#include "model/node.h"
#include "model/pod.h"
#include "model/snapshot.h"

namespace spotkeeper::kube {

/// `shared` interns what the pod has in common with others; the pod is not put into it.
Result<Pod> decode_pod(const WireObject& object, Snapshot& shared);
Result<Node> decode_node(const WireObject& object);
Result<DisruptionBudget> decode_budget(const WireObject& object);

// ---- The same from structs, for who has decoded them already ----------------------------------------------------

Result<Pod> pod_from(const wire::Pod& pod, Snapshot& shared);
Result<Node> node_from(const wire::Node& node);
Result<DisruptionBudget> budget_from(const wire::PodDisruptionBudget& budget);
[[nodiscard]] Labels labels_from(const wire::Map& entries);
[[nodiscard]] LabelSelector selector_from(const wire::LabelSelector& selector);

/// Which pods a template makes, and so what the API server and the controller add to it.
enum class TemplateOf { Workload, DaemonSet };
/// The template of pods that do not exist yet: limits count as requests where there are none, as the API server
/// defaults them at creation; for a DaemonSet with the tolerations its controller adds. What admission adds
/// (LimitRange, RuntimeClass overhead) can't be seen here.
Result<PodTemplate> template_from(const wire::PodTemplateSpec& spec, TemplateOf kind);

}  // namespace spotkeeper::kube
