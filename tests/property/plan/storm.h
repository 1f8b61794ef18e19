// Random small storms, and a cluster that lives through one: eviction API, disruption controller, successors and their
// readiness, as far as the drain plan can tell. The plan is asked again after every change and at its `next_look`.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/random.h"
#include "model/snapshot.h"
#include "plan/drain/drain.h"
#include "tests/oracle/drain_oracle.h"

namespace spotkeeper::plan::test {

inline constexpr Instant kNotice = Instant(std::chrono::seconds(1'800'000'000));
inline constexpr int kStays = -1;  // instead of the index of a dying node

struct StormPod {
  int node = kStays;
  bool ready = true;
  PodPhase phase = PodPhase::Running;
};

struct StormService {
  std::string kind = "Deployment";  // empty: nobody makes its pods anew
  int ready_after = 40;
  int grace = 30;
  std::optional<int> pre_stop;
  std::optional<double> min_serving;
  bool do_not_disrupt = false;
  bool mirror = false;
  bool admission = false;  // a webhook with failurePolicy Fail calls it
  std::vector<StormPod> pods;
};

struct StormBudget {
  CountOrPercent limit;
  bool is_minimum = true;
  std::vector<int> services;
  UnhealthyPodEviction unhealthy = UnhealthyPodEviction::IfHealthyBudget;
};

struct Storm {
  std::vector<int> deadlines;           // of the dying nodes, in seconds after the notice
  std::vector<InterruptionKind> kinds;  // of the dying nodes; where there are fewer, Kill
  std::vector<StormService> services;
  std::vector<StormBudget> budgets;
  int slots = 1000;  // for successors, on nodes that stay
  int margin = 0;
  int endpoint_propagation = 0;  // 0: on the grid of the oracle
  oracle::Grace grace = oracle::Grace::Whole;
  bool one_pool = false;  // all nodes are of one (zone, type), the one that stays too

  [[nodiscard]] DrainPolicy policy() const;
  [[nodiscard]] std::vector<Interruption> dying() const;
};

/// What the random storms are made of.
struct StormShape {
  int step = 10;         // every time is a multiple of it
  int most_leaving = 5;  // pods on dying nodes
  int most_services = 2;
  bool odd_pods = false;  // static, DaemonSet and ownerless pods, Jobs, do-not-disrupt, not Ready ones; webhooks; pools
  bool all_kinds = false;       // Retire and Maintenance beside Kill
  bool default_delays = false;  // margin and endpoint propagation as a DrainPolicy has them
};
[[nodiscard]] Storm random_storm(Random& random, const StormShape& shape);
/// For messages: the whole storm as text.
[[nodiscard]] std::string describe(const Storm& storm);

/// A pod in the living cluster.
struct LivePod {
  int service = 0;
  int node = kStays;
  std::string name;
  Uid uid;
  bool ready = false;
  PodPhase phase = PodPhase::Running;
  int created = 0;
  std::optional<int> ready_at;  // not yet Ready, but going to be
  std::optional<int> ended;     // when its end began
  int ends = 0;                 // when it is gone
  int grace = 0;                // as granted
  bool unscheduled = false;
  int ordinal = 0;
};

class LiveCluster {
 public:
  explicit LiveCluster(const Storm& storm);

  /// Sees every plan before it is carried out.
  using Observer = std::function<void(const LiveCluster&, const DrainPlan&)>;
  /// Until nothing is left to happen.
  void run(const Observer& observer);

  [[nodiscard]] int now() const { return now_; }
  [[nodiscard]] Instant instant() const { return kNotice + std::chrono::seconds(now_); }
  [[nodiscard]] const Snapshot& snapshot() const { return cluster_; }
  [[nodiscard]] const std::vector<LivePod>& pods() const { return pods_; }
  [[nodiscard]] const LivePod* find(const Uid& uid) const;
  [[nodiscard]] const Storm& storm() const { return storm_; }
  /// Ready and not told to end.
  [[nodiscard]] int serving(int service) const;
  /// What stands behind webhooks.
  [[nodiscard]] std::vector<AdmissionBackend> admission() const;
  /// Replica-seconds below the floors so far.
  [[nodiscard]] long loss() const { return loss_; }
  /// Pods whose machine ends before their own grace is over.
  [[nodiscard]] int died_hard() const;
  /// The same moment in the oracle's words, after the first `done` actions of `plan`.
  [[nodiscard]] oracle::World as_oracle(const DrainPlan& plan, std::size_t done) const;
  /// How many disruptions a budget allows now, by our own count.
  [[nodiscard]] int allowed(const StormBudget& budget) const;
  [[nodiscard]] std::vector<const StormBudget*> budgets_of(int service) const;
  /// As the storm's mode has it.
  [[nodiscard]] int last_safe_start(const LivePod& pod) const;

 private:
  bool evict(LivePod& pod, int grace);
  void end(LivePod& pod, int grace);
  void make_successor(const LivePod& of);
  void advance_to(int time);
  [[nodiscard]] std::optional<int> next_change() const;
  void publish(const LivePod& pod);
  void publish_budgets();
  bool carry_out(const DrainPlan& plan);
  LivePod& add(int service, int node, int ordinal);

  Storm storm_;
  DrainPolicy policy_;
  std::vector<Interruption> dying_;
  std::vector<LivePod> pods_;
  std::vector<std::shared_ptr<const PodTemplate>> templates_;
  std::vector<std::shared_ptr<const Labels>> labels_;
  std::vector<std::shared_ptr<const WorkloadRef>> owners_;
  Snapshot cluster_;
  int now_ = 0;
  long loss_ = 0;
  int slots_ = 0;
};

[[nodiscard]] int floor_of(const StormService& service);

}  // namespace spotkeeper::plan::test
