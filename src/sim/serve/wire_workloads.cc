// Deployments, ReplicaSets, StatefulSets, DaemonSets.
#include "sim/serve/wire_objects.h"
#include "sim/serve/wire_pieces.h"

namespace spotkeeper::sim::serve {
namespace {

wire::ObjectMeta workload_meta(const WorkloadObject& object, wire::Arena& arena) {
  wire::ObjectMeta meta = meta_of(object.meta, arena);
  own(meta, object.owner, arena);
  return meta;
}

}  // namespace

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

}  // namespace spotkeeper::sim::serve
