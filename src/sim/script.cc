#include "sim/script.h"

#include <algorithm>
#include <utility>

#include "sim/retries.h"

namespace spotkeeper::sim {
namespace {

constexpr Duration kHandlerHears = 1s;  // the poll of the control that deletes everything

Notice notice_of(const ScenarioEvent& event, Instant now) {
  using What = ScenarioEvent::What;
  Notice notice;
  notice.effect = event.effect;
  notice.at = now + event.deadline;
  if (event.what == What::Rebalance) {
    notice.kind = InterruptionKind::Maybe;
    notice.at = now;
  }
  if (event.what == What::Scheduled) notice.kind = InterruptionKind::Maintenance;
  if (event.what == What::Lifecycle) notice.kind = InterruptionKind::Retire;
  if (event.effect == InterruptionEffect::Terminate) notice.code = "instance-retirement";
  if (event.effect == InterruptionEffect::Stop) notice.code = "instance-stop";
  return notice;
}

}  // namespace

/// The market acts on the world, and is counted and handled as the scenario's own events are.
class Script::MarketGround final : public market::Ground {
 public:
  explicit MarketGround(Script& script) : script_(script) {}

  void join(NodeSpec node) override { script_.world_.add_node(std::move(node)); }

  void notice(const NodeName& node, const Notice& notice) override {
    script_.world_.notice(node, notice);
    if (notice.kind == InterruptionKind::Maybe) script_.recommended_.insert(node);
    if (notice.kind != InterruptionKind::Kill) return;
    count(node);
    script_.hear_of_kill(node);
  }

  void kill(const NodeName& node) override {
    count(node);
    script_.world_.kill_machine(node);
  }

 private:
  void count(const NodeName& node) {
    const Instant now = script_.world_.now();
    script_.interrupted_.insert(node);
    script_.first_interruption_ = std::min(script_.first_interruption_.value_or(now), now);
  }

