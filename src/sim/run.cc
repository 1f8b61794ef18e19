#include "sim/run.h"

#include <algorithm>
#include <memory>

#include "net/virtual_runtime.h"
#include "sim/agents.h"
#include "sim/invariants/market_rules.h"
#include "sim/policies/drain_handler.h"
#include "sim/script.h"

namespace spotkeeper::sim {
namespace {

/// One run: the world and what acts in it, moved through virtual time together.
class Run {
 public:
  Run(const Scenario& scenario, const RunOptions& options)
      : scenario_(scenario),
        options_(options),
        seed_(options.seed.value_or(scenario.seed)),
        world_(build_world(scenario, seed_)),
        runtime_(scenario.start),
        script_(scenario, seed_, options.policy, *world_, runtime_) {}

  Result<Report> operator()() {
    std::optional<MarketInvariants> market_rules;
    if (options_.violations != nullptr) {
      invariants_ = std::make_unique<Invariants>(*world_);
      market_rules.emplace(scenario_.market, script_.market(), *world_, of_the_market_);
      script_.on_market_change([&] { market_rules->look(world_->now()); });
      measured_ = [&] {
        market_rules->look_at_report(script_.market().report(script_.clock_end()), script_.clock_end());
      };
    }
    Result<Report> report = go_through();
    if (!invariants_) return report;
    *options_.violations = invariants_->violations();
    options_.violations->insert(options_.violations->end(), of_the_market_.begin(), of_the_market_.end());
    script_.on_market_change({});
    return report;
  }

 private:
  Result<Report> go_through() {
    start_policy();
    SK_CHECK(warm_up());
    go_to(world_->now() + script_.before_load());
    script_.start_load();
    go_to(world_->now() + Script::kTrafficBeforeClock);
    if (options_.record_series) script_.record_series();
    script_.begin();
    if (options_.explain_losses) world_->explain_losses();
    if (options_.explain_deaths) world_->explain_deaths();
    if (options_.begun) options_.begun(*world_);
    measure();
    if (measured_) measured_();
    script_.stop_load();
    go_to(world_->now() + script_.longest_request());
    if (options_.ended) options_.ended(*world_);
    Report report = script_.report();
    report.events += runtime_.calls();
    report.plans = agents_ ? agents_->plans() : 0;
    report.losses_explained = options_.explain_losses;
    report.losses = world_->losses();
    report.deaths_explained = options_.explain_deaths;
    report.deaths = world_->deaths();
    return report;
  }

  [[nodiscard]] Steady steady_of(Instant when) const { return Steady{when - scenario_.start}; }

  /// Moves the world and the processes in it to `until`, each thing in its turn; at the same instant the world first.
  void go_to(Instant until) {
    while (true) {
      const auto call = runtime_.next_due();
      const Instant limit = call ? std::min(until, scenario_.start + call->time_since_epoch()) : until;
      const auto due = world_->next_due();
      if (due && *due <= limit) {
        runtime_.advance_to(steady_of(*due));
        world_->advance_one(limit);
        continue;
      }
      world_->advance_to(limit);
      if (!runtime_.run_one(steady_of(until))) break;
    }
    runtime_.advance_to(steady_of(until));
  }

  void start_policy() {
    if (options_.policy == Policy::Spotkeeper) {
      agents_ = std::make_unique<Agents>(runtime_, *world_, scenario_, options_.crash, options_.restart_after);
      agents_->start_all();
    }
    const bool controller = options_.policy == Policy::CordonAndDrainController;
    if (controller || options_.policy == Policy::CordonAndDrain) {
      DrainHandlerOptions handler = options_.drain_handler;
      handler.one_controller = controller;
      handlers_ = std::make_unique<DrainHandlers>(runtime_, *world_, handler);
      handlers_->start_all();
    }
  }

  Result<void> warm_up() {
    const Instant limit = world_->now() + scenario_.warm_up;
    go_to(world_->now() + Script::kLook);
    while (!world_->settled()) {
      if (world_->now() >= limit) {
        return fail(ErrorCode::InvalidInput, "not every pod was Ready when the warm-up of " +
                                                 format_duration(scenario_.warm_up) +
                                                 " was over: " + world_->unsettled());
      }
      go_to(world_->now() + Script::kLook);
    }
    return {};
  }

  void measure() {
    const Instant end = script_.clock_end();
    for (std::uint64_t looks = 1; world_->now() < end; ++looks) {
      go_to(std::min(world_->now() + Script::kLook, end));
      script_.look();
      if (!options_.progress || looks % 4 != 0) continue;
      options_.progress(seconds_of(world_->now() - script_.clock_start()) / seconds_of(scenario_.duration));
    }
  }

  const Scenario& scenario_;
  const RunOptions& options_;
  std::uint64_t seed_;
  std::unique_ptr<World> world_;
  std::unique_ptr<Invariants> invariants_;
  std::vector<Violation> of_the_market_;
  std::function<void()> measured_;
  net::VirtualRuntime runtime_;
  Script script_;
  std::unique_ptr<Agents> agents_;
  std::unique_ptr<DrainHandlers> handlers_;
};

}  // namespace

Result<Report> run(const Scenario& scenario, const RunOptions& options) { return Run(scenario, options)(); }

}  // namespace spotkeeper::sim
