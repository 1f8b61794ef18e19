// A small cluster in memory: machines, kubelets, controllers, a scheduler, proxies, metadata services, and clients
// whose requests are answered or lost. Deterministic: the same calls with the same seed at the same times give the same
// world.
//
// Who drives it: nobody but its owner. The world makes no thread and reads no clock; `advance_to(t)` makes everything
// happen that is due up to `t`, and `next_due()` says when the next thing is. In virtual time sim/run.h does that
// beside a net::VirtualRuntime; a served world does it from a timer of the real event loop. Every call below acts at
// `now()`, so advance first.
//
// How it is read: through `store()`, where everything the API server would show is an immutable value with a version,
// beside the history of changes from which watches are served.
//
// How it is changed: through the methods below, each of which is one API request with the API server's own semantics
// (optimistic locks, preconditions, the eviction rules) and answers at once. Latency, lag and refusals by an overloaded
// server are put between by who offers the API (sim/cluster_port.h, sim/serve), with the dice of `faults()`.
//
// What is modelled, with sources: docs/simulation.md.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <tl/expected.hpp>

#include "base/time.h"
#include "model/interruption.h"
#include "model/node.h"
#include "net/http.h"
#include "sim/deaths.h"
#include "sim/faults.h"
#include "sim/losses.h"
#include "sim/objects.h"
#include "sim/series.h"
#include "sim/store.h"
#include "sim/traffic.h"

