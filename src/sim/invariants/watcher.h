// What the rules share: the world as it was when it was last looked at. Internal to sim/invariants.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "sim/invariants/invariants.h"
#include "sim/state.h"

namespace spotkeeper::sim {

class Invariants::Watcher {
 public:
  explicit Watcher(World& world);
  Watcher(const Watcher&) = delete;
  Watcher& operator=(const Watcher&) = delete;
  ~Watcher();

  void after_event(const Event& event);
  /// Everything that does not depend on a change.
  void sweep();
  [[nodiscard]] const std::vector<Violation>& violations() const { return violations_; }
  [[nodiscard]] std::uint64_t looks() const { return looks_; }

 private:
  /// What the pods bound to a node ask for together, as the API shows it.
  struct Load {
    Resources used;
    std::int64_t pods = 0;
  };

  void broken(Rule rule, std::string what);
  void changed(const Change& change);
  void identity(const Change& change);

  // pod_rules.cc: changes of pods
  void pod_changed(const Change& change);
  void account(const PodObject& pod, bool enters);
  void bound(const PodObject& pod);
  void became_ready(const PodObject& pod);
  void goes_on(const PodObject& before, const PodObject& pod);
  void begins_to_end(const PodObject& before);
  [[nodiscard]] bool may_end(const PodObject& pod) const;
  [[nodiscard]] bool preempted(const PodObject& pod) const;
  [[nodiscard]] std::string name_of(const PodObject& pod) const;

  // budget_rules.cc: changes of budgets, evictions, EndpointSlices
  void budget_changed(const Change& change);
  void charged(const DisruptionBudget& before, const DisruptionBudget& budget, const std::string& pod);
  void recomputed(const DisruptionBudget& before, const DisruptionBudget& budget);
  void compare(const DisruptionBudget& budget, const DisruptionBudget& should);
  void evicted(const PodObject& before);
  void slice_changed(const EndpointSliceObject& slice);

  // machine_rules.cc: machines, programs, workloads, requests
  void machine(const Machine& machine, MachineId id);
  void program(PodId id);
  void runs_once(PodId id);
  void ended(PodId id);
  void workload(const WorkloadRun& run);
  void job(const WorkloadRun& run);
  /// Claims of volumes that are attached to one node at a time.
  void volumes(PodId id);
  void books_agree();
  void requests_conserved();
  void requests_held();

  World::State& world_;
  Store::Subscription subscription_;
  std::vector<Violation> violations_;
  std::unordered_set<std::string> told_;
  std::uint64_t looks_ = 0;
  Instant last_;
  std::uint64_t version_;
  std::unordered_set<Uid> removed_;
  std::map<NodeName, Load> loads_;
  std::map<ObjectName, PodId> in_use_;                // claims, by who runs with them; of the present sweep
  std::map<Uid, std::int32_t> succeeded_;             // pods, as the API showed them, by the owning Job
  std::map<Uid, std::int32_t> succeeded_at_the_end_;  // of these, those that had been told to end
  std::optional<std::pair<Uid, ObjectName>> charge_;  // the newest: for which pod, to which budget
  std::vector<Program> programs_;                     // as of the last sweep
  std::vector<PodId> living_;                         // whose program may still change
  std::vector<std::uint32_t> listed_;                 // by pod: the last sweep that met it on a machine's list
  std::uint32_t sweeps_ = 0;
};

}  // namespace spotkeeper::sim
