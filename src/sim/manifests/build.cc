#include "sim/manifests/build.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "base/text.h"
#include "model/quantity.h"
#include "sim/manifests/circumstances.h"

namespace spotkeeper::sim {
namespace {

constexpr Duration kUsualStart = 2s;        // image and sandbox, until the container runs
constexpr Duration kUsualReady = 5s;        // until the program listens, where nothing says how long
constexpr Duration kUsualHook = 5s;         // of a preStop hook whose length nobody can read
constexpr Duration kShortestProbe = 100ms;  // where there is no probe: Ready as soon as it listens
constexpr Duration kUsualWork = 3min;       // of a Job's pod: long enough for the storm to cut it short
constexpr std::string_view kAssumedTypes[] = {"m5.xlarge", "m5.2xlarge", "m5.4xlarge", "m5.12xlarge", "m5.24xlarge"};
constexpr std::string_view kAssumedZones[] = {"us-east-1a", "us-east-1b", "us-east-1c"};

bool selects(const Labels& selector, const Labels& labels) {
  return !selector.empty() && std::all_of(selector.begin(), selector.end(), [&](const Labels::Entry& wanted) {
    const auto* value = labels.find(wanted.first);
    return value != nullptr && *value == wanted.second;
  });
}

class Builder {
 public:
  Builder(const FoundCluster& cluster, const TrafficAssumed& traffic, const Catalog& catalog)
      : cluster_(cluster), traffic_(traffic), catalog_(catalog) {}

  Result<BuiltScenario> build() {
    Scenario& scenario = built_.scenario;
    scenario.name = "your-cluster";
    scenario.duration = 6min;
    scenario.warm_up = 30min;
    for (const FoundWorkload& workload : cluster_.workloads) add_workload(workload);
    for (const DisruptionBudget& budget : cluster_.budgets) scenario.budgets.push_back({budget});
    SK_CHECK(add_nodes());
    add_traffic();
    if (scenario.loads.empty()) {
      return fail(
          ErrorCode::InvalidInput,
          fmt::format("{}: no Service has a Deployment or StatefulSet behind it, so nothing could be asked, and "
                      "nothing be lost; found: {}",
                      named(cluster_.sources), what_was_found()));
    }
    add_storm();
    name_what_is_not_used(cluster_, built_.assumptions);
    return std::move(built_);
  }

 private:
  template <class... Arguments>
  void assume(fmt::format_string<Arguments...> text, Arguments&&... arguments) {
    built_.assumptions.push_back(fmt::format(text, std::forward<Arguments>(arguments)...));
  }

  static std::string named(const std::vector<std::string>& sources) {
    constexpr std::size_t kMost = 3;
    if (sources.size() <= kMost) return join(sources, ", ");
    return fmt::format("{} and {} more", sources.front(), sources.size() - 1);
  }

  /// "1 Service, 2 ConfigMap".
  [[nodiscard]] std::string what_was_found() const {
    std::map<std::string, std::size_t> counts = cluster_.passed_over;
    for (const FoundWorkload& workload : cluster_.workloads) ++counts[std::string(name_of(workload.kind))];
    counts["Service"] += cluster_.services.size();
    counts["PodDisruptionBudget"] += cluster_.budgets.size();
    counts["Node"] += cluster_.nodes.size();
    counts["Pod"] += cluster_.pods;
    counts["Ingress"] += cluster_.ingresses.size();
    counts["HorizontalPodAutoscaler"] += cluster_.autoscalers.size();
    counts["PriorityClass"] += cluster_.priority_classes.size();
    std::vector<std::string> parts;
    for (const auto& [kind, count] : counts) {
      if (count > 0) parts.push_back(fmt::format("{} {}", count, kind));
    }
    return join(parts, ", ");
  }

  // ---- Workloads

