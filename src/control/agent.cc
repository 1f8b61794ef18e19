#include "control/agent.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>

#include "base/log.h"
#include "control/agenda.h"
#include "control/agent_clock.h"
#include "control/agent_metrics.h"
#include "control/node_drain.h"
#include "control/node_news.h"
#include "control/node_writer.h"
#include "control/notices.h"
#include "net/signal.h"
#include "net/task_group.h"
#include "observe/nth_event.h"

namespace spotkeeper::control {
namespace {

constexpr Duration kLongBefore = std::chrono::hours(24 * 3650);
constexpr Duration kHeartbeat = 5s;  // the main loop looks at least this often
// For messages to leave before the end, out of what is left of the agent's own grace.
constexpr Duration kFlushAtLeast = 1s;
constexpr Duration kFlushAtMost = 20s;

AgentConfig completed(AgentConfig config) {
  config.drain.self = config.self;
  if (config.maintenance_drains_at_once) config.drain.maintenance_lead = kLongBefore;
  return config;
}

}  // namespace

class Agent::Impl {
 public:
  Impl(AgentPorts ports, AgentConfig config);

  net::Task<void> run();
  void stop();
  [[nodiscard]] AgentStatus status() const;

 private:
  void look();
  net::Task<void> rest();
  net::Task<void> relay(net::Signal& signal);
  void wake();
  [[nodiscard]] bool drain_is_pressing() const;
  [[nodiscard]] bool finished() const;
  net::Task<void> send_last_news();
  void describe_node(observe::NthEvent& event) const;
  void tidy_up();

