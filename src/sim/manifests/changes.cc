#include "sim/manifests/changes.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>
#include <utility>

#include "sim/run.h"

namespace spotkeeper::sim {
namespace {

constexpr std::size_t kSeeds = 3;  // what one draw of the dice does is not an effect
constexpr std::chrono::seconds kGoodPreStop{15};
constexpr std::chrono::seconds kMore{30};
constexpr std::string_view kZone = "topology.kubernetes.io/zone";

bool has_clients(Kind kind) { return kind == Kind::Deployment || kind == Kind::StatefulSet; }

/// Requests lost, by the workload whose pods lost them; one that was lost for want of an endpoint is everybody's.
std::vector<ObjectName> losers(const Scenario& scenario, const Report& report) {
  std::map<ObjectName, std::uint64_t> lost;
  for (const auto& [pod, count] : report.traffic.lost_by_pod) {
    const ScenarioWorkload* owner = nullptr;
    for (const ScenarioWorkload& workload : scenario.workloads) {
      if (!has_clients(workload.kind)) continue;
      const bool its_own = pod.empty() || pod.starts_with(workload.workload.name.str() + "-");
      // "web-api-7d…" begins with "web-", too: the longest name is the owner's.
      if (!its_own) continue;
      if (pod.empty()) {
        lost[workload.workload.name] += count;
      } else if (owner == nullptr || owner->workload.name.name.size() < workload.workload.name.name.size()) {
        owner = &workload;
      }
    }
    if (owner != nullptr) lost[owner->workload.name] += count;
  }
  std::vector<ObjectName> names;
  names.reserve(lost.size());
  for (const auto& [name, count] : lost) names.push_back(name);
  std::sort(names.begin(), names.end(), [&](const ObjectName& a, const ObjectName& b) {
    return lost.at(a) != lost.at(b) ? lost.at(a) > lost.at(b) : a < b;
  });
  return names;
}

/// Makes the changes of one workload.
class Changer {
 public:
  Changer(const Scenario& scenario, std::size_t place, std::vector<PossibleChange>& into)
      : scenario_(scenario), place_(place), into_(into) {}

  void all() {
    pre_stop();
    grace();
    budget();
    replica();
    spread();
    readiness();
  }

 private:
  [[nodiscard]] const NewWorkload& now() const { return scenario_.workloads[place_].workload; }

  void add(std::string what, const std::function<void(Scenario&, NewWorkload&)>& change) {
    PossibleChange made{now().name, std::move(what), scenario_};
    change(made.changed, made.changed.workloads[place_].workload);
    into_.push_back(std::move(made));
  }
  static void edit(NewWorkload& workload, const std::function<void(PodTemplate&)>& change) {
    PodTemplate spec = *workload.blueprint.spec;
    change(spec);
    workload.blueprint.spec = std::make_shared<const PodTemplate>(std::move(spec));
  }

  void pre_stop() {
    const auto& present = now().blueprint.spec->pre_stop;
    if (present && !present->sleep) return;  // a hook of their own: what it does is not ours to replace
    const std::chrono::seconds before = present ? *present->sleep : std::chrono::seconds{};
    const std::chrono::seconds after = before < kGoodPreStop ? kGoodPreStop : before + std::chrono::seconds{10};
    const std::chrono::seconds grace = now().blueprint.spec->grace.length();
    const std::chrono::seconds needed = std::max(grace, after + (grace - std::min(grace, before)));
    std::string what = fmt::format("preStop sleep {} → {}", format_duration(before), format_duration(after));
    if (needed > grace) what += fmt::format(" (and grace {} → {})", format_duration(grace), format_duration(needed));
    add(std::move(what), [&](Scenario&, NewWorkload& workload) {
      edit(workload, [&](PodTemplate& spec) {
        spec.pre_stop = PreStop{after};
        spec.grace = GracePeriod(needed);
      });
    });
  }

  void grace() {
    const std::chrono::seconds before = now().blueprint.spec->grace.length();
    add(fmt::format("terminationGracePeriodSeconds {} → {}", before.count(), (before + kMore).count()),
        [&](Scenario&, NewWorkload& workload) {
          edit(workload, [&](PodTemplate& spec) { spec.grace = GracePeriod(before + kMore); });
        });
  }

  void budget() {
    const auto& labels = *now().blueprint.labels;
    const auto& budgets = scenario_.budgets;
    const auto found = std::find_if(budgets.begin(), budgets.end(), [&](const ScenarioBudget& each) {
      return each.budget.name.ns == now().name.ns && each.budget.covers(labels);
    });
    if (found == budgets.end()) {
      add("a budget: maxUnavailable 25%", [&](Scenario& scenario, NewWorkload& workload) {
        DisruptionBudget added;
        added.name = {workload.name.ns, workload.name.name + "-spotkeeper"};
        added.selector = workload.selector;
        added.max_unavailable = CountOrPercent{25, true};
        scenario.budgets.push_back({std::move(added)});
      });
      return;
    }
    const std::int64_t replicas = now().replicas;
    const std::int64_t allowed = found->budget.max_unavailable ? found->budget.max_unavailable->of(replicas)
                                 : found->budget.min_available ? replicas - found->budget.min_available->of(replicas)
                                                               : 0;
    const std::int64_t more = std::max<std::int64_t>(1, 2 * allowed);
    if (more >= replicas || more == allowed) return;
    const auto at = static_cast<std::size_t>(found - budgets.begin());
    add(fmt::format("budget {}: {} instead of {} may be missing", found->budget.name.name, more,
                    std::max<std::int64_t>(allowed, 0)),
        [&](Scenario& scenario, NewWorkload&) {
          DisruptionBudget& looser = scenario.budgets[at].budget;
          looser.min_available.reset();
          looser.max_unavailable = CountOrPercent{static_cast<std::int32_t>(more), false};
        });
  }

