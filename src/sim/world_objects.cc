// Objects that clients make and change without a controller of the world behind them.
#include <memory>
#include <utility>

#include "sim/disruption.h"
#include "sim/endpoints.h"
#include "sim/refusals.h"
#include "sim/state.h"
#include "sim/world.h"

namespace spotkeeper::sim {
namespace {

ObjectRef unstored(Object object) { return std::make_shared<const Object>(std::move(object)); }

bool conflicts(const std::optional<ResourceVersion>& wanted, const ResourceVersion& present) {
  return wanted && *wanted != present;
}

constexpr std::string_view kValidating = "validatingwebhookconfigurations.admissionregistration.k8s.io";
constexpr std::string_view kMutating = "mutatingwebhookconfigurations.admissionregistration.k8s.io";

template <class T>
Answer<ObjectRef> create_plain(World::State& state, T object, std::string_view plural, Kind kind, bool dry_run) {
  if (state.store.find(kind, object.meta.name)) return exists(plural, object.meta.name.name);
  object.meta.uid = state.new_uid();
  object.meta.version = {};
  object.meta.created = state.now;
  if (dry_run) return unstored(std::move(object));
  return state.store.put(std::move(object));
}

/// Replaces the pod's object; the controllers hear of it under its old labels and its new ones.
ObjectRef replace_pod(World::State& state, PodId id, PodObject edited) {
  state.disruption->pod_changed(state.pods[id]);
  state.endpoints->pod_changed(state.pods[id]);
  const ObjectName name = edited.pod.name;
  state.pods[id].object = std::move(edited);
  state.publish(id);
  return state.store.find(Kind::Pod, name);
}

}  // namespace

void World::add_namespace(std::string name) {
  Meta meta;
  meta.name = {{}, std::move(name)};
  (void)create_namespace(std::move(meta));  // names of a scenario's namespaces are new
}

Answer<ObjectRef> World::create_namespace(Meta meta, bool dry_run) {
  NamespaceObject object{std::move(meta)};
  object.meta.labels.set("kubernetes.io/metadata.name", object.meta.name.name);
  return create_plain(*state_, std::move(object), "namespaces", Kind::Namespace, dry_run);
}

Answer<ObjectRef> World::create_config_map(ConfigMapObject map, bool dry_run) {
  return create_plain(*state_, std::move(map), "configmaps", Kind::ConfigMap, dry_run);
}

Answer<ObjectRef> World::create_webhooks(ValidatingWebhooksObject webhooks, bool dry_run) {
  return create_plain(*state_, std::move(webhooks), kValidating, Kind::ValidatingWebhooks, dry_run);
}

Answer<ObjectRef> World::create_webhooks(MutatingWebhooksObject webhooks, bool dry_run) {
  return create_plain(*state_, std::move(webhooks), kMutating, Kind::MutatingWebhooks, dry_run);
}

Answer<ObjectRef> World::delete_webhooks(Kind kind, const DeleteCall& call) {
  State& state = *state_;
  const std::string_view plural = kind == Kind::ValidatingWebhooks ? kValidating : kMutating;
  ObjectRef last = state.store.find(kind, call.name);
  if (last == nullptr) return not_found(plural, call.name.name);
  const bool conflict = (call.uid && *call.uid != uid_of(*last)) || conflicts(call.version, version_of(*last));
  if (conflict) return moved_on(plural, call.name.name);
  if (!call.dry_run) state.store.remove(kind, call.name);
  return last;
}

Answer<ObjectRef> World::create_event(EventObject event, bool dry_run) {
  return create_plain(*state_, std::move(event), "events.events.k8s.io", Kind::Event, dry_run);
}

Answer<ObjectRef> World::update_event(EventObject wanted, const std::optional<ResourceVersion>& version, bool dry_run) {
  State& state = *state_;
  const std::string& name = wanted.meta.name.name;
  const auto* present = state.store.get<EventObject>(wanted.meta.name);
  if (present == nullptr) return not_found("events.events.k8s.io", name);
  if (conflicts(version, present->meta.version)) return moved_on("events.events.k8s.io", name);
  wanted.meta.uid = present->meta.uid;
  wanted.meta.created = present->meta.created;
  if (dry_run) return unstored(std::move(wanted));
  return state.store.put(std::move(wanted));
}

Answer<ObjectRef> World::create_node(NodeObject object, bool dry_run) {
  State& state = *state_;
  Node& node = object.node;
  if (state.store.find(Kind::Node, object.key)) return exists("nodes", object.key.name);
  node.uid = state.new_uid();
  node.version = {};
  node.created = state.now;
  node.ready = false;
  node.allocatable = object.capacity = {};
  node.boot_id.clear();
  node.taints.push_back({"node.kubernetes.io/not-ready", "", TaintEffect::NoSchedule, {}});
  object.ready_status.clear();  // no kubelet has said anything
  object.ready_reason.clear();
  if (dry_run) return unstored(std::move(object));
  return state.store.put(std::move(object));
}

Answer<ObjectRef> World::update_node_status(const NodeObject& wanted, const std::optional<ResourceVersion>& version,
                                            bool dry_run) {
  State& state = *state_;
  const auto* present = state.store.get<NodeObject>(wanted.key);
  if (present == nullptr) return not_found("nodes", wanted.key.name);
  if (conflicts(version, present->node.version)) return moved_on("nodes", wanted.key.name);
  NodeObject edited = *present;
  if (edited.ready_status != wanted.ready_status) edited.ready_since = state.now;
  edited.node.ready = wanted.node.ready;
  edited.ready_status = wanted.ready_status;
  edited.ready_reason = wanted.ready_reason;
  edited.heartbeat = state.now;
  edited.node.allocatable = wanted.node.allocatable;
  edited.node.max_pods = wanted.node.max_pods;
  edited.capacity = wanted.capacity;
  if (dry_run) return unstored(std::move(edited));
  ObjectRef stored = state.store.put(std::move(edited));
  state.schedule_soon();
  return stored;
}

Answer<ObjectRef> World::create_pod(PodObject object, bool dry_run) {
  State& state = *state_;
  Pod& pod = object.pod;
  const ObjectName name = pod.name;
  if (state.id_of(name) != kNone) return exists("pods", name.name);
  pod.uid = state.new_uid();
  pod.version = {};
  pod.created = state.now;
  pod.phase = PodPhase::Pending;
  pod.ready = pod.unschedulable = false;
  pod.started.reset();
  pod.ready_since.reset();
  pod.deletion.reset();
  pod.deletion_grace.reset();
  if (dry_run) return unstored(std::move(object));
  const auto id = static_cast<PodId>(state.pods.size());
  const NodeName node = pod.node;
  const MachineId machine = node.empty() ? kNone : state.machine_of(node);
  PodRun run;
  run.object = std::move(object);
  state.note_constraints(*run.object.pod.spec);
  state.pods_by_name[name] = id;
  state.pods.push_back(std::move(run));
  if (machine != kNone) {
    state.bind(id, machine);
  } else {
    state.publish(id);
    if (node.empty()) {
      state.unscheduled.push_back(id);
      state.schedule_soon();
    }
  }
  return state.store.find(Kind::Pod, name);
}

Answer<ObjectRef> World::update_pod(const PodObject& wanted, const std::optional<ResourceVersion>& version,
                                    bool dry_run) {
  State& state = *state_;
  const PodId id = state.id_of(wanted.pod.name);
  if (id == kNone) return not_found("pods", wanted.pod.name.name);
  if (conflicts(version, state.pods[id].pod().version)) return moved_on("pods", wanted.pod.name.name);
  PodObject edited = state.pods[id].object;
  edited.pod.labels = wanted.pod.labels;
  edited.blueprint.annotations = wanted.blueprint.annotations;
  edited.blueprint.image = wanted.blueprint.image;
  // What the annotations wish is part of what the pod's template says to the planners.
  PodTemplate spec = *edited.pod.spec;
  spec.wishes = wanted.pod.spec->wishes;
  edited.pod.spec = edited.blueprint.spec = std::make_shared<const PodTemplate>(std::move(spec));
  if (dry_run) return unstored(std::move(edited));
  return replace_pod(state, id, std::move(edited));
}

Answer<ObjectRef> World::update_pod_status(const PodObject& wanted, const std::optional<ResourceVersion>& version,
                                           bool dry_run) {
  State& state = *state_;
  const PodId id = state.id_of(wanted.pod.name);
  if (id == kNone) return not_found("pods", wanted.pod.name.name);
  if (conflicts(version, state.pods[id].pod().version)) return moved_on("pods", wanted.pod.name.name);
  PodObject edited = state.pods[id].object;
  edited.reason = wanted.reason;
  edited.pod.phase = wanted.pod.phase;
  edited.pod.ready = wanted.pod.ready;
  edited.pod.ready_since = wanted.pod.ready_since;
  edited.pod.started = wanted.pod.started;
  edited.pod.nominated_node = wanted.pod.nominated_node;
  if (dry_run) return unstored(std::move(edited));
  return replace_pod(state, id, std::move(edited));
}

Answer<ObjectRef> World::update_budget_status(const DisruptionBudget& wanted,
                                              const std::optional<ResourceVersion>& version, bool dry_run) {
  State& state = *state_;
  constexpr std::string_view kPlural = "poddisruptionbudgets.policy";
  const auto* present = state.store.get<BudgetObject>(wanted.name);
  if (present == nullptr) return not_found(kPlural, wanted.name.name);
  if (conflicts(version, present->budget.version)) return moved_on(kPlural, wanted.name.name);
  BudgetObject edited = *present;
  edited.budget.observed_generation = wanted.observed_generation;
  edited.budget.disruptions_allowed = wanted.disruptions_allowed;
  edited.budget.current_healthy = wanted.current_healthy;
  edited.budget.desired_healthy = wanted.desired_healthy;
  edited.budget.expected_pods = wanted.expected_pods;
  edited.budget.disrupted = wanted.disrupted;
  if (dry_run) return unstored(std::move(edited));
  return state.store.put(std::move(edited));
}

}  // namespace spotkeeper::sim
