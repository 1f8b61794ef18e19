// Small clusters for tests of the drain plan, said in the words of a manifest. Times are seconds since the notice.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "model/snapshot.h"
#include "plan/drain/drain.h"

namespace spotkeeper::plan::test {

inline constexpr Instant kNotice = Instant(std::chrono::seconds(1'800'000'000));

/// The pod's place and state; everything else comes from its workload.
struct PodSpec {
  std::string name = {};
  std::string node = {};
  bool ready = true;
  PodPhase phase = PodPhase::Running;
  std::optional<Duration> terminating_since = std::nullopt;  // relative to the notice
  Duration created = -1h;
};

class Workload {
 public:
  Workload(std::string kind, std::string name) : kind_(std::move(kind)), name_(std::move(name)) {}

  Workload& grace(std::chrono::seconds length) { return spec_.grace = GracePeriod(length), *this; }
  Workload& pre_stop(std::chrono::seconds sleep) { return spec_.pre_stop = PreStop{sleep}, *this; }
  Workload& pre_stop_command() { return spec_.pre_stop = PreStop{std::nullopt}, *this; }
  Workload& ready_after(Duration length) { return ready_after_ = length, *this; }
  Workload& requests(std::int64_t milli_cpu) { return spec_.requests.cpu = MilliCpu{milli_cpu}, *this; }
  Workload& min_serving(double share) { return spec_.wishes.min_serving = share, *this; }
  Workload& do_not_disrupt() { return spec_.wishes.do_not_disrupt = true, *this; }
  Workload& longest_request(Duration length) { return spec_.wishes.longest_request = length, *this; }
  Workload& claim(std::string name) { return spec_.claims.push_back(std::move(name)), *this; }
  Workload& tolerates_everything() {
    return spec_.tolerations.push_back({.key = {}, .exists = true, .value = {}, .effect = {}, .seconds = {}}), *this;
  }
  Workload& spec(PodTemplate spec) { return spec_ = std::move(spec), *this; }
  [[nodiscard]] PodTemplate& edit() { return spec_; }
  Workload& mirror() { return mirror_ = true, *this; }
  Workload& on(std::initializer_list<std::string> nodes) {
    for (const std::string& node : nodes) pods_.push_back({name_ + "-" + std::to_string(pods_.size()), node});
    return *this;
  }
  Workload& pod(PodSpec pod) {
    if (pod.name.empty()) pod.name = name_ + "-" + std::to_string(pods_.size());
    return pods_.push_back(std::move(pod)), *this;
  }
  Workload& min_available(std::int32_t value, bool percent = false) {
    return budgets_.push_back({CountOrPercent{value, percent}, std::nullopt}), *this;
  }
  Workload& max_unavailable(std::int32_t value, bool percent = false) {
    return budgets_.push_back({std::nullopt, CountOrPercent{value, percent}}), *this;
  }
  Workload& unhealthy(UnhealthyPodEviction policy) { return unhealthy_ = policy, *this; }
  Workload& stale_budget() { return stale_ = true, *this; }
  Workload& failed_budget() { return failed_ = true, *this; }

 private:
  friend class World;
  struct Limits {
    std::optional<CountOrPercent> min_available;
    std::optional<CountOrPercent> max_unavailable;
  };
  void put_into(Snapshot& cluster, std::uint64_t& next_uid) const;
  void put_budgets(Snapshot& cluster) const;
  [[nodiscard]] Pod make(const PodSpec& pod, std::uint64_t uid) const;

  std::string kind_;
  std::string name_;
  PodTemplate spec_;
  Duration ready_after_ = 40s;
  bool mirror_ = false;
  std::vector<PodSpec> pods_;
  std::vector<Limits> budgets_;
  UnhealthyPodEviction unhealthy_ = UnhealthyPodEviction::IfHealthyBudget;
  bool stale_ = false;
  bool failed_ = false;
};

class World {
 public:
  /// A Ready node with 4 cores.
  Node& node(const std::string& name);
  /// That node dies so long after the notice.
  void dies(const std::string& node, Duration after, InterruptionKind kind = InterruptionKind::Kill);
  void dies_some_time(const std::string& node, InterruptionKind kind);
  Workload& deployment(const std::string& name) { return workloads_.emplace_back("Deployment", name); }
  Workload& stateful_set(const std::string& name) { return workloads_.emplace_back("StatefulSet", name); }
  Workload& daemon_set(const std::string& name) { return workloads_.emplace_back("DaemonSet", name); }
  Workload& job(const std::string& name) { return workloads_.emplace_back("Job", name); }
  /// The pods of that workload stand behind a webhook with failurePolicy Fail.
  void serves_admission(const std::string& workload);
  /// Pods without an owner.
  Workload& bare(const std::string& name) { return workloads_.emplace_back("", name); }

  [[nodiscard]] Snapshot snapshot() const;
  [[nodiscard]] const std::vector<Interruption>& dying() const { return dying_; }
  [[nodiscard]] DrainPlan plan(Duration after_notice = 0s) const {
    return plan_drain(snapshot(), dying_, policy, kNotice + after_notice);
  }

  DrainPolicy policy;

 private:
  std::deque<Node> nodes_;
  std::deque<Workload> workloads_;  // references to them are handed out
  std::vector<Interruption> dying_;
  std::vector<AdmissionBackend> admission_;
};

/// "evict web-0", "evict web-0 grace 20s", "delete web-0 grace 30s last-safe-start over-budget"
[[nodiscard]] std::vector<std::string> said(const DrainPlan& plan);
/// "web-0: budget default/web until 88s"
[[nodiscard]] std::vector<std::string> waits(const DrainPlan& plan);
[[nodiscard]] std::optional<Duration> next_look(const DrainPlan& plan);

}  // namespace spotkeeper::plan::test
