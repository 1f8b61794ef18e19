// What the world's components share: time, the queue of things to come, the machines, and the pods as they run.
//
// Internal to src/sim. Each component (kubelets.h, controllers.h, scheduler.h, disruption.h, endpoints.h,
// node_lifecycle.h, clients.h, metadata_service.h) is a class over this state; an event names the component by its
// kind. Pods and machines are numbered for ever, so an event or a proxy that knows an old number finds what became of
// it.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/random.h"
#include "sim/deaths.h"
#include "sim/world.h"

namespace spotkeeper::sim {

using PodId = std::uint32_t;
using MachineId = std::uint32_t;
using WorkloadId = std::uint32_t;
using ServiceId = std::uint32_t;
inline constexpr std::uint32_t kNone = 0xffff'ffff;

enum class EventKind : std::uint8_t {
  // kubelets: a = pod, b = its termination round where one matters
  KubeletStarts,
  ContainerRuns,
  ProgramListens,
  ProbeSucceeds,
  WorkDone,
  KubeletEnds,
  PreStopOver,
  ListenerCloses,
  GraceOver,
  PodReported,
  // controllers: a = workload, budget, service, load balancer or autoscaler
  SyncWorkload,
  Schedule,
  SyncBudget,
  SyncEndpoints,
  SyncLoadBalancer,
  Autoscale,
  // machines: a = machine, b = its life
  NodeLost,
  CloudForgetsNode,
  NoExecuteEvicts,
  CollectOrphans,
  MachineReturns,
  // volumes: a = volume, b = round
  VolumeAttached,
  VolumeDetached,
  VolumeForced,
  // clients: a = load, request or place among those that wait to try again, b = the request's use
  RequestArrives,
  RequestEnds,
  RequestGivenUp,
  RequestAgain,
};

struct Event {
  Instant when;
  std::uint64_t order;
  EventKind kind;
  std::uint32_t a;
  std::uint32_t b;
};

/// A binary heap of plain values: by time, then by the order in which things were planned.
class EventHeap {
 public:
  void push(Instant when, EventKind kind, std::uint32_t a, std::uint32_t b = 0);
  Event pop();
  [[nodiscard]] bool empty() const { return heap_.empty(); }
  [[nodiscard]] const Event& front() const { return heap_.front(); }

 private:
  std::vector<Event> heap_;
  std::uint64_t order_ = 0;
};

/// The program in a pod's container.
enum class Program : std::uint8_t {
  Absent,    // no container yet
  Starting,  // runs, does not listen yet
  Serving,
  Draining,  // after SIGTERM: goes on accepting, and tells kept connections to close
  Closing,   // listens no more, finishes what it has
  Ended,
};

struct PodRun {
  PodObject object;  // as last published
  MachineId machine = kNone;
  WorkloadId workload = kNone;
  bool gone = false;         // its object has been removed
  bool wanted_gone = false;  // counted as evicted or deleted already
  bool holds_room = false;   // its requests are counted on the machine
  bool is_static = false;
  bool counted = false;      // among its Job's succeeded or failed pods
  bool closed = false;       // its program has closed its connections: no machine died under it
  std::uint32_t number = 0;  // among all pods that its Job has had
  Program program = Program::Absent;
  std::uint32_t round = 0;  // of its termination: events of an earlier one are void
  Instant term_at;          // planned or past SIGTERM
  Instant kill_at;
  bool termed = false;
  Instant ended_at;  // or when it closed its idle connections
  // Requests, as lists through Request::next and ::previous.
  std::uint32_t serving_first = kNone;
  std::uint32_t serving_count = 0;
  std::uint32_t queue_first = kNone;
  std::uint32_t queue_last = kNone;
  std::uint32_t queue_count = 0;

  [[nodiscard]] const Pod& pod() const { return object.pod; }
  [[nodiscard]] const Behaviour& behaviour() const { return *object.blueprint.behaviour; }
  /// Counts for its workload's replicas.
  [[nodiscard]] bool active() const { return !gone && !pod().terminating() && !pod().completed(); }
};

struct Machine {
  NodeSpec spec;
  NodeName name;
  std::string instance_id;
  bool alive = true;
  bool returns = false;    // it is not, and reboots
  bool registered = true;  // its Node object exists
  std::uint32_t life = 0;  // counts deaths and returns: events of an earlier life are void
  Resources used;
  std::int64_t pod_count = 0;
  std::vector<PodId> pods;               // bound here and not gone
  std::map<WorkloadId, Instant> images;  // of whose pods it has the image, and from when
  std::vector<PodId> orphans;            // removed by force; their programs end in a moment
  std::map<InterruptionKind, Notice> notices;
  std::map<InterruptionKind, Instant> notice_times;
  std::vector<Notice> withdrawn;                       // scheduled events that were called off
  std::vector<Notice> completed;                       // scheduled events that have taken place
  std::map<std::string, Instant, std::less<>> tokens;  // of the metadata service, with their ends
  std::uint64_t token_count = 0;
};

struct JobRun {
  JobSettings settings;
  Instant created;
  std::uint32_t made = 0;  // pods
  std::int32_t succeeded = 0;
  std::int32_t failed = 0;
  std::int32_t failed_in_a_row = 0;
  Instant last_failure;
  Duration work_lost{};
  std::optional<Instant> finished;
  bool gave_up = false;
};

struct WorkloadRun {
  Kind kind = Kind::Deployment;
  ObjectName name;
  ObjectName replica_set;  // of a Deployment
  Uid uid;                 // of whom its pods name as owner
  PodBlueprint blueprint;
  std::shared_ptr<const WorkloadRef> ref;
  std::int32_t replicas = 0;
  std::vector<PodId> pods;  // not gone
  bool alive = true;
  bool sync_planned = false;
  std::optional<JobRun> job;
};

struct World::State {
  explicit State(WorldConfig with);
  ~State();
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  void at(Instant when, EventKind kind, std::uint32_t a, std::uint32_t b = 0) { heap.push(when, kind, a, b); }
  void after(Duration delay, EventKind kind, std::uint32_t a, std::uint32_t b = 0) { at(now + delay, kind, a, b); }
  /// A delay around `median` that differs every time, as software's do.
  [[nodiscard]] Duration around(Duration median) { return random.lognormal(median, 0.3); }

