// What runs, held against what the API server shows.
#include <algorithm>

#include <fmt/format.h>

#include "sim/clients.h"
#include "sim/invariants/watcher.h"
#include "sim/volumes.h"

namespace spotkeeper::sim {
namespace {

bool runs(Program program) { return program != Program::Absent && program != Program::Ended; }
bool serves(Program program) {
  return program == Program::Serving || program == Program::Draining || program == Program::Closing;
}

constexpr std::int32_t kKilled = 137;
constexpr std::int32_t kTerminated = 143;

}  // namespace

void Invariants::Watcher::machine(const Machine& machine, MachineId id) {
  Resources used;
  Resources scheduled;  // of it what is neither static nor a DaemonSet's
  std::int64_t pods = 0;
  for (const PodId pod : machine.pods) {
    const PodRun& run = world_.pods[pod];
    const std::string who = name_of(run.object);
    if (run.gone) broken(Rule::Gone, who + " is gone, and still on the list of " + machine.name.str());
    if (run.machine != id || listed_[pod] == sweeps_) {
      broken(Rule::OneNode, who + " is on the list of " + machine.name.str() + ", and of another machine");
    }
    listed_[pod] = sweeps_;
    if (!run.holds_room) continue;
    used += run.pod().spec->requests;
    ++pods;
    if (!run.is_static && !run.pod().is_daemon()) scheduled += run.pod().spec->requests;
  }
  const std::string who = "machine " + machine.name.str();
  if (pods != machine.pod_count || used.cpu != machine.used.cpu || used.memory != machine.used.memory) {
    broken(Rule::Capacity, who + " counts " + std::to_string(machine.pod_count) + " pods that hold room; it has " +
                               std::to_string(pods));
  }
  if (!scheduled.fits(machine.spec.allocatable)) {
    broken(Rule::Capacity, who + " holds more than it can: " + std::to_string(scheduled.cpu.value) + " of " +
                               std::to_string(machine.spec.allocatable.cpu.value) + " millicores");
  }
}

void Invariants::Watcher::program(PodId id) {
  const PodRun& run = world_.pods[id];
  const bool bound = run.machine != kNone;
  if (runs(run.program) && (!bound || !world_.machines[run.machine].alive)) {
    broken(Rule::OneNode, name_of(run.object) + " runs where no machine is alive");
  }
  if (bound && !run.gone && listed_[id] != sweeps_) {
    broken(Rule::OneNode, name_of(run.object) + " is bound, and on no machine's list");
  }
  const bool here = bound && world_.machines[run.machine].alive;
  if (here && !run.gone && run.pod().ready && (run.program == Program::Absent || run.program == Program::Starting)) {
    broken(Rule::Readiness, name_of(run.object) + " is Ready, and its program is not up");
  }
  if (!serves(run.program) && run.serving_count + run.queue_count > 0) {
    broken(Rule::Requests, name_of(run.object) + " has requests, and nothing that answers them");
  }
  if (run.serving_count > run.behaviour().concurrency || run.queue_count > run.behaviour().queue) {
    broken(Rule::Requests, name_of(run.object) + " has more requests than it takes");
  }
  if (runs(run.program) && run.gone) runs_once(id);
  if (runs(run.program) && here && !run.pod().spec->claims.empty()) volumes(id);
  const Program before = programs_[id];
  programs_[id] = run.program;
  if (run.program == Program::Ended && before != Program::Ended) ended(id);
}

/// Of a pod that has been removed by force and whose program goes on: its successor of the same name has to wait. Only
/// where the pod itself asks for no grace does the API server remove it at once, and a StatefulSet with it runs twice.
void Invariants::Watcher::runs_once(PodId id) {
  if (world_.pods[id].pod().spec->grace.length() == 0s) return;
  const ObjectName& name = world_.pods[id].pod().name;
  const PodId other = world_.id_of(name);
  if (other != kNone && runs(world_.pods[other].program)) {
    broken(Rule::OneNode, "pod " + name.str() + " runs on " + world_.pods[id].pod().node.str() + " and on " +
                              world_.pods[other].pod().node.str());
  }
}

void Invariants::Watcher::ended(PodId id) {
  const PodRun& run = world_.pods[id];
  if (run.machine == kNone || !world_.machines[run.machine].alive || run.gone) return;
  const std::int32_t code = run.object.exit_code;
  const auto& deletion = run.pod().deletion;
  if ((code == kKilled || code == kTerminated) && !deletion) {
    return broken(Rule::Ends, name_of(run.object) + " was killed, and nobody had asked for its end");
  }
  if (code == kKilled && world_.now < *deletion) {
    broken(Rule::Ends, name_of(run.object) + " was killed before its grace was over");
  }
}

void Invariants::Watcher::volumes(PodId id) {
  const PodRun& run = world_.pods[id];
  const std::vector<std::string> names = run.pod().claims();
  const std::vector<std::string>& patterns = run.pod().spec->claims;
  const bool alone = run.workload != kNone && world_.workloads[run.workload].replicas <= 1;
  for (std::size_t i = 0; i < patterns.size(); ++i) {
    // What several replicas share is a file system, which every node can have.
    if (!alone && patterns[i].find('*') == std::string::npos) continue;
    const ObjectName claim{run.pod().name.ns, names[i]};
    const std::string who = name_of(run.object) + " runs on " + run.pod().node.str();
    const auto [other, first] = in_use_.try_emplace(claim, id);
    if (!first && world_.pods[other->second].machine != run.machine) {
      broken(Rule::Volumes, fmt::format("{} with the volume {}, which {} uses on another machine", who, claim.str(),
                                        name_of(world_.pods[other->second].object)));
    }
    const auto attached = world_.volumes->attached_to(claim);
    if (attached && *attached != run.machine) {
      const std::string where = *attached == kNone ? "nowhere" : "to " + world_.machines[*attached].name.str();
      broken(Rule::Volumes, fmt::format("{}, and its volume {} is attached {}", who, claim.str(), where));
    }
  }
}

void Invariants::Watcher::job(const WorkloadRun& run) {
  const JobRun& job = *run.job;
  std::int64_t active = 0;
  std::int64_t uncounted = 0;
  for (const PodId id : run.pods) {
    if (world_.pods[id].active()) ++active;
    if (!world_.pods[id].counted) ++uncounted;
  }
  const auto counts = [&] {
    return "Job " + run.name.str() + " has had " + std::to_string(job.made) +
           " pods: " + std::to_string(job.succeeded) + " succeeded, " + std::to_string(job.failed) + " failed, " +
           std::to_string(uncounted) + " are not over";
  };
  const std::int64_t over = std::int64_t{job.succeeded} + job.failed;
  const auto made = static_cast<std::int64_t>(job.made);
  // Whoever ends after the Job has is not counted any more.
  if (job.finished ? over > made : over + uncounted != made) broken(Rule::Jobs, counts());
  // One that was told to end, and for which another one was made, may complete, too.
  const auto beyond = succeeded_at_the_end_.find(run.uid);
  if (job.succeeded > job.settings.completions + (beyond == succeeded_at_the_end_.end() ? 0 : beyond->second)) {
    broken(Rule::Jobs, counts() + "; it wants " + std::to_string(job.settings.completions));
  }
  const auto shown = succeeded_.find(run.uid);
  if (job.succeeded > (shown == succeeded_.end() ? 0 : shown->second)) {
    broken(Rule::Jobs, counts() + "; the API has shown fewer to succeed");
  }
  if (active > job.settings.parallelism) {
    broken(Rule::Jobs, "Job " + run.name.str() + " has " + std::to_string(active) + " active pods, and may have " +
                           std::to_string(job.settings.parallelism));
  }
  if (job.finished && active > 0) broken(Rule::Jobs, "Job " + run.name.str() + " is over, and has active pods");
}

void Invariants::Watcher::workload(const WorkloadRun& run) {
  if (run.job) job(run);
  if (run.kind == Kind::DaemonSet || run.kind == Kind::Job || run.sync_planned) return;
  std::int64_t active = 0;
  for (const PodId id : run.pods) {
    const PodRun& pod = world_.pods[id];
    if (pod.gone) broken(Rule::Gone, name_of(pod.object) + " is gone, and " + run.name.str() + " counts it");
    if (!pod.active()) continue;
    ++active;
    if (pod.pod().ordinal && *pod.pod().ordinal >= run.replicas) {
      broken(Rule::Replicas, run.name.str() + " has " + name_of(pod.object) + ", which it does not want");
    }
  }
  if (active > run.replicas) {
    broken(Rule::Replicas,
           run.name.str() + " has " + std::to_string(active) + " pods, and wants " + std::to_string(run.replicas));
  }
}

/// The API server and the machines know the same pods.
void Invariants::Watcher::books_agree() {
  const auto& shown = world_.store.all(Kind::Pod);
  if (shown.size() != world_.pods_by_name.size()) {
    broken(Rule::Gone, "the API server shows " + std::to_string(shown.size()) + " pods; there are " +
                           std::to_string(world_.pods_by_name.size()));
    return;
  }
  auto at = shown.begin();
  for (const auto& [name, id] : world_.pods_by_name) {
    const PodRun& run = world_.pods[id];
    const Pod& pod = std::get<PodObject>(*at->second).pod;
    if (at->first != name || run.gone || pod.uid != run.pod().uid) {
      broken(Rule::Gone, "pod " + name.str() + " is not the one that the API server shows");
    } else if (pod.node != run.pod().node || (run.machine != kNone && pod.node != world_.machines[run.machine].name)) {
      broken(Rule::OneNode, "pod " + name.str() + " is on another machine than the API server shows");
    }
    ++at;
  }
}

void Invariants::Watcher::requests_conserved() {
  const Clients::Ledger ledger = world_.clients->ledger();
  const bool sums = ledger.sent == ledger.answered + ledger.lost + ledger.under_way;
  if (sums && ledger.under_way <= ledger.sent) return;
  broken(Rule::Requests, "of " + std::to_string(ledger.sent) + " requests " + std::to_string(ledger.answered) +
                             " were answered, " + std::to_string(ledger.lost) + " lost, and " +
                             std::to_string(ledger.under_way) + " are under way");
}

/// What is under way is with a pod, which knows how many it has, or with a client that will try again.
void Invariants::Watcher::requests_held() {
  std::uint64_t counted = 0;
  for (const PodId id : living_) {
    const PodRun& run = world_.pods[id];
    if (run.serving_first == kNone && run.queue_first == kNone && run.serving_count + run.queue_count == 0) continue;
    const Clients::Held held = world_.clients->held_by(run);
    if (held.serving != run.serving_count || held.queued != run.queue_count) {
      broken(Rule::Requests, name_of(run.object) + " counts other requests than it has");
    }
    counted += held.counted;
  }
  const Clients::Ledger ledger = world_.clients->ledger();
  if (counted + ledger.waiting != ledger.under_way) {
    broken(Rule::Requests, std::to_string(ledger.under_way) + " requests are under way, the pods have " +
                               std::to_string(counted) + ", and clients will try " + std::to_string(ledger.waiting) +
                               " again");
  }
}

}  // namespace spotkeeper::sim
