#include "sim/policies/drain_handler.h"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "cloud/aws/imds.h"
#include "net/signal.h"
#include "net/task_group.h"
#include "sim/cluster_port.h"
#include "sim/metadata_port.h"
#include "sim/policies/token_bucket.h"

namespace spotkeeper::sim {
namespace {

using kube::EvictOutcome;

/// What a drain is for. The same event has the same id in every poll.
struct Incident {
  std::string id;
  NodeName node;
  Instant start;  // when it takes place; a drain begins `longest_drain` earlier at the soonest
};

enum class PodFate { Gone, Failed };

}  // namespace

class DrainHandlers::Process {
 public:
  /// `node` empty: the controller.
  Process(net::VirtualRuntime& runtime, World& world, const DrainHandlerOptions& options, NodeName node, Random random,
          bool uncordon_first, std::function<void(const NodeName&)> cordoned_for_reboot)
      : runtime_(runtime),
        world_(world),
        options_(options),
        node_(std::move(node)),
        random_(random),
        cordoned_for_reboot_(std::move(cordoned_for_reboot)),
        cluster_(runtime, world, node_),
        bucket_(options.queries_per_second, options.burst, runtime.steady()),
        free_worker_(runtime),
        tasks_(runtime) {
    tick_phase_ = random_.between({}, options.tick);
    if (options_.one_controller) return;
    metadata_ = std::make_unique<SimMetadata>(runtime_, world_, node_);
    aws::ImdsConfig client;
    client.timeout = 2s;
    client.token_ttl = 1h;
    imds_ = std::make_unique<aws::ImdsClient>(runtime_, *metadata_, client);
    if (uncordon_first) tasks_.start(uncordon(node_));
    tasks_.start(poll());
  }

  /// Of the controller: EventBridge has heard of a notice.
  void told(const NodeName& node, const Notice& notice) {
    if (notice.kind == InterruptionKind::Maybe) return;  // its rule is not routed to the queue unless somebody wants it
    const Incident event{node.str() + "/" + std::to_string(static_cast<int>(notice.kind)), node, runtime_.now()};
    if (seen_.insert(event.id).second) tasks_.start(deliver(event));
  }

 private:
  // ---- Hearing of events

  net::Task<void> poll() {
    const Duration phase = random_.between({}, options_.poll);
    co_await net::sleep_for(runtime_, phase);
    while (true) {
      const Steady began = runtime_.steady();
      co_await look_at_spot();
      co_await look_at_scheduled();
      co_await look_at_lifecycle();
      // A ticker that fell behind drops ticks instead of catching up.
      Steady next = began + options_.poll;
      while (next <= runtime_.steady()) next += options_.poll;
      co_await net::sleep_until(runtime_, next);
    }
  }

  net::Task<void> look_at_spot() {
    const aws::MetadataAnswer answer = co_await imds_->get("meta-data/spot/instance-action", "spot");
    if (answer.kind != aws::AnswerKind::Found) co_return;
    const auto action = aws::parse_spot_action(answer.body);
    if (action) hear({"spot/" + format_rfc3339(action->at), node_, action->at});
  }

  net::Task<void> look_at_scheduled() {
    const aws::MetadataAnswer answer = co_await imds_->get("meta-data/events/maintenance/scheduled", "scheduled");
    if (answer.kind != aws::AnswerKind::Found) co_return;
    const auto listed = aws::parse_scheduled_events(answer.body);
    if (!listed) co_return;
    for (const aws::ScheduledEvent& event : listed->events) {
      if (event.state == aws::ScheduledEvent::State::Active) {
        if (event.code.ends_with("reboot")) cordoned_for_reboot_(node_);
        hear({event.id, node_, runtime_.now()});  // it starts at once, whenever the event takes place
      } else if (seen_.erase(event.id) > 0) {
        tasks_.start(uncordon(node_));
      }
    }
  }

  net::Task<void> look_at_lifecycle() {
    const aws::MetadataAnswer answer = co_await imds_->get("meta-data/autoscaling/target-lifecycle-state", "asg");
    if (answer.kind != aws::AnswerKind::Found) co_return;
    const auto state = aws::parse_lifecycle_state(answer.body);
    if (state && *state == "Terminated") hear({"asg", node_, runtime_.now()});
  }

  void hear(const Incident& event) {
    if (seen_.insert(event.id).second) tasks_.start(handle(event));
  }

