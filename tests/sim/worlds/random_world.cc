#include "tests/sim/worlds/random_world.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "base/random.h"
#include "sim/market/reader.h"

namespace spotkeeper::sim {
namespace {

constexpr std::array kZones{"us-east-1a", "us-east-1b", "us-east-1c"};
constexpr std::array kNamespaces{"shop", "pay", "data"};

class Draw {
 public:
  explicit Draw(std::uint64_t seed) : random_(Random(seed).fork(0x3031d)) {}

  Scenario operator()() {
    machines();
    workloads();
    capacity();
    group();
    budgets();
    traffic();
    scaling();
    what_happens();
    delays();
    faults();
    return std::move(scenario_);
  }

 private:
  std::int64_t between(std::int64_t low, std::int64_t high) {
    return low + static_cast<std::int64_t>(random_.below(static_cast<std::uint64_t>(high - low + 1)));
  }
  bool chance(double share) { return random_.chance(share); }
  Duration time(Duration low, Duration high) { return random_.between(low, high); }
  Duration seconds(std::int64_t low, std::int64_t high) { return std::chrono::seconds(between(low, high)); }
  template <class T>
  const auto& one_of(const T& choices) {
    return choices.at(random_.below(choices.size()));
  }

  void machines() {
    scenario_.name = "random";
    const std::int64_t count = between(6, 13);
    const std::int64_t zones = between(1, 3);
    for (std::int64_t i = 0; i < count; ++i) {
      NodeSpec node;
      node.name = "n" + std::to_string(i + 1);
      node.zone = kZones.at(static_cast<std::size_t>(i % zones));
      node.instance_type = chance(0.7) ? "m5.large" : "c5.large";
      if (chance(0.1)) node.capacity_type = "on-demand";
      if (i % 3 == 2) node.labels.set("disk", "slow");
      scenario_.nodes.push_back(std::move(node));
    }
  }

  Behaviour behaviour() {
    Behaviour made;
    made.start = time(500ms, chance(0.2) ? 15s : 3s);
    made.ready_after = time(0s, chance(0.2) ? 20s : 4s);
    made.probe_period = seconds(1, 5);
    made.concurrency = static_cast<std::uint32_t>(between(1, 8));
    made.queue = static_cast<std::uint32_t>(between(0, 16));
    made.service_time = time(5ms, 400ms);
    made.answers_after_term = time(0s, 8s);
    made.abrupt = chance(0.2);
    made.ignores_term = chance(0.05);
    if (chance(0.2)) made.exec_hook = seconds(0, 20);
    if (chance(0.2)) made.image_pull = time(100ms, 10s);
    return made;
  }

  PodTemplate pod_template() {
    PodTemplate made;
    made.grace = GracePeriod(std::chrono::seconds(chance(0.1) ? between(0, 2) : between(3, 45)));
    if (chance(0.5)) {
      made.pre_stop = PreStop{};
      if (chance(0.7)) made.pre_stop->sleep = std::chrono::seconds(between(1, 15));
    }
    made.requests.cpu = {between(1, 8) * 50};
    made.requests.memory = {between(1, 8) << 26};
    made.priority = static_cast<std::int32_t>(chance(0.2) ? between(0, 1000) : 0);
    if (chance(0.1)) made.wishes.do_not_disrupt = true;
    if (chance(0.1)) made.wishes.min_serving = 0.1 * static_cast<double>(between(1, 9));
    if (chance(0.1)) made.wishes.longest_request = seconds(1, 20);
    return made;
  }

  /// Where the pods may go together: never so narrow that the first ones find no room.
  void constrain(PodTemplate& spec, const Labels& labels, std::int32_t replicas) {
    LabelSelector selector;
    for (const auto& [key, value] : labels) selector.requirements.push_back({key, SelectorOperator::In, {value}});
    if (chance(0.2)) {
      TopologySpread spread;
      spread.max_skew = static_cast<std::int32_t>(between(1, 3));
      spread.topology_key = chance(0.7) ? "topology.kubernetes.io/zone" : "kubernetes.io/hostname";
      spread.hard = chance(0.4);
      spread.selector = selector;
      spec.spread.push_back(std::move(spread));
    }
    if (chance(0.1)) {  // two thirds of the machines are left
      NodeSelectorTerm term;
      term.labels.push_back({"disk", SelectorOperator::NotIn, {"slow"}});
      spec.affinity.has_node_required = true;
      spec.affinity.node_required.push_back(std::move(term));
    }
    if (replicas * 2 < static_cast<std::int32_t>(scenario_.nodes.size()) && chance(0.2)) {
      PodAffinityTerm apart;
      apart.topology_key = "kubernetes.io/hostname";
      apart.selector = selector;
      spec.affinity.anti_required.push_back(std::move(apart));
    }
  }

