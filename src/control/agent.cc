#include "control/agent.h"

#include <algorithm>
#include <array>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/backoff.h"
#include "base/log.h"
#include "control/agent_metrics.h"
#include "control/executor.h"
#include "control/node_keeper.h"
#include "control/node_record.h"
#include "control/ownership.h"
#include "net/signal.h"
#include "net/task_group.h"

namespace spotkeeper::control {
namespace {

constexpr Duration kHeartbeat = 5s;        // the main loop looks at least this often
constexpr Duration kViewLag = 5s;          // a patched Node is believed this long before the watch shows it
constexpr Duration kMarkFirst = 5s;        // pods wait at most this long for the Node to be marked
constexpr Duration kMaintenanceNear = 6h;  // before that, the pods need not be watched
constexpr Duration kHardKillCheck = 1s;    // before the deadline: afterwards nobody is left to count
constexpr int kConflictTries = 8;
constexpr BackoffPolicy kUpdateBackoff = {.first = 100ms, .factor = 2.0, .jitter = 0.2, .most = 2s};

bool drains(InterruptionKind kind) { return kind == InterruptionKind::Kill || kind == InterruptionKind::Retire; }

std::string_view event_reason(const Interruption& what) {
  switch (what.kind) {
    case InterruptionKind::Maybe: return "RebalanceRecommended";
    case InterruptionKind::Maintenance: return "MaintenanceScheduled";
    case InterruptionKind::Retire: return "NodeRetiring";
    case InterruptionKind::Kill: return "NodeInterrupted";
  }
  return "NodeInterrupted";
}

std::string describe(const Interruption& what) {
  std::string text = std::string(name_of(what.kind)) + " (" + what.source + ", " + what.id + ")";
  if (what.deadline) text += "; " + std::string(name_of(what.effect)) + " at " + format_rfc3339(what.deadline->at);
  return text;
}

/// Where what matters of two copies of a Node is the same.
bool same_to_us(const Node& a, const Node& b) {
  const auto same = [&](std::string_view key) {
    const std::string* const left = a.annotations.find(key);
    const std::string* const right = b.annotations.find(key);
    return (left == nullptr) == (right == nullptr) && (left == nullptr || *left == *right);
  };
  return a.taints == b.taints && a.unschedulable == b.unschedulable && same(kInterruptionAnnotation) &&
         same(kFinishedAnnotation);
}

/// A pod that a drain moves away: all but those that go with the machine.
bool is_moved(const Pod& pod, const plan::DrainPolicy& policy) {
  return !pod.completed() && !pod.mirror && (policy.evict_daemons || !pod.is_daemon()) &&
         (!policy.self || pod.name != *policy.self);
}

/// What was seen and counted of one drain.
struct DrainRun {
  bool any_pods = false;
  bool last_sigterm = false;
  bool drained = false;
  bool counted_hard = false;
};

}  // namespace

class Agent::Impl {
 public:
  Impl(AgentPorts ports, AgentConfig config);

  net::Task<void> run();
  void stop();
  [[nodiscard]] AgentStatus status() const;

 private:
  // What the loop is made of.
  void look();
  net::Task<void> rest();
  net::Task<void> relay(net::Signal& signal);
  void wake();
  void consider(std::optional<Instant> when);
  void consider(Steady when);
  [[nodiscard]] bool finished() const;
  void tidy_up();

  // What the metadata service says.
  Signals gather(Instant now);
  void introduce();
  const Interruption& settle(const aws::MetadataNotice& notice);
  [[nodiscard]] Interruption interruption_of(const aws::MetadataNotice& notice) const;
  [[nodiscard]] bool told(std::string_view source) const;

  // The Node.
  const Node* known_node();
  void keep_node(Instant now);
  void start_update(const Node* node);
  net::Task<void> update_node(std::optional<Node> node);
  net::Task<bool> write_node(std::optional<Node> node);
  void announce(const NodeVerdict& verdict, const Node& node);
  void complain_about_annotation(const std::string& why);
  void tell(kube::EventNote::Type type, std::string_view reason, std::string_view action, std::string note);