  /// The message's way through EventBridge, SQS and the queue's poll.
  net::Task<void> deliver(Incident event) {
    const Duration way = random_.between(1s, 2s);
    co_await net::sleep_for(runtime_, way);
    ++queued_;
    // Ten messages a tick: who comes behind them waits for a later one.
    const auto ticks_ahead = static_cast<std::int64_t>((queued_ - 1) / kMessagesATick);
    const Duration tick = next_multiple(options_.poll) + ticks_ahead * options_.poll;
    co_await net::sleep_for(runtime_, tick);
    --queued_;
    co_await handle(std::move(event));
  }

  // ---- Handling them

  [[nodiscard]] Duration next_multiple(Duration rhythm) const {
    const Duration since = runtime_.steady().time_since_epoch() - tick_phase_;
    const Duration into = ((since % rhythm) + rhythm) % rhythm;
    return rhythm - into;
  }

  net::Task<void> handle(Incident event) {
    const Instant earliest = event.start - options_.longest_drain;
    if (earliest > runtime_.now()) co_await net::sleep_for(runtime_, earliest - runtime_.now());
    const Duration tick = next_multiple(options_.tick);
    co_await net::sleep_for(runtime_, tick);
    while (busy_ >= options_.workers) co_await free_worker_.wait();
    ++busy_;
    const bool done = co_await cordon_and_drain(event.node);
    --busy_;
    free_worker_.notify();
    if (done) co_return;
    // The store has dropped it. A poll, or the message's next delivery, brings it anew.
    const Duration again = options_.one_controller ? options_.redelivery : options_.poll;
    co_await net::sleep_for(runtime_, again);
    if (options_.one_controller && world_.store().get<NodeObject>({{}, event.node.str()}) == nullptr) co_return;
    seen_.erase(event.id);
    if (!options_.one_controller) co_return;
    seen_.insert(event.id);
    tasks_.start(handle(std::move(event)));
  }

  net::Task<void> uncordon(NodeName node) {
    NodeChange change;
    change.node = std::move(node);
    change.unschedulable = false;
    co_await query();
    const auto done = co_await cluster_.patch_node(std::move(change));
    (void)done;  // nobody looks at what became of it
  }

  /// False: something failed, and the event is to come again.
  net::Task<bool> cordon_and_drain(NodeName node) {
    const Steady until = runtime_.steady() + options_.longest_drain;
    co_await query();
    const auto labels = co_await cluster_.get_node(node);
    if (!labels) co_return false;
    const auto logged = co_await pods_of(node);
    if (!logged) co_return false;
    co_await query();
    const auto again = co_await cluster_.get_node(node);
    if (!again) co_return false;
    NodeChange cordon;
    cordon.node = node;
    cordon.unschedulable = true;
    co_await query();
    const auto cordoned = co_await cluster_.patch_node(std::move(cordon));
    if (!cordoned) co_return false;
    const auto listed = co_await pods_of(node);
    if (!listed) co_return false;
    for (const Pod& pod : *listed) {
      if (!pod.is_daemon()) continue;
      const bool answered = co_await read();  // of its DaemonSet: one that fails ends the whole drain
      if (!answered) co_return false;
    }
    for (int i = 0; i < kDiscovery; ++i) {
      const bool answered = co_await read();
      if (!answered) co_return false;
    }
    co_return co_await evict_all(*listed, until);
  }

  net::Task<bool> evict_all(const std::vector<Pod>& pods, Steady until) {
    net::TaskGroup evictions(runtime_);
    bool all_gone = true;
    for (const Pod& pod : pods) {
      if (pod.is_daemon() || pod.mirror || pod.completed()) continue;
      evictions.start(evict_one(pod.ref(), until, all_gone));
    }
    co_await evictions.join();
    co_return all_gone;
  }

  net::Task<void> evict_one(PodRef pod, Steady until, bool& all_gone) {
    const PodFate fate = co_await evict_and_wait(std::move(pod), until);
    if (fate == PodFate::Failed) all_gone = false;
  }

  net::Task<PodFate> evict_and_wait(PodRef pod, Steady until) {
    while (true) {
      co_await query();
      if (runtime_.steady() >= until) co_return PodFate::Failed;
      const kube::EvictAnswer answer = co_await cluster_.evict(pod, std::nullopt);
      if (answer.outcome == EvictOutcome::Accepted) break;
      if (answer.outcome == EvictOutcome::Gone || answer.outcome == EvictOutcome::Replaced) co_return PodFate::Gone;
      const bool too_many = answer.outcome == EvictOutcome::BudgetRefused ||
                            answer.outcome == EvictOutcome::BudgetStale || answer.outcome == EvictOutcome::Throttled;
      if (!too_many) co_return PodFate::Failed;
      // client-go obeys a Retry-After by itself; kubectl sleeps its 5 s where there is none.
      const Duration wait = answer.retry_after.value_or(options_.ask_again);
      co_await net::sleep_for(runtime_, wait);
    }
    while (true) {
      co_await query();
      const auto gone = co_await is_gone(pod);
      if (!gone) co_return PodFate::Failed;
      if (*gone) co_return PodFate::Gone;
      if (runtime_.steady() >= until) co_return PodFate::Failed;
      co_await net::sleep_for(runtime_, options_.look_again);
    }
  }