  Behaviour behaviour_of(const FoundWorkload& workload) {
    Behaviour behaviour;
    const std::string name = workload.name.str();
    behaviour.start = kUsualStart;
    behaviour.probe_period = workload.readiness ? workload.readiness->period : kShortestProbe;
    if (!workload.became_ready.empty()) {
      std::vector<Duration> seen = workload.became_ready;
      std::sort(seen.begin(), seen.end());
      const Duration median = seen[seen.size() / 2];
      // Half a probe's period is what a pod waits for its next probe, in the mean.
      behaviour.ready_after = std::max(median - behaviour.start - behaviour.probe_period / 2, Duration{});
      assume("{}: pods are Ready {} after their start, as {} live pod{} took in the median.", name,
             format_duration(std::chrono::round<std::chrono::seconds>(median)), seen.size(),
             seen.size() == 1 ? "" : "s");
    } else {
      const Duration delay = std::max(workload.readiness ? workload.readiness->initial_delay : Duration{},
                                      workload.startup ? workload.startup->initial_delay : Duration{});
      behaviour.ready_after = std::max(kUsualReady, delay);
      if (has_clients(workload.kind)) {
        assume("{}: a new pod listens {} after its container runs{}.", name, format_duration(behaviour.ready_after),
               delay > kUsualReady ? " (its probe's initial delay)" : "; no live pod showed how long it takes");
      }
    }
    if (!workload.readiness && has_clients(workload.kind)) {
      assume(
          "{}: it has no readiness probe; here a pod is Ready as soon as it listens, which is kinder than the truth.",
          name);
    }
    if (workload.spec.pre_stop && !workload.spec.pre_stop->sleep) {
      behaviour.exec_hook = kUsualHook;
      assume("{}: its preStop hook takes {}; nobody can read how long it does.", name, format_duration(kUsualHook));
    }
    return behaviour;
  }

  static bool has_clients(Kind kind) { return kind == Kind::Deployment || kind == Kind::StatefulSet; }

  void add_workload(const FoundWorkload& found) {
    ScenarioWorkload added;
    added.kind = found.kind;
    added.job = found.job;
    NewWorkload& workload = added.workload;
    workload.name = found.name;
    workload.selector = found.selector;
    workload.labels = found.labels;
    const Circumstances circumstances = circumstances_of(cluster_, found, built_.assumptions);
    workload.replicas = circumstances.replicas;
    workload.blueprint.preempts = circumstances.preempts;
    added.autoscale = circumstances.autoscale;
    PodTemplate spec = found.spec;
    spec.priority = circumstances.priority;
    if (spec.requests.cpu.value == 0 && spec.requests.memory.value == 0 && has_clients(found.kind)) {
      assume("{}: its pods take no room, as they request neither CPU nor memory.", found.name.str());
    }
    if (cluster_.nodes.empty()) {
      const bool choosy = !spec.node_selector.empty() || spec.affinity.has_node_required;
      if (choosy) assume("{}: its node selector is passed over, as the nodes are assumed.", found.name.str());
      spec.node_selector = {};
      spec.affinity.node_required.clear();
      spec.affinity.has_node_required = false;
    }
    if (!spec.claims.empty() && (found.kind == Kind::StatefulSet || workload.replicas == 1)) {
      assume("{}: its volumes are on one node at a time, as EBS' are, and in the zone where its pods are placed first.",
             found.name.str());
    }
    workload.blueprint.spec = std::make_shared<const PodTemplate>(std::move(spec));
    workload.blueprint.labels = std::make_shared<const Labels>(found.pod_labels);
    workload.blueprint.annotations = std::make_shared<const Labels>(found.pod_annotations);
    Behaviour behaviour = behaviour_of(found);
    if (found.kind == Kind::Job) {
      behaviour.works_for = kUsualWork;
      assume("{}: it begins with the clock, and each of its pods works for {}; no manifest says how long.",
             found.name.str(), format_duration(kUsualWork));
    }
    workload.blueprint.behaviour = std::make_shared<const Behaviour>(behaviour);
    built_.scenario.workloads.push_back(std::move(added));
  }

  // ---- Nodes

