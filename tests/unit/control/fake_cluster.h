// A cluster of one API server without a network: a truth, views that hear of it late, and answers as the test wants
// them.
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "control/ports.h"
#include "net/runtime.h"
#include "net/signal.h"

namespace spotkeeper::testing {

class FakeCluster final : public control::ClusterApi {
 public:
  explicit FakeCluster(net::Runtime& runtime) : runtime_(runtime), alive_(std::make_shared<bool>(true)) {}
  ~FakeCluster() override { *alive_ = false; }

  Snapshot world;
  Duration latency = 4ms;  // of a call: half of it before it is carried out
  Duration lag = 10ms;     // until views have heard of a change
  /// How long a pod takes to end, at most its grace; none: its whole grace.
  std::optional<Duration> pods_end_after = 1s;

  /// What an admission webhook makes of a Node that is patched.
  std::function<void(Node&)> node_webhook;
  bool dry_run = false;  // accepts everything and carries nothing out

  bool complete = true;            // what every view says of itself
  std::vector<std::string> stuck;  // the same

  // Asked first; nothing: the usual answer.
  std::function<std::optional<kube::EvictAnswer>(const PodRef&)> evict_hook;
  std::function<std::optional<Result<kube::DeleteOutcome>>(const PodRef&)> delete_hook;
  std::function<std::optional<Error>(const NodeChange&)> patch_hook;
  std::function<std::optional<Error>()> get_hook;

  std::vector<NodeChange> patches;    // accepted
  std::vector<PodRef> evictions;      // accepted
  std::vector<PodRef> deletes;        // accepted
  std::map<Uid, GracePeriod> graces;  // as the accepted calls had them
  std::vector<kube::EventNote> events;
  std::map<Uid, bool> asked_budgets;  // of the pods whose end a view was told to assume
  int evictions_asked = 0;
  int lost_patches = 0;                           // so many PATCHes are carried out, and their answers are lost
  ErrorCode lost_patch = ErrorCode::Unavailable;  // what is heard instead

  // ---- building -----------------------------------------------------------------------------------------------------
  void add_node(const std::string& name) {
    Node node;
    node.name = NodeName(name);
    node.uid = Uid("uid-of-" + name);
    node.ready = true;
    node.boot_id = "boot-1";
    node.allocatable.cpu = MilliCpu{16000};
    node.allocatable.memory = Bytes{64LL << 30};
    node.version = next_version();
    change([&](Snapshot& cluster) { cluster.put(node); });
  }
  void add_pod(const std::string& name, const std::string& node, const std::string& workload,
               std::chrono::seconds grace = 30s, const std::string& kind = "Deployment") {
    PodTemplate shape;
    shape.grace = GracePeriod(grace);
    shape.requests.cpu = MilliCpu{100};
    Pod pod;
    pod.name = {NamespaceName("app"), name};
    pod.uid = Uid("uid-of-" + name);
    pod.node = NodeName(node);
    pod.phase = PodPhase::Running;
    pod.ready = true;
    pod.created = pod.ready_since.emplace(runtime_.now() - 1h);
    pod.started = pod.created;
    pod.version = next_version();
    change([&](Snapshot& cluster) {
      pod.spec = cluster.intern(shape);
      pod.labels = cluster.intern(Labels{{"app", workload}});
      pod.owner = cluster.intern(WorkloadRef{NamespaceName("app"), kind, workload});
      cluster.put(pod);
    });
  }
  void add_budget(const std::string& name, const std::string& workload, std::int32_t allowed) {
    DisruptionBudget budget;
    budget.name = {NamespaceName("app"), name};
    budget.version = next_version();
    budget.selector.emplace().requirements.push_back({"app", SelectorOperator::In, {workload}});
    budget.max_unavailable = CountOrPercent{allowed, false};
    budget.disruptions_allowed = allowed;
    budget.current_healthy = 1;
    budget.desired_healthy = 1;
    budget.expected_pods = 1;
    change([&](Snapshot& cluster) { cluster.put(budget); });
  }
  void edit_node(const std::string& name, const std::function<void(Node&)>& edit) {
    Node node = *world.find_node(NodeName(name));
    edit(node);
    node.version = next_version();
    change([&](Snapshot& cluster) { cluster.put(node); });
  }
  [[nodiscard]] const Node& node(const std::string& name) const { return *world.find_node(NodeName(name)); }
  [[nodiscard]] int events_with(const std::string& reason) const {
    int times = 0;
    for (const auto& event : events) times += event.reason == reason ? 1 : 0;
    return times;
  }

  /// From now on nothing is answered for so long. What is sent meanwhile is carried out at its end, except a PATCH:
  /// that is given up after 3 s, as kube::Client gives up a try.
  void stall(Duration length) { answers_from_ = runtime_.steady() + length; }