  // ---- The API, beyond what the cluster port has

  /// Waits for its turn at the client's rate.
  net::Task<void> query() {
    const Duration wait = bucket_.take(runtime_.steady());
    if (wait > Duration{}) co_await net::sleep_for(runtime_, wait);
  }

  /// A read whose answer nobody needs; whether one came.
  net::Task<bool> read() {
    co_await query();
    co_return co_await exchange();
  }

  net::Task<bool> exchange() {
    const Duration way = world_.faults().latency() / 2;
    co_await net::sleep_for(runtime_, way);
    const bool answered = world_.faults().fate(world_.now(), false) == ApiFate::Answered;
    co_await net::sleep_for(runtime_, way);
    co_return answered;
  }

  net::Task<std::optional<std::vector<Pod>>> pods_of(NodeName node) {
    co_await query();
    const bool answered = co_await exchange();
    if (!answered) co_return std::nullopt;
    std::vector<Pod> found;
    for (const auto& [name, object] : world_.store().all(Kind::Pod)) {
      const Pod& pod = std::get<PodObject>(*object).pod;
      if (pod.node == node) found.push_back(pod);
    }
    co_return std::optional<std::vector<Pod>>(std::move(found));
  }

  net::Task<std::optional<bool>> is_gone(PodRef pod) {
    const bool answered = co_await exchange();
    if (!answered) co_return std::nullopt;
    const auto* present = world_.store().get<PodObject>(pod.name);
    co_return std::optional<bool>(present == nullptr || present->pod.uid != pod.uid);
  }

  static constexpr std::uint64_t kMessagesATick = 10;
  static constexpr int kDiscovery = 2;  // does the server serve evictions: one read of the groups, one of policy/v1

  net::VirtualRuntime& runtime_;
  World& world_;
  DrainHandlerOptions options_;
  NodeName node_;
  Random random_;
  std::function<void(const NodeName&)> cordoned_for_reboot_;
  SimCluster cluster_;
  std::unique_ptr<SimMetadata> metadata_;
  std::unique_ptr<aws::ImdsClient> imds_;
  TokenBucket bucket_;
  Duration tick_phase_{};
  std::set<std::string> seen_;  // events in the store
  std::uint64_t queued_ = 0;
  std::uint32_t busy_ = 0;
  net::Signal free_worker_;
  net::TaskGroup tasks_;  // last: its tasks go before what they use
};

DrainHandlers::DrainHandlers(net::VirtualRuntime& runtime, World& world, const DrainHandlerOptions& options)
    : runtime_(runtime), world_(world), options_(options) {}
DrainHandlers::~DrainHandlers() = default;

void DrainHandlers::start_all() {
  if (options_.one_controller) {
    start({});
    world_.on_notice([this](const NodeName& node, const Notice& notice) { processes_.at({})->told(node, notice); });
    return;
  }
  for (const auto& [name, object] : world_.store().all(Kind::Node)) start(std::get<NodeObject>(*object).node.name);
  world_.on_machine_change([this](const NodeName& node, bool alive) {
    if (!alive) return end_soon(node);
    calls_.emplace_back(runtime_, runtime_.post([this, node] { start(node); }));
  });
}

void DrainHandlers::start(const NodeName& node) {
  if (!options_.one_controller && !world_.machine_alive(node)) return;
  std::uint64_t number = 0xD7A1;
  for (const char c : node.str()) number = number * 31 + static_cast<unsigned char>(c);
  const bool rebooted = uncordon_after_reboot_.erase(node) > 0;
  processes_[node] =
      std::make_unique<Process>(runtime_, world_, options_, node, Random(world_.config().seed).fork(number), rebooted,
                                [this](const NodeName& which) { uncordon_after_reboot_.insert(which); });
}

void DrainHandlers::end_soon(const NodeName& node) {
  // From the queue: a process can't be taken apart from within one of its own calls.
  calls_.emplace_back(runtime_, runtime_.post([this, node] { processes_.erase(node); }));
}

}  // namespace spotkeeper::sim