  Result<void> add_nodes() {
    for (const Node& node : cluster_.nodes) {
      if (node.deletion) continue;
      NodeSpec spec;
      spec.name = node.name.str();
      spec.instance_type = node.instance_type().empty() ? "unknown" : node.instance_type();
      spec.zone = node.zone().size() < 2 ? "unknown" : node.zone();
      spec.capacity_type = capacity_type_of(node);
      spec.allocatable = node.allocatable;
      spec.max_pods = node.max_pods;
      spec.labels = node.labels;
      for (const Taint& taint : node.taints) {
        if (!taint.key.starts_with("node.kubernetes.io/")) spec.taints.push_back(taint);
      }
      if (const InstanceType* type = catalog_.find(InstanceTypeName(spec.instance_type)); type != nullptr) {
        const bool is_spot = spec.capacity_type == "spot";
        const Money price = is_spot ? type->spot_price().value_or(type->on_demand) : type->on_demand;
        spec.price = static_cast<double>(price.micros) / 1e6;
        spec.on_demand_price = static_cast<double>(type->on_demand.micros) / 1e6;
      }
      built_.scenario.nodes.push_back(std::move(spec));
    }
    if (built_.scenario.nodes.empty()) return assume_nodes();
    return {};
  }

  static std::string capacity_type_of(const Node& node) {
    for (const std::string_view key :
         {"karpenter.sh/capacity-type", "eks.amazonaws.com/capacityType", "node.kubernetes.io/lifecycle"}) {
      const std::string* value = node.labels.find(key);
      if (value == nullptr) continue;
      return lower(*value).find("spot") != std::string::npos ? "spot" : "on-demand";
    }
    return "on-demand";
  }

  /// What a node of that type has for other pods beside those of its DaemonSets.
  struct Room {
    double cpu = 0;
    double memory = 0;
    double pods = 0;
  };
  [[nodiscard]] Room room_on(const InstanceType& type) const {
    Room room{static_cast<double>(type.allocatable_cpu.value), static_cast<double>(type.allocatable_memory.value),
              static_cast<double>(type.max_pods)};
    for (const ScenarioWorkload& workload : built_.scenario.workloads) {
      if (workload.kind != Kind::DaemonSet) continue;
      const Resources& each = workload.workload.blueprint.spec->requests;
      room.cpu -= static_cast<double>(each.cpu.value);
      room.memory -= static_cast<double>(each.memory.value);
      room.pods -= 1;
    }
    return room;
  }

  /// "900", "500m".
  static std::string cores(MilliCpu amount) { return Quantity::of_milli(amount.value).str(); }

  /// The first type on which each pod has room; an error about the pod that has it on none.
  Result<const InstanceType*> assumed_type() {
    const InstanceType* chosen = nullptr;
    for (const ScenarioWorkload& workload : built_.scenario.workloads) {
      if (workload.kind == Kind::DaemonSet) continue;
      const Resources& each = workload.workload.blueprint.spec->requests;
      const auto fits = [&](const InstanceType& type) {
        const Room room = room_on(type);
        return static_cast<double>(each.cpu.value) <= room.cpu && static_cast<double>(each.memory.value) <= room.memory;
      };
      if (chosen != nullptr && fits(*chosen)) continue;
      const InstanceType* larger = nullptr;
      for (const std::string_view name : kAssumedTypes) {
        const InstanceType* type = catalog_.find(InstanceTypeName(std::string(name)));
        if (type == nullptr) continue;
        larger = type;
        if (fits(*type)) break;
      }
      if (larger == nullptr) {
        return fail(ErrorCode::InvalidInput, fmt::format("no Node is given, and the catalogue has none of {} to assume",
                                                         join(kAssumedTypes, ", ")));
      }
      if (!fits(*larger)) {
        const Room room = room_on(*larger);
        return fail(
            ErrorCode::InvalidInput,
            fmt::format(
                "{}: no Node is given, and a pod that requests {} CPU and {} MiB has no room even on an {}, which "
                "has {} CPU and {} MiB beside its DaemonSets' pods",
                workload.workload.name.str(), cores(each.cpu), each.memory.value >> 20U, larger->name.str(),
                cores({static_cast<std::int64_t>(room.cpu)}), static_cast<std::int64_t>(room.memory) >> 20U));
      }
      chosen = larger;
    }
    return chosen != nullptr ? chosen : catalog_.find(InstanceTypeName(std::string(kAssumedTypes[0])));
  }

