#include "sim/serve/serve_run.h"

#include <algorithm>
#include <csignal>
#include <memory>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/file.h"
#include "base/log.h"
#include "net/event_loop.h"
#include "sim/script.h"
#include "sim/serve/agent_fleet.h"
#include "sim/serve/agent_list.h"
#include "sim/serve/served_world.h"

namespace spotkeeper::sim::serve {
namespace {

constexpr Duration kProgressEvery = 200ms;  // of real time
constexpr Duration kAgentsWithin = 30s;     // of real time, to be watching their nodes

class ServeRun {
 public:
  ServeRun(const Scenario& scenario, const ServeOptions& options, net::TimeScale scale)
      : scenario_(scenario), options_(options), scale_(scale), loop_(scale) {}

  Result<Report> operator()() {
    SK_CHECK(build());
    SK_TRY(served_, ServedWorld::start(loop_, *world_, options_.directory));
    world_->on_machine_change([this](const NodeName& node, bool alive) { machine_changed(node, alive); });
    SK_CHECK(start_agents());
    script_ = std::make_unique<Script>(scenario_, options_.seed, options_.agents ? Policy::Spotkeeper : Policy::None,
                                       *world_, loop_, [this] { served_->advance(); });
    net::SystemSignals signals(loop_, {SIGINT, SIGTERM});
    net::TaskGroup watchers(loop_);
    watchers.start(heed(signals));
    watchers.start(show_progress());
    Result<Report> report = loop_.run_until(follow());
    watchers.cancel_all();
    agents_.stop_all();
    script_.reset();
    served_.reset();
    return report;
  }

 private:
  // Until every pod is Ready the world moves as fast as it can; time on the wall begins then.
  Result<void> build() {
    Scenario placed = scenario_;
    const Instant begin = scale_.epoch - scenario_.warm_up;
    placed.start = begin;
    world_ = build_world(placed, options_.seed);
    while (!world_->settled() && world_->now() < scale_.epoch)
      world_->advance_to(std::min(world_->next_due().value_or(scale_.epoch), scale_.epoch));
    if (!world_->settled())
      return fail(ErrorCode::InvalidInput, "not every pod was Ready when the warm-up of " +
                                               format_duration(scenario_.warm_up) +
                                               " was over: " + world_->unsettled());
    world_->advance_to(scale_.epoch);
    return {};
  }

  Result<void> start_agents() {
    SK_CHECK(list_agents());
    if (!options_.agents) return {};
    for (const auto& [name, object] : world_->store().all(Kind::Node))
      SK_CHECK(agents_.start(NodeName(name.name), loop_.now()));
    return {};
  }

  [[nodiscard]] std::vector<std::string> command_of(const NodeName& node) const {
    std::vector<std::string> command =
        agent_command({options_.program, served_->kubeconfig(), scale_}, node, served_->metadata_url(node));
    if (scenario_.grace_may_yield) command.emplace_back("--grace-may-yield");
    return command;
  }

  [[nodiscard]] std::string agent_list() const { return options_.directory + "/agents"; }

  Result<void> list_agents() {
    std::string lines(kAgentListHeading);
    for (const auto& [name, object] : world_->store().all(Kind::Node)) {
      const NodeName node(name.name);
      lines += agent_line(node, served_->metadata_url(node), served_->kubeconfig(), command_of(node));
    }
    return write_file(agent_list(), lines);
  }

  // A machine takes its agent with it, and a reboot brings a new one.
  void machine_changed(const NodeName& node, bool alive) {
    if (!alive) {
      agents_.stop(node);
      return;
    }
    if (const auto listed = list_agents(); !listed) log::error(listed.error().message);
    if (!options_.agents) return;
    if (const auto started = agents_.start(node, loop_.now()); !started)
      log::error(started.error().message, {{"node", node.str()}});
  }

  net::Task<void> heed(net::SystemSignals& signals) {
    co_await signals.next();
    ended_by_signal_ = true;
    served_->changed().notify();
  }

  [[nodiscard]] Duration real(Duration length) const { return duration_of_seconds(seconds_of(length) * scale_.rate); }