  [[nodiscard]] Uid new_uid();
  [[nodiscard]] std::string random_suffix(std::size_t length);
  /// "prefix-x7k2p": a name that no pod of the namespace has. As with generateName, one that is taken is drawn anew.
  [[nodiscard]] std::string new_pod_name(const NamespaceName& ns, const std::string& prefix);
  [[nodiscard]] PodRun* find_pod(const ObjectName& name);
  [[nodiscard]] PodId id_of(const ObjectName& name) const;
  [[nodiscard]] Machine* find_machine(const NodeName& name);
  [[nodiscard]] MachineId machine_of(const NodeName& name) const;

  /// Puts the pod's object into the store and tells the controllers that look at pods.
  void publish(PodId id);
  /// Changes the pod's Node in the store, if there is one.
  template <class F>
  void edit_node(const NodeName& name, F&& change) {
    const auto* present = store.get<NodeObject>({{}, name.str()});
    if (present == nullptr) return;
    NodeObject edited = *present;
    change(edited);
    store.put(std::move(edited));
  }
  /// Creates a pod object of `workload`; the caller has decided its name. Not bound yet.
  PodId create_pod(WorkloadId workload, std::string name, std::optional<std::int32_t> ordinal);
  void bind(PodId id, MachineId machine);
  /// Gives back the room it held.
  void release_room(PodRun& run);
  /// Removes the object from the API at once.
  void remove_pod(PodId id);
  /// Sets deletionTimestamp (or brings it nearer) and wakes the kubelet; pods that no kubelet holds go at once.
  void begin_deletion(PodId id, GracePeriod grace);
  void sync_workload_soon(WorkloadId id);
  void schedule_soon();
  /// For the book of deaths, where somebody keeps one.
  void note_death(PodId id, DeathMoment moment);
  /// A pod of that template comes: what the scheduler has to reckon with from now on.
  void note_constraints(const PodTemplate& spec);

  WorldConfig config;
  Instant now;
  EventHeap heap;
  Store store;
  FaultDice dice;
  Random random;
  std::uint64_t uids = 0;
  std::uint64_t handled = 0;
  std::vector<PodRun> pods;
  std::map<ObjectName, PodId> pods_by_name;
  std::vector<Machine> machines;
  std::unordered_map<std::string, MachineId> machines_by_name;
  std::vector<WorkloadRun> workloads;
  std::vector<PodId> unscheduled;
  bool schedule_planned = false;
  bool priorities_differ = false;        // some pod was not as important as another
  bool some_keep_others_away = false;    // some pod had required anti-affinity
  std::optional<std::int32_t> priority;  // of the newest pod
  PodCounts counts;
  std::uint64_t overrides = 0;
  bool measuring = false;
  std::uint64_t unpublished = 0;  // changes that no object shows: machines that died or came back, replicas wanted
  /// What `World::strengths` found, when the store and `unpublished` stood so.
  struct KnownStrengths {
    std::uint64_t version = 0;
    std::uint64_t unpublished = 0;
    World::Strengths found;
  };
  mutable std::optional<KnownStrengths> strengths;
  std::vector<std::function<void(const NodeName&, bool)>> machine_listeners;
  std::vector<std::function<void(const NodeName&, const Notice&)>> notice_listeners;
  std::function<void(const Event&)> watcher;  // hears of every event, when it is over

  std::unique_ptr<class Kubelets> kubelets;
  std::unique_ptr<class Controllers> controllers;
  std::unique_ptr<class Autoscalers> autoscalers;
  std::unique_ptr<class Scheduler> scheduler;
  std::unique_ptr<class Disruption> disruption;
  std::unique_ptr<class Endpoints> endpoints;
  std::unique_ptr<class LoadBalancers> balancers;
  std::unique_ptr<class NodeLifecycle> nodes;
  std::unique_ptr<class Volumes> volumes;
  std::unique_ptr<class Clients> clients;
  std::unique_ptr<class MetadataService> metadata;
  std::unique_ptr<class DeathBook> deaths;  // null: nobody asks how pods ended
};

}  // namespace spotkeeper::sim
