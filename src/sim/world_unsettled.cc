// Why the pods of a world are not all Ready, in words for who wrote the scenario.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/text.h"
#include "sim/placement.h"
#include "sim/state.h"
#include "sim/volumes.h"

namespace spotkeeper::sim {
namespace {

std::string amount(const Resources& resources) {
  return fmt::format("{}m CPU and {} Mi memory", resources.cpu.value, resources.memory.value >> 20);
}

bool barred(const PodTemplate& spec, const Node& node) {
  const auto tolerated = [&](const Taint& taint) {
    return std::ranges::any_of(spec.tolerations, [&](const Toleration& each) { return each.tolerates(taint); });
  };
  const Taint cordon{"node.kubernetes.io/unschedulable", "", TaintEffect::NoSchedule, {}};
  if (!node.ready || (node.unschedulable && !tolerated(cordon))) return true;
  return std::ranges::any_of(node.taints, [&](const Taint& taint) {
    return taint.effect != TaintEffect::PreferNoSchedule && !tolerated(taint);
  });
}

/// What keeps the pod from that machine, the first of what the scheduler looks at; empty: nothing.
std::string_view obstacle(const World::State& world, const PodRun& run, const Machine& machine,
                          const Placement& rules) {
  const auto* object = world.store.get<NodeObject>({{}, machine.name.str()});
  if (object == nullptr || !machine.alive) return "gone";
  const PodTemplate& spec = *run.pod().spec;
  if (barred(spec, object->node)) return "tainted, cordoned or not Ready";
  if (!selects(spec, object->node)) return "not as its selector or node affinity asks";
  if (!spec.claims.empty() && !world.volumes->reachable(run, machine)) return "not in the zone of its volumes";
  if (machine.pod_count >= object->node.max_pods) return "full of pods";
  Resources used = machine.used;
  used += spec.requests;
  if (!used.fits(object->node.allocatable)) return "too full";
  if (!rules.allows(object->node)) return "not as its spread or affinity allows";
  return {};
}

/// "it asks for 1900m CPU and 512 Mi memory; of 4 nodes 3 are too full, 1 is gone".
std::string why_unscheduled(const World::State& world, const PodRun& run) {
  std::map<std::string_view, int> obstacles;
  const Placement rules(world, run);
  for (const Machine& machine : world.machines) ++obstacles[obstacle(world, run, machine, rules)];
  std::vector<std::string> told;
  for (const auto& [what, count] : obstacles) {
    if (!what.empty()) told.push_back(fmt::format("{} {} {}", count, count == 1 ? "is" : "are", what));
  }
  if (obstacles.contains(std::string_view())) return "one would take it by now";
  return fmt::format("it asks for {}; of {} nodes {}", amount(run.pod().spec->requests), world.machines.size(),
                     join(told, ", "));
}

struct Waiting {
  int unscheduled = 0;
  int without_volumes = 0;
  int starting = 0;
  const PodRun* first_unscheduled = nullptr;
};

Waiting waiting_of(const World::State& world, const WorkloadRun& run) {
  Waiting waiting;
  for (const PodId id : run.pods) {
    const PodRun& pod = world.pods[id];
    if (!pod.active() || pod.pod().ready) continue;
    if (pod.machine == kNone) {
      ++waiting.unscheduled;
      if (waiting.first_unscheduled == nullptr) waiting.first_unscheduled = &pod;
    } else if (pod.program == Program::Absent && !pod.pod().spec->claims.empty()) {
      ++waiting.without_volumes;
    } else {
      ++waiting.starting;
    }
  }
  return waiting;
}

std::string about(const World::State& world, const WorkloadRun& run, std::int64_t ready) {
  const Waiting waiting = waiting_of(world, run);
  std::vector<std::string> parts;
  if (waiting.unscheduled > 0) {
    parts.push_back(fmt::format("{} {} no node ({})", waiting.unscheduled, waiting.unscheduled == 1 ? "has" : "have",
                                why_unscheduled(world, *waiting.first_unscheduled)));
  }
  if (waiting.without_volumes > 0) parts.push_back(fmt::format("{} wait for their volumes", waiting.without_volumes));
  if (waiting.starting > 0) {
    const Behaviour& behaviour = *run.blueprint.behaviour;
    parts.push_back(fmt::format("{} still {} (image-pull {}, start {}, ready-after {})", waiting.starting,
                                waiting.starting == 1 ? "starts" : "start", format_duration(behaviour.image_pull),
                                format_duration(behaviour.start), format_duration(behaviour.ready_after)));
  }
  const std::int64_t there = ready + waiting.unscheduled + waiting.without_volumes + waiting.starting;
  if (there < run.replicas) parts.push_back(fmt::format("{} do not exist yet", run.replicas - there));
  return fmt::format("{} has {} of {} pods Ready: {}", run.name.str(), ready, run.replicas, join(parts, ", "));
}

}  // namespace

std::string World::unsettled() const {
  constexpr std::size_t kTold = 5;
  const State& state = *state_;
  std::vector<std::string> told;
  std::size_t more = 0;
  for (const WorkloadRun& run : state.workloads) {
    if (run.kind == Kind::Job || !run.alive) continue;
    const auto ready = std::ranges::count_if(
        run.pods, [&](PodId id) { return state.pods[id].active() && state.pods[id].pod().ready; });
    if (ready >= run.replicas) continue;
    if (told.size() < kTold) {
      told.push_back(about(state, run, ready));
    } else {
      ++more;
    }
  }
  if (more > 0) told.push_back(fmt::format("and {} more workloads are not complete", more));
  return join(told, "; ");
}

}  // namespace spotkeeper::sim