  // The pods.
  void keep_views(Instant now);
  void keep_drain(Instant now);
  [[nodiscard]] std::vector<Interruption> dying(const Snapshot& cluster) const;
  void keep_exclusion(const Snapshot& cluster, const std::vector<Interruption>& nodes, Instant now);
  [[nodiscard]] Owner owner(Instant now);
  [[nodiscard]] bool marked_or_waited(Instant now);
  void account(const Snapshot& cluster, const plan::DrainPlan& plan, Instant now);
  void end_drain();

  AgentPorts ports_;
  AgentConfig config_;
  NodeRules rules_;
  AgentMetrics metrics_;
  aws::ImdsMonitor monitor_;
  net::Signal wake_;
  bool dirty_ = false;
  bool stopping_ = false;
  bool ended_ = false;
  Steady stop_by_;
  Steady next_;
  Steady last_look_;

  bool introduced_ = false;
  Signals signals_;
  std::map<std::string, Interruption> settled_;  // by notice id: a deadline is worked out once
  std::map<std::string, std::optional<Instant>> settled_from_;

  std::unique_ptr<ClusterView> near_;
  std::unique_ptr<ClusterView> around_;
  std::optional<Node> patched_;  // what our last change made of the Node, until the watch shows it
  Steady patched_until_;
  bool updating_ = false;
  Steady update_from_;
  Backoff update_backoff_;
  std::string unreadable_logged_;

  std::optional<plan::NodeMark> mark_;  // as on the Node
  std::optional<Interruption> what_;    // as it should be on it
  bool may_exclude_ = false;
  ClaimWatch claim_;

  std::optional<DrainRun> drain_;
  bool draining_ = false;  // by us, and not finished
  std::size_t pods_left_ = 0;