  // ---- the port -----------------------------------------------------------------------------------------------------
  net::Task<Result<Node>> get_node(NodeName name) override {
    co_await net::sleep_for(runtime_, latency + stalled());
    if (get_hook) {
      if (auto error = get_hook()) co_return fail(*error);
    }
    const Node* found = world.find_node(name);
    if (found == nullptr) co_return fail(ErrorCode::NotFound, "no such node");
    co_return *found;
  }

  net::Task<Result<Node>> patch_node(NodeChange change) override {
    co_await net::sleep_for(runtime_, latency / 2);
    if (stalled() > 0s) {
      co_await net::sleep_for(runtime_, 3s);
      co_return fail(ErrorCode::Timeout, "no answer within 3 s");
    }
    std::optional<Error> error;
    if (patch_hook) error = patch_hook(change);
    const Node* found = world.find_node(change.node);
    if (!error && found == nullptr) error = Error{ErrorCode::NotFound, "no such node"};
    if (!error && change.version && *change.version != found->version)
      error = Error{ErrorCode::Conflict, "the object has been modified"};
    // As kube::Client: a list of taints is written as a whole.
    if (!error && change.taints && !change.version)
      error = Error{ErrorCode::InvalidInput, "a change of taints needs the version"};
    std::optional<Node> after;
    if (!error) {
      after = patched(*found, change);
      if (dry_run) {
        after->version = found->version;
      } else {
        this->change([&](Snapshot& cluster) { cluster.put(*after); });
      }
      patches.push_back(change);
    }
    co_await net::sleep_for(runtime_, latency / 2);
    if (error) co_return fail(*error);
    if (lost_patches > 0) {
      --lost_patches;
      co_return fail(lost_patch, "the connection broke");
    }
    co_return *after;
  }

  net::Task<kube::EvictAnswer> evict(PodRef pod, std::optional<GracePeriod> grace) override {
    co_await net::sleep_for(runtime_, latency / 2 + stalled());
    ++evictions_asked;
    kube::EvictAnswer answer;
    std::optional<kube::EvictAnswer> scripted;
    if (evict_hook) scripted = evict_hook(pod);
    if (scripted) {
      answer = *scripted;
    } else {
      answer.outcome = consider_eviction(pod);
      if (answer.outcome == kube::EvictOutcome::Accepted) {
        evictions.push_back(pod);
        if (!dry_run) end_pod(pod, grace);
      }
    }
    co_await net::sleep_for(runtime_, latency / 2);
    co_return answer;
  }

  net::Task<Result<kube::DeleteOutcome>> delete_pod(PodRef pod, GracePeriod grace) override {
    co_await net::sleep_for(runtime_, latency / 2 + stalled());
    std::optional<Result<kube::DeleteOutcome>> scripted;
    if (delete_hook) scripted = delete_hook(pod);
    Result<kube::DeleteOutcome> outcome = kube::DeleteOutcome::Accepted;
    if (scripted) {
      outcome = *scripted;
    } else if (world.find_pod(pod.uid) == nullptr) {
      outcome = world.find_pod(pod.name) == nullptr ? kube::DeleteOutcome::Gone : kube::DeleteOutcome::Replaced;
    } else {
      deletes.push_back(pod);
      if (!dry_run) end_pod(pod, grace);
    }
    co_await net::sleep_for(runtime_, latency / 2);
    co_return outcome;
  }

  void emit(kube::EventNote note) override { events.push_back(std::move(note)); }
  std::unique_ptr<control::ClusterView> view_node(NodeName name) override { return open_view(name, false); }
  std::unique_ptr<control::ClusterView> view_around(NodeName name) override { return open_view(name, true); }

  /// Changes the truth; the views hear of it later.
  void change(const std::function<void(Snapshot&)>& edit) {
    edit(world);
    const std::shared_ptr<bool> alive = alive_;
    const auto then = std::make_shared<Snapshot>(world);
    runtime_.call_at(runtime_.steady() + lag, [this, alive, then] {
      if (!*alive) return;
      for (const auto& entry : views_)
        if (const auto state = entry.lock()) state->show(*then);
    });
  }

 private:
  struct ViewState {
    explicit ViewState(net::Runtime& runtime) : changed(runtime) {}
    Snapshot seen;
    bool synced = false;
    bool whole = false;
    NodeName node;
    net::Signal changed;
    std::map<Uid, std::pair<Instant, bool>> assumed;  // the end, whether budgets were asked

