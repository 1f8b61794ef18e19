#include "control/node_drain.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "base/log.h"
#include "control/node_record.h"
#include "net/signal.h"

namespace spotkeeper::control {
namespace {

constexpr Duration kMarkFirst = 5s;        // pods wait this long for the Node to be marked where that is refused
constexpr Duration kMarkUnanswered = 15s;  // and this long where nobody answers
constexpr Duration kLastWord = 1s;         // before the deadline: afterwards nobody is left to tell it
constexpr Duration kMaintenanceNear = 6h;  // before that, the pods need not be watched

net::Task<void> relay(net::Signal& signal, const std::function<void()>& wake) {
  for (;;) {
    co_await signal.wait();
    wake();
  }
}

}  // namespace

NodeDrain::NodeDrain(net::Runtime& runtime, const AgentClock& clock, ClusterApi& cluster, AgentMetrics& metrics,
                     NodeNews& news, Config config, std::function<void()> wake)
    : runtime_(runtime),
      clock_(clock),
      cluster_(cluster),
      metrics_(metrics),
      news_(news),
      config_(std::move(config)),
      wake_(std::move(wake)),
      hard_kills_(cluster, metrics, news, config_.policy),
      complaints_(cluster, metrics, config_.policy),
      executor_(runtime, clock, cluster, metrics, ExecutorConfig{.node = config_.node, .seed = config_.seed}),
      executor_tasks_(runtime),
      view_tasks_(runtime) {
  executor_tasks_.start(relay(executor_.changed(), wake_));
}

bool NodeDrain::drains(InterruptionKind kind) const {
  if (config_.cordon_only || kind == InterruptionKind::Maybe) return false;
  return kind != InterruptionKind::Maintenance || config_.maintenance_at_once;
}

void NodeDrain::end() {
  executor_tasks_.cancel_all();
  view_tasks_.cancel_all();
  executor_.end();
  view_.reset();
}

void NodeDrain::watch(const std::optional<Interruption>& what, Agenda& agenda) {
  bool wanted = what && drains(what->kind);
  if (!wanted && !config_.cordon_only && what && what->kind == InterruptionKind::Maintenance && what->deadline) {
    const Instant from = what->deadline->at - kMaintenanceNear;
    wanted = clock_.now() >= from;
    agenda.consider(std::optional(from));
  }
  if (wanted == (view_ != nullptr)) return;
  if (wanted) {
    view_ = cluster_.view_around(config_.node);
    view_tasks_.start(relay(view_->changed(), wake_));
    return;
  }
  view_tasks_.cancel_all();
  executor_.use_view(nullptr);
  view_.reset();
  reached_.reset();
}

NodeDrain::Nodes& NodeDrain::nodes(const Interruption& what) {
  const Snapshot& cluster = view_->snapshot();
  if (nodes_ && nodes_->revision == cluster.nodes_revision() && nodes_->what == what) return *nodes_;
  nodes_ = Nodes{cluster.nodes_revision(), what, marked_.in(cluster), std::nullopt};
  std::erase_if(nodes_->dying, [&](const Interruption& one) { return one.node == config_.node; });
  nodes_->dying.push_back(what);
  return *nodes_;
}

Exclusion NodeDrain::exclusion(const std::optional<Interruption>& what, Agenda& agenda) {
  // Nodes come all at once: where one is known, all are.
  if (!what || view_ == nullptr || view_->snapshot().find_node(config_.node) == nullptr) return Exclusion::Unknown;
  Nodes& now = nodes(*what);
  std::optional<plan::Exclusions>& exclusions = now.exclusions;
  if (!exclusions || (exclusions->next_look && clock_.now() >= *exclusions->next_look))
    exclusions = plan::load_balancer_exclusions(view_->snapshot(), now.dying, config_.mark, clock_.now());
  agenda.consider(exclusions->next_look);
  const bool may = std::ranges::find(exclusions->nodes, config_.node) != exclusions->nodes.end();
  return may ? Exclusion::Yes : Exclusion::No;
}

bool NodeDrain::anything_to_move() const {
  return std::ranges::any_of(view_->snapshot().pods_on(config_.node),
                             [&](const Pod* pod) { return is_moved(*pod, config_.policy) && !pod->terminating(); });
}

const plan::DrainPlan& NodeDrain::plan(const Interruption& what) {
  static const plan::DrainPlan nothing;
  // What becomes of other nodes' pods is their own agents' affair.
  if (!anything_to_move()) return nothing;
  const std::uint64_t revision = view_->snapshot().revision();
  const Instant now = clock_.now();
  // What is to be sent depends on the time, too: how much of a grace still fits.
  const bool holds = planned_ && planned_->revision == revision && planned_->what == what &&
                     planned_->plan.now.empty() && (!planned_->plan.next_look || now < *planned_->plan.next_look);
  if (!holds) {
    planned_ = {revision, what, plan::plan_drain(view_->snapshot(), nodes(what).dying, config_.policy, now)};
    metrics_.on_plan();
  }
  return planned_->plan;
}

void NodeDrain::see_whether_reached() {
  if (reached_ || view_ == nullptr) return;
  const Snapshot& cluster = view_->snapshot();
  const bool answered =
      view_->synced() || cluster.find_node(config_.node) != nullptr || !cluster.pods_on(config_.node).empty();
  if (answered) reached_ = clock_.now();
}

bool NodeDrain::marked(const NodeWriter& writer) {
  return writer.mark() && writer.mark()->interruption.kind == writer.what()->kind;
}

// While nothing can be sent no time is used up: else the first pod is evicted as soon as the API server is back, before
// the mark, and its successor may land here.
bool NodeDrain::waited_for_mark(const NodeWriter& writer, Agenda& agenda) const {
  const Interruption& what = *writer.what();
  const Instant from = std::max(what.noticed, reached_.value_or(what.noticed));
  const Instant until = from + share_of_notice(what, writer.unanswered() ? kMarkUnanswered : kMarkFirst);
  agenda.consider(std::optional(until));
  return clock_.now() >= until;
}

Owner NodeDrain::owner(const Interruption& what, const Node* node, Agenda& agenda) {
  const Verdict verdict = claim_.judge(node != nullptr ? claim_of(*node) : std::nullopt, what, config_.ownership,
                                       clock_.now(), runtime_.steady());
  if (verdict.next_look) agenda.consider(*verdict.next_look);
  return verdict.owner;
}

void NodeDrain::remember_first_pods() {
  if (first_pods_) return;
  first_pods_.emplace();
  for (const Pod* pod : view_->snapshot().pods_on(config_.node)) first_pods_->insert(pod->uid);
}

std::vector<Executor::Action> NodeDrain::permitted(const plan::DrainPlan& plan, bool ours, bool marked) const {
  std::vector<Executor::Action> actions;
  for (const auto& action : plan.now) {
    const auto* const remove = std::get_if<plan::DeleteNow>(&action);
    // At a last safe start the agent acts, whoever owns the node and whether or not the Node could be marked.
    const bool last = remove != nullptr && remove->reason == plan::DeleteReason::LastSafeStart;
    // What is decided about a whole workload, or about all budgets of a pod, needs the whole picture. An eviction does
    // not: the API server asks the budgets itself.
    const bool seen_enough = remove == nullptr || view_->complete();
    // What has landed on a node that is not marked would only land there again.
    const auto* const evict = std::get_if<plan::Evict>(&action);
    const bool settled = marked || evict == nullptr || first_pods_->contains(evict->pod.uid);
    if (last || (ours && seen_enough && settled)) actions.push_back(action);
  }
  return actions;
}

void NodeDrain::keep(NodeWriter& writer, Agenda& agenda) {
  const std::optional<Interruption>& what = writer.what();
  if (!what) return forget();
  see_whether_reached();
  if (view_ == nullptr || !view_->synced()) {
    draining_ = drains(what->kind);  // it will be, as soon as the pods are known
    tell_if_late(*what, agenda);
    return;
  }
  complaints_.look(view_->snapshot(), config_.node);
  const plan::DrainPlan& plan = this->plan(*what);
  agenda.consider(plan.next_look);
  remember_first_pods();
  const bool marked = NodeDrain::marked(writer);
  const bool may_begin = marked || waited_for_mark(writer, agenda);
  const Owner who = owner(*what, writer.watched(), agenda);
  executor_.carry_out(*view_, permitted(plan, may_begin && who == Owner::Agent, marked), what->deadline);
  if (const auto next = executor_.next_try()) agenda.consider(*next);
  account(plan, writer, agenda);
  if (who == Owner::Controller) draining_ = executor_.under_way() > 0;
}

void NodeDrain::account(const plan::DrainPlan& plan, NodeWriter& writer, Agenda& agenda) {
  const Interruption& what = *writer.what();
  const Instant now = clock_.now();
  std::size_t staying = 0;  // not told to end yet
  pods_left_ = 0;
  for (const Pod* pod : view_->snapshot().pods_on(config_.node)) {
    if (!is_moved(*pod, config_.policy)) continue;
    ++pods_left_;
    if (!pod->terminating()) ++staying;
  }
  const bool idle = std::ranges::all_of(plan.waiting, [](const plan::Waiting& waiting) {
    using plan::WaitReason;
    return waiting.reason == WaitReason::NotDraining || waiting.reason == WaitReason::Never ||
           waiting.reason == WaitReason::Terminating;
  });
  draining_ = !plan.now.empty() || !idle || executor_.under_way() > 0;
  const bool begun = draining_ || executor_.accepted() > 0 || drains(what.kind);
  if (!begun) return;
  if (!run_) run_ = Run{.any_pods = false, .pods = {}, .last_sigterm = false, .drained = false};
  run_->any_pods = run_->any_pods || pods_left_ > 0;
  if (news_.heard()) remember_pods();
  const std::optional<Instant> sent = executor_.last_accepted();
  if (staying == 0 && sent && *sent >= what.noticed && !std::exchange(run_->last_sigterm, true))
    metrics_.on_last_sigterm(*sent - what.noticed);
  tell_if_late(what, agenda);
  const bool first = pods_left_ == 0 && !std::exchange(run_->drained, true);
  if (pods_left_ == 0) news_.drained(what, run_->any_pods);
  if (first && run_->any_pods) {
    const auto left = what.deadline ? std::optional(what.deadline->at - now) : std::nullopt;
    if (left) metrics_.on_drained(*left);
    log::info("node drained", {{"node", config_.node.str()}});
    writer.tell(kube::EventNote::Type::Normal, "NodeDrained", "Drain",
                left ? "drained with " + format_duration(std::chrono::round<std::chrono::milliseconds>(*left)) + " left"
                     : "drained");
  }
  if (pods_left_ > 0) run_->drained = false;
  hard_kills_.look(view_->snapshot(), what, now, agenda);
}

void NodeDrain::tell_if_late(const Interruption& what, Agenda& agenda) {
  const bool known = view_ != nullptr && view_->synced();
  if (!what.deadline || !drains(what.kind) || (known && pods_left_ == 0)) return;
  const Instant late = what.deadline->at - kLastWord;
  agenda.consider(std::optional(late));
  if (clock_.now() < late) return;
  news_.not_drained(what, known ? "its time is over; pods still on it: " + std::to_string(pods_left_)
                                : "its time is over, and the API server has not said which pods are on it");
}

void NodeDrain::remember_pods() {
  for (const Pod* pod : view_->snapshot().pods_on(config_.node))
    if (is_moved(*pod, config_.policy)) run_->pods.insert(pod->name.str());
}

std::vector<std::string> NodeDrain::pods() const {
  return run_ ? std::vector<std::string>(run_->pods.begin(), run_->pods.end()) : std::vector<std::string>();
}

void NodeDrain::forget() {
  run_.reset();
  first_pods_.reset();
  planned_.reset();
  draining_ = false;
  pods_left_ = 0;
  hard_kills_.forget();
  complaints_.forget();
}

}  // namespace spotkeeper::control