  AgentPorts ports_;
  AgentConfig config_;
  AgentMetrics metrics_;
  aws::ImdsMonitor monitor_;
  AgentClock clock_;
  Notices notices_;
  net::Signal wake_;
  bool dirty_ = false;
  bool stopping_ = false;
  bool ended_ = false;
  Steady stop_by_;
  Steady next_;
  Steady last_look_;
  NodeNews news_;
  NodeWriter writer_;
  NodeDrain drain_;
  net::TaskGroup tasks_;
};

Agent::Impl::Impl(AgentPorts ports, AgentConfig config)
    : ports_(ports),
      config_(completed(std::move(config))),
      metrics_(ports.metrics),
      monitor_(ports.runtime, ports.metadata, config_.metadata,
               [this](std::string_view place, aws::AnswerKind kind) {
                 metrics_.on_metadata_answer(place, kind);
                 if (config_.metadata_answer) config_.metadata_answer(place, kind);
               }),
      clock_(ports.runtime, [this] { return monitor_.skew(); }),
      notices_(monitor_, clock_, metrics_,
               {.node = config_.node,
                .lengths = config_.notices,
                .rebalance_hold = config_.rebalance_hold,
                .unheard = config_.unheard,
                .rebalance_drains = config_.rebalance_drains}),
      wake_(ports.runtime),
      last_look_(ports.runtime.steady()),
      news_(
          config_.node, clock_, ports.messenger, [this](observe::NthEvent& event) { describe_node(event); },
          [this](InterruptionKind kind) { return drain_.drains(kind); }),
      writer_(ports.runtime, clock_, ports.cluster, metrics_, news_,
              {.node = config_.node,
               .rules = {config_.mark, config_.rebalance_hold},
               .dry_run = config_.dry_run,
               .seed = config_.seed},
              [this] { wake(); }),
      drain_(ports.runtime, clock_, ports.cluster, metrics_, news_,
             {.node = config_.node,
              .policy = config_.drain,
              .mark = config_.mark,
              .ownership = {config_.acknowledge_within, config_.progress_within},
              .cordon_only = config_.cordon_only,
              .maintenance_at_once = config_.maintenance_drains_at_once,
              .seed = config_.seed + 1},
             [this] { wake(); }),
      tasks_(ports.runtime) {}

net::Task<void> Agent::Impl::run() {
  struct TidyUp {
    Impl& self;
    ~TidyUp() { self.tidy_up(); }
  } const tidy_up{*this};
  writer_.begin();
  tasks_.start(monitor_.run());
  tasks_.start(relay(monitor_.changed()));
  tasks_.start(relay(writer_.view()->changed()));
  for (;;) {
    look();
    if (finished()) break;
    co_await rest();
  }
  if (ports_.messenger != nullptr) co_await send_last_news();
  ended_ = true;
  log::info("the agent has ended", {{"node", config_.node.str()}});
}

void Agent::Impl::tidy_up() {
  tasks_.cancel_all();
  drain_.end();
  writer_.end();
}

net::Task<void> Agent::Impl::relay(net::Signal& signal) {
  for (;;) {
    co_await signal.wait();
    wake();
  }
}

void Agent::Impl::wake() {
  dirty_ = true;
  wake_.notify();
}

net::Task<void> Agent::Impl::rest() {
  const net::ScopedCall timer(ports_.runtime, ports_.runtime.call_at(next_, [this] { wake(); }));
  while (!dirty_) co_await wake_.wait();
}

void Agent::Impl::look() {
  dirty_ = false;
  last_look_ = ports_.runtime.steady();
  Agenda agenda(clock_, kHeartbeat);
  writer_.judge(notices_.gather(), agenda);
  const auto& what = writer_.what();
  if (what) {
    clock_.hold();
  } else {
    clock_.release();
  }
  news_.look(what, writer_.mark(), agenda);
  drain_.watch(what, agenda);
  writer_.keep(drain_.exclusion(what, agenda), agenda);
  drain_.keep(writer_, agenda);
  metrics_.set_pods_left(drain_.draining() ? drain_.pods_left() : 0);
  metrics_.set_deadline(what && what->deadline ? std::optional(what->deadline->at) : std::nullopt);
  next_ = agenda.next();
}

void Agent::Impl::stop() {
  if (std::exchange(stopping_, true)) return;
  stop_by_ = ports_.runtime.steady() + config_.own_grace;
  log::info("asked to end", {{"node", config_.node.str()}, {"draining", drain_.draining()}});
  wake();
}

// One without a deadline is gone on with by the next process.
bool Agent::Impl::drain_is_pressing() const {
  const auto& what = writer_.what();
  return drain_.draining() && what && what->deadline;
}

bool Agent::Impl::finished() const {
  if (!stopping_) return false;
  return ports_.runtime.steady() >= stop_by_ || (!drain_is_pressing() && !writer_.updating());
}

net::Task<void> Agent::Impl::send_last_news() {
  const auto& what = writer_.what();
  if (drain_is_pressing())
    news_.not_drained(*what, "the agent ends before its drain; pods left: " + std::to_string(drain_.pods_left()));
  const Duration left = stop_by_ - ports_.runtime.steady();
  co_await ports_.messenger->flush(std::clamp(left, kFlushAtLeast, kFlushAtMost));
}

void Agent::Impl::describe_node(observe::NthEvent& event) const {
  if (const auto& machine = monitor_.identity()) {
    event.machine.account_id = machine->account_id;
    event.machine.instance_id = machine->instance_id;
    event.machine.life_cycle = machine->life_cycle;
    event.machine.instance_type = machine->instance_type;
    event.machine.local_ip = machine->private_ip;
    event.machine.availability_zone = machine->zone;
    event.machine.region = machine->region;
    event.machine.local_hostname = machine->local_hostname;
    event.machine.public_hostname = machine->public_hostname;
    event.machine.public_ip = machine->public_ip;
  }
  if (const Node* const node = writer_.watched()) {
    for (const auto& [key, value] : node->labels) event.node_labels.emplace(key, value);
    event.provider_id = node->provider_id;
  }
  event.pods = drain_.pods();
}

AgentStatus Agent::Impl::status() const {
  AgentStatus status;
  status.mark = writer_.mark();
  status.pods_left = drain_.pods_left();
  status.node_seen = writer_.seen();
  status.metadata_answered =
      std::ranges::all_of(aws::kMetadataTopics, [&](aws::MetadataTopic topic) { return monitor_.answered(topic); });
  status.last_poll = monitor_.last_activity();
  status.last_look = last_look_;
  for (const ClusterView* view : {static_cast<const ClusterView*>(writer_.view()), drain_.view()})
    if (view != nullptr) std::ranges::move(view->stuck(ports_.runtime.steady()), std::back_inserter(status.stuck));
  using Phase = AgentStatus::Phase;
  status.phase = ended_                                                            ? Phase::Stopped
                 : drain_.draining()                                               ? Phase::Draining
                 : drain_.drained()                                                ? Phase::Drained
                 : writer_.mark()                                                  ? Phase::Marked
                 : status.node_seen && monitor_.answered(aws::MetadataTopic::Spot) ? Phase::Watching
                                                                                   : Phase::Starting;
  return status;
}

Agent::Agent(AgentPorts ports, AgentConfig config) : impl_(std::make_unique<Impl>(ports, std::move(config))) {}
Agent::~Agent() = default;
net::Task<void> Agent::run() { return impl_->run(); }
void Agent::stop() { impl_->stop(); }
AgentStatus Agent::status() const { return impl_->status(); }

}  // namespace spotkeeper::control