namespace spotkeeper::sim {

/// Why the API server refused: what becomes a metav1.Status on the wire.
struct Refusal {
  int code = 500;      // HTTP status
  std::string reason;  // status.reason: "NotFound", "Conflict", "TooManyRequests"; may be empty
  std::string message;
  std::string cause;  // details.causes[0].reason: "DisruptionBudget"; empty: no cause
  std::string cause_message;
  std::optional<std::chrono::seconds> retry_after;
};
template <class T>
using Answer = tl::expected<T, Refusal>;

struct NodeSpec {
  std::string name;
  std::string instance_id;  // "i-0123456789abcdef0"; made up if empty
  std::string private_ip = "10.0.0.1";
  std::string instance_type = "m5.large";
  std::string zone = "us-east-1a";
  std::string capacity_type = "spot";  // label karpenter.sh/capacity-type
  double price = 0.0;                  // USD an hour
  double on_demand_price = 0.0;        // the type's, USD an hour
  Resources allocatable{.cpu = {1930}, .memory = {7LL << 30}, .other = {}};
  std::int64_t max_pods = 29;
  Labels labels;  // beside the well-known ones, which are set
  std::vector<Taint> taints;
};

/// What the metadata service of a machine says, from now on.
struct Notice {
  InterruptionKind kind = InterruptionKind::Kill;
  InterruptionEffect effect = InterruptionEffect::Terminate;
  std::string id;                      // of a scheduled event ("instance-event-…"); made up if empty
  std::optional<Instant> at;           // the instant it names; a rebalance recommendation names the time it was made
  std::string code = "system-reboot";  // of a scheduled event
};

struct EvictCall {
  ObjectName pod;
  std::optional<Uid> uid;                     // precondition
  std::optional<ResourceVersion> version;     // precondition
  std::optional<std::chrono::seconds> grace;  // none: the pod's own
  bool dry_run = false;
};
struct DeleteCall {
  ObjectName name;
  std::optional<Uid> uid;
  std::optional<ResourceVersion> version;
  std::optional<std::chrono::seconds> grace;
  bool dry_run = false;
};

struct NewWorkload {
  ObjectName name;
  LabelSelector selector;  // no requirement: the blueprint's labels
  PodBlueprint blueprint;
  std::int32_t replicas = 1;
  Labels labels;
  Labels annotations;
};

/// batch/v1 JobSpec.
struct JobSettings {
  std::int32_t completions = 1;
  std::int32_t parallelism = 1;
  std::int32_t backoff_limit = 6;  // failed pods, evicted and lost ones among them; one more fails the Job
};
struct JobReport {
  ObjectName name;
  std::int32_t completions = 0;
  std::int32_t succeeded = 0;
  std::int32_t failed = 0;       // pods
  bool gave_up = false;          // more of them failed than its limit
  std::optional<Duration> took;  // until the last completion; none: not done
  Duration work_lost{};          // of pods that failed, from their containers' start
};

/// A HorizontalPodAutoscaler's (sim/autoscalers.h).
struct AutoscaleSettings {
  std::int32_t least = 1;
  std::int32_t most = 10;
  double utilisation = 0.6;  // of the requests that a pod serves at once
  double tolerance = 0.1;
  Duration period = 15s;
  Duration down_window = 5min;
};

/// Of volumes that one node has at a time (sim/volumes.h). The medians are assumptions: what EBS and its driver usually
/// take; the six minutes are kube-controller-manager's.
struct VolumeDelays {
  Duration attach = 5s;  // and mount
  Duration detach = 7s;
  Duration force_detach = 6min;         // from a machine that died, after nobody there uses the volume any more
  bool freed_by_node_deletion = false;  // no wait for `force_detach` once the Node object of a dead machine is gone
};

/// How late the parts of the cluster hear of changes. Each delay is drawn anew for every change.
struct Delays {
  Duration controller = 50ms;         // a controller's reaction: deployment, replica set, endpoints, disruption
  Duration scheduler = 20ms;          // binding one pod
  Duration kubelet = 100ms;           // from the API to the kubelet, and from the kubelet back to the API
  Duration proxy_median = 400ms;      // EndpointSlice change to reprogrammed proxy: log-normal …
  Duration proxy_p99 = 3s;            // … with this 99th percentile
  Duration proxy_most = 10s;          // … never more than this
  Duration straggler = 10s;           // one node's proxy, drawn by the seed, is always this late
  Duration node_monitor_grace = 40s;  // without a heartbeat until the node counts as NotReady
  bool cloud_deletes_nodes = true;    // the cloud controller removes the Node object of a machine that is gone
  VolumeDelays volumes;
};

struct WorldConfig {
  Instant start{Duration{1'767'225'600s}};  // 2026-01-01T00:00:00Z
  std::uint64_t seed = 1;
  Delays delays;
  ApiFaults api_faults;
  MetadataFaults metadata_faults;
};

/// What happened to pods, counted since `begin_measuring`.
struct PodCounts {
  std::uint64_t evicted = 0;      // ended through the eviction API
  std::uint64_t deleted = 0;      // ended through a delete by a client (not by the cluster's own controllers)
  std::uint64_t killed_hard = 0;  // SIGKILL, or a machine's death, before the pod had ended by itself
  std::uint64_t created = 0;
  std::uint64_t preempted = 0;  // deleted by the scheduler for one of higher priority
  std::uint64_t repeated = 0;   // evictions and deletes accepted for a pod that a client had ended already
};

class World {
 public:
  explicit World(WorldConfig config);
  World(const World&) = delete;
  World& operator=(const World&) = delete;
  ~World();

  // ---- Time
  [[nodiscard]] Instant now() const;
  /// None: nothing will happen by itself.
  [[nodiscard]] std::optional<Instant> next_due() const;
  /// Makes everything happen that is due up to and including `when`, in order, and moves `now()` there.
  void advance_to(Instant when);
  /// Makes the next thing happen if it is due at `limit` or before. False: there is none.
  bool advance_one(Instant limit);
  /// How many things have happened, for progress and benchmarks.
  [[nodiscard]] std::uint64_t events_handled() const;

  // ---- Reading
  [[nodiscard]] const Store& store() const;
  [[nodiscard]] Store& store();  // to subscribe and to compact
  [[nodiscard]] FaultDice& faults();
  [[nodiscard]] const WorldConfig& config() const;

  // ---- Building: machines and workloads. Names must be new.
  void add_namespace(std::string name);
  void add_node(NodeSpec spec);
  Answer<ObjectRef> create_deployment(NewWorkload workload, bool dry_run = false);
  Answer<ObjectRef> create_stateful_set(NewWorkload workload);
  Answer<ObjectRef> create_daemon_set(NewWorkload workload);
  /// Its pods are in the store, the Job itself is not. `workload.replicas` says nothing.
  void create_job(NewWorkload workload, const JobSettings& settings);
  /// From now on. False: there is no such Deployment.
  bool autoscale(const ObjectName& deployment, const AutoscaleSettings& settings);
  Answer<ObjectRef> create_service(ObjectName name, Labels selector, std::int32_t port, std::int32_t target_port);
  /// Before a service that there is, for loads that come from outside.
  void add_load_balancer(const ObjectName& service, const LoadBalancerSettings& settings);
  /// A static pod's mirror on that node: its file is outside the API, so deleting the mirror ends nothing.
  void add_static_pod(const NodeName& node, const std::string& name, PodBlueprint blueprint);

  // ---- API requests. A refused one has changed nothing (but see `evict`).
  Answer<ObjectRef> scale_deployment(const ObjectName& name, std::int32_t replicas,
                                     std::optional<ResourceVersion> version = {}, bool dry_run = false);
  /// Its ReplicaSet and pods go with it.
  Answer<ObjectRef> delete_deployment(const DeleteCall& call);
  /// Labels, annotations, taints and `unschedulable` in one change; 409 where it carries another version than the
  /// node's. An empty change answers with the Node as it is.
  Answer<ObjectRef> patch_node(const NodeChange& change, bool dry_run = false);
  Answer<ObjectRef> delete_node(const DeleteCall& call);
  /// The eviction subresource with eviction.go's order of checks. As in the real one, a refusal for a stale uid comes
  /// after the budget has been charged.
  Answer<void> evict(const EvictCall& call);
  /// 0 grace removes the object at once and kills the containers; a second delete can only shorten. The answer is the
  /// pod as it is afterwards.
  Answer<ObjectRef> delete_pod(const DeleteCall& call);
  Answer<ObjectRef> create_budget(DisruptionBudget budget, Labels labels = {}, bool dry_run = false);
  /// Its spec; only at that version, if it is not empty.
  Answer<ObjectRef> update_budget(const DisruptionBudget& budget, bool dry_run = false);
  Answer<ObjectRef> delete_budget(const DeleteCall& call);
  /// Creating takes an empty version (409 AlreadyExists), updating the present one (409 Conflict).
  Answer<ObjectRef> put_lease(LeaseObject lease);
  Answer<ObjectRef> delete_lease(const DeleteCall& call);
  /// An event of the same regarding, reason and controller within ten minutes only counts up.
  Answer<ObjectRef> record_event(EventObject event);

  // ---- What clients make without the world's controllers. Nothing stands behind such an object: a Node that was
  // created here has no machine, nobody is scheduled to it, and a pod bound to it stays as its status says, as on a
  // real server without a kubelet. A pod bound to a machine of the world is run by it. An update with a `version` is
  // refused with 409 when the object has another; it takes the named parts of the object and leaves the rest.
  Answer<ObjectRef> create_namespace(Meta meta, bool dry_run = false);
  /// Not Ready, and tainted so until its status says otherwise and somebody removes the taint (TaintNodesByCondition).
  Answer<ObjectRef> create_node(NodeObject node, bool dry_run = false);
  /// Condition Ready, capacity, allocatable.
  Answer<ObjectRef> update_node_status(const NodeObject& wanted, const std::optional<ResourceVersion>& version,
                                       bool dry_run = false);
  /// Pending, whatever its status says.
  Answer<ObjectRef> create_pod(PodObject pod, bool dry_run = false);
  /// Labels, annotations, image.
  Answer<ObjectRef> update_pod(const PodObject& wanted, const std::optional<ResourceVersion>& version,
                               bool dry_run = false);
  /// Phase, reason, condition Ready, start time, nominated node.
  Answer<ObjectRef> update_pod_status(const PodObject& wanted, const std::optional<ResourceVersion>& version,
                                      bool dry_run = false);
  Answer<ObjectRef> update_budget_status(const DisruptionBudget& wanted, const std::optional<ResourceVersion>& version,
                                         bool dry_run = false);
  /// Unlike `record_event` this counts nothing up.
  Answer<ObjectRef> create_event(EventObject event, bool dry_run = false);
  /// All but its name, uid and time of creation.
  Answer<ObjectRef> update_event(EventObject wanted, const std::optional<ResourceVersion>& version,
                                 bool dry_run = false);
  Answer<ObjectRef> create_config_map(ConfigMapObject map, bool dry_run = false);
  Answer<ObjectRef> create_webhooks(ValidatingWebhooksObject webhooks, bool dry_run = false);
  Answer<ObjectRef> create_webhooks(MutatingWebhooksObject webhooks, bool dry_run = false);
  /// `kind`: one of the two.
  Answer<ObjectRef> delete_webhooks(Kind kind, const DeleteCall& call);

  // ---- What happens to machines
  /// The machine's metadata service says so from now on. A later notice of the same kind replaces it.
  void notice(const NodeName& node, const Notice& notice);
  /// A scheduled event is called off (its state becomes "canceled"), a recommendation disappears.
  void withdraw(const NodeName& node, InterruptionKind kind);
  /// The scheduled event that stands has taken place: it is no longer among the scheduled ones, but in their history.
  void complete_maintenance(const NodeName& node);
  /// Called at each notice, for who hears of it in another way than from the machine (EventBridge).
  void on_notice(std::function<void(const NodeName&, const Notice&)> heard);
  /// Everything on it ends this instant. The API hears of it only by missing heartbeats.
  void kill_machine(const NodeName& node);
  /// It ends and comes back after `down` with the same name and another boot id.
  void reboot_machine(const NodeName& node, Duration down);
  [[nodiscard]] bool machine_alive(const NodeName& node) const;
  /// Machines are numbered for ever; none: there never was one of that name.
  [[nodiscard]] std::optional<std::uint32_t> machine_number(const NodeName& node) const;
  /// Called when a machine dies, comes back, or joins (from inside `add_node`).
  void on_machine_change(std::function<void(const NodeName&, bool alive)> heard);

  // ---- The metadata service (IMDS) of one machine
  /// The answer to a request to http://169.254.169.254 on that machine: tokens, instance data, spot, rebalance,
  /// scheduled events, target lifecycle state. `Date` is the service's clock (`MetadataFaults::date_skew`). An
  /// Unavailable or Timeout error where no or half an answer comes.
  Result<net::HttpResponse> metadata(const NodeName& node, const net::HttpRequest& request);
  Result<net::HttpResponse> metadata(std::uint32_t machine, const net::HttpRequest& request);

  // ---- Requests of clients
  /// Begins to send requests to that service. Both styles count from `begin_measuring` on.
  void add_load(const Load& load);
  void begin_measuring();
  /// No new request from now on; those on their way come to their end.
  void stop_load();
  [[nodiscard]] const TrafficReport& traffic() const;
  /// From now on every lost request is kept with its circumstances.
  void explain_losses();
  /// In the order in which they were sent; none where nobody asked for them. With what every proxy has heard by now.
  [[nodiscard]] const std::vector<LostRequest>& losses() const;
  /// From now on it is kept how every pod ends.
  void explain_deaths();
  /// In the order in which they were told to end, or ended; none where nobody asked. With what every proxy has heard by
  /// now.
  [[nodiscard]] std::vector<PodDeath> deaths() const;
  /// "namespace/name", in the order of Sample::serving.
  [[nodiscard]] std::vector<std::string> services() const;
  /// The present; its `lost` and `retries` count from begin_measuring(), and its `at` is not set.
  [[nodiscard]] Sample sample() const;
  [[nodiscard]] const PodCounts& pods() const;
  /// In the order in which they were created.
  [[nodiscard]] std::vector<JobReport> jobs() const;
  /// Evictions and deletes which the API accepted although a budget that covers the pod allowed none.
  [[nodiscard]] std::uint64_t budget_overrides() const;

  /// True when every workload has all its pods Ready and the controllers have nothing to do.
  [[nodiscard]] bool settled() const;
  /// What keeps it from being settled, for people: each workload with how many of its pods are not Ready, and why.
  [[nodiscard]] std::string unsettled() const;
  /// Of a Deployment or a StatefulSet: how many replicas it wants, and how many serve on machines that live.
  struct Strength {
    ObjectName name;
    std::int32_t wants = 0;
    std::int32_t serving = 0;
  };
  struct Strengths {
    std::uint64_t generation = 0;  // the same: they are the same
    std::vector<Strength> all;     // in the order in which they were created; one that was deleted wants none
  };
  /// Good until the world's next change.
  [[nodiscard]] const Strengths& strengths() const;

  struct State;  // the world's components share it; see sim/state.h
  /// For who judges the world (sim/invariants), and for tests that break it.
  [[nodiscard]] State& parts() { return *state_; }

 private:
  std::unique_ptr<State> state_;
};

}  // namespace spotkeeper::sim
