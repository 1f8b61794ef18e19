// The requests of World that the API server would answer.
#include <algorithm>

#include <fmt/format.h>

#include "sim/autoscalers.h"
#include "sim/controllers.h"
#include "sim/disruption.h"
#include "sim/endpoints.h"
#include "sim/load_balancers.h"
#include "sim/node_lifecycle.h"
#include "sim/refusals.h"
#include "sim/state.h"
#include "sim/world.h"

namespace spotkeeper::sim {
namespace {

template <class T>
T workload_object(const NewWorkload& workload, Uid uid, Instant now) {
  T object;
  object.meta.name = workload.name;
  object.meta.uid = std::move(uid);
  object.meta.created = now;
  object.meta.labels = workload.labels;
  object.meta.annotations = workload.annotations;
  object.blueprint = workload.blueprint;
  object.replicas = workload.replicas;
  object.selector = workload.selector;
  if (object.selector.requirements.empty() && workload.blueprint.labels != nullptr) {
    for (const auto& [key, value] : *workload.blueprint.labels) {
      object.selector.requirements.push_back({key, SelectorOperator::In, {value}});
    }
  }
  return object;
}

/// Gives a blueprint what it lacks, so that nothing below has to ask.
void complete(PodBlueprint& blueprint) {
  if (blueprint.spec == nullptr) blueprint.spec = std::make_shared<const PodTemplate>();
  if (blueprint.labels == nullptr) blueprint.labels = std::make_shared<const Labels>();
  if (blueprint.annotations == nullptr) blueprint.annotations = std::make_shared<const Labels>();
  if (blueprint.behaviour == nullptr) blueprint.behaviour = std::make_shared<const Behaviour>();
}

WorkloadId add_workload(World::State& state, Kind kind, const WorkloadObject& object) {
  WorkloadRun run;
  run.kind = kind;
  run.name = object.meta.name;
  run.replica_set = object.meta.name;
  run.uid = object.meta.uid;
  run.blueprint = object.blueprint;
  run.ref = std::make_shared<const WorkloadRef>(
      WorkloadRef{object.meta.name.ns, std::string(name_of(kind)), object.meta.name.name});
  run.replicas = kind == Kind::DaemonSet ? 0 : object.replicas;
  state.workloads.push_back(std::move(run));
  return static_cast<WorkloadId>(state.workloads.size() - 1);
}

WorkloadRun* find_workload(World::State& state, Kind kind, const ObjectName& name) {
  const auto found = std::find_if(state.workloads.begin(), state.workloads.end(), [&](const WorkloadRun& run) {
    return run.alive && run.kind == kind && run.name == name;
  });
  return found == state.workloads.end() ? nullptr : &*found;
}

WorkloadId number_of(const World::State& state, const WorkloadRun& run) {
  return static_cast<WorkloadId>(&run - state.workloads.data());
}

}  // namespace

Answer<ObjectRef> World::create_deployment(NewWorkload workload, bool dry_run) {
  State& state = *state_;
  if (state.store.find(Kind::Deployment, workload.name)) return exists("deployments.apps", workload.name.name);
  complete(workload.blueprint);
  auto deployment = workload_object<DeploymentObject>(workload, state.new_uid(), state.now);
  if (dry_run) return std::make_shared<const Object>(std::move(deployment));
  const std::string hash = state.random_suffix(10);
  Labels pod_labels = *workload.blueprint.labels;
  pod_labels.set("pod-template-hash", hash);
  auto set = workload_object<ReplicaSetObject>(workload, state.new_uid(), state.now);
  set.meta.name.name += "-" + hash;
  set.blueprint.labels = std::make_shared<const Labels>(std::move(pod_labels));
  set.owner = {"apps/v1", "Deployment", workload.name.name, deployment.meta.uid};
  const WorkloadId id = add_workload(state, Kind::Deployment, deployment);
  state.workloads[id].replica_set = set.meta.name;
  state.workloads[id].uid = set.meta.uid;
  state.workloads[id].blueprint = set.blueprint;
  ObjectRef stored = state.store.put(std::move(deployment));
  state.store.put(std::move(set));
  state.sync_workload_soon(id);
  return stored;
}

Answer<ObjectRef> World::create_stateful_set(NewWorkload workload) {
  State& state = *state_;
  if (state.store.find(Kind::StatefulSet, workload.name)) return exists("statefulsets.apps", workload.name.name);
  complete(workload.blueprint);
  auto set = workload_object<StatefulSetObject>(workload, state.new_uid(), state.now);
  const WorkloadId id = add_workload(state, Kind::StatefulSet, set);
  ObjectRef stored = state.store.put(std::move(set));
  state.sync_workload_soon(id);
  return stored;
}

Answer<ObjectRef> World::create_daemon_set(NewWorkload workload) {
  State& state = *state_;
  if (state.store.find(Kind::DaemonSet, workload.name)) return exists("daemonsets.apps", workload.name.name);
  complete(workload.blueprint);
  auto set = workload_object<DaemonSetObject>(workload, state.new_uid(), state.now);
  const WorkloadId id = add_workload(state, Kind::DaemonSet, set);
  ObjectRef stored = state.store.put(std::move(set));
  state.sync_workload_soon(id);
  return stored;
}

void World::create_job(NewWorkload workload, const JobSettings& settings) {
  State& state = *state_;
  complete(workload.blueprint);
  auto job = workload_object<WorkloadObject>(workload, state.new_uid(), state.now);
  job.replicas = settings.parallelism;
  const WorkloadId id = add_workload(state, Kind::Job, job);
  state.workloads[id].job.emplace();
  state.workloads[id].job->settings = settings;
  state.workloads[id].job->created = state.now;
  state.sync_workload_soon(id);
}

bool World::autoscale(const ObjectName& deployment, const AutoscaleSettings& settings) {
  State& state = *state_;
  const WorkloadRun* run = find_workload(state, Kind::Deployment, deployment);
  if (run == nullptr) return false;
  state.autoscalers->add(number_of(state, *run), settings);
  return true;
}

Answer<ObjectRef> World::create_service(ObjectName name, Labels selector, std::int32_t port, std::int32_t target_port) {
  State& state = *state_;
  if (state.store.find(Kind::Service, name)) return exists("services", name.name);
  ServiceObject service;
  service.meta.name = std::move(name);
  service.meta.uid = state.new_uid();
  service.meta.created = state.now;
  service.selector = std::move(selector);
  service.port = port;
  service.target_port = target_port;
  const ServiceId id = state.endpoints->add_service(service);
  service.cluster_ip = fmt::format("10.96.{}.{}", (id + 10) >> 8, (id + 10) & 0xff);
  return state.store.put(std::move(service));
}

void World::add_load_balancer(const ObjectName& service, const LoadBalancerSettings& settings) {
  const ServiceId id = state_->endpoints->find(service);
  if (id != kNone) state_->balancers->add(id, settings);
}

void World::add_static_pod(const NodeName& node, const std::string& name, PodBlueprint blueprint) {
  State& state = *state_;
  const MachineId machine = state.machine_of(node);
  if (machine == kNone) return;
  complete(blueprint);
  const auto id = static_cast<PodId>(state.pods.size());
  PodRun run;
  run.is_static = true;
  run.object.blueprint = blueprint;
  run.object.owner = {"v1", "Node", node.str(), state.store.get<NodeObject>({{}, node.str()})->node.uid};
  Pod& pod = run.object.pod;
  pod.name = {NamespaceName("kube-system"), name + "-" + node.str()};
  pod.uid = state.new_uid();
  pod.spec = blueprint.spec;
  pod.labels = blueprint.labels;
  pod.mirror = true;
  pod.created = state.now;
  state.pods_by_name[pod.name] = id;
  state.pods.push_back(std::move(run));
  state.bind(id, machine);
}

Answer<ObjectRef> World::scale_deployment(const ObjectName& name, std::int32_t replicas,
                                          std::optional<ResourceVersion> version, bool dry_run) {
  State& state = *state_;
  const auto* present = state.store.get<DeploymentObject>(name);
  if (present == nullptr) return not_found("deployments.apps", name.name);
  if (version && *version != present->meta.version) return moved_on("deployments.apps", name.name);
  if (replicas < 0) {
    return refuse(422, "Invalid", "spec.replicas: Invalid value: must be greater than or equal to 0");
  }
  if (dry_run) {
    DeploymentObject edited = *present;
    edited.replicas = replicas;
    return std::make_shared<const Object>(std::move(edited));
  }
  return state.controllers->scale(number_of(state, *find_workload(state, Kind::Deployment, name)), replicas);
}

Answer<ObjectRef> World::delete_deployment(const DeleteCall& call) {
  State& state = *state_;
  const auto* present = state.store.get<DeploymentObject>(call.name);
  if (present == nullptr) return not_found("deployments.apps", call.name.name);
  const auto allowed = check(call, "deployments.apps", present->meta.uid, present->meta.version);
  if (!allowed) return tl::unexpected(allowed.error());
  ObjectRef last = state.store.find(Kind::Deployment, call.name);
  if (call.dry_run) return last;
  WorkloadRun* run = find_workload(state, Kind::Deployment, call.name);
  state.store.remove(Kind::Deployment, call.name);
  state.store.remove(Kind::ReplicaSet, run->replica_set);
  run->alive = false;
  run->replicas = 0;
  ++state.unpublished;
  state.sync_workload_soon(number_of(state, *run));
  return last;
}

Answer<ObjectRef> World::patch_node(const NodeChange& change, bool dry_run) {
  State& state = *state_;
  const ObjectName name{{}, change.node.str()};
  const auto* present = state.store.get<NodeObject>(name);
  if (present == nullptr) return not_found("nodes", change.node.str());
  if (change.version && *change.version != present->node.version) return moved_on("nodes", change.node.str());
  NodeObject edited = *present;
  const Node& node = edited.node;
  apply(change, edited.node);
  if (dry_run) return std::make_shared<const Object>(std::move(edited));
  const bool same = node.taints == present->node.taints && node.unschedulable == present->node.unschedulable &&
                    node.labels == present->node.labels && node.annotations == present->node.annotations;
  if (same) return state.store.find(Kind::Node, name);  // no write, no new version
  ObjectRef stored = state.store.put(std::move(edited));
  state.schedule_soon();
  const MachineId machine = state.machine_of(change.node);
  if (change.taints && machine != kNone) state.nodes->taints_changed(machine);
  return stored;
}

Answer<ObjectRef> World::delete_node(const DeleteCall& call) {
  State& state = *state_;
  const auto* present = state.store.get<NodeObject>(call.name);
  if (present == nullptr) return not_found("nodes", call.name.name);
  const auto allowed = check(call, "nodes", present->node.uid, present->node.version);
  if (!allowed) return tl::unexpected(allowed.error());
  ObjectRef last = state.store.find(Kind::Node, call.name);
  if (call.dry_run) return last;
  const MachineId machine = state.machine_of(NodeName(call.name.name));
  if (machine != kNone && state.machines[machine].registered) {
    state.nodes->remove_node(machine);
  } else {
    state.store.remove(Kind::Node, call.name);
  }
  return last;
}

Answer<void> World::evict(const EvictCall& call) { return state_->disruption->evict(call); }

Answer<ObjectRef> World::delete_pod(const DeleteCall& call) {
  State& state = *state_;
  const PodId id = state.id_of(call.name);
  if (id == kNone) return not_found("pods", call.name.name);
  PodRun& run = state.pods[id];
  const auto allowed = check(call, "pods", run.pod().uid, run.pod().version);
  if (!allowed) return tl::unexpected(allowed.error());
  ObjectRef present = state.store.find(Kind::Pod, call.name);
  GracePeriod grace = call.grace ? GracePeriod(*call.grace) : run.pod().spec->grace;
  if (run.pod().node.empty() || run.pod().completed()) grace = GracePeriod(0s);  // no kubelet has to end it
  PodObject told = run.object;                                                   // what the answer shows
  if (!told.pod.deletion || grace.length() < told.pod.deletion_grace->length()) {
    told.pod.deletion = state.now + grace.length();
    told.pod.deletion_grace = grace;
  }
  ObjectRef as_told = std::make_shared<const Object>(std::move(told));
  if (call.dry_run) return as_told;
  if (!run.wanted_gone && state.measuring) {
    ++state.counts.deleted;
    if (run.pod().serving() && state.disruption->refuses(run.pod())) ++state.overrides;
  }
  if (run.wanted_gone && state.measuring) ++state.counts.repeated;
  run.wanted_gone = true;
  if (run.is_static) return present;  // the kubelet makes the mirror anew
  state.begin_deletion(id, grace);
  const ObjectRef after = state.store.find(Kind::Pod, call.name);
  return after ? after : as_told;
}

Answer<ObjectRef> World::create_budget(DisruptionBudget budget, Labels labels, bool dry_run) {
  State& state = *state_;
  if (state.store.find(Kind::Budget, budget.name)) {
    return exists("poddisruptionbudgets.policy", budget.name.name);
  }
  if (budget.min_available && budget.max_unavailable) {
    return refuse(422, "Invalid", "spec: Invalid value: minAvailable and maxUnavailable cannot be both set");
  }
  budget.uid = state.new_uid();
  budget.generation = 1;
  budget.observed_generation = 0;
  const ObjectName name = budget.name;
  BudgetObject object{std::move(budget), std::move(labels), state.now};
  if (dry_run) return std::make_shared<const Object>(std::move(object));
  ObjectRef stored = state.store.put(std::move(object));
  state.disruption->budget_changed(name);
  return stored;
}

Answer<ObjectRef> World::update_budget(const DisruptionBudget& budget, bool dry_run) {
  State& state = *state_;
  const auto* present = state.store.get<BudgetObject>(budget.name);
  if (present == nullptr) return not_found("poddisruptionbudgets.policy", budget.name.name);
  if (!budget.version.str().empty() && budget.version != present->budget.version) {
    return moved_on("poddisruptionbudgets.policy", budget.name.name);
  }
  BudgetObject edited = *present;
  edited.budget.selector = budget.selector;
  edited.budget.min_available = budget.min_available;
  edited.budget.max_unavailable = budget.max_unavailable;
  edited.budget.unhealthy = budget.unhealthy;
  if (dry_run) return std::make_shared<const Object>(std::move(edited));
  const DisruptionBudget& before = present->budget;
  const bool same = edited.budget.selector == before.selector && edited.budget.min_available == before.min_available &&
                    edited.budget.max_unavailable == before.max_unavailable &&
                    edited.budget.unhealthy == before.unhealthy;
  if (same) return state.store.find(Kind::Budget, budget.name);  // no write, no new version
  ++edited.budget.generation;
  ObjectRef stored = state.store.put(std::move(edited));
  state.disruption->budget_changed(budget.name);
  return stored;
}

Answer<ObjectRef> World::delete_budget(const DeleteCall& call) {
  State& state = *state_;
  const auto* present = state.store.get<BudgetObject>(call.name);
  if (present == nullptr) return not_found("poddisruptionbudgets.policy", call.name.name);
  const auto allowed = check(call, "poddisruptionbudgets.policy", present->budget.uid, present->budget.version);
  if (!allowed) return tl::unexpected(allowed.error());
  ObjectRef last = state.store.find(Kind::Budget, call.name);
  if (!call.dry_run) state.store.remove(Kind::Budget, call.name);
  return last;
}

Answer<ObjectRef> World::put_lease(LeaseObject lease) {
  State& state = *state_;
  const auto* present = state.store.get<LeaseObject>(lease.meta.name);
  const bool creates = lease.meta.version.str().empty();
  if (creates && present != nullptr) return exists("leases.coordination.k8s.io", lease.meta.name.name);
  if (!creates && present == nullptr) return not_found("leases.coordination.k8s.io", lease.meta.name.name);
  if (!creates && lease.meta.version != present->meta.version) {
    return moved_on("leases.coordination.k8s.io", lease.meta.name.name);
  }
  lease.meta.uid = creates ? state.new_uid() : present->meta.uid;
  lease.meta.created = creates ? state.now : present->meta.created;
  return state.store.put(std::move(lease));
}

Answer<ObjectRef> World::delete_lease(const DeleteCall& call) {
  State& state = *state_;
  const auto* present = state.store.get<LeaseObject>(call.name);
  if (present == nullptr) return not_found("leases.coordination.k8s.io", call.name.name);
  const auto allowed = check(call, "leases.coordination.k8s.io", present->meta.uid, present->meta.version);
  if (!allowed) return tl::unexpected(allowed.error());
  ObjectRef last = state.store.find(Kind::Lease, call.name);
  if (!call.dry_run) state.store.remove(Kind::Lease, call.name);
  return last;
}

Answer<ObjectRef> World::record_event(EventObject event) {
  State& state = *state_;
  if (event.meta.name.ns.empty()) event.meta.name.ns = NamespaceName("default");
  constexpr Duration kSeries = 10min;
  for (const auto& [name, stored] : state.store.all(Kind::Event)) {
    const auto& present = std::get<EventObject>(*stored);
    const bool same = present.regarding == event.regarding && present.regarding_kind == event.regarding_kind &&
                      present.reason == event.reason && present.note == event.note &&
                      present.reporting_controller == event.reporting_controller;
    if (!same || present.last + kSeries < state.now) continue;
    EventObject edited = present;
    ++edited.count;
    edited.last = state.now;
    return state.store.put(std::move(edited));
  }
  if (event.meta.name.name.empty()) {
    event.meta.name.name = event.regarding.name + "." + state.random_suffix(16);
  }
  event.meta.uid = state.new_uid();
  event.meta.created = state.now;
  event.first = event.last = state.now;
  return state.store.put(std::move(event));
}

}  // namespace spotkeeper::sim
