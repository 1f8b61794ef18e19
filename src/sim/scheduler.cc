#include "sim/scheduler.h"

#include <algorithm>
#include <tuple>

namespace spotkeeper::sim {
namespace {

bool tolerates(const PodTemplate& spec, const Taint& taint) {
  return taint.effect == TaintEffect::PreferNoSchedule ||
         std::any_of(spec.tolerations.begin(), spec.tolerations.end(),
                     [&](const Toleration& toleration) { return toleration.tolerates(taint); });
}

bool matches(const NodeSelectorTerm& term, const Node& node) {
  if (term.labels.empty() && term.fields.empty()) return false;
  const Labels fields{{"metadata.name", node.name.str()}};
  return std::all_of(term.labels.begin(), term.labels.end(), [&](const auto& r) { return r.matches(node.labels); }) &&
         std::all_of(term.fields.begin(), term.fields.end(), [&](const auto& r) { return r.matches(fields); });
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
  for (const PodId id : waiting) {
    PodRun& run = world_.pods[id];
    if (run.gone || run.machine != kNone || run.pod().terminating() || run.pod().spec->gated) continue;
    const MachineId chosen = choose(run);
    if (chosen != kNone) {
      world_.bind(id, chosen);
      continue;
    }
    world_.unscheduled.push_back(id);
    if (!run.pod().unschedulable) {
      run.object.pod.unschedulable = true;
      world_.publish(id);
    }
  }
}

bool Scheduler::fits(const PodRun& run, const Machine& machine, const NodeObject& object) const {
  const PodTemplate& spec = *run.pod().spec;
  const Node& node = object.node;
  if (machine.pod_count >= node.max_pods) return false;
  if (node.unschedulable) {
    const Taint cordon{"node.kubernetes.io/unschedulable", "", TaintEffect::NoSchedule, {}};
    if (!tolerates(spec, cordon)) return false;
  }
  Resources wanted = machine.used;
  wanted += spec.requests;
  if (!wanted.fits(node.allocatable)) return false;
  if (!std::all_of(node.taints.begin(), node.taints.end(), [&](const Taint& t) { return tolerates(spec, t); })) {
    return false;
  }
  for (const auto& [key, value] : spec.node_selector) {
    const auto* found = node.labels.find(key);
    if (found == nullptr || *found != value) return false;
  }
  const auto& terms = spec.affinity.node_required;
  if (!spec.affinity.has_node_required) return true;
  return std::any_of(terms.begin(), terms.end(), [&](const auto& term) { return matches(term, node); });
}

bool Scheduler::spreads(const PodRun& run, const NodeObject& object) const {
  for (const TopologySpread& spread : run.pod().spec->spread) {
    if (!spread.hard) continue;
    const auto* here = object.node.labels.find(spread.topology_key);
    if (here == nullptr || !spread.selector) return false;
    std::map<std::string, std::int64_t> counts;
    for (const auto& [name, other] : world_.store.all(Kind::Node)) {
      const auto* domain = std::get<NodeObject>(*other).node.labels.find(spread.topology_key);
      if (domain != nullptr) counts.try_emplace(*domain, 0);
    }
    for (const auto& [name, id] : world_.pods_by_name) {
      const PodRun& pod = world_.pods[id];
      if (name.ns != run.pod().name.ns || pod.machine == kNone || !pod.active()) continue;
      if (!spread.selector->matches(*pod.pod().labels)) continue;
      const auto* node = world_.store.get<NodeObject>({{}, pod.pod().node.str()});
      const auto* domain = node == nullptr ? nullptr : node->node.labels.find(spread.topology_key);
      if (domain != nullptr) ++counts[*domain];
    }
    const auto least = std::min_element(counts.begin(), counts.end(),
                                        [](const auto& a, const auto& b) { return a.second < b.second; });
    if (counts[*here] + 1 - least->second > spread.max_skew) return false;
  }
  return true;
}

bool Scheduler::apart(const PodRun& run, const NodeObject& object) const {
  for (const PodAffinityTerm& term : run.pod().spec->affinity.anti_required) {
    const auto* here = object.node.labels.find(term.topology_key);
    if (here == nullptr || !term.selector) continue;
    for (const auto& [name, id] : world_.pods_by_name) {
      const PodRun& pod = world_.pods[id];
      if (name.ns != run.pod().name.ns || pod.machine == kNone || pod.pod().completed()) continue;
      const auto* node = world_.store.get<NodeObject>({{}, pod.pod().node.str()});
      const auto* there = node == nullptr ? nullptr : node->node.labels.find(term.topology_key);
      if (there != nullptr && *there == *here && term.selector->matches(*pod.pod().labels)) return false;
    }
  }
  return true;
}

MachineId Scheduler::choose(const PodRun& run) const {
  std::map<std::string, int> by_zone;
  std::map<MachineId, int> by_machine;
  if (run.workload != kNone) {
    for (const PodId id : world_.workloads[run.workload].pods) {
      const PodRun& other = world_.pods[id];
      if (other.machine == kNone || !other.active()) continue;
      ++by_zone[world_.machines[other.machine].spec.zone];
      ++by_machine[other.machine];
    }
  }
  MachineId best = kNone;
  std::tuple<int, int, std::int64_t> best_score;
  for (const auto& [name, stored] : world_.store.all(Kind::Node)) {
    const auto& object = std::get<NodeObject>(*stored);
    const MachineId id = world_.machine_of(object.node.name);
    if (id == kNone) continue;  // a client made this Node: nothing would run there
    const Machine& machine = world_.machines[id];
    if (!fits(run, machine, object) || !spreads(run, object) || !apart(run, object)) continue;
    const std::int64_t cpu = std::max<std::int64_t>(object.node.allocatable.cpu.value, 1);
    const auto zone = by_zone.find(machine.spec.zone);
    const auto same = by_machine.find(id);
    const std::tuple score{zone == by_zone.end() ? 0 : zone->second, same == by_machine.end() ? 0 : same->second,
                           machine.used.cpu.value * 1000 / cpu};
    if (best != kNone && score >= best_score) continue;
    best = id;
    best_score = score;
  }
  return best;
}

}  // namespace spotkeeper::sim
