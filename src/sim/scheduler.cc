#include "sim/scheduler.h"

#include <algorithm>
#include <iterator>
#include <limits>
#include <tuple>

#include "sim/disruption.h"
#include "sim/volumes.h"

namespace spotkeeper::sim {
namespace {

bool tolerates(const PodTemplate& spec, const Taint& taint) {
  return taint.effect == TaintEffect::PreferNoSchedule ||
         std::any_of(spec.tolerations.begin(), spec.tolerations.end(),
                     [&](const Toleration& toleration) { return toleration.tolerates(taint); });
}

}  // namespace

void Scheduler::handle() {
  world_.schedule_planned = false;
  std::vector<PodId> waiting;
  waiting.swap(world_.unscheduled);
  std::sort(waiting.begin(), waiting.end(), [&](PodId a, PodId b) {
    const auto left = world_.pods[a].pod().spec->priority;
    const auto right = world_.pods[b].pod().spec->priority;
    return left != right ? left > right : a < b;  // of equal ones, the one that was made first
  });
  std::erase_if(nominated_, [&](const auto& one) {
    const PodRun& run = world_.pods[one.first];
    return run.gone || run.machine != kNone || run.pod().terminating();
  });
  for (const PodId id : waiting) {
    PodRun& run = world_.pods[id];
    if (run.gone || run.machine != kNone || run.pod().terminating() || run.pod().spec->gated) continue;
    const MachineId chosen = choose(run, id);
    if (chosen != kNone) {
      nominated_.erase(id);
      world_.bind(id, chosen);
      continue;
    }
    world_.unscheduled.push_back(id);
    if (!run.pod().unschedulable) {
      run.object.pod.unschedulable = true;
      world_.publish(id);
    }
    if (world_.priorities_differ) preempt(id);
  }
}

bool Scheduler::fits(const PodRun& run, const Machine& machine, const NodeObject& object, Room room) const {
  const PodTemplate& spec = *run.pod().spec;
  const Node& node = object.node;
  if (room.pods >= node.max_pods) return false;
  if (!spec.claims.empty() && !world_.volumes->reachable(run, machine)) return false;
  if (node.unschedulable) {
    const Taint cordon{"node.kubernetes.io/unschedulable", "", TaintEffect::NoSchedule, {}};
    if (!tolerates(spec, cordon)) return false;
  }
  room.used += spec.requests;
  if (!room.used.fits(node.allocatable)) return false;
  return std::all_of(node.taints.begin(), node.taints.end(), [&](const Taint& t) { return tolerates(spec, t); }) &&
         selects(spec, node);
}

Scheduler::Room Scheduler::room_on(MachineId machine, const PodRun& run, PodId id) const {
  Room room{world_.machines[machine].used, world_.machines[machine].pod_count};
  for (const auto& [other, where] : nominated_) {
    if (where != machine || other == id) continue;
    const PodTemplate& spec = *world_.pods[other].pod().spec;
    if (spec.priority < run.pod().spec->priority) continue;
    room.used += spec.requests;
    ++room.pods;
  }
  return room;
}

MachineId Scheduler::choose(const PodRun& run, PodId id) const {
  std::map<std::string, int> by_zone;
  std::map<MachineId, int> by_machine;
  if (run.workload != kNone) {
    for (const PodId pod : world_.workloads[run.workload].pods) {
      const PodRun& other = world_.pods[pod];
      if (other.machine == kNone || !other.active()) continue;
      ++by_zone[world_.machines[other.machine].spec.zone];
      ++by_machine[other.machine];
    }
  }
  const Placement placement(world_, run);
  MachineId best = kNone;
  std::tuple<std::int64_t, int, int, std::int64_t> best_score;
  for (const auto& [name, stored] : world_.store.all(Kind::Node)) {
    const auto& object = std::get<NodeObject>(*stored);
    const MachineId machine_id = world_.machine_of(object.node.name);
    if (machine_id == kNone) continue;  // a client made this Node: nothing would run there
    const Machine& machine = world_.machines[machine_id];
    if (!fits(run, machine, object, room_on(machine_id, run, id)) || !placement.allows(object.node)) continue;
    const std::int64_t cpu = std::max<std::int64_t>(object.node.allocatable.cpu.value, 1);
    const auto zone = by_zone.find(machine.spec.zone);
    const auto same = by_machine.find(machine_id);
    const std::tuple score{-placement.likes(object.node), zone == by_zone.end() ? 0 : zone->second,
                           same == by_machine.end() ? 0 : same->second, machine.used.cpu.value * 1000 / cpu};
    if (best != kNone && score >= best_score) continue;
    best = machine_id;
    best_score = score;
  }
  return best;
}

// ---- Preemption

void Scheduler::preempt(PodId id) {
  PodRun& run = world_.pods[id];
  if (!run.object.blueprint.preempts) return;
  const auto nominated = nominated_.find(id);
  if (nominated != nominated_.end() && victims_are_leaving(run, nominated->second)) return;
  std::optional<Sacrifice> best;
  for (const auto& [name, stored] : world_.store.all(Kind::Node)) {
    const auto& object = std::get<NodeObject>(*stored);
    const MachineId machine = world_.machine_of(object.node.name);
    if (machine == kNone) continue;
    auto possible = sacrifice_on(machine, object, id);
    if (possible && (!best || better(*possible, *best))) best = std::move(possible);
  }
  if (!best) return;
  nominated_[id] = best->machine;
  run.object.pod.nominated_node = world_.machines[best->machine].name;
  world_.publish(id);
  for (const PodId victim : best->victims) {
    PodRun& lesser = world_.pods[victim];
    lesser.object.disruption_target = true;
    if (world_.measuring) ++world_.counts.preempted;
    world_.begin_deletion(victim, lesser.pod().spec->grace);
  }
}

bool Scheduler::victims_are_leaving(const PodRun& run, MachineId machine) const {
  const auto& pods = world_.machines[machine].pods;
  return std::any_of(pods.begin(), pods.end(), [&](PodId pod) {
    const PodRun& other = world_.pods[pod];
    return other.pod().terminating() && other.pod().spec->priority < run.pod().spec->priority;
  });
}

std::optional<Scheduler::Sacrifice> Scheduler::sacrifice_on(MachineId machine_id, const NodeObject& object,
                                                            PodId id) const {
  const PodRun& run = world_.pods[id];
  const Machine& machine = world_.machines[machine_id];
  if (!machine.alive || !object.node.ready) return std::nullopt;  // nobody would end them
  const std::int32_t own = run.pod().spec->priority;
  std::vector<PodId> lesser;
  Room room = room_on(machine_id, run, id);
  for (const PodId pod : machine.pods) {
    const PodRun& other = world_.pods[pod];
    if (!other.holds_room || other.is_static || other.pod().spec->priority >= own) continue;
    lesser.push_back(pod);
    room.used -= other.pod().spec->requests;
    --room.pods;
  }
  if (lesser.empty()) return std::nullopt;
  std::set<PodId> gone(lesser.begin(), lesser.end());
  const auto passes = [&] {
    return fits(run, machine, object, room) && Placement(world_, run, gone).allows(object.node);
  };
  if (!passes()) return std::nullopt;
  std::sort(lesser.begin(), lesser.end(), [&](PodId a, PodId b) {
    const Pod& left = world_.pods[a].pod();
    const Pod& right = world_.pods[b].pod();
    if (left.spec->priority != right.spec->priority) return left.spec->priority > right.spec->priority;
    return left.started != right.started
               ? left.started.value_or(Instant::max()) < right.started.value_or(Instant::max())
               : a < b;
  });
  const std::set<PodId> guarded = protected_of(lesser);
  std::vector<PodId> in_turn;  // to be spared: those with a budget that allows no more, then the rest
  std::copy_if(lesser.begin(), lesser.end(), std::back_inserter(in_turn),
               [&](PodId pod) { return guarded.contains(pod); });
  std::copy_if(lesser.begin(), lesser.end(), std::back_inserter(in_turn),
               [&](PodId pod) { return !guarded.contains(pod); });
  Sacrifice sacrifice;
  sacrifice.machine = machine_id;
  for (const PodId pod : in_turn) {
    const PodRun& other = world_.pods[pod];
    if (other.pod().terminating()) continue;  // it goes anyway
    room.used += other.pod().spec->requests;
    ++room.pods;
    gone.erase(pod);
    if (passes()) continue;
    room.used -= other.pod().spec->requests;
    --room.pods;
    gone.insert(pod);
    sacrifice.victims.push_back(pod);
    if (guarded.contains(pod)) ++sacrifice.overridden;
  }
  return sacrifice;
}

std::set<PodId> Scheduler::protected_of(const std::vector<PodId>& pods) const {
  std::set<PodId> guarded;
  std::map<ObjectName, std::int64_t> left;
  for (const PodId pod : pods) {
    for (const ObjectName& name : world_.disruption->covering(world_.pods[pod].pod())) {
      const auto* budget = world_.store.get<BudgetObject>(name);
      const auto place = left.try_emplace(name, budget->budget.disruptions_allowed).first;
      if (--place->second < 0) guarded.insert(pod);
    }
  }
  return guarded;
}

bool Scheduler::better(const Sacrifice& a, const Sacrifice& b) const {
  const auto rank = [&](const Sacrifice& of) {
    std::int64_t highest = std::numeric_limits<std::int64_t>::min();
    std::int64_t sum = 0;
    Instant youngest;  // when the oldest of the most important began
    for (const PodId pod : of.victims) {
      const Pod& victim = world_.pods[pod].pod();
      const std::int64_t priority = victim.spec->priority;
      sum += priority + (std::int64_t{1} << 31);
      const Instant began = victim.started.value_or(world_.now);
      if (priority > highest) youngest = began;
      if (priority == highest) youngest = std::min(youngest, began);
      highest = std::max(highest, priority);
    }
    return std::tuple{of.overridden, highest, sum, of.victims.size(), -youngest.time_since_epoch()};
  };
  return rank(a) < rank(b);
}

}  // namespace spotkeeper::sim