  /// How many pods it may have; an autoscaler's may grow until they are used as it wants.
  [[nodiscard]] double pods_of(const ScenarioWorkload& workload) const {
    if (workload.kind == Kind::Job) return workload.job.parallelism;
    const double replicas = workload.workload.replicas;
    if (!workload.autoscale) return replicas;
    const double wanted = std::ceil(replicas * traffic_.share / workload.autoscale->utilisation);
    return std::max(replicas, std::min<double>(workload.autoscale->most, wanted));
  }

  /// Enough of one type, over three zones, for everything to fit when one of the three is lost.
  Result<void> assume_nodes() {
    SK_TRY(const InstanceType* const type, assumed_type());
    if (type == nullptr) return fail(ErrorCode::InvalidInput, "no Node is given, and the catalogue has none to assume");
    const Room room = room_on(*type);
    double cpu = 0;
    double memory = 0;
    double pods = 0;
    for (const ScenarioWorkload& workload : built_.scenario.workloads) {
      if (workload.kind == Kind::DaemonSet) continue;
      const Resources& each = workload.workload.blueprint.spec->requests;
      const double count = pods_of(workload);
      cpu += static_cast<double>(each.cpu.value) * count;
      memory += static_cast<double>(each.memory.value) * count;
      pods += count;
    }
    // Nodes never fill to the last bit: three quarters of what two of three zones have.
    const double least = std::max({cpu / std::max(room.cpu, 1.0), memory / std::max(room.memory, 1.0),
                                   pods / std::max(room.pods, 1.0)}) /
                         0.75;
    const auto per_zone = static_cast<std::int64_t>(std::clamp(std::ceil(least / 2), 2.0, 1000.0));
    for (const std::string_view zone : kAssumedZones) {
      for (std::int64_t i = 1; i <= per_zone; ++i) {
        NodeSpec spec;
        spec.name = fmt::format("{}-{}", zone.back(), i);
        spec.instance_type = type->name.str();
        spec.zone = zone;
        spec.allocatable = {.cpu = type->allocatable_cpu, .memory = type->allocatable_memory, .other = {}};
        spec.max_pods = type->max_pods;
        spec.price = static_cast<double>(type->spot_price().value_or(type->on_demand).micros) / 1e6;
        spec.on_demand_price = static_cast<double>(type->on_demand.micros) / 1e6;
        built_.scenario.nodes.push_back(std::move(spec));
      }
    }
    assume("No Node was given: {} Spot nodes of type {} over three zones, so that everything fits on two of them.",
           per_zone * 3, type->name.str());
    return {};
  }

  // ---- Traffic

  void add_load(const FoundService& service, const std::vector<ScenarioWorkload*>& behind, double replicas) {
    const auto balancer = load_balancer_of(cluster_, service, built_.assumptions);
    built_.scenario.services.push_back({service.name, service.selector, balancer});
    for (ScenarioWorkload* workload : behind) {
      Behaviour behaviour = *workload->workload.blueprint.behaviour;
      const double mean = replicas * behaviour.concurrency * traffic_.share / traffic_.rate;
      const double median = mean / std::exp(behaviour.service_sigma * behaviour.service_sigma / 2);
      behaviour.service_time = std::clamp<Duration>(duration_of_seconds(median), 1us, 2s);
      workload->workload.blueprint.behaviour = std::make_shared<const Behaviour>(behaviour);
    }
    Load load;
    load.service = service.name;
    load.rate = traffic_.rate;
    load.from_outside = balancer.has_value();
    load.connections = static_cast<std::uint32_t>(std::max(10.0, replicas * 4));
    built_.scenario.loads.push_back(load);
  }