  Script& script_;
};

Script::Script(const Scenario& scenario, std::uint64_t seed, Policy policy, World& world, net::Runtime& runtime,
               std::function<void()> advance)
    : scenario_(scenario),
      seed_(seed),
      policy_(policy),
      world_(world),
      runtime_(runtime),
      advance_(std::move(advance)),
      ground_(std::make_unique<MarketGround>(*this)),
      market_(std::make_unique<market::Market>(scenario.market, seed, scenario.duration, *ground_)) {}

Script::~Script() = default;

Duration Script::before_load() const {
  Duration longest = std::max(scenario_.delays.proxy_most, scenario_.delays.straggler);
  for (const ScenarioService& service : scenario_.services) {
    if (!service.load_balancer) continue;
    const LoadBalancerSettings& outside = *service.load_balancer;
    longest = std::max(longest, outside.controller.most + outside.api.most + outside.join.most + kLook);
  }
  return longest;
}

void Script::start_load() {
  for (const Load& load : scenario_.loads) world_.add_load(load);
  for (const ScenarioWorkload& workload : scenario_.workloads) {
    if (workload.autoscale) (void)world_.autoscale(workload.workload.name, *workload.autoscale);
  }
}

void Script::begin() {
  clock_start_ = world_.now();
  world_.faults().set_start(clock_start_);
  world_.begin_measuring();
  for (const World::Strength& each : world_.strengths().all) complete_[each.name].replicas = each.wants;
  for (const ScenarioEvent& event : scenario_.events) plan(event);
  for (const ScenarioWorkload& workload : scenario_.workloads) {
    if (workload.kind != Kind::Job) continue;
    at(clock_start_ + workload.begins, [this, &workload] { world_.create_job(workload.workload, workload.job); });
  }
  market_->begin(clock_start_, scenario_.nodes);
  drive_market();
  if (!recording_) return;
  series_.services = world_.services();
  record();
}

void Script::record() {
  Sample sample = world_.sample();
  sample.at = series_.samples.size() * Series::kStep;
  sample.lost -= std::exchange(lost_before_, sample.lost);
  sample.retries -= std::exchange(retries_before_, sample.retries);
  series_.samples.push_back(std::move(sample));
}

void Script::tell_of_market() {
  if (market_changed_) market_changed_();
}

void Script::drive_market() {
  tell_of_market();
  const auto due = market_->next_due();
  if (!due) return market_call_.reset();
  const Steady when = runtime_.steady() + std::max<Duration>(*due - world_.now(), 0s);
  market_call_ = net::ScopedCall(runtime_, runtime_.call_at(when, [this] {
    if (advance_) advance_();
    market_->advance_to(world_.now());
    drive_market();
  }));
}

void Script::at(Instant when, std::function<void()> what) {
  const Steady due = runtime_.steady() + (when - world_.now());
  calls_.emplace_back(runtime_, runtime_.call_at(due, [this, call = std::move(what)] {
    if (advance_) advance_();
    call();
  }));
}

void Script::plan(const ScenarioEvent& event) {
  const Instant when = clock_start_ + event.at;
  first_interruption_ = std::min(first_interruption_.value_or(when), when);
  for (const NodeName& node : targets_of(scenario_, event, seed_)) {
    at(when, [this, node, event] { strike(node, event); });
  }
}

void Script::strike(const NodeName& node, const ScenarioEvent& event) {
  using What = ScenarioEvent::What;
  if (!world_.machine_alive(node)) return;
  (event.what == What::Rebalance ? recommended_ : interrupted_).insert(node);
  if (event.what == What::Death) return end(node);
  if (event.what == What::Reboot) return world_.reboot_machine(node, event.down);
  const Notice notice = notice_of(event, world_.now());
  world_.notice(node, notice);
  if (event.what != What::Rebalance) hear_of_kill(node);
  if (event.cancelled_after) {
    const auto kind = notice.kind;
    return at(world_.now() + *event.cancelled_after, [this, node, kind] { world_.withdraw(node, kind); });
  }
  if (event.what == What::Rebalance) return;
  if (event.effect != InterruptionEffect::Reboot) {
    market_->noticed(node, world_.now());
    drive_market();
  }
  at(world_.now() + event.deadline, [this, node, event] {
    if (event.effect == InterruptionEffect::Reboot) return world_.reboot_machine(node, event.down);
    end(node);
  });
}

/// The machine is gone for good: its group looks for another one, and it costs nothing any more.
void Script::end(const NodeName& node) {
  world_.kill_machine(node);
  market_->lost(node, world_.now());
  drive_market();
}

void Script::hear_of_kill(const NodeName& node) {
  if (policy_ != Policy::DeleteAllNow) return;
  at(world_.now() + kHandlerHears, [this, node] { delete_everything(node); });
}

/// The control: a handler that cordons and deletes every pod of the node as soon as it hears.
void Script::delete_everything(const NodeName& node) {
  NodeChange cordon;
  cordon.node = node;
  cordon.unschedulable = true;
  (void)world_.patch_node(cordon);
  std::vector<PodRef> present;
  for (const auto& [name, object] : world_.store().all(Kind::Pod)) {
    const Pod& pod = std::get<PodObject>(*object).pod;
    if (pod.node == node && !pod.is_daemon() && !pod.mirror && !pod.terminating()) present.push_back(pod.ref());
  }
  for (const PodRef& pod : present) {
    DeleteCall call;
    call.name = pod.name;
    call.uid = pod.uid;
    (void)world_.delete_pod(call);
  }
}

void Script::stop_load() { world_.stop_load(); }

void Script::look() {
  if (recording_ && world_.now() >= clock_start_ + series_.samples.size() * Series::kStep) record();
  if (first_interruption_ && world_.now() > *first_interruption_) look_at_strengths();
}

void Script::look_at_strengths() {
  const World::Strengths& present = world_.strengths();
  if (std::exchange(strengths_seen_, present.generation) == present.generation && !lacking_) return;
  lacking_ = false;
  for (const World::Strength& each : present.all) {
    Complete& known = complete_[each.name];
    // One that has been scaled up lacks nothing that it had.
    if (each.serving >= each.wants) known.replicas = each.wants;
    if (each.serving >= std::min(known.replicas, each.wants)) {
      known.lacks_since.reset();
      continue;
    }
    lacking_ = true;
    if (!known.lacks_since) known.lacks_since = world_.now();
    longest_incomplete_ = std::max(longest_incomplete_, world_.now() + kLook - *known.lacks_since);
  }
}

Duration Script::longest_request() const {
  Duration longest = 0s;
  for (const Load& load : scenario_.loads) longest = std::max(longest, longest_call(load));
  return longest;
}

Report Script::report() const {
  Report report;
  report.scenario = scenario_.name;
  report.seed = seed_;
  report.policy = policy_;
  report.measured = scenario_.duration;
  report.traffic = world_.traffic();
  report.pods = world_.pods();
  report.budget_overrides = world_.budget_overrides();
  report.jobs = world_.jobs();
  report.interruptions = interrupted_.size();
  report.recommendations = recommended_.size();
  report.market = market_->report(clock_end());
  report.clock_started = clock_start_;
  report.events = world_.events_handled();
  report.series = series_;
  const bool over =
      std::ranges::none_of(complete_, [](const auto& each) { return each.second.lacks_since.has_value(); });
  if (over) report.recovered_after = longest_incomplete_;
  return report;
}

}  // namespace spotkeeper::sim
