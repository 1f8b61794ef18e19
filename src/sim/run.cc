#include "sim/run.h"

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "sim/agents.h"
#include "sim/virtual_runtime.h"

namespace spotkeeper::sim {
namespace {

constexpr Duration kLook = 250ms;             // how often it is looked whether the workloads are complete
constexpr Duration kTrafficBeforeClock = 5s;  // for kept connections to be open when counting begins
constexpr Duration kHandlerHears = 1s;        // of the control that deletes everything: its poll

/// One run: the world and what acts in it, moved through virtual time together.
class Run {
 public:
  Run(const Scenario& scenario, const RunOptions& options)
      : scenario_(scenario),
        options_(options),
        seed_(options.seed.value_or(scenario.seed)),
        world_(build_world(scenario, seed_)),
        runtime_(scenario.start) {}

  Result<Report> operator()() {
    if (options_.policy == Policy::Spotkeeper) {
      agents_ =
          std::make_unique<Agents>(runtime_, *world_, scenario_.clock_skew, options_.crash, options_.restart_after);
      agents_->start_all();
    }
    SK_CHECK(warm_up());
    // No client is sent before the last proxy has heard of the last pod.
    go_to(world_->now() + std::max(scenario_.delays.proxy_most, scenario_.delays.straggler));
    for (const Load& load : scenario_.loads) world_->add_load(load);
    go_to(world_->now() + kTrafficBeforeClock);
    begin();
    const Instant end = clock_start_ + scenario_.duration;
    while (world_->now() < end) {
      go_to(std::min(world_->now() + kLook, end));
      look();
      if (options_.progress && ++looks_ % 4 == 0) {
        options_.progress(seconds_of(world_->now() - clock_start_) / seconds_of(scenario_.duration));
      }
    }
    world_->stop_load();
    Duration longest = 0s;
    for (const Load& load : scenario_.loads) longest = std::max(longest, load.time_limit);
    go_to(end + longest);
    if (options_.ended) options_.ended(*world_);
    return report();
  }

 private:
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

  Result<void> warm_up() {
    const Instant limit = world_->now() + scenario_.warm_up;
    go_to(world_->now() + kLook);
    while (!world_->settled()) {
      if (world_->now() >= limit) {
        return fail(ErrorCode::InvalidInput, "not every pod was Ready when the warm-up of " +
                                                 format_duration(scenario_.warm_up) +
                                                 " was over: is there room for all of them?");
      }
      go_to(world_->now() + kLook);
    }
    return {};
  }

  void begin() {
    clock_start_ = world_->now();
    world_->faults().set_start(clock_start_);
    world_->begin_measuring();
    for (const ScenarioEvent& event : scenario_.events) plan(event);
    if (options_.begun) options_.begun(*world_);
  }

  void at(Instant when, std::function<void()> what) {
    calls_.emplace_back(runtime_, runtime_.call_at(steady_of(when), std::move(what)));
  }

  void plan(const ScenarioEvent& event) {
    const Instant when = clock_start_ + event.at;
    first_interruption_ = std::min(first_interruption_.value_or(when), when);
    for (const NodeName& node : targets_of(scenario_, event, seed_)) {
      at(when, [this, node, event] { strike(node, event); });
    }
  }

  void strike(const NodeName& node, const ScenarioEvent& event) {
    using What = ScenarioEvent::What;
    if (!world_->machine_alive(node)) return;
    ++interruptions_;
    if (event.what == What::Death) return world_->kill_machine(node);
    if (event.what == What::Reboot) return world_->reboot_machine(node, event.down);
    const Instant deadline = world_->now() + event.deadline;
    Notice notice;
    notice.effect = event.effect;
    notice.kind = event.what == What::Spot        ? InterruptionKind::Kill
                  : event.what == What::Rebalance ? InterruptionKind::Maybe
                  : event.what == What::Scheduled ? InterruptionKind::Maintenance
                                                  : InterruptionKind::Retire;
    notice.at = event.what == What::Rebalance ? world_->now() : deadline;
    if (event.effect == InterruptionEffect::Terminate) notice.code = "instance-retirement";
    if (event.effect == InterruptionEffect::Stop) notice.code = "instance-stop";
    world_->notice(node, notice);
    const InterruptionKind kind = notice.kind;
    if (options_.policy == Policy::DeleteAllNow && event.what != What::Rebalance) {
      at(world_->now() + kHandlerHears, [this, node] { delete_everything(node); });
    }
    if (event.cancelled_after) {
      at(world_->now() + *event.cancelled_after, [this, node, kind] { world_->withdraw(node, kind); });
      return;
    }
    if (event.what == What::Rebalance) return;
    at(deadline, [this, node, event] {
      if (event.effect == InterruptionEffect::Reboot) return world_->reboot_machine(node, event.down);
      world_->kill_machine(node);
    });
  }

  /// The control: a handler that cordons and deletes every pod of the node as soon as it hears.
  void delete_everything(const NodeName& node) {
    NodeChange cordon;
    cordon.node = node;
    cordon.unschedulable = true;
    (void)world_->patch_node(cordon);
    std::vector<PodRef> present;
    for (const auto& [name, object] : world_->store().all(Kind::Pod)) {
      const Pod& pod = std::get<PodObject>(*object).pod;
      if (pod.node == node && !pod.is_daemon() && !pod.mirror && !pod.terminating()) present.push_back(pod.ref());
    }
    for (const PodRef& pod : present) {
      DeleteCall call;
      call.name = pod.name;
      call.uid = pod.uid;
      (void)world_->delete_pod(call);
    }
  }

  void look() {
    if (first_interruption_ && world_->now() > *first_interruption_ && !world_->at_full_strength()) {
      last_incomplete_ = world_->now();
    }
  }

  Report report() const {
    Report report;
    report.scenario = scenario_.name;
    report.seed = seed_;
    report.policy = options_.policy;
    report.measured = scenario_.duration;
    report.traffic = world_->traffic();
    report.pods = world_->pods();
    report.budget_overrides = world_->budget_overrides();
    report.interruptions = interruptions_;
    report.clock_started = clock_start_;
    report.events = world_->events_handled() + runtime_.calls();
    if (!last_incomplete_) {
      report.recovered_after = Duration{};
    } else if (*last_incomplete_ < clock_start_ + scenario_.duration) {
      report.recovered_after = *last_incomplete_ + kLook - *first_interruption_;
    }
    return report;
  }

  const Scenario& scenario_;
  const RunOptions& options_;
  std::uint64_t seed_;
  std::unique_ptr<World> world_;
  VirtualRuntime runtime_;
  std::unique_ptr<Agents> agents_;
  std::vector<net::ScopedCall> calls_;
  Instant clock_start_;
  std::optional<Instant> first_interruption_;
  std::optional<Instant> last_incomplete_;
  std::uint64_t interruptions_ = 0;
  std::uint64_t looks_ = 0;
};

}  // namespace

Result<Report> run(const Scenario& scenario, const RunOptions& options) { return Run(scenario, options)(); }

}  // namespace spotkeeper::sim
