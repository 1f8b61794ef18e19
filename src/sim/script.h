// What a scenario makes happen once its clock runs: load, notices, deaths, and the bookkeeping of what came of it. On
// any Runtime, so that a run in virtual time and a served world follow the same script.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "net/runtime.h"
#include "sim/report.h"
#include "sim/scenario.h"
#include "sim/world.h"

namespace spotkeeper::sim {

class Script {
 public:
  /// `to_present` moves the world to the runtime's present; it is called before the world is touched. All of it
  /// outlives the script.
  Script(const Scenario& scenario, std::uint64_t seed, Policy policy, World& world, net::Runtime& runtime,
         std::function<void()> to_present);
  Script(const Script&) = delete;
  Script& operator=(const Script&) = delete;

  /// Clients begin; what they lose is not counted yet. For kept connections to be open when counting begins, the clock
  /// starts kTrafficBeforeClock later.
  void start_load();
  static constexpr Duration kTrafficBeforeClock = 5s;
  /// The clock starts now.
  void begin();
  /// Looks whether the workloads are complete. To be called every kLook while the clock runs.
  void look();
  static constexpr Duration kLook = 250ms;
  /// No more requests; `longest_request()` later all of them have come to their end.
  void stop_load() { world_.stop_load(); }
  [[nodiscard]] Duration longest_request() const;

  [[nodiscard]] Instant clock_start() const { return clock_start_; }
  [[nodiscard]] std::uint64_t interruptions() const { return interruptions_; }
  /// What was found so far.
  [[nodiscard]] Report report() const;

 private:
  void at(Instant when, std::function<void()> what);
  void plan(const ScenarioEvent& event);
  void strike(const NodeName& node, const ScenarioEvent& event);
  void delete_everything(const NodeName& node);

  const Scenario& scenario_;
  std::uint64_t seed_;
  Policy policy_;
  World& world_;
  net::Runtime& runtime_;
  std::function<void()> to_present_;
  std::vector<net::ScopedCall> calls_;
  Instant clock_start_;
  std::optional<Instant> first_interruption_;
  std::optional<Instant> last_incomplete_;
  std::uint64_t interruptions_ = 0;
};

}  // namespace spotkeeper::sim
