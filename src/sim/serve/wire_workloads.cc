// Deployments, ReplicaSets, StatefulSets, DaemonSets.
#include "sim/serve/wire_objects.h"
#include "sim/serve/wire_pieces.h"

namespace spotkeeper::sim::serve {
namespace {

/// What every workload has: metadata, selector, template.
template <class Wire, class Object>
Wire described(const Object& object, wire::Arena& arena) {
  Wire out;
  out.metadata = meta_of(object.meta, arena);
  own(out.metadata, object.owner, arena);
  out.spec.selector = selector_of(object.selector);
  out.spec.pod_template = template_of(object.blueprint, arena);
  return out;
}

/// Those that are told how many replicas to have.
template <class Wire, class Object>
Wire scaled(const Object& object, wire::Arena& arena) {
  Wire out = described<Wire>(object, arena);
  out.spec.replicas = object.replicas;
  out.status.observed_generation = object.observed_generation;
  out.status.replicas = object.current;
  out.status.ready_replicas = out.status.available_replicas = object.ready;
  return out;
}

}  // namespace

wire::Deployment to_wire(const DeploymentObject& object, wire::Arena& arena) {
  auto out = scaled<wire::Deployment>(object, arena);
  out.status.updated_replicas = object.current;
  out.status.unavailable_replicas = object.replicas - object.ready;
  return out;
}

wire::ReplicaSet to_wire(const ReplicaSetObject& object, wire::Arena& arena) {
  auto out = scaled<wire::ReplicaSet>(object, arena);
  out.status.fully_labeled_replicas = object.current;
  return out;
}

wire::StatefulSet to_wire(const StatefulSetObject& object, wire::Arena& arena) {
  auto out = scaled<wire::StatefulSet>(object, arena);
  out.spec.service_name = object.meta.name.name;
  out.spec.pod_management_policy = "OrderedReady";
  out.status.current_replicas = out.status.updated_replicas = object.current;
  return out;
}

wire::DaemonSet to_wire(const DaemonSetObject& object, wire::Arena& arena) {
  auto out = described<wire::DaemonSet>(object, arena);
  out.status.desired_number_scheduled = object.replicas;
  out.status.current_number_scheduled = object.current;
  out.status.number_ready = object.ready;
  return out;
}

}  // namespace spotkeeper::sim::serve
