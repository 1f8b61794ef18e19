// What a scenario makes happen to a world once the clock runs, and what it measures. The same in virtual time
// (sim/run.h) and in a served world: it acts through a Runtime and can't tell which.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "net/runtime.h"
#include "sim/market/market.h"
#include "sim/report.h"
#include "sim/scenario.h"

namespace spotkeeper::sim {

class Script {
 public:
  /// How often `look` is to be called.
  static constexpr Duration kLook = 250ms;

  /// How long the load flows before the clock starts, for kept connections to be open.
  static constexpr Duration kTrafficBeforeClock = 5s;

  /// `world` is that of build_world(scenario, seed). `advance` brings it to the runtime's present; it is called before
  /// the world is touched from one of the script's own calls (empty: whoever runs both has done so). Scenario, world
  /// and runtime outlive this.
  Script(const Scenario& scenario, std::uint64_t seed, Policy policy, World& world, net::Runtime& runtime,
         std::function<void()> advance = {});
  Script(const Script&) = delete;
  Script& operator=(const Script&) = delete;
  ~Script();

  /// How long to wait between a settled world and the first request: until every proxy has heard of every pod.
  [[nodiscard]] Duration before_load() const;
  void start_load();
  /// Starts the clock: counting begins, the scenario's events are planned, and its market opens.
  void begin();
  /// Call before begin(): `changed` is called after everything that may have changed the market.
  void on_market_change(std::function<void()> changed) { market_changed_ = std::move(changed); }
  /// Call before begin(): look() takes a sample every second.
  void record_series() { recording_ = true; }
  /// To be called about every `kLook` while the clock runs: notes which workloads are complete.
  void look();
  void stop_load();
  /// How long the last requests may still take after stop_load().
  [[nodiscard]] Duration longest_request() const;
  [[nodiscard]] Instant clock_start() const { return clock_start_; }
  [[nodiscard]] Instant clock_end() const { return clock_start_ + scenario_.duration; }
  /// Machines that were told to go, died or rebooted, each once.
  [[nodiscard]] std::uint64_t interruptions() const { return interrupted_.size(); }
  [[nodiscard]] const market::Market& market() const { return *market_; }
  [[nodiscard]] Report report() const;

 private:
  class MarketGround;
  void at(Instant when, std::function<void()> what);
  void plan(const ScenarioEvent& event);
  void record();
  void strike(const NodeName& node, const ScenarioEvent& event);
  void end(const NodeName& node);
  void look_at_strengths();
  void tell_of_market();
  void drive_market();
  void hear_of_kill(const NodeName& node);
  void delete_everything(const NodeName& node);

  const Scenario& scenario_;
  std::uint64_t seed_;
  Policy policy_;
  World& world_;
  net::Runtime& runtime_;
  std::function<void()> advance_;
  std::vector<net::ScopedCall> calls_;
  std::unique_ptr<MarketGround> ground_;
  std::unique_ptr<market::Market> market_;
  net::ScopedCall market_call_;  // when the market is due
  std::function<void()> market_changed_;
  Instant clock_start_;
  std::optional<Instant> first_interruption_;
  std::set<NodeName> interrupted_;
  std::set<NodeName> recommended_;
  struct Complete {
    std::int32_t replicas = 0;  // with which it was complete last
    std::optional<Instant> lacks_since;
  };
  std::map<ObjectName, Complete> complete_;  // Deployments and StatefulSets
  Duration longest_incomplete_{};            // of any of them, at one stretch
  std::uint64_t strengths_seen_ = 0;         // World::Strengths::generation
  bool lacking_ = false;                     // one of them was incomplete then
  bool recording_ = false;
  Series series_;
  std::uint64_t lost_before_ = 0;
  std::uint64_t retries_before_ = 0;
};

}  // namespace spotkeeper::sim