  void replica() {
    const auto& scaler = scenario_.workloads[place_].autoscale;
    const std::int32_t after = now().replicas + 1;
    if (scaler && after > scaler->most) return;
    add(fmt::format("{} {} → {}", scaler ? "minReplicas" : "replicas", scaler ? scaler->least : after - 1, after),
        [&](Scenario& scenario, NewWorkload& workload) {
          workload.replicas = after;
          if (auto& changed = scenario.workloads[place_].autoscale) changed->least = after;
        });
  }

  void spread() {
    const auto& present = now().blueprint.spec->spread;
    const bool is_spread = std::any_of(present.begin(), present.end(), [](const TopologySpread& each) {
      return each.hard && each.topology_key == kZone;
    });
    if (is_spread || now().replicas < 2) return;
    add("required spread over zones (maxSkew 1, DoNotSchedule)", [](Scenario&, NewWorkload& workload) {
      edit(workload, [&](PodTemplate& spec) {
        TopologySpread over;
        over.topology_key = kZone;
        over.selector = workload.selector;
        spec.spread.push_back(std::move(over));
      });
    });
  }

  void readiness() {
    const Duration before = now().blueprint.behaviour->ready_after;
    if (before < 2s) return;
    const Duration after = std::chrono::round<std::chrono::seconds>(before / 2);
    add(fmt::format("listening {} after the container runs, instead of {}", format_duration(after),
                    format_duration(before)),
        [&](Scenario&, NewWorkload& workload) {
          Behaviour behaviour = *workload.blueprint.behaviour;
          behaviour.ready_after = after;
          workload.blueprint.behaviour = std::make_shared<const Behaviour>(behaviour);
        });
  }

  const Scenario& scenario_;
  std::size_t place_;
  std::vector<PossibleChange>& into_;
};

Result<std::uint64_t> lost_in(const Scenario& scenario, Policy policy, std::uint64_t seed) {
  RunOptions options;
  options.policy = policy;
  options.seed = seed;
  SK_TRY(const auto report, run(scenario, options));
  return report.traffic.lost();
}

}  // namespace

std::vector<PossibleChange> possible_changes(const Scenario& scenario, const Report& report,
                                             std::size_t most_workloads) {
  std::vector<PossibleChange> changes;
  std::vector<ObjectName> names = losers(scenario, report);
  if (names.size() > most_workloads) names.resize(most_workloads);
  for (const ObjectName& name : names) {
    for (std::size_t i = 0; i < scenario.workloads.size(); ++i) {
      const ScenarioWorkload& workload = scenario.workloads[i];
      if (has_clients(workload.kind) && workload.workload.name == name) Changer(scenario, i, changes).all();
    }
  }
  return changes;
}

Result<ChangeReport> try_changes(const Scenario& scenario, const Report& report,
                                 const std::function<void(double share)>& progress) {
  ChangeReport tried;
  tried.policy = report.policy;
  for (std::size_t i = 0; i < kSeeds; ++i) tried.seeds.push_back(report.seed + i);
  tried.lost = report.traffic.lost();
  for (std::size_t i = 1; i < kSeeds; ++i) {
    SK_TRY(const auto lost, lost_in(scenario, report.policy, tried.seeds[i]));
    tried.lost += lost;
  }
  const std::vector<PossibleChange> changes = possible_changes(scenario, report);
  for (std::size_t i = 0; i < changes.size(); ++i) {
    if (progress) progress(static_cast<double>(i) / static_cast<double>(changes.size()));
    TriedChange one{changes[i].workload, changes[i].what, 0};
    bool has_room = true;
    for (const std::uint64_t seed : tried.seeds) {
      const auto lost = lost_in(changes[i].changed, report.policy, seed);
      has_room = has_room && lost.has_value();
      one.lost += lost.value_or(0);
    }
    if (!has_room) continue;
    // The best first; of those that lose as much, the one that was tried first.
    const auto behind =
        std::upper_bound(tried.tried.begin(), tried.tried.end(), one.lost,
                         [](std::uint64_t lost, const TriedChange& other) { return lost < other.lost; });
    tried.tried.insert(behind, std::move(one));
  }
  return tried;
}

format::JsonValue to_json(const ChangeReport& report) {
  format::JsonArray seeds;
  for (const std::uint64_t seed : report.seeds) seeds.push_back(seed);
  format::JsonArray tried;
  for (const TriedChange& one : report.tried) {
    tried.push_back(format::JsonObject{{"workload", one.workload.str()}, {"change", one.what}, {"lost", one.lost}});
  }
  return format::JsonObject{{"policy", name_of(report.policy)},
                            {"seeds", std::move(seeds)},
                            {"lost", report.lost},
                            {"tried", std::move(tried)}};
}

}  // namespace spotkeeper::sim
