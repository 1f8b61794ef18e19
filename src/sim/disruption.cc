#include "sim/disruption.h"

#include <algorithm>
#include <set>

namespace spotkeeper::sim {
namespace {

constexpr Duration kRememberEviction = 2min;
constexpr std::size_t kMostDisrupted = 2000;

Refusal refuse(int code, std::string reason, std::string message) {
  return {code, std::move(reason), std::move(message), {}, {}, {}};
}

/// Whether the controller's finders know how many pods an owner wants: Jobs and DaemonSets have no scale subresource.
bool has_scale(Kind kind) { return kind == Kind::Deployment || kind == Kind::StatefulSet; }

}  // namespace

std::vector<ObjectName> Disruption::covering(const Pod& pod) const {
  std::vector<ObjectName> found;
  const auto& all = world_.store.all(Kind::Budget);
  for (auto at = all.lower_bound({pod.name.ns, ""}); at != all.end() && at->first.ns == pod.name.ns; ++at) {
    if (std::get<BudgetObject>(*at->second).budget.covers(*pod.labels)) found.push_back(at->first);
  }
  return found;
}

bool Disruption::refuses(const Pod& pod) const {
  const auto names = covering(pod);
  return std::any_of(names.begin(), names.end(), [&](const ObjectName& name) {
    const auto* object = world_.store.get<BudgetObject>(name);
    return object->budget.disruptions_allowed <= 0 || object->budget.stale();
  });
}

void Disruption::pod_changed(const PodRun& run) {
  for (const ObjectName& name : covering(run.pod())) budget_changed(name);
}

void Disruption::budget_changed(const ObjectName& name) {
  const auto [place, added] = numbers_.try_emplace(name, static_cast<std::uint32_t>(budgets_.size()));
  if (added) budgets_.push_back({name});
  Numbered& budget = budgets_[place->second];
  if (budget.planned) return;
  budget.planned = true;
  world_.after(world_.around(world_.config.delays.controller), EventKind::SyncBudget, place->second);
}

void Disruption::handle(const Event& event) {
  (event.b == 0 ? budgets_[event.a].planned : budgets_[event.a].recheck_planned) = false;
  sync(budgets_[event.a].name);
}

Disruption::Covered Disruption::look_at(const DisruptionBudget& budget) const {
  Covered covered;
  std::set<WorkloadId> owners;
  for (auto at = world_.pods_by_name.lower_bound({budget.name.ns, ""});
       at != world_.pods_by_name.end() && at->first.ns == budget.name.ns; ++at) {
    const PodRun& run = world_.pods[at->second];
    if (!budget.covers(*run.pod().labels)) continue;
    ++covered.pods;
    if (run.workload != kNone && owners.insert(run.workload).second) {
      const WorkloadRun& owner = world_.workloads[run.workload];
      covered.scale += owner.replicas;
      covered.scale_known = covered.scale_known && has_scale(owner.kind);
    }
    if (run.pod().terminating()) continue;
    const auto accepted = budget.disrupted.find(at->first.name);
    if (accepted != budget.disrupted.end() && accepted->second + kRememberEviction > world_.now) {
      covered.disrupted.insert(*accepted);
      covered.recheck = std::min(covered.recheck.value_or(Instant::max()), accepted->second + kRememberEviction);
      continue;
    }
    if (run.pod().ready && !run.pod().completed()) ++covered.healthy;
  }
  return covered;
}

void Disruption::sync(const ObjectName& name) {
  const auto* object = world_.store.get<BudgetObject>(name);
  if (object == nullptr) return;
  BudgetObject edited = *object;
  DisruptionBudget& budget = edited.budget;
  Covered covered = look_at(budget);
  const bool by_scale = budget.max_unavailable || (budget.min_available && budget.min_available->percent);
  if (by_scale && !covered.scale_known) {  // SyncFailed: nothing is allowed, and the rest stays as it was
    if (budget.disruptions_allowed == 0) return;
    budget.disruptions_allowed = 0;
    world_.store.put(std::move(edited));
    return;
  }
  const std::int64_t expected = by_scale ? covered.scale : covered.pods;
  std::int64_t desired = 0;
  if (budget.max_unavailable) {
    desired = std::max<std::int64_t>(expected - budget.max_unavailable->of(expected), 0);
  } else if (budget.min_available) {
    desired = budget.min_available->of(expected);
  }
  const DisruptionBudget before = budget;
  budget.expected_pods = static_cast<std::int32_t>(expected);
  budget.desired_healthy = static_cast<std::int32_t>(desired);
  budget.current_healthy = covered.healthy;
  budget.disruptions_allowed =
      static_cast<std::int32_t>(expected > 0 ? std::max<std::int64_t>(covered.healthy - desired, 0) : 0);
  budget.disrupted = std::move(covered.disrupted);
  budget.observed_generation = budget.generation;
  if (covered.recheck) {
    const std::uint32_t number = numbers_.at(name);
    if (!budgets_[number].recheck_planned) world_.at(*covered.recheck, EventKind::SyncBudget, number, 1);
    budgets_[number].recheck_planned = true;
  }
  const bool same = before.expected_pods == budget.expected_pods && before.desired_healthy == budget.desired_healthy &&
                    before.current_healthy == budget.current_healthy &&
                    before.disruptions_allowed == budget.disruptions_allowed && before.disrupted == budget.disrupted &&
                    before.observed_generation == budget.observed_generation;
  if (!same) world_.store.put(std::move(edited));
}

Answer<void> Disruption::charge(const ObjectName& name, const Pod& pod, bool dry_run) {
  BudgetObject edited = *world_.store.get<BudgetObject>(name);
  DisruptionBudget& budget = edited.budget;
  if (budget.stale()) {
    Refusal stale = refuse(429, "TooManyRequests", "Cannot evict pod as it would violate the pod's disruption budget.");
    stale.cause = "DisruptionBudget";
    stale.cause_message = "The disruption budget " + name.name + " is still being processed by the server.";
    stale.retry_after = 10s;
    return tl::unexpected(std::move(stale));
  }
  if (budget.disruptions_allowed < 0) {
    return tl::unexpected(refuse(403, "Forbidden", "pdb disruptions allowed is negative"));
  }
  if (budget.disrupted.size() > kMostDisrupted) {
    return tl::unexpected(refuse(403, "Forbidden", "DisruptedPods map too big - too many evictions not confirmed"));
  }
  if (budget.disruptions_allowed == 0) {
    Refusal refused =
        refuse(429, "TooManyRequests", "Cannot evict pod as it would violate the pod's disruption budget.");
    refused.cause = "DisruptionBudget";
    refused.cause_message = "The disruption budget " + name.name + " needs " + std::to_string(budget.desired_healthy) +
                            " healthy pods and has " + std::to_string(budget.current_healthy) + " currently";
    return tl::unexpected(std::move(refused));
  }
  if (dry_run) return {};
  --budget.disruptions_allowed;
  budget.disrupted[pod.name.name] = world_.now;
  world_.store.put(std::move(edited));
  budget_changed(name);
  return {};
}

Answer<void> Disruption::evict(const EvictCall& call) {
  const PodId id = world_.id_of(call.pod);
  if (id == kNone) {
    return tl::unexpected(refuse(404, "NotFound", "pods \"" + call.pod.name + "\" not found"));
  }
  const Pod& pod = world_.pods[id].pod();
  // A pod that has ended, has not begun, or is ending already costs the application nothing: no budget is asked.
  const bool free = pod.completed() || pod.phase == PodPhase::Pending || pod.terminating();
  if (!free) {
    const auto budgets = covering(pod);
    if (budgets.size() > 1) {
      return tl::unexpected(refuse(500, "",
                                   "This pod has more than one PodDisruptionBudget, which the eviction subresource "
                                   "does not support."));
    }
    if (!budgets.empty()) {
      const DisruptionBudget& budget = world_.store.get<BudgetObject>(budgets[0])->budget;
      const bool always = budget.unhealthy == UnhealthyPodEviction::AlwaysAllow;
      const bool enough = budget.unhealthy == UnhealthyPodEviction::IfHealthyBudget && budget.desired_healthy > 0 &&
                          budget.current_healthy >= budget.desired_healthy;
      if (pod.ready || !(always || enough)) {
        const auto charged = charge(budgets[0], pod, call.dry_run);
        if (!charged) return charged;
      }
    }
  }
  const std::string resource = "Operation cannot be fulfilled on pods \"" + call.pod.name + "\": ";
  if (call.uid && *call.uid != pod.uid) {
    return tl::unexpected(refuse(409, "Conflict",
                                 resource + "the UID in the precondition (" + call.uid->str() +
                                     ") does not match the UID in record (" + pod.uid.str() +
                                     "). The object might have been deleted and then recreated"));
  }
  if (call.version && *call.version != pod.version) {
    return tl::unexpected(refuse(409, "Conflict", resource + "the ResourceVersion in the precondition does not match"));
  }
  if (call.dry_run) return {};
  PodRun& run = world_.pods[id];
  if (!free) run.object.disruption_target = true;
  if (world_.measuring) ++(run.wanted_gone ? world_.counts.repeated : world_.counts.evicted);
  run.wanted_gone = true;
  world_.begin_deletion(id, call.grace ? GracePeriod(*call.grace) : pod.spec->grace);
  return {};
}

}  // namespace spotkeeper::sim
