#include "sim/world.h"

#include <algorithm>
#include <utility>

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
#include "sim/state.h"
#include "sim/volumes.h"

namespace spotkeeper::sim {

World::World(WorldConfig config) : state_(std::make_unique<State>(config)) {}
World::~World() = default;

Instant World::now() const { return state_->now; }

std::optional<Instant> World::next_due() const {
  if (state_->heap.empty()) return std::nullopt;
  return state_->heap.front().when;
}

void World::advance_to(Instant when) {
  while (advance_one(when)) {
  }
  state_->now = std::max(state_->now, when);
}

bool World::advance_one(Instant limit) {
  State& state = *state_;
  if (state.heap.empty() || state.heap.front().when > limit) return false;
  const Event event = state.heap.pop();
  state.now = std::max(state.now, event.when);
  ++state.handled;
  switch (event.kind) {
    case EventKind::SyncWorkload: state.controllers->handle(event); break;
    case EventKind::Schedule: state.scheduler->handle(); break;
    case EventKind::SyncBudget: state.disruption->handle(event); break;
    case EventKind::SyncEndpoints: state.endpoints->handle(event); break;
    case EventKind::Autoscale: state.autoscalers->handle(event); break;
    case EventKind::SyncLoadBalancer: state.balancers->handle(event); break;
    case EventKind::NodeLost:
    case EventKind::CloudForgetsNode:
    case EventKind::NoExecuteEvicts:
    case EventKind::CollectOrphans:
    case EventKind::MachineReturns: state.nodes->handle(event); break;
    case EventKind::VolumeAttached:
    case EventKind::VolumeDetached:
    case EventKind::VolumeForced: state.volumes->handle(event); break;
    case EventKind::RequestArrives:
    case EventKind::RequestEnds:
    case EventKind::RequestGivenUp:
    case EventKind::RequestAgain: state.clients->handle(event); break;
    default: state.kubelets->handle(event); break;
  }
  if (state.watcher) state.watcher(event);
  return true;
}

std::uint64_t World::events_handled() const { return state_->handled; }
const Store& World::store() const { return state_->store; }
Store& World::store() { return state_->store; }
FaultDice& World::faults() { return state_->dice; }
const WorldConfig& World::config() const { return state_->config; }

void World::add_node(NodeSpec spec) { state_->nodes->add(std::move(spec)); }

void World::notice(const NodeName& node, const Notice& notice) {
  const MachineId id = state_->machine_of(node);
  if (id == kNone) return;
  state_->metadata->notice(id, notice);
  for (const auto& listener : state_->notice_listeners) listener(node, notice);
}

void World::on_notice(std::function<void(const NodeName&, const Notice&)> heard) {
  state_->notice_listeners.push_back(std::move(heard));
}

void World::withdraw(const NodeName& node, InterruptionKind kind) {
  const MachineId id = state_->machine_of(node);
  if (id != kNone) state_->metadata->withdraw(id, kind);
}

void World::complete_maintenance(const NodeName& node) {
  const MachineId id = state_->machine_of(node);
  if (id != kNone) state_->metadata->complete_maintenance(id);
}

void World::kill_machine(const NodeName& node) {
  const MachineId id = state_->machine_of(node);
  if (id != kNone) state_->nodes->kill(id);
}

void World::reboot_machine(const NodeName& node, Duration down) {
  const MachineId id = state_->machine_of(node);
  if (id != kNone) state_->nodes->reboot(id, down);
}

bool World::machine_alive(const NodeName& node) const {
  const MachineId id = state_->machine_of(node);
  return id != kNone && state_->machines[id].alive;
}

std::optional<std::uint32_t> World::machine_number(const NodeName& node) const {
  const MachineId id = state_->machine_of(node);
  return id == kNone ? std::nullopt : std::optional(id);
}

void World::on_machine_change(std::function<void(const NodeName&, bool alive)> heard) {
  state_->machine_listeners.push_back(std::move(heard));
}

Result<net::HttpResponse> World::metadata(const NodeName& node, const net::HttpRequest& request) {
  const auto machine = machine_number(node);
  if (!machine) return fail(ErrorCode::Unavailable, "no machine " + node.str());
  return metadata(*machine, request);
}

Result<net::HttpResponse> World::metadata(std::uint32_t machine, const net::HttpRequest& request) {
  return state_->metadata->answer(machine, request);
}

void World::add_load(const Load& load) { state_->clients->add_load(load); }

void World::begin_measuring() {
  state_->measuring = true;
  state_->counts = {};
  state_->overrides = 0;
  state_->clients->begin_measuring();
}

void World::stop_load() { state_->clients->stop(); }
void World::explain_losses() { state_->clients->explain_losses(); }
void World::explain_deaths() { state_->deaths = std::make_unique<DeathBook>(*state_); }

std::vector<PodDeath> World::deaths() const {
  return state_->deaths ? state_->deaths->deaths() : std::vector<PodDeath>{};
}

const std::vector<LostRequest>& World::losses() const { return state_->clients->losses(); }
const TrafficReport& World::traffic() const { return state_->clients->report(); }
const PodCounts& World::pods() const { return state_->counts; }

std::vector<JobReport> World::jobs() const {
  std::vector<JobReport> reports;
  for (const WorkloadRun& run : state_->workloads) {
    if (!run.job) continue;
    JobReport report;
    report.name = run.name;
    report.completions = run.job->settings.completions;
    report.succeeded = run.job->succeeded;
    report.failed = run.job->failed;
    report.gave_up = run.job->gave_up;
    if (run.job->finished && !run.job->gave_up) report.took = *run.job->finished - run.job->created;
    report.work_lost = run.job->work_lost;
    reports.push_back(std::move(report));
  }
  return reports;
}

std::uint64_t World::budget_overrides() const { return state_->overrides; }

bool World::settled() const {
  const State& state = *state_;
  if (!state.unscheduled.empty() || state.schedule_planned) return false;
  return std::all_of(state.workloads.begin(), state.workloads.end(), [&](const WorkloadRun& run) {
    if (run.kind == Kind::Job) return true;
    const auto ready = std::count_if(run.pods.begin(), run.pods.end(),
                                     [&](PodId id) { return state.pods[id].active() && state.pods[id].pod().ready; });
    return !run.sync_planned && ready == run.replicas && static_cast<std::ptrdiff_t>(run.pods.size()) == ready;
  });
}

const World::Strengths& World::strengths() const {
  const State& state = *state_;
  // Asked all the time, and most of what happens are polls and requests that change nothing of it.
  auto& known = state.strengths;
  if (known && known->version == state.store.version() && known->unpublished == state.unpublished) return known->found;
  State::KnownStrengths anew;
  anew.version = state.store.version();
  anew.unpublished = state.unpublished;
  anew.found.generation = known ? known->found.generation + 1 : 1;
  for (const WorkloadRun& run : state.workloads) {
    if (run.kind == Kind::DaemonSet || run.kind == Kind::Job) continue;
    const auto serving = std::count_if(run.pods.begin(), run.pods.end(), [&](PodId id) {
      const PodRun& pod = state.pods[id];
      return pod.pod().serving() && pod.machine != kNone && state.machines[pod.machine].alive;
    });
    anew.found.all.push_back({run.name, run.alive ? run.replicas : 0, static_cast<std::int32_t>(serving)});
  }
  known = std::move(anew);
  return known->found;
}

}  // namespace spotkeeper::sim
