// What the controllers that look at many pods should have written, worked out anew from what the API server shows.
#include <algorithm>
#include <set>

#include "sim/invariants/watcher.h"

namespace spotkeeper::sim {
namespace {

constexpr Duration kRemembered = 2min;  // an accepted eviction that the controller has not seen the end of

/// Calls `look` with every pod of that namespace.
template <class F>
void each_pod(const Store& store, const NamespaceName& ns, F&& look) {
  const auto& all = store.all(Kind::Pod);
  for (auto at = all.lower_bound({ns, ""}); at != all.end() && at->first.ns == ns; ++at) {
    look(std::get<PodObject>(*at->second));
  }
}

std::vector<const DisruptionBudget*> covering(const Store& store, const Pod& pod) {
  std::vector<const DisruptionBudget*> found;
  for (const auto& [name, object] : store.all(Kind::Budget)) {
    const DisruptionBudget& budget = std::get<BudgetObject>(*object).budget;
    if (name.ns == pod.name.ns && budget.covers(*pod.labels)) found.push_back(&budget);
  }
  return found;
}

/// None: the kind has no scale subresource.
std::optional<std::int32_t> scale_of(const Store& store, const WorkloadRef& owner) {
  const ObjectName name{owner.ns, owner.name};
  const auto replicas = [](const WorkloadObject* object) { return object == nullptr ? 0 : object->replicas; };
  if (owner.kind == "Deployment") return replicas(store.get<DeploymentObject>(name));
  if (owner.kind == "StatefulSet") return replicas(store.get<StatefulSetObject>(name));
  return std::nullopt;
}

std::string figures(const DisruptionBudget& budget) {
  return std::to_string(budget.disruptions_allowed) + " allowed, " + std::to_string(budget.current_healthy) +
         " healthy of " + std::to_string(budget.expected_pods) + ", " + std::to_string(budget.desired_healthy) +
         " wanted, " + std::to_string(budget.disrupted.size()) + " evicted";
}

/// The pod to which `budget` was charged since `before`.
std::vector<std::string> newly_disrupted(const DisruptionBudget& before, const DisruptionBudget& budget) {
  std::vector<std::string> found;
  for (const auto& [pod, when] : budget.disrupted) {
    const auto known = before.disrupted.find(pod);
    if (known == before.disrupted.end() || known->second != when) found.push_back(pod);
  }
  return found;
}

}  // namespace

void Invariants::Watcher::budget_changed(const Change& change) {
  if (change.type != ChangeType::Modified) return;
  const DisruptionBudget& before = std::get<BudgetObject>(*change.before).budget;
  const DisruptionBudget& budget = std::get<BudgetObject>(*change.object).budget;
  if (budget.generation != before.generation) return;  // somebody changed what it asks for; its status follows
  const auto pods = newly_disrupted(before, budget);
  if (pods.size() > 1) broken(Rule::Budgets, "budget " + budget.name.str() + " was charged to several pods at once");
  if (pods.size() == 1) return charged(before, budget, pods.front());
  recomputed(before, budget);
}

void Invariants::Watcher::charged(const DisruptionBudget& before, const DisruptionBudget& budget,
                                  const std::string& name) {
  const std::string what = "budget " + budget.name.str() + " was charged for " + name;
  const auto* pod = world_.store.get<PodObject>({budget.name.ns, name});
  if (pod == nullptr) return broken(Rule::Gone, what + ", which is gone");
  if (before.stale()) broken(Rule::Budgets, what + " when its status was stale");
  if (budget.disruptions_allowed != before.disruptions_allowed - 1 || budget.disruptions_allowed < 0) {
    broken(Rule::Budgets, what + " and went from " + figures(before) + " to " + figures(budget));
  }
  if (!budget.covers(*pod->pod.labels)) broken(Rule::Budgets, what + ", which it does not cover");
  if (pod->pod.terminating()) broken(Rule::Budgets, what + ", which was ending already");
  charge_ = {pod->pod.uid, budget.name};
}

void Invariants::Watcher::recomputed(const DisruptionBudget& before, const DisruptionBudget& budget) {
  DisruptionBudget should = before;
  should.disrupted.clear();
  std::int64_t pods = 0;
  std::int64_t scale = 0;
  std::int32_t healthy = 0;
  bool known = true;
  std::set<WorkloadRef> owners;
  each_pod(world_.store, budget.name.ns, [&](const PodObject& object) {
    const Pod& pod = object.pod;
    if (!budget.covers(*pod.labels)) return;
    ++pods;
    if (pod.owner != nullptr && owners.insert(*pod.owner).second) {
      const auto wanted = scale_of(world_.store, *pod.owner);
      known = known && wanted.has_value();
      scale += wanted.value_or(0);
    }
    if (pod.terminating()) return;
    const auto evicted = before.disrupted.find(pod.name.name);
    if (evicted != before.disrupted.end() && world_.now < evicted->second + kRemembered) {
      should.disrupted.insert(*evicted);
    } else if (pod.serving()) {
      ++healthy;
    }
  });
  const bool by_pods = !budget.max_unavailable && (!budget.min_available || !budget.min_available->percent);
  if (!by_pods && !known) {  // the controller could not work it out, and allows nothing
    should = before;
    should.disruptions_allowed = 0;
    return compare(budget, should);
  }
  const std::int64_t expected = by_pods ? pods : scale;
  const std::int64_t wanted = budget.max_unavailable ? expected - budget.max_unavailable->of(expected)
                              : budget.min_available ? budget.min_available->of(expected)
                                                     : 0;
  should.expected_pods = static_cast<std::int32_t>(expected);
  should.desired_healthy = static_cast<std::int32_t>(std::max<std::int64_t>(wanted, 0));
  should.current_healthy = healthy;
  should.disruptions_allowed = expected <= 0 ? 0 : std::max(healthy - should.desired_healthy, 0);
  compare(budget, should);
}

void Invariants::Watcher::compare(const DisruptionBudget& budget, const DisruptionBudget& should) {
  const bool same = should.expected_pods == budget.expected_pods && should.desired_healthy == budget.desired_healthy &&
                    should.current_healthy == budget.current_healthy && should.disrupted == budget.disrupted &&
                    should.disruptions_allowed == budget.disruptions_allowed;
  if (same) return;
  broken(Rule::Budgets,
         "budget " + budget.name.str() + " says " + figures(budget) + ", and should say " + figures(should));
}

void Invariants::Watcher::evicted(const PodObject& before) {
  const Pod& pod = before.pod;
  if (pod.phase == PodPhase::Pending || pod.completed()) return;  // costs the application nothing
  const auto budgets = covering(world_.store, pod);
  if (budgets.empty()) return;
  if (budgets.size() > 1) {
    return broken(Rule::Budgets,
                  name_of(before) + " was evicted, and " + std::to_string(budgets.size()) + " budgets cover it");
  }
  const DisruptionBudget& budget = *budgets.front();
  const bool paid = charge_ && charge_->first == pod.uid && charge_->second == budget.name;
  const bool enough = budget.unhealthy == UnhealthyPodEviction::IfHealthyBudget && budget.desired_healthy > 0 &&
                      budget.current_healthy >= budget.desired_healthy;
  const bool free = !pod.ready && (enough || budget.unhealthy == UnhealthyPodEviction::AlwaysAllow);
  if (!paid && !free) {
    broken(Rule::Budgets, name_of(before) + " was evicted, and not charged to " + budget.name.str());
  }
}

void Invariants::Watcher::slice_changed(const EndpointSliceObject& slice) {
  const NamespaceName& ns = slice.meta.name.ns;
  const std::string what = "the slice of service " + ns.str() + "/" + slice.service;
  const auto* service = world_.store.get<ServiceObject>({ns, slice.service});
  if (service == nullptr) return broken(Rule::Endpoints, what + " has no service");
  auto next = slice.endpoints.begin();
  const auto last = slice.endpoints.end();
  each_pod(world_.store, ns, [&](const PodObject& object) {
    const Pod& pod = object.pod;
    const bool selected = !service->selector.empty() && std::ranges::all_of(service->selector, [&](const auto& each) {
      const std::string* value = pod.labels->find(each.first);
      return value != nullptr && *value == each.second;
    });
    if (!selected || pod.node.empty() || object.ip.empty() || pod.completed() || !pod.started) return;
    if (next == last || next->pod != pod.name) return broken(Rule::Endpoints, what + " lacks " + name_of(object));
    const bool same = next->pod_uid == pod.uid && next->address == object.ip && next->node == pod.node &&
                      next->ready == (pod.ready && !pod.terminating()) && next->serving == pod.ready &&
                      next->terminating == pod.terminating();
    if (!same) broken(Rule::Endpoints, what + " shows " + name_of(object) + " as it is not");
    ++next;
  });
  if (next != last) broken(Rule::Endpoints, what + " has " + next->pod.str() + ", which it should not");
}

}  // namespace spotkeeper::sim