  /// Those that clients outside ask come first: of two Services before one workload (a headless one, or a ClusterIP
  /// beside an NLB) the first has its traffic.
  [[nodiscard]] std::vector<const FoundService*> services_by_reach() const {
    std::vector<const FoundService*> services;
    std::vector<const FoundService*> inside;
    services.reserve(cluster_.services.size());
    inside.reserve(cluster_.services.size());
    for (const FoundService& service : cluster_.services) {
      std::vector<std::string> unsaid;
      (load_balancer_of(cluster_, service, unsaid) ? services : inside).push_back(&service);
    }
    services.insert(services.end(), inside.begin(), inside.end());
    return services;
  }

  void add_traffic() {
    std::map<ObjectName, ObjectName> asked_through;  // workloads, and the service that has their traffic
    for (const FoundService* service : services_by_reach()) {
      std::vector<ScenarioWorkload*> behind;
      double replicas = 0;
      for (ScenarioWorkload& workload : built_.scenario.workloads) {
        if (!has_clients(workload.kind) || workload.workload.name.ns != service->name.ns) continue;
        if (!selects(service->selector, *workload.workload.blueprint.labels)) continue;
        behind.push_back(&workload);
        replicas += workload.workload.replicas;
      }
      const auto free = std::find_if(behind.begin(), behind.end(), [&](const ScenarioWorkload* workload) {
        return !asked_through.contains(workload->workload.name);
      });
      if (behind.empty()) {
        assume("{}: nobody asks it, as no Deployment or StatefulSet that was given is behind it.", service->name.str());
      } else if (free == behind.end()) {
        assume("{}: nobody asks it, as its pods are asked through {}.", service->name.str(),
               asked_through.at(behind.front()->workload.name).str());
      } else if (replicas > 0) {
        add_load(*service, behind, replicas);
        for (const ScenarioWorkload* workload : behind) asked_through.emplace(workload->workload.name, service->name);
      }
    }
    assume(
        "Each service gets {} requests a second, half of them on kept connections, {:.0f} % of what its replicas can "
        "serve together.",
        traffic_.rate, traffic_.share * 100);
    assume(
        "A program goes on answering 5 s after SIGTERM; a proxy hears of a change after 400 ms in the median, 3 s in "
        "the 99th percentile, and one node's always after 10 s.");
    assume("Where pods stand now is not taken over: the scheduler places them anew.");
  }

  // ---- The storm

  void add_storm() {
    Scenario& scenario = built_.scenario;
    const bool any_spot = std::any_of(scenario.nodes.begin(), scenario.nodes.end(),
                                      [](const NodeSpec& node) { return node.capacity_type == "spot"; });
    std::map<std::string, std::vector<std::string>> by_zone;
    for (const NodeSpec& node : scenario.nodes) {
      if (!any_spot || node.capacity_type == "spot") by_zone[node.zone].push_back(node.name);
    }
    const auto largest = std::max_element(
        by_zone.begin(), by_zone.end(), [](const auto& a, const auto& b) { return a.second.size() < b.second.size(); });
    ScenarioEvent storm;
    storm.at = 30s;
    storm.nodes = largest->second;
    storm.deadline = 120s;
    scenario.description = fmt::format("a storm takes {} node{} of zone {} two minutes after the notice",
                                       largest->second.size(), largest->second.size() == 1 ? "" : "s", largest->first);
    if (!any_spot) assume("No node is known to be Spot: the storm takes every node of its zone.");
    scenario.events.push_back(std::move(storm));
  }

  const FoundCluster& cluster_;
  const TrafficAssumed& traffic_;
  const Catalog& catalog_;
  BuiltScenario built_;
};

}  // namespace

Result<BuiltScenario> build_scenario(const FoundCluster& cluster, const TrafficAssumed& traffic,
                                     const Catalog& catalog) {
  return Builder(cluster, traffic, catalog).build();
}

}  // namespace spotkeeper::sim