  void workload(Kind kind, std::int32_t replicas) {
    ScenarioWorkload made;
    made.kind = kind;
    const std::string name = "w" + std::to_string(scenario_.workloads.size() + 1);
    made.workload.name = {NamespaceName(one_of(kNamespaces)), name};
    made.workload.replicas = replicas;
    PodTemplate spec = pod_template();
    Labels labels{{"app", name}};
    if (chance(0.3)) labels.set("tier", "front");
    Behaviour program = behaviour();
    if (kind == Kind::Deployment) constrain(spec, labels, replicas);
    if (kind == Kind::StatefulSet) {  // its pods start one after the other
      program.start = time(300ms, 1s);
      program.ready_after = time(0s, 1s);
      program.probe_period = 1s;
    }
    if (kind == Kind::StatefulSet && chance(0.4)) spec.claims.emplace_back("data-*");
    if (kind == Kind::Deployment && replicas == 1 && chance(0.3)) spec.claims.push_back("disk-of-" + name);
    if (kind == Kind::DaemonSet) spec.requests.cpu = {between(0, 2) * 50};
    if (kind == Kind::Job) {
      program.works_for = seconds(2, 40);
      made.job.completions = static_cast<std::int32_t>(between(1, 6));
      made.job.parallelism = std::min(made.job.completions, static_cast<std::int32_t>(between(1, 3)));
      made.job.backoff_limit = static_cast<std::int32_t>(between(0, 6));
      made.begins = seconds(0, 20);
    }
    made.workload.blueprint.spec = std::make_shared<const PodTemplate>(std::move(spec));
    made.workload.blueprint.labels = std::make_shared<const Labels>(std::move(labels));
    made.workload.blueprint.behaviour = std::make_shared<const Behaviour>(program);
    scenario_.workloads.push_back(std::move(made));
  }

  void workloads() {
    std::int64_t left = between(35, 85);
    if (chance(0.7)) workload(Kind::DaemonSet, 0);
    if (chance(0.3)) workload(Kind::Job, 1);
    while (left > 0) {
      const std::int64_t replicas = std::min(left, chance(0.2) ? between(1, 2) : between(2, 14));
      const bool stateful = replicas <= 6 && chance(0.25);
      workload(stateful ? Kind::StatefulSet : Kind::Deployment, static_cast<std::int32_t>(replicas));
      left -= replicas;
    }
  }

  /// Room for all of them, with little or much to spare.
  void capacity() {
    std::int64_t cpu = 0;
    std::int64_t memory = 0;
    const auto nodes = static_cast<std::int64_t>(scenario_.nodes.size());
    for (const ScenarioWorkload& each : scenario_.workloads) {
      const Resources& wants = each.workload.blueprint.spec->requests;
      const std::int64_t pods = each.kind == Kind::DaemonSet ? nodes : each.workload.replicas;
      cpu += wants.cpu.value * pods;
      memory += wants.memory.value * pods;
    }
    const double used = 0.4 + 0.4 * random_.unit();
    const auto per_node = [&](std::int64_t all) {
      return static_cast<std::int64_t>(static_cast<double>(all) / static_cast<double>(nodes) / used);
    };
    const auto pods = static_cast<std::int64_t>(pods_of(scenario_));
    for (NodeSpec& node : scenario_.nodes) {
      node.allocatable.cpu = {per_node(cpu) + 500};
      node.allocatable.memory = {per_node(memory) + (512LL << 20)};
      node.max_pods = per_node(pods) + 4;
    }
  }

