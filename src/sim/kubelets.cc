#include "sim/kubelets.h"

#include <algorithm>

#include "sim/clients.h"
#include "sim/volumes.h"

namespace spotkeeper::sim {
namespace {

constexpr std::uint64_t kWork = 0x10B;  // the stream of the seed that Jobs' work is drawn from

/// How long the preStop hook takes if nobody stops it.
Duration hook_length(const PodRun& run) {
  const auto& hook = run.pod().spec->pre_stop;
  if (!hook) return {};
  if (hook->sleep) return *hook->sleep;
  return run.behaviour().exec_hook.value_or(Duration{});
}

/// The start that its events belong to: what was under way when the machine went down is not taken up again.
std::uint32_t start_of(const PodRun& run) { return static_cast<std::uint32_t>(run.object.restarts); }

bool of_a_start(EventKind kind) {
  return kind == EventKind::KubeletStarts || kind == EventKind::ContainerRuns || kind == EventKind::ProgramListens ||
         kind == EventKind::ProbeSucceeds;
}

}  // namespace

bool Kubelets::void_event(const PodRun& run) const {
  return run.machine == kNone || !world_.machines[run.machine].alive || run.program == Program::Ended;
}

void Kubelets::pod_bound(PodId id) {
  world_.after(world_.around(world_.config.delays.kubelet), EventKind::KubeletStarts, id, start_of(world_.pods[id]));
}

void Kubelets::pod_deleting(PodId id) {
  world_.after(world_.around(world_.config.delays.kubelet), EventKind::KubeletEnds, id);
}

void Kubelets::pod_removed(PodId id) {
  PodRun& run = world_.pods[id];
  if (run.program == Program::Ended || run.machine == kNone) return;
  world_.machines[run.machine].orphans.push_back(id);
  run.kill_at = world_.now + kLeastGrace;
  world_.at(run.kill_at, EventKind::GraceOver, id, ++run.round);
}

void Kubelets::handle(const Event& event) {
  const PodRun& run = world_.pods[event.a];
  if (void_event(run) && event.kind != EventKind::PodReported) return;
  if (of_a_start(event.kind) && event.b != start_of(run)) return;  // the machine has booted since
  switch (event.kind) {
    case EventKind::KubeletStarts: return start(event.a);
    case EventKind::ContainerRuns: return runs(event.a);
    case EventKind::ProgramListens: return listens(event.a);
    case EventKind::ProbeSucceeds: return ready(event.a);
    case EventKind::WorkDone: return work_done(event.a, event.b);
    case EventKind::KubeletEnds: return begin_end(event.a);
    case EventKind::PreStopOver: return terminate(event.a, event.b);
    case EventKind::ListenerCloses: return close_listener(event.a, event.b);
    case EventKind::GraceOver: return kill(event.a, event.b);
    case EventKind::PodReported: return report(event.a);
    default: return;
  }
}

void Kubelets::start(PodId id) {
  PodRun& run = world_.pods[id];
  if (run.gone || run.pod().terminating() || run.object.pod.started) return;
  run.object.pod.started = world_.now;
  world_.publish(id);
  if (world_.volumes->attached_or_wait(id)) volumes_attached(id);
}

void Kubelets::volumes_attached(PodId id) {
  const PodRun& run = world_.pods[id];
  const bool taken = run.object.pod.started.has_value();  // not so when the machine has booted since
  if (void_event(run) || run.gone || run.pod().terminating() || !taken) return;
  world_.after(pull(run) + world_.around(run.behaviour().start), EventKind::ContainerRuns, id, start_of(run));
}

Duration Kubelets::pull(const PodRun& run) {
  if (run.behaviour().image_pull == 0s || run.workload == kNone) return 0s;
  std::map<WorkloadId, Instant>& images = world_.machines[run.machine].images;
  auto found = images.find(run.workload);
  if (found == images.end()) {
    found = images.emplace(run.workload, world_.now + world_.around(run.behaviour().image_pull)).first;
  }
  return std::max<Duration>(found->second - world_.now, 0s);
}

void Kubelets::runs(PodId id) {
  PodRun& run = world_.pods[id];
  if (run.gone || run.program != Program::Absent || run.pod().terminating()) return;
  run.program = Program::Starting;
  run.object.pod.phase = PodPhase::Running;
  run.object.running_since = world_.now;
  world_.publish(id);
  world_.after(run.behaviour().ready_after, EventKind::ProgramListens, id, start_of(run));
  if (!run.behaviour().works_for) return;
  // By the seed and the pod's number in its Job: the first, second … pod of a Job has the same to do under every
  // policy.
  Random own = Random(world_.config.seed).fork(kWork).fork(run.workload).fork(run.number);
  world_.after(own.lognormal(*run.behaviour().works_for, 0.3), EventKind::WorkDone, id, start_of(run));
}

void Kubelets::work_done(PodId id, std::uint32_t start) {
  const PodRun& run = world_.pods[id];
  const bool works = run.program == Program::Starting || run.program == Program::Serving;
  if (works && start_of(run) == start) end(id, 0);
}

void Kubelets::listens(PodId id) {
  PodRun& run = world_.pods[id];
  if (run.program != Program::Starting) return;
  run.program = Program::Serving;
  // Probes come at their period with a phase of their own, and the answer takes its way back to the API.
  const Duration probe = world_.random.between({}, run.behaviour().probe_period);
  world_.after(probe + world_.around(world_.config.delays.kubelet), EventKind::ProbeSucceeds, id, start_of(run));
}

void Kubelets::ready(PodId id) {
  PodRun& run = world_.pods[id];
  if (run.gone || run.pod().ready || (run.program != Program::Serving && run.program != Program::Draining)) return;
  run.object.pod.ready = true;
  run.object.pod.ready_since = world_.now;
  world_.publish(id);
}

void Kubelets::begin_end(PodId id) {
  PodRun& run = world_.pods[id];
  if (run.gone || !run.pod().terminating()) return;  // gone: pod_removed() has seen to it
  if (run.program == Program::Absent) return end(id, 0);
  const Duration grace = run.pod().deletion_grace.value_or(GracePeriod{}).length();
  const bool first = run.round == 0;
  world_.note_death(id, DeathMoment::HookBegun);
  const Instant begun = world_.now;
  Instant term = first ? begun + std::min(hook_length(run), grace) : std::min(run.term_at, begun + grace);
  if (run.termed) term = run.term_at;
  const Instant end_of_grace = first ? begun + grace : std::min(run.kill_at, begun + grace);
  run.term_at = term;
  run.kill_at = std::max(end_of_grace, term + kLeastGrace);
  ++run.round;
  if (!run.termed) world_.at(term, EventKind::PreStopOver, id, run.round);
  world_.at(run.kill_at, EventKind::GraceOver, id, run.round);
}

void Kubelets::terminate(PodId id, std::uint32_t round) {
  PodRun& run = world_.pods[id];
  if (round != run.round || run.termed) return;
  run.termed = true;
  run.term_at = world_.now;
  if (run.pod().spec->pre_stop) world_.note_death(id, DeathMoment::HookOver);
  world_.note_death(id, DeathMoment::Sigterm);
  if (run.behaviour().ignores_term) return;
  if (run.behaviour().abrupt || run.behaviour().works_for || run.program == Program::Starting) return end(id, 143);
  run.program = Program::Draining;
  world_.after(run.behaviour().answers_after_term, EventKind::ListenerCloses, id);
}

void Kubelets::close_listener(PodId id, std::uint32_t /*round*/) {
  PodRun& run = world_.pods[id];
  if (run.program != Program::Draining) return;
  run.program = Program::Closing;
  run.ended_at = world_.now;  // from now on idle connections are closed
  run.closed = true;
  drained(id);
}

void Kubelets::drained(PodId id) {
  const PodRun& run = world_.pods[id];
  if (run.program == Program::Closing && run.serving_count == 0 && run.queue_count == 0) end(id, 0);
}

void Kubelets::kill(PodId id, std::uint32_t round) {
  const PodRun& run = world_.pods[id];
  if (round != run.round) return;
  const bool counts = world_.measuring && !run.pod().is_daemon() && !run.is_static;
  if (counts) ++world_.counts.killed_hard;
  end(id, 137);
}

void Kubelets::end(PodId id, std::int32_t exit_code) {
  PodRun& run = world_.pods[id];
  const bool was_closing = run.program == Program::Closing;
  if (run.program != Program::Absent) world_.note_death(id, DeathMoment::Ended);
  run.program = Program::Ended;
  if (!was_closing) run.ended_at = world_.now;
  run.closed = true;
  run.object.exit_code = exit_code;
  if (run.gone) std::erase(world_.machines[run.machine].orphans, id);
  world_.clients->program_ended(id, /*machine_died=*/false);
  if (run.gone) world_.volumes->pod_changed(id);  // nobody will report it: it unmounts now
  world_.after(world_.around(world_.config.delays.kubelet), EventKind::PodReported, id);
}

void Kubelets::report(PodId id) {
  PodRun& run = world_.pods[id];
  if (run.gone || !world_.machines[run.machine].alive) return;
  if (run.object.ended) return world_.remove_pod(id);
  run.object.ended = world_.now;
  run.object.pod.ready = false;
  run.object.pod.phase = run.object.exit_code == 0 ? PodPhase::Succeeded : PodPhase::Failed;
  world_.publish(id);
  if (!run.pod().terminating()) return;  // it ended by itself: nobody has asked for its object to go
  world_.after(world_.around(world_.config.delays.kubelet), EventKind::PodReported, id);
}

void Kubelets::machine_died(Machine& machine) {
  std::vector<PodId> present = machine.pods;
  present.insert(present.end(), machine.orphans.begin(), machine.orphans.end());
  machine.orphans.clear();
  for (const PodId id : present) {
    PodRun& run = world_.pods[id];
    const bool ran = run.program != Program::Absent && run.program != Program::Ended;
    if (ran) world_.note_death(id, DeathMoment::Ended);
    if (ran && world_.measuring && !run.pod().is_daemon() && !run.is_static) ++world_.counts.killed_hard;
    run.program = Program::Ended;
    if (!run.closed) run.ended_at = world_.now;
    world_.clients->program_ended(id, /*machine_died=*/true);
  }
}

void Kubelets::machine_returned(MachineId machine) {
  const std::vector<PodId> present = world_.machines[machine].pods;
  for (const PodId id : present) {
    PodRun& run = world_.pods[id];
    if (run.pod().completed() && !run.pod().terminating()) continue;
    if (run.pod().terminating() || run.pod().completed()) {
      run.program = Program::Ended;
      world_.after(world_.around(world_.config.delays.kubelet), EventKind::PodReported, id);
      continue;
    }
    run.program = Program::Absent;
    run.closed = false;
    ++run.object.restarts;
    run.object.pod.ready = false;
    run.object.pod.started.reset();
    world_.publish(id);  // the kubelet's first report, before anybody decides by what was
    pod_bound(id);
  }
}

}  // namespace spotkeeper::sim
