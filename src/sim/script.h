// What a scenario makes happen to a world once the clock runs, and what it measures. The same in virtual time
// (sim/run.h) and in a served world: it acts through a Runtime and can't tell which.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "net/runtime.h"
#include "sim/report.h"
#include "sim/scenario.h"

namespace spotkeeper::sim {

class Script {
 public:
  /// How often `look` is to be called.
  static constexpr Duration kLook = 250ms;

  /// `world` is that of build_world(scenario, seed), and is always at `runtime`'s present when a call is made. All
  /// three outlive this.
  Script(const Scenario& scenario, World& world, net::Runtime& runtime, Policy policy, std::uint64_t seed);

  /// How long to wait between a settled world and the first request: until every proxy has heard of every pod.
  [[nodiscard]] Duration before_load() const;
  void add_load();
  /// How long the load flows before the clock starts, for kept connections to be open.
  [[nodiscard]] static Duration before_clock() { return 5s; }
  /// Starts the clock: counting begins, and the scenario's events are planned.
  void begin();
  /// To be called about every `kLook` while the clock runs: notes whether every workload is complete.
  void look();
  /// How long the last requests may still take after stop_load().
  [[nodiscard]] Duration after_load() const;
  [[nodiscard]] Instant clock_started() const { return clock_start_; }
  [[nodiscard]] Instant clock_ends() const { return clock_start_ + scenario_.duration; }
  [[nodiscard]] std::uint64_t interruptions() const { return interruptions_; }
  [[nodiscard]] Report report() const;

 private:
  void at(Instant when, std::function<void()> what);
  void plan(const ScenarioEvent& event);
  void strike(const NodeName& node, const ScenarioEvent& event);
  void delete_everything(const NodeName& node);

  const Scenario& scenario_;
  World& world_;
  net::Runtime& runtime_;
  Policy policy_;
  std::uint64_t seed_;
  std::vector<net::ScopedCall> calls_;
  Instant clock_start_;
  std::optional<Instant> first_interruption_;
  std::optional<Instant> last_incomplete_;
  std::uint64_t interruptions_ = 0;
};

}  // namespace spotkeeper::sim
