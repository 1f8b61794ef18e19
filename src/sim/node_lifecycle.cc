#include "sim/node_lifecycle.h"

#include <fmt/format.h>

#include <algorithm>

#include "sim/controllers.h"
#include "sim/kubelets.h"
#include "sim/volumes.h"

namespace spotkeeper::sim {
namespace {

constexpr std::string_view kUnreachable = "node.kubernetes.io/unreachable";
constexpr Duration kDefaultToleration = 300s;
constexpr Duration kCollectEvery = 20s;  // the pod garbage collector's rhythm

std::string boot_id(const Machine& machine) { return fmt::format("{}-boot-{}", machine.instance_id, machine.life); }

}  // namespace

void NodeLifecycle::add(NodeSpec spec) {
  const auto id = static_cast<MachineId>(world_.machines.size());
  Machine machine;
  machine.name = NodeName(spec.name);
  machine.instance_id = spec.instance_id;
  if (machine.instance_id.empty()) machine.instance_id = fmt::format("i-{:017x}", 0xa0000000ULL + id);
  machine.spec = std::move(spec);
  world_.machines_by_name[machine.name.str()] = id;
  world_.machines.push_back(std::move(machine));
  store_node(world_.machines.back(), id);
  world_.controllers->nodes_changed();
  world_.schedule_soon();
  const NodeName name = world_.machines.back().name;
  for (const auto& listener : world_.machine_listeners) listener(name, true);
}

void NodeLifecycle::store_node(const Machine& machine, MachineId id) {
  const NodeSpec& spec = machine.spec;
  NodeObject object;
  object.key = {{}, spec.name};
  Node& node = object.node;
  node.name = machine.name;
  node.uid = world_.new_uid();
  node.labels = spec.labels;
  node.labels.set("kubernetes.io/hostname", spec.name);
  node.labels.set("kubernetes.io/os", "linux");
  node.labels.set("topology.kubernetes.io/zone", spec.zone);
  node.labels.set("topology.kubernetes.io/region", std::string_view(spec.zone).substr(0, spec.zone.size() - 1));
  node.labels.set("node.kubernetes.io/instance-type", spec.instance_type);
  node.labels.set("karpenter.sh/capacity-type", spec.capacity_type);
  node.taints = spec.taints;
  node.ready = true;
  node.provider_id = "aws:///" + spec.zone + "/" + machine.instance_id;
  node.boot_id = boot_id(machine);
  node.allocatable = spec.allocatable;
  node.max_pods = spec.max_pods;
  node.created = world_.now;
  object.hostname = spec.name;
  object.address = fmt::format("10.{}.{}.{}", 10 + (id >> 16), (id >> 8) & 0xff, id & 0xff);
  object.capacity = spec.allocatable;
  object.ready_since = world_.now;
  object.heartbeat = world_.now;
  world_.store.put(std::move(object));
}

void NodeLifecycle::handle(const Event& event) {
  const Machine& machine = world_.machines[event.a];
  if (event.b != machine.life) return;
  switch (event.kind) {
    case EventKind::NodeLost: return lost(event.a);
    case EventKind::CloudForgetsNode: return remove_node(event.a);
    case EventKind::NoExecuteEvicts: return evict_all(event.a);
    case EventKind::CollectOrphans: return collect(event.a);
    case EventKind::MachineReturns: return returns(event.a);
    default: return;
  }
}

void NodeLifecycle::kill(MachineId id) {
  Machine& machine = world_.machines[id];
  machine.returns = false;
  if (!machine.alive) return;
  machine.alive = false;
  ++world_.unpublished;
  ++machine.life;
  machine.tokens.clear();
  world_.kubelets->machine_died(machine);
  // The last heartbeat was up to 10 s ago and the controller looks every 5 s.
  const Duration noticed = world_.config.delays.node_monitor_grace + world_.random.between({}, 10s);
  world_.after(noticed, EventKind::NodeLost, id, machine.life);
  for (const auto& listener : world_.machine_listeners) listener(world_.machines[id].name, false);
}

void NodeLifecycle::lost(MachineId id) {
  const Machine& machine = world_.machines[id];
  world_.edit_node(machine.name, [&](NodeObject& object) {
    object.node.ready = false;
    object.ready_status = "Unknown";
    object.ready_reason = "NodeStatusUnknown";
    object.ready_since = world_.now;
    for (const TaintEffect effect : {TaintEffect::NoSchedule, TaintEffect::NoExecute}) {
      object.node.taints.push_back({std::string(kUnreachable), "", effect, world_.now});
    }
  });
  for (const PodId pod : std::vector<PodId>(machine.pods)) {
    if (!world_.pods[pod].pod().ready) continue;
    world_.pods[pod].object.pod.ready = false;
    world_.publish(pod);
  }
  if (world_.config.delays.cloud_deletes_nodes) {
    world_.after(world_.random.between(1s, 5s), EventKind::CloudForgetsNode, id, machine.life);
  } else {
    world_.after(kDefaultToleration, EventKind::NoExecuteEvicts, id, machine.life);
  }
  taints_changed(id);  // somebody may have known before
  world_.controllers->nodes_changed();
}

void NodeLifecycle::remove_node(MachineId id) {
  Machine& machine = world_.machines[id];
  if (!machine.registered) return;
  machine.registered = false;
  world_.store.remove(Kind::Node, {{}, machine.name.str()});
  world_.after(world_.random.between(40s, 60s), EventKind::CollectOrphans, id, machine.life);
  world_.controllers->nodes_changed();
  world_.volumes->machine_changed(id);
}

bool NodeLifecycle::out_of_service(MachineId id) const {
  const auto* object = world_.store.get<NodeObject>({{}, world_.machines[id].name.str()});
  if (object == nullptr || object->node.ready) return false;
  return std::any_of(object->node.taints.begin(), object->node.taints.end(),
                     [](const Taint& taint) { return taint.key == kOutOfService; });
}

void NodeLifecycle::taints_changed(MachineId id) {
  if (world_.machines[id].alive || !out_of_service(id)) return;
  evict_all(id);
  world_.after(world_.random.between({}, kCollectEvery), EventKind::CollectOrphans, id, world_.machines[id].life);
  world_.volumes->machine_changed(id);
}

void NodeLifecycle::evict_all(MachineId id) {
  for (const PodId pod : std::vector<PodId>(world_.machines[id].pods)) {
    const PodRun& run = world_.pods[pod];
    if (run.pod().is_daemon() || run.is_static || run.pod().terminating()) continue;
    world_.begin_deletion(pod, run.pod().spec->grace);
  }
}

void NodeLifecycle::collect(MachineId id) {
  if (world_.machines[id].registered && !out_of_service(id)) return;
  for (const PodId pod : std::vector<PodId>(world_.machines[id].pods)) world_.remove_pod(pod);
}

void NodeLifecycle::reboot(MachineId id, Duration down) {
  if (!world_.machines[id].alive) return;
  kill(id);
  world_.machines[id].returns = true;
  world_.after(down, EventKind::MachineReturns, id, world_.machines[id].life);
}

void NodeLifecycle::returns(MachineId id) {
  Machine& machine = world_.machines[id];
  if (!machine.returns) return;  // it was ended meanwhile
  machine.returns = false;
  machine.alive = true;
  ++world_.unpublished;
  ++machine.life;
  machine.notices.clear();
  if (!machine.registered) {
    machine.registered = true;
    store_node(machine, id);
  }
  world_.edit_node(machine.name, [&](NodeObject& object) {
    object.node.ready = true;
    object.node.boot_id = boot_id(machine);
    object.ready_status = "True";
    object.ready_reason = "KubeletReady";
    object.ready_since = world_.now;
    object.heartbeat = world_.now;
    std::erase_if(object.node.taints, [](const Taint& taint) { return taint.key == kUnreachable; });
  });
  world_.kubelets->machine_returned(id);
  world_.volumes->machine_changed(id);
  world_.controllers->nodes_changed();
  world_.schedule_soon();
  for (const auto& listener : world_.machine_listeners) listener(world_.machines[id].name, true);
}

}  // namespace spotkeeper::sim