  /// Spot machines that come and go by the market's rules, beside those that nothing replaces.
  void group() {
    if (!chance(0.25)) return;
    market::MarketSettings& market = scenario_.market;
    market::PoolSettings pool;
    pool.zone = one_of(scenario_.nodes).zone;
    pool.type.name = InstanceTypeName("m5.large");
    pool.type.allocatable_cpu = scenario_.nodes.front().allocatable.cpu;
    pool.type.allocatable_memory = scenario_.nodes.front().allocatable.memory;
    pool.type.max_pods = scenario_.nodes.front().max_pods;
    pool.type.on_demand = {96'000};
    pool.mean_price = {30'000 + between(0, 40'000)};
    pool.per_hour = 60.0 * random_.unit();  // far more often than any market, or nothing would happen in a minute
    market.pools.push_back(pool);
    market::GroupSettings made;
    made.name = "spot";
    made.size = static_cast<std::uint32_t>(between(1, 4));
    made.pools = {0};
    made.replace_on = chance(0.5) ? market::ReplaceOn::Notice : market::ReplaceOn::Death;
    made.request_delay = time(100ms, 5s);
    made.retry = seconds(2, 20);
    made.boot.median = seconds(5, 40);
    made.fall_back_to_on_demand = chance(0.5);
    market.groups.push_back(std::move(made));
    market.risk.within = seconds(1, 30);
    market.notice.length = seconds(5, 60);
    market.notice.none_share = share(0.4);
    market.rebalance.lead = seconds(2, 60);
    market.rebalance.false_per_hour = share(30);
    market.capacity.out = seconds(5, 60);
    market.capacity.refused = share(0.5);
    for (NodeSpec& node : market::first_nodes(market)) scenario_.nodes.push_back(std::move(node));
  }

  void budgets() {
    for (const ScenarioWorkload& each : scenario_.workloads) {
      const std::string& name = each.workload.name.name;
      if (chance(0.4)) continue;
      budget(each.workload.name.ns, name, {"app", SelectorOperator::In, {name}});
      if (chance(0.08)) budget(each.workload.name.ns, name + "-more", {"app", SelectorOperator::Exists, {}});
    }
    if (chance(0.15)) budget(NamespaceName(kNamespaces[0]), "front", {"tier", SelectorOperator::In, {"front"}});
  }

  void budget(const NamespaceName& ns, const std::string& name, SelectorRequirement of) {
    DisruptionBudget made;
    made.name = {ns, name};
    made.selector = LabelSelector{{std::move(of)}, {}};
    CountOrPercent much{static_cast<std::int32_t>(between(0, 3)), false};
    if (chance(0.4)) much = {static_cast<std::int32_t>(between(0, 20) * 5), true};
    (chance(0.6) ? made.max_unavailable : made.min_available) = much;
    if (chance(0.3)) made.unhealthy = UnhealthyPodEviction::AlwaysAllow;
    scenario_.budgets.push_back({std::move(made)});
  }

  void traffic() {
    for (const ScenarioWorkload& each : scenario_.workloads) {
      if (each.kind == Kind::DaemonSet || each.kind == Kind::Job || !chance(0.35)) continue;
      const ObjectName& name = each.workload.name;
      ScenarioService service;
      service.name = name;
      service.selector = {{"app", name.name}};
      if (chance(0.25)) {
        service.load_balancer = usual(chance(0.5) ? LoadBalancerType::Alb : LoadBalancerType::Nlb);
        service.load_balancer->join = {1s, seconds(1, 15)};
        service.load_balancer->leave = {1s, seconds(1, 30)};
      }
      Load load;
      load.service = name;
      load.from_outside = service.load_balancer && chance(0.7);
      scenario_.services.push_back(std::move(service));
      load.rate = 1.0 + 9.0 * random_.unit();
      load.kept_share = random_.unit();
      load.connections = static_cast<std::uint32_t>(between(1, 10));
      load.requests_per_connection = static_cast<std::uint32_t>(between(1, 50));
      load.time_limit = seconds(1, 10);
      if (chance(0.4)) load.retries = retries();
      if (chance(0.2)) load.longs = {0.2 * random_.unit(), load.time_limit / 2};
      scenario_.loads.push_back(load);
    }
  }

  RetrySettings retries() {
    RetrySettings made;
    made.most = static_cast<std::uint32_t>(between(1, 3));
    made.budget = random_.unit();
    made.after = time(10ms, 1s);
    made.connect_limit = time(0s, 2s);
    made.idempotent = chance(0.5);
    return made;
  }

  /// Deployments that are asked, and are not too many already.
  void scaling() {
    for (ScenarioWorkload& each : scenario_.workloads) {
      const bool asked =
          std::ranges::any_of(scenario_.loads, [&](const Load& load) { return load.service == each.workload.name; });
      if (each.kind != Kind::Deployment || !asked || !each.workload.blueprint.spec->claims.empty() || !chance(0.3))
        continue;
      AutoscaleSettings made;
      made.least = static_cast<std::int32_t>(between(1, each.workload.replicas));
      made.most = each.workload.replicas + static_cast<std::int32_t>(between(0, 4));
      made.utilisation = 0.1 + 0.8 * random_.unit();
      made.period = seconds(3, 15);
      made.down_window = seconds(0, 30);
      each.autoscale = made;
    }
  }