  net::Task<Result<Report>> follow() {
    const auto agents = co_await agents_watch();
    if (!agents) co_return fail(agents.error());
    co_await wait(script_->before_load());
    served_->advance();
    script_->start_load();
    co_await wait(Script::kTrafficBeforeClock);
    script_->record_series();
    script_->begin();
    if (options_.explain_losses) world_->explain_losses();
    if (options_.explain_deaths) world_->explain_deaths();
    const Instant end = script_->clock_start() + scenario_.duration;
    running_ = true;
    while (loop_.now() < end && !ended_by_signal_) {
      co_await wait(Script::kLook);
      served_->advance();
      script_->look();
      if (ended_by_signal_) break;  // which the agents may have heard, too
      const auto alive = agents_.look(loop_.now());
      if (!alive) co_return fail(alive.error());
    }
    script_->stop_load();
    co_await wait(script_->longest_request());
    served_->advance();
    if (ended_by_signal_) co_return fail(ErrorCode::Cancelled, "ended by a signal");
    Report report = script_->report();
    report.losses_explained = options_.explain_losses;
    report.losses = world_->losses();
    report.deaths_explained = options_.explain_deaths;
    report.deaths = world_->deaths();
    if (options_.agents) report.agent_restarts = agents_.restarts();
    if (options_.reported) options_.reported(report);
    finished_ = true;
    while (options_.keep && !ended_by_signal_) {
      co_await wait(Script::kLook);
      served_->advance();
      if (ended_by_signal_) break;
      const auto alive = agents_.look(loop_.now());
      if (!alive) co_return fail(alive.error());
    }
    co_return report;
  }

  net::Task<void> wait(Duration length) {
    if (!ended_by_signal_) co_await net::sleep_for(loop_, length);
  }

  net::Task<Result<void>> agents_watch() {
    const Steady limit = loop_.steady() + real(kAgentsWithin);
    while (served_->watched_nodes().size() < agents_.size() && !ended_by_signal_) {
      const auto alive = agents_.look(loop_.now());
      if (!alive) co_return fail(alive.error());
      if (loop_.steady() > limit)
        co_return fail(ErrorCode::Timeout, fmt::format("only {} of {} agents watch their node after {}; logs are in {}",
                                                       served_->watched_nodes().size(), agents_.size(),
                                                       format_duration(kAgentsWithin), options_.directory));
      co_await net::sleep_for(loop_, real(50ms));
    }
    co_return Result<void>{};
  }

  net::Task<void> show_progress() {
    for (;;) {
      if (options_.progress) options_.progress(progress());
      co_await net::sleep_for(loop_, real(kProgressEvery));
    }
  }

  [[nodiscard]] ServeProgress progress() const {
    ServeProgress now;
    now.stage = finished_ ? ServeProgress::Stage::Finished
                          : (running_ ? ServeProgress::Stage::Running : ServeProgress::Stage::Serving);
    now.nodes = world_->store().all(Kind::Node).size();
    now.agents = served_->watched_nodes().size();
    now.kubeconfig = served_->kubeconfig();
    now.agent_list = agent_list();
    if (!running_) return now;
    now.elapsed = std::min(loop_.now() - script_->clock_start(), Duration(scenario_.duration));
    now.share = seconds_of(now.elapsed) / seconds_of(scenario_.duration);
    now.sent = world_->traffic().sent();
    now.lost = world_->traffic().lost();
    now.interruptions = script_->interruptions();
    return now;
  }

  const Scenario& scenario_;
  const ServeOptions& options_;
  net::TimeScale scale_;
  net::EventLoop loop_;
  std::unique_ptr<World> world_;
  std::unique_ptr<ServedWorld> served_;
  std::unique_ptr<Script> script_;
  AgentFleet agents_{[this](const NodeName& node) { return command_of(node); }, options_.directory, options_.speed};
  bool running_ = false;
  bool finished_ = false;
  bool ended_by_signal_ = false;
};

}  // namespace

Result<Report> serve_scenario(const Scenario& scenario, const ServeOptions& options) {
  const Instant wall = net::EventLoop().now();
  net::TimeScale scale;
  scale.epoch = scale.origin = wall;
  scale.rate = options.speed;
  return ServeRun(scenario, options, scale)();
}

}  // namespace spotkeeper::sim::serve