  std::optional<Executor> executor_;
  net::TaskGroup tasks_;
  net::TaskGroup around_tasks_;
};

Agent::Impl::Impl(AgentPorts ports, AgentConfig config)
    : ports_(ports),
      config_(std::move(config)),
      rules_{config_.mark, config_.rebalance_hold},
      metrics_(ports.metrics),
      monitor_(ports.runtime, ports.metadata, config_.metadata,
               [this](std::string_view place, aws::AnswerKind kind) { metrics_.on_metadata_answer(place, kind); }),
      wake_(ports.runtime),
      last_look_(ports.runtime.steady()),
      update_backoff_(kUpdateBackoff, Random(config_.seed)),
      tasks_(ports.runtime),
      around_tasks_(ports.runtime) {
  config_.drain.self = config_.self;
}

// ---------------------------------------------------------------------------------------------------------------------
// The loop.

net::Task<void> Agent::Impl::run() {
  struct TidyUp {
    Impl& self;
    ~TidyUp() { self.tidy_up(); }
  } const tidy_up{*this};
  executor_.emplace(ports_.runtime, ports_.cluster, metrics_,
                    ExecutorConfig{.node = config_.node, .seed = config_.seed + 1});
  near_ = ports_.cluster.view_node(config_.node);
  tasks_.start(monitor_.run());
  tasks_.start(relay(monitor_.changed()));
  tasks_.start(relay(executor_->changed()));
  tasks_.start(relay(near_->changed()));
  for (;;) {
    look();
    if (finished()) break;
    co_await rest();
  }
  ended_ = true;
  log::info("the agent has ended", {{"node", config_.node.str()}});
}

void Agent::Impl::tidy_up() {
  tasks_.cancel_all();
  around_tasks_.cancel_all();
  executor_.reset();
  around_.reset();
  near_.reset();
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

void Agent::Impl::consider(Steady when) { next_ = std::min(next_, std::max(when, ports_.runtime.steady())); }

void Agent::Impl::consider(std::optional<Instant> when) {
  // A plan that has nothing to do until an instant which is already past has nothing to do.
  if (when && *when > ports_.runtime.now()) consider(ports_.runtime.steady() + (*when - ports_.runtime.now()));
}

void Agent::Impl::look() {
  dirty_ = false;
  last_look_ = ports_.runtime.steady();
  next_ = last_look_ + kHeartbeat;
  const Instant now = ports_.runtime.now();
  introduce();
  signals_ = gather(now);
  keep_node(now);
  keep_views(now);
  keep_drain(now);
  metrics_.set_pods_left(draining_ ? pods_left_ : 0);
  metrics_.set_deadline(what_ && what_->deadline ? std::optional(what_->deadline->at) : std::nullopt);
}

void Agent::Impl::stop() {
  if (std::exchange(stopping_, true)) return;
  stop_by_ = ports_.runtime.steady() + config_.own_grace;
  log::info("asked to end", {{"node", config_.node.str()}, {"draining", draining_}});
  wake();
}

bool Agent::Impl::finished() const {
  if (!stopping_) return false;
  return ports_.runtime.steady() >= stop_by_ || (!draining_ && !updating_);
}

AgentStatus Agent::Impl::status() const {
  AgentStatus status;
  status.mark = mark_;
  status.pods_left = pods_left_;
  status.node_seen = patched_ || (near_ && near_->synced() && near_->snapshot().find_node(config_.node) != nullptr);
  status.metadata_answered =
      std::ranges::all_of(aws::kMetadataTopics, [&](aws::MetadataTopic topic) { return monitor_.answered(topic); });
  status.last_poll = monitor_.last_activity();
  status.last_look = last_look_;
  using Phase = AgentStatus::Phase;
  status.phase = ended_                                                            ? Phase::Stopped
                 : draining_                                                       ? Phase::Draining
                 : drain_ && drain_->drained                                       ? Phase::Drained
                 : mark_                                                           ? Phase::Marked
                 : status.node_seen && monitor_.answered(aws::MetadataTopic::Spot) ? Phase::Watching
                                                                                   : Phase::Starting;
  return status;
}

// ---------------------------------------------------------------------------------------------------------------------
// What the metadata service says.

bool Agent::Impl::told(std::string_view source) const {
  for (const aws::MetadataTopic topic : aws::kMetadataTopics)
    if (source == "imds/" + std::string(name_of(topic))) return monitor_.answered(topic);
  return true;
}

Interruption Agent::Impl::interruption_of(const aws::MetadataNotice& notice) const {
  Interruption what;
  what.node = config_.node;
  what.kind = notice.kind;
  what.effect = notice.effect;
  what.source = notice.source;
  what.id = notice.id;
  what.noticed = notice.received;
  switch (notice.kind) {
    case InterruptionKind::Maybe: what.confidence = 0.3; break;
    case InterruptionKind::Maintenance:
      if (notice.announced) what.deadline = Deadline{*notice.announced + monitor_.skew()};
      break;
    case InterruptionKind::Retire: what.deadline = Deadline{notice.received + config_.notices.lifecycle}; break;
    case InterruptionKind::Kill: {
      const Instant latest = notice.received + config_.notices.spot;
      what.deadline = plan::settle_deadline(notice.announced.value_or(latest), monitor_.skew(), notice.received,
                                            config_.notices.spot);
      break;
    }
  }
  return what;
}

const Interruption& Agent::Impl::settle(const aws::MetadataNotice& notice) {
  const auto known = settled_.find(notice.id);
  // The skew is learnt better with every answer, but a deadline that moves with it would be written anew each time.
  if (known != settled_.end() && settled_from_[notice.id] == notice.announced) return known->second;
  const bool first = known == settled_.end();
  settled_from_[notice.id] = notice.announced;
  const Interruption& what = settled_.insert_or_assign(notice.id, interruption_of(notice)).first->second;
  if (first) {
    metrics_.on_notice(what.kind);
    log::warn("notice", {{"node", config_.node.str()},
                         {"what", describe(what)},
                         {"detail", notice.detail},
                         {"clock_ahead", format_duration(monitor_.skew())}});
  }
  return what;
}

void Agent::Impl::introduce() {
  if (introduced_ || !monitor_.identity()) return;
  introduced_ = true;
  const aws::InstanceIdentity& machine = *monitor_.identity();
  metrics_.set_instance(machine);
  log::info("this machine", {{"node", config_.node.str()},
                             {"instance", machine.instance_id},
                             {"type", machine.instance_type},
                             {"zone", machine.zone},
                             {"life_cycle", machine.life_cycle}});
}

Signals Agent::Impl::gather(Instant now) {
  Signals signals;
  signals.told = [this](std::string_view source) { return told(source); };
  for (const auto& [id, notice] : monitor_.notices()) {
    signals.listed.push_back(id);
    const Interruption& what = settle(notice);
    if (notice.kind == InterruptionKind::Maybe) {
      // The service shows a recommendation for as long as the machine lives; it counts for its hold time alone.
      const Instant given = std::min(notice.announced.value_or(notice.received) + monitor_.skew(), notice.received);
      if (now >= given + config_.rebalance_hold) continue;
    }
    signals.live.push_back(what);
  }
  std::erase_if(settled_, [&](const auto& entry) { return !monitor_.notices().contains(entry.first); });
  std::erase_if(settled_from_, [&](const auto& entry) { return !monitor_.notices().contains(entry.first); });
  return signals;
}

// ---------------------------------------------------------------------------------------------------------------------
// The Node.

const Node* Agent::Impl::known_node() {
  const Node* const seen = near_->synced() ? near_->snapshot().find_node(config_.node) : nullptr;
  if (!patched_) return seen;
  const bool caught_up = seen != nullptr && (seen->version == patched_->version || same_to_us(*seen, *patched_) ||
                                             (!config_.dry_run && ports_.runtime.steady() >= patched_until_));
  if (!caught_up) {
    if (!config_.dry_run && ports_.runtime.steady() < patched_until_) consider(patched_until_);
    return &*patched_;
  }
  patched_.reset();
  return seen;
}

void Agent::Impl::keep_node(Instant now) {
  const Node* const node = known_node();
  what_.reset();
  if (node == nullptr) {
    for (const Interruption& signal : signals_.live) what_ = what_ ? plan::merge(*what_, signal) : signal;
    if (what_) start_update(nullptr);
    return;
  }
  const auto mark = mark_of(*node);
  mark_ = mark ? *mark : std::nullopt;
  NodeVerdict verdict = judge_node(*node, signals_, rules_, may_exclude_, now);
  if (verdict.unreadable) complain_about_annotation(*verdict.unreadable);
  consider(verdict.next_look);
  if (verdict.mark) what_ = verdict.mark->interruption;
  if (!verdict.change.empty()) start_update(node);
}

void Agent::Impl::complain_about_annotation(const std::string& why) {
  if (why == unreadable_logged_) return;
  unreadable_logged_ = why;
  log::error("the Node's record of its interruption can't be read; taken as absent", {{"problem", why}});
}

void Agent::Impl::start_update(const Node* node) {
  if (updating_) return;
  if (ports_.runtime.steady() < update_from_) {
    consider(update_from_);
    return;
  }
  updating_ = true;
  std::optional<Node> copy;
  if (node != nullptr) copy = *node;
  tasks_.start(update_node(std::move(copy)));
}

net::Task<void> Agent::Impl::update_node(std::optional<Node> node) {
  const bool done = co_await write_node(std::move(node));
  updating_ = false;
  if (done) {
    update_backoff_.reset();
  } else {
    update_from_ = ports_.runtime.steady() + update_backoff_.next();
  }
  wake();
}

net::Task<bool> Agent::Impl::write_node(std::optional<Node> node) {
  for (int tries = 0; tries < kConflictTries; ++tries) {
    if (!node) {
      Result<Node> read = co_await ports_.cluster.get_node(config_.node);
      if (!read) {
        metrics_.on_node_patch(name_of(read.error().code));
        log::warn("the Node can't be read; trying again", {{"problem", read.error().message}});
        co_return false;
      }
      node = *std::move(read);
    }
    const NodeVerdict verdict = judge_node(*node, signals_, rules_, may_exclude_, ports_.runtime.now());
    if (verdict.change.empty()) {
      patched_ = std::move(node);
      patched_until_ = ports_.runtime.steady() + kViewLag;
      co_return true;
    }
    const NodeChange change = verdict.change;
    Result<Node> patched = co_await ports_.cluster.patch_node(change);
    metrics_.on_node_patch(patched ? "accepted" : name_of(patched.error().code));
    if (patched) {
      patched_ = *std::move(patched);
      patched_until_ = ports_.runtime.steady() + kViewLag;
      announce(verdict, *patched_);
      co_return true;
    }
    if (patched.error().code != ErrorCode::Conflict) {
      log::warn("the Node can't be marked; trying again", {{"problem", patched.error().message}});
      co_return false;
    }
    node.reset();
  }
  co_return false;
}

void Agent::Impl::announce(const NodeVerdict& verdict, const Node& node) {
  using Type = kube::EventNote::Type;
  if (verdict.undone) {
    metrics_.on_undone();
    log::info("node unmarked", {{"node", node.name.str()}, {"reason", plan::name_of(*verdict.undone)}});
    tell(Type::Normal, "InterruptionOver", "Unmark",
         "what was done because of the interruption has been undone: " + std::string(plan::name_of(*verdict.undone)));
  } else if (verdict.mark && verdict.news) {
    const Interruption& what = verdict.mark->interruption;
    const Duration taken = ports_.runtime.now() - what.noticed;
    metrics_.on_marked(what.kind, taken);
    log::info("node marked", {{"node", node.name.str()},
                              {"what", describe(what)},
                              {"cordoned", verdict.mark->cordoned},
                              {"excluded", verdict.mark->excluded},
                              {"after", format_duration(taken)}});
    tell(Type::Warning, event_reason(what), "Mark", describe(what));
  }
}

void Agent::Impl::tell(kube::EventNote::Type type, std::string_view reason, std::string_view action, std::string note) {
  kube::EventNote event;
  event.type = type;
  event.kind = "Node";
  event.name = config_.node.str();
  if (const Node* const node = known_node()) event.uid = node->uid;
  event.reason = reason;
  event.action = action;
  event.note = std::move(note);
  ports_.cluster.emit(std::move(event));
}

// ---------------------------------------------------------------------------------------------------------------------
// The pods.

void Agent::Impl::keep_views(Instant now) {
  bool wanted = what_ && drains(what_->kind);
  if (what_ && what_->kind == InterruptionKind::Maintenance && what_->deadline) {
    const Instant from = what_->deadline->at - kMaintenanceNear;
    wanted = now >= from;
    consider(from);
  }
  if (wanted == (around_ != nullptr)) return;
  if (wanted) {
    around_ = ports_.cluster.view_around(config_.node);
    around_tasks_.start(relay(around_->changed()));
    return;
  }
  around_tasks_.cancel_all();
  executor_->use_view(nullptr);
  around_.reset();
  may_exclude_ = false;
}

std::vector<Interruption> Agent::Impl::dying(const Snapshot& cluster) const {
  std::vector<Interruption> nodes = marked_nodes(cluster);
  std::erase_if(nodes, [&](const Interruption& one) { return one.node == config_.node; });
  nodes.push_back(*what_);
  return nodes;
}

void Agent::Impl::keep_exclusion(const Snapshot& cluster, const std::vector<Interruption>& nodes, Instant now) {
  const plan::Exclusions exclusions = plan::load_balancer_exclusions(cluster, nodes, config_.mark, now);
  consider(exclusions.next_look);
  const bool may = std::ranges::find(exclusions.nodes, config_.node) != exclusions.nodes.end();
  if (std::exchange(may_exclude_, may) != may) consider(ports_.runtime.steady());
}

bool Agent::Impl::marked_or_waited(Instant now) {
  if (mark_ && mark_->interruption.kind == what_->kind) return true;
  const Instant until = what_->noticed + share_of_notice(*what_, kMarkFirst);
  consider(until);
  return now >= until;
}

Owner Agent::Impl::owner(Instant now) {
  const Node* const seen = near_->synced() ? near_->snapshot().find_node(config_.node) : nullptr;
  const Verdict verdict =
      claim_.judge(seen != nullptr ? claim_of(*seen) : std::nullopt, *what_,
                   {config_.acknowledge_within, config_.progress_within}, now, ports_.runtime.steady());
  if (verdict.next_look) consider(*verdict.next_look);
  return verdict.owner;
}

void Agent::Impl::keep_drain(Instant now) {
  if (!what_) return end_drain();
  if (around_ == nullptr || !around_->synced()) {
    draining_ = drains(what_->kind);  // it will be, as soon as the pods are known
    return;
  }
  const Snapshot& cluster = around_->snapshot();
  const std::vector<Interruption> nodes = dying(cluster);
  keep_exclusion(cluster, nodes, now);
  const plan::DrainPlan plan = plan::plan_drain(cluster, nodes, config_.drain, now);
  consider(plan.next_look);
  const bool marked = marked_or_waited(now);
  const Owner who = owner(now);
  const bool ours = marked && who == Owner::Agent;
  std::vector<Executor::Action> actions;
  for (const auto& action : plan.now) {
    // At a last safe start the agent acts, whoever owns the node and whether or not the Node could be marked.
    const auto* const last = std::get_if<plan::DeleteNow>(&action);
    if (ours || (last != nullptr && last->reason == plan::DeleteReason::LastSafeStart)) actions.push_back(action);
  }
  executor_->carry_out(*around_, actions, what_->deadline);
  if (const auto next = executor_->next_try()) consider(*next);
  account(cluster, plan, now);
  if (who == Owner::Controller) draining_ = executor_->under_way() > 0;
}

void Agent::Impl::account(const Snapshot& cluster, const plan::DrainPlan& plan, Instant now) {
  std::size_t staying = 0;  // not told to end yet
  pods_left_ = 0;
  for (const Pod* pod : cluster.pods_on(config_.node)) {
    if (!is_moved(*pod, config_.drain)) continue;
    ++pods_left_;
    if (!pod->terminating()) ++staying;
  }
  const bool idle = std::ranges::all_of(plan.waiting, [](const plan::Waiting& waiting) {
    using plan::WaitReason;
    return waiting.reason == WaitReason::NotDraining || waiting.reason == WaitReason::Never ||
           waiting.reason == WaitReason::Terminating;
  });
  draining_ = !plan.now.empty() || !idle || executor_->under_way() > 0;
  const bool begun = draining_ || executor_->accepted() > 0 || drains(what_->kind);
  if (!begun) return;
  if (!drain_) drain_.emplace();
  drain_->any_pods = drain_->any_pods || pods_left_ > 0;
  if (staying == 0 && executor_->last_accepted() && !std::exchange(drain_->last_sigterm, true))
    metrics_.on_last_sigterm(*executor_->last_accepted() - what_->noticed);
  if (pods_left_ == 0 && !std::exchange(drain_->drained, true) && drain_->any_pods) {
    if (what_->deadline) metrics_.on_drained(what_->deadline->at - now);
    log::info("node drained", {{"node", config_.node.str()}});
    tell(kube::EventNote::Type::Normal, "NodeDrained", "Drain",
         what_->deadline
             ? "drained with " +
                   format_duration(std::chrono::round<std::chrono::milliseconds>(what_->deadline->at - now)) + " left"
             : "drained");
  }
  if (pods_left_ > 0) drain_->drained = false;
  if (!what_->deadline || what_->kind != InterruptionKind::Kill) return;
  const Instant check = what_->deadline->at - kHardKillCheck;
  consider(check);
  if (now < check || std::exchange(drain_->counted_hard, true)) return;
  metrics_.on_killed_hard(pods_left_);
  if (pods_left_ > 0)
    log::error("pods are left at the deadline", {{"node", config_.node.str()}, {"pods", std::uint64_t{pods_left_}}});
}

void Agent::Impl::end_drain() {
  drain_.reset();
  draining_ = false;
  pods_left_ = 0;
}

// ---------------------------------------------------------------------------------------------------------------------

Agent::Agent(AgentPorts ports, AgentConfig config) : impl_(std::make_unique<Impl>(ports, std::move(config))) {}
Agent::~Agent() = default;
net::Task<void> Agent::run() { return impl_->run(); }
void Agent::stop() { impl_->stop(); }
AgentStatus Agent::status() const { return impl_->status(); }

}  // namespace spotkeeper::control
