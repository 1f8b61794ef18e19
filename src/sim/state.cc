#include "sim/state.h"

#include <fmt/format.h>

#include <algorithm>

#include "sim/autoscalers.h"
#include "sim/clients.h"
#include "sim/controllers.h"
#include "sim/death_book.h"
#include "sim/disruption.h"
#include "sim/endpoints.h"
#include "sim/kubelets.h"
#include "sim/load_balancers.h"
#include "sim/metadata_service.h"
#include "sim/node_lifecycle.h"
#include "sim/scheduler.h"
#include "sim/volumes.h"

namespace spotkeeper::sim {
namespace {

struct Later {
  bool operator()(const Event& a, const Event& b) const {
    return a.when != b.when ? a.when > b.when : a.order > b.order;
  }
};

}  // namespace

void EventHeap::push(Instant when, EventKind kind, std::uint32_t a, std::uint32_t b) {
  heap_.push_back({when, order_++, kind, a, b});
  std::push_heap(heap_.begin(), heap_.end(), Later{});
}

Event EventHeap::pop() {
  std::pop_heap(heap_.begin(), heap_.end(), Later{});
  const Event event = heap_.back();
  heap_.pop_back();
  return event;
}

World::State::State(WorldConfig with)
    : config(with),
      now(with.start),
      dice(with.seed, with.start, with.api_faults, with.metadata_faults),
      random(Random(with.seed).fork(0x57A7)),
      kubelets(std::make_unique<Kubelets>(*this)),
      controllers(std::make_unique<Controllers>(*this)),
      autoscalers(std::make_unique<Autoscalers>(*this)),
      scheduler(std::make_unique<Scheduler>(*this)),
      disruption(std::make_unique<Disruption>(*this)),
      endpoints(std::make_unique<Endpoints>(*this)),
      balancers(std::make_unique<LoadBalancers>(*this)),
      nodes(std::make_unique<NodeLifecycle>(*this)),
      volumes(std::make_unique<Volumes>(*this)),
      clients(std::make_unique<Clients>(*this)),
      metadata(std::make_unique<MetadataService>(*this)) {}

World::State::~State() = default;

Uid World::State::new_uid() {
  ++uids;
  const std::uint64_t mixed = (config.seed * 0x9E3779B97F4A7C15ULL) ^ (uids * 0xBF58476D1CE4E5B9ULL);
  return Uid(fmt::format("{:08x}-{:04x}-4{:03x}-8{:03x}-{:012x}", mixed >> 32, (mixed >> 16) & 0xffff, mixed & 0xfff,
                         (uids >> 48) & 0xfff, uids & 0xffff'ffff'ffff));
}

std::string World::State::random_suffix(std::size_t length) {
  constexpr std::string_view alphabet = "bcdfghjklmnpqrstvwxz2456789";  // as the API server's name generator
  std::string text;
  for (std::size_t i = 0; i < length; ++i) text += alphabet[random.below(alphabet.size())];
  return text;
}

std::string World::State::new_pod_name(const NamespaceName& ns, const std::string& prefix) {
  std::string name;
  do {
    name = prefix + "-" + random_suffix(5);
  } while (pods_by_name.contains({ns, name}));
  return name;
}

PodId World::State::id_of(const ObjectName& name) const {
  const auto found = pods_by_name.find(name);
  return found == pods_by_name.end() ? kNone : found->second;
}

PodRun* World::State::find_pod(const ObjectName& name) {
  const PodId id = id_of(name);
  return id == kNone ? nullptr : &pods[id];
}

MachineId World::State::machine_of(const NodeName& name) const {
  const auto found = machines_by_name.find(name.str());
  return found == machines_by_name.end() ? kNone : found->second;
}

Machine* World::State::find_machine(const NodeName& name) {
  const MachineId id = machine_of(name);
  return id == kNone ? nullptr : &machines[id];
}

void World::State::publish(PodId id) {
  PodRun& run = pods[id];
  const ObjectRef stored = store.put(run.object);
  run.object.pod.version = version_of(*stored);
  if (run.pod().completed()) {
    release_room(run);
    volumes->pod_changed(id);
  }
  if (run.workload != kNone) sync_workload_soon(run.workload);
  disruption->pod_changed(run);
  endpoints->pod_changed(run);
}

PodId World::State::create_pod(WorkloadId workload, std::string name, std::optional<std::int32_t> ordinal) {
  const WorkloadRun& owner = workloads[workload];
  const auto id = static_cast<PodId>(pods.size());
  PodRun run;
  run.workload = workload;
  PodObject& object = run.object;
  object.blueprint = owner.blueprint;
  object.owner.kind = owner.kind == Kind::Deployment ? "ReplicaSet" : std::string(name_of(owner.kind));
  object.owner.api_version = owner.kind == Kind::Job ? "batch/v1" : "apps/v1";
  object.owner.name = owner.kind == Kind::Deployment ? owner.replica_set.name : owner.name.name;
  object.owner.uid = owner.uid;
  Pod& pod = object.pod;
  pod.name = {owner.name.ns, std::move(name)};
  pod.uid = new_uid();
  pod.spec = owner.blueprint.spec;
  pod.labels = owner.blueprint.labels;
  pod.owner = owner.ref;
  pod.created = now;
  pod.ordinal = ordinal;
  note_constraints(*pod.spec);
  pods_by_name[pod.name] = id;
  workloads[workload].pods.push_back(id);
  pods.push_back(std::move(run));
  unscheduled.push_back(id);
  if (measuring) ++counts.created;
  publish(id);
  schedule_soon();
  return id;
}

void World::State::bind(PodId id, MachineId to) {
  PodRun& run = pods[id];
  Machine& machine = machines[to];
  run.machine = to;
  run.holds_room = true;
  machine.used += run.pod().spec->requests;
  ++machine.pod_count;
  machine.pods.push_back(id);
  run.object.pod.node = machine.name;
  run.object.pod.unschedulable = false;
  run.object.pod.nominated_node = {};
  run.object.scheduled = now;
  run.object.ip = fmt::format("10.{}.{}.{}", 100 + ((id >> 16) & 0x7f), (id >> 8) & 0xff, id & 0xff);
  publish(id);
  volumes->pod_bound(id);
  kubelets->pod_bound(id);
}

void World::State::release_room(PodRun& run) {
  if (!run.holds_room) return;
  run.holds_room = false;
  Machine& machine = machines[run.machine];
  machine.used -= run.pod().spec->requests;
  --machine.pod_count;
  schedule_soon();
}

void World::State::remove_pod(PodId id) {
  PodRun& run = pods[id];
  if (run.gone) return;
  if (run.workload != kNone) controllers->pod_removed(id);
  run.gone = true;
  release_room(run);
  const ObjectName name = run.pod().name;
  pods_by_name.erase(name);
  if (run.machine != kNone) std::erase(machines[run.machine].pods, id);
  if (run.workload != kNone) std::erase(workloads[run.workload].pods, id);
  store.remove(Kind::Pod, name);
  if (run.workload != kNone) sync_workload_soon(run.workload);
  disruption->pod_changed(run);
  endpoints->pod_changed(run);
  kubelets->pod_removed(id);
  volumes->pod_changed(id);
  note_death(id, DeathMoment::ObjectGone);
}

void World::State::begin_deletion(PodId id, GracePeriod grace) {
  PodRun& run = pods[id];
  Pod& pod = run.object.pod;
  const bool nobody_runs_it = pod.node.empty() || pod.completed();
  note_death(id, DeathMoment::Told);
  if (nobody_runs_it || grace.length() == 0s) return remove_pod(id);
  const Instant asked = pod.deletion ? *pod.deletion - pod.deletion_grace->length() : now;
  const Instant until = std::max(asked + grace.length(), now);
  if (pod.deletion && until >= *pod.deletion) return;  // a grace can only shrink
  pod.deletion = until;
  pod.deletion_grace = grace;
  publish(id);
  kubelets->pod_deleting(id);
}

void World::State::note_death(PodId id, DeathMoment moment) {
  if (deaths) deaths->note(id, moment);
}

void World::State::note_constraints(const PodTemplate& spec) {
  if (priority && *priority != spec.priority) priorities_differ = true;
  priority = spec.priority;
  if (!spec.affinity.anti_required.empty()) some_keep_others_away = true;
}

void World::State::sync_workload_soon(WorkloadId id) {
  WorkloadRun& run = workloads[id];
  if (run.sync_planned) return;
  run.sync_planned = true;
  after(around(config.delays.controller), EventKind::SyncWorkload, id);
}

void World::State::schedule_soon() {
  if (schedule_planned || unscheduled.empty()) return;
  schedule_planned = true;
  after(around(config.delays.scheduler), EventKind::Schedule, 0);
}

}  // namespace spotkeeper::sim