  void whom(ScenarioEvent& event) {
    if (chance(0.2)) {
      event.zone = one_of(scenario_.nodes).zone;
    } else if (chance(0.3)) {
      event.share = 0.5 * random_.unit();
    } else {
      for (std::int64_t i = between(1, 2); i > 0; --i) {
        const std::string& name = one_of(scenario_.nodes).name;
        if (std::ranges::find(event.nodes, name) == event.nodes.end()) event.nodes.push_back(name);
      }
    }
  }

  void what_happens() {
    using What = ScenarioEvent::What;
    constexpr std::array kinds{What::Spot,      What::Spot,      What::Spot,  What::Rebalance,
                               What::Scheduled, What::Lifecycle, What::Death, What::Reboot};
    constexpr std::array<Duration, 6> deadlines{120s, 60s, 40s, 20s, 10s, 2s};
    scenario_.duration = seconds(40, 80);
    for (std::int64_t i = between(1, 4); i > 0; --i) {
      ScenarioEvent event;
      event.at = time(0s, 20s);
      event.what = one_of(kinds);
      event.deadline = one_of(deadlines);
      event.down = seconds(1, 40);
      if (event.what == What::Scheduled) {
        constexpr std::array effects{InterruptionEffect::Reboot, InterruptionEffect::Stop,
                                     InterruptionEffect::Terminate};
        event.effect = one_of(effects);
      }
      const bool undone = event.what == What::Scheduled || event.what == What::Rebalance;
      if (undone && chance(0.5)) event.cancelled_after = seconds(1, 30);
      whom(event);
      scenario_.events.push_back(std::move(event));
    }
  }

  void delays() {
    Delays& delays = scenario_.delays;
    scenario_.warm_up = 3min;
    delays.proxy_most = 4s;
    delays.straggler = seconds(0, 4);
    delays.controller = time(1ms, 500ms);
    delays.scheduler = time(1ms, 300ms);
    delays.kubelet = time(1ms, 500ms);
    delays.proxy_median = time(10ms, 900ms);
    delays.proxy_p99 = delays.proxy_median + time(0s, 3s);
    delays.node_monitor_grace = seconds(5, 40);
    delays.cloud_deletes_nodes = chance(0.5);
  }

  /// Most faults are absent, or the rest would never be seen to work.
  double share(double most) { return chance(0.6) ? 0 : most * random_.unit(); }

  void faults() {
    scenario_.api_faults.latency = time(1ms, 300ms);
    scenario_.api_faults.watch_lag = time(1ms, chance(0.1) ? 5s : 500ms);
    scenario_.grace_may_yield = chance(0.3);
    if (chance(0.3)) scenario_.clock_skew = time(0s, 30s);
    if (chance(0.5)) return;
    ApiFaults& api = scenario_.api_faults;
    api.conflict = share(0.5);
    api.throttled = share(0.3);
    api.throttled_bare = share(0.3);
    api.unavailable = share(0.3);
    api.lost_answer = share(0.2);
    api.watch_gap = share(0.05);
    api.partial_view = share(0.1);
    if (chance(0.3)) api.until = seconds(5, 60);
    MetadataFaults& metadata = scenario_.metadata_faults;
    metadata.unavailable = share(0.3);
    metadata.garbage = share(0.2);
    metadata.half_answer = share(0.2);
    metadata.unauthorized = share(0.2);
    metadata.slow = share(0.1);
    if (chance(0.2)) metadata.token_life = seconds(5, 60);
    if (chance(0.2)) metadata.date_skew = time(-20s, 20s);
  }

  Random random_;
  Scenario scenario_;
};

}  // namespace

Scenario random_world(std::uint64_t seed) {
  Scenario scenario = Draw(seed)();
  scenario.seed = seed;
  return scenario;
}

std::size_t pods_of(const Scenario& scenario) {
  std::size_t pods = 0;
  for (const ScenarioWorkload& each : scenario.workloads) {
    pods += each.kind == Kind::DaemonSet ? scenario.nodes.size() : static_cast<std::size_t>(each.workload.replicas);
  }
  return pods;
}

}  // namespace spotkeeper::sim