    void show(const Snapshot& cluster) {
      if (!synced) return;
      seen = filtered(cluster);
      for (const auto& [uid, what] : assumed) assume(uid, what.first, what.second);
      changed.notify();
    }
    [[nodiscard]] Snapshot filtered(const Snapshot& cluster) const {
      if (whole) return cluster;
      Snapshot only;
      if (const Node* found = cluster.find_node(node)) only.put(*found);
      return only;
    }
    void assume(const Uid& uid, Instant deletion, bool budgets_asked) {
      const Pod* found = seen.find_pod(uid);
      if (found == nullptr || found->terminating()) return;
      Pod pod = *found;
      pod.deletion = deletion;
      for (const DisruptionBudget* covering : seen.budgets_of(pod)) {
        if (!budgets_asked) break;
        DisruptionBudget budget = *covering;
        if (budget.disruptions_allowed > 0) --budget.disruptions_allowed;
        seen.put(std::move(budget));
      }
      seen.put(std::move(pod));
    }
  };

  class View final : public control::ClusterView {
   public:
    View(FakeCluster& of, std::shared_ptr<ViewState> state) : of_(of), state_(std::move(state)) {}
    [[nodiscard]] bool synced() const override { return state_->synced; }
    [[nodiscard]] bool complete() const override { return state_->synced && of_.complete; }
    [[nodiscard]] std::vector<std::string> stuck(Steady /*now*/) const override { return of_.stuck; }
    [[nodiscard]] const Snapshot& snapshot() const override { return state_->seen; }
    [[nodiscard]] net::Signal& changed() override { return state_->changed; }
    void assume_ending(const PodRef& pod, Instant deletion, bool budgets_asked) override {
      of_.asked_budgets[pod.uid] = budgets_asked;
      state_->assumed[pod.uid] = {deletion, budgets_asked};
      state_->assume(pod.uid, deletion, budgets_asked);
      state_->changed.notify();
    }

   private:
    FakeCluster& of_;
    std::shared_ptr<ViewState> state_;
  };

  std::unique_ptr<control::ClusterView> open_view(const NodeName& name, bool whole) {
    const auto state = std::make_shared<ViewState>(runtime_);
    state->whole = whole;
    state->node = name;
    std::erase_if(views_, [](const auto& entry) { return entry.expired(); });
    views_.push_back(state);
    const std::shared_ptr<bool> alive = alive_;
    const std::weak_ptr<ViewState> weak = state;
    runtime_.call_at(runtime_.steady() + latency + stalled(), [this, alive, weak] {
      const auto opened = weak.lock();
      if (!*alive || !opened) return;
      opened->synced = true;
      opened->show(world);
    });
    return std::make_unique<View>(*this, state);
  }

  [[nodiscard]] Duration stalled() const { return std::max(answers_from_ - runtime_.steady(), Duration(0)); }

  [[nodiscard]] kube::EvictOutcome consider_eviction(const PodRef& pod) {
    const Pod* found = world.find_pod(pod.uid);
    if (found == nullptr)
      return world.find_pod(pod.name) == nullptr ? kube::EvictOutcome::Gone : kube::EvictOutcome::Replaced;
    const auto budgets = world.budgets_of(*found);
    if (budgets.size() > 1) return kube::EvictOutcome::SeveralBudgets;
    if (budgets.empty()) return kube::EvictOutcome::Accepted;
    if (budgets.front()->disruptions_allowed <= 0) return kube::EvictOutcome::BudgetRefused;
    DisruptionBudget budget = *budgets.front();
    --budget.disruptions_allowed;
    budget.version = next_version();
    change([&](Snapshot& cluster) { cluster.put(budget); });
    return kube::EvictOutcome::Accepted;
  }

  void end_pod(const PodRef& ref, std::optional<GracePeriod> grace) {
    Pod pod = *world.find_pod(ref.uid);
    const GracePeriod given = grace.value_or(pod.spec->grace);
    graces[ref.uid] = given;
    pod.deletion = runtime_.now() + given.length();
    pod.deletion_grace = given;
    pod.version = next_version();
    change([&](Snapshot& cluster) { cluster.put(pod); });
    const Duration takes = std::min<Duration>(pods_end_after.value_or(given.length()), given.length());
    const std::shared_ptr<bool> alive = alive_;
    runtime_.call_at(runtime_.steady() + takes, [this, alive, ref] {
      if (*alive) change([&](Snapshot& cluster) { cluster.remove_pod(ref); });
    });
  }

  Node patched(Node node, const NodeChange& change) {
    apply(change, node);
    if (node_webhook) node_webhook(node);
    node.version = next_version();
    return node;
  }
  ResourceVersion next_version() { return ResourceVersion(std::to_string(++version_)); }

  net::Runtime& runtime_;
  std::shared_ptr<bool> alive_;
  std::vector<std::weak_ptr<ViewState>> views_;
  int version_ = 100;
  Steady answers_from_;
};

}  // namespace spotkeeper::testing
