#include "kube/store.h"

#include <algorithm>
#include <utility>

namespace spotkeeper::kube {
namespace {

bool is_number(const std::string& version) {
  return !version.empty() && version.front() != '0' && version.find_first_not_of("0123456789") == std::string::npos;
}

/// The end of a pod that had not begun to end, or one that comes sooner than before.
bool shows_the_end(const Pod& seen, const Pod& before) {
  return seen.deletion && (!before.deletion || *seen.deletion < *before.deletion);
}

/// A budget is asked only about pods that run (eviction.go), and counts only those that are ready. That it ends may be
/// the very eviction: the watch can be faster than its answer.
bool counts_for_budgets(const Pod& pod) { return pod.phase == PodPhase::Running && pod.ready; }

}  // namespace

std::optional<std::strong_ordering> compare_versions(const ResourceVersion& a, const ResourceVersion& b) {
  if (a == b) return std::strong_ordering::equal;
  if (!is_number(a.str()) || !is_number(b.str())) return std::nullopt;
  if (a.str().size() != b.str().size()) return a.str().size() <=> b.str().size();
  return a.str() <=> b.str();
}

ClusterStore::ClusterStore(std::function<void()> on_change) : on_change_(std::move(on_change)) {}
ClusterStore::~ClusterStore() = default;

void ClusterStore::changed() {
  if (on_change_) on_change_();
}

void ClusterStore::put(Pod pod) {
  const Pod* held = snapshot_.find_pod(pod.name);
  if (held != nullptr && held->uid != pod.uid) ended(Uid(held->uid));
  const auto at = assumed_.find(pod.uid);
  if (at == assumed_.end() || !at->second.pod_awaited) return snapshot_.put(std::move(pod));

  Assumption& assumption = at->second;
  if (shows_the_end(pod, assumption.truth)) {
    snapshot_.put(std::move(pod));
    assumption.pod_awaited = false;
    if (assumption.settled()) assumed_.erase(at);
  } else {
    assumption.truth = std::move(pod);
    show(assumption);
  }
}

void ClusterStore::remove(const PodRef& pod) {
  snapshot_.remove_pod(pod);
  ended(pod.uid);
}

void ClusterStore::ended(const Uid& pod) {
  const auto at = assumed_.find(pod);
  if (at == assumed_.end()) return;
  at->second.pod_awaited = false;
  if (at->second.settled()) assumed_.erase(at);
}

void ClusterStore::put(DisruptionBudget budget) {
  bool awaited = false;
  for (auto at = assumed_.begin(); at != assumed_.end();) {
    Assumption& assumption = at->second;
    if (budget.disrupted.contains(assumption.truth.name.name)) std::erase(assumption.budgets, budget.name);
    awaited = awaited || std::ranges::find(assumption.budgets, budget.name) != assumption.budgets.end();
    at = assumption.settled() ? assumed_.erase(at) : std::next(at);
  }
  if (awaited) {
    show_budget(budget_truth_[budget.name] = std::move(budget));
  } else {
    budget_truth_.erase(budget.name);
    snapshot_.put(std::move(budget));
  }
}

void ClusterStore::remove(const ObjectName& budget) {
  for (auto at = assumed_.begin(); at != assumed_.end();) {
    std::erase(at->second.budgets, budget);
    at = at->second.settled() ? assumed_.erase(at) : std::next(at);
  }
  budget_truth_.erase(budget);
  snapshot_.remove_budget(budget);
}

void ClusterStore::show(const Assumption& assumption) {
  Pod shown = assumption.truth;
  shown.deletion = shown.deletion ? std::min(*shown.deletion, assumption.deletion) : assumption.deletion;
  snapshot_.put(std::move(shown));
}

void ClusterStore::show_budget(const DisruptionBudget& truth) {
  DisruptionBudget shown = truth;
  for (const auto& [uid, assumption] : assumed_) {
    if (std::ranges::find(assumption.budgets, truth.name) == assumption.budgets.end()) continue;
    // What the API server does itself when it lets an eviction pass.
    if (shown.disruptions_allowed > 0) --shown.disruptions_allowed;
    shown.disrupted.emplace(assumption.truth.name.name, assumption.deletion);
  }
  snapshot_.put(std::move(shown));
}

void ClusterStore::learn(Node node) {
  const Node* held = snapshot_.find_node(node.name);
  if (held != nullptr && held->uid == node.uid) {
    const auto order = compare_versions(node.version, held->version);
    if (order && *order <= 0) return;
  }
  snapshot_.put(std::move(node));
  changed();
}

void ClusterStore::learn(std::vector<AdmissionBackend> backends) {
  snapshot_.put(std::move(backends));
  changed();
}

void ClusterStore::assume_ending(const PodRef& pod, Instant deletion, bool budgets_asked, Steady now) {
  const Pod* held = snapshot_.find_pod(pod.uid);
  if (held == nullptr) return;
  auto [at, fresh] = assumed_.try_emplace(pod.uid);
  Assumption& assumption = at->second;
  if (fresh || !assumption.pod_awaited) assumption.truth = *held;
  assumption.deletion = fresh ? deletion : std::min(assumption.deletion, deletion);
  assumption.until = now + kAssumedFor;
  assumption.pod_awaited = true;
  if (fresh && budgets_asked && counts_for_budgets(assumption.truth)) {
    for (const DisruptionBudget* budget : snapshot_.budgets_of(assumption.truth)) {
      if (budget->disrupted.contains(pod.name.name)) continue;  // its status shows it already
      assumption.budgets.push_back(budget->name);
      budget_truth_.try_emplace(budget->name, *budget);
    }
  }
  show(assumption);
  for (const ObjectName& budget : assumption.budgets) show_budget(budget_truth_.at(budget));
  changed();
}

std::optional<Steady> ClusterStore::expire(Steady now) {
  std::optional<Steady> next;
  bool any = false;
  for (auto at = assumed_.begin(); at != assumed_.end();) {
    if (at->second.until > now) {
      next = next ? std::min(*next, at->second.until) : at->second.until;
      ++at;
      continue;
    }
    any = true;
    const Assumption dropped = std::move(at->second);
    at = assumed_.erase(at);
    if (dropped.pod_awaited && snapshot_.find_pod(dropped.truth.uid) != nullptr) snapshot_.put(dropped.truth);
    release_budgets(dropped.budgets);
  }
  if (any) changed();
  return next;
}

void ClusterStore::release_budgets(const std::vector<ObjectName>& budgets) {
  for (const ObjectName& name : budgets) {
    const auto at = budget_truth_.find(name);
    if (at == budget_truth_.end()) continue;
    show_budget(at->second);
    const bool awaited = std::ranges::any_of(assumed_, [&](const auto& each) {
      return std::ranges::find(each.second.budgets, name) != each.second.budgets.end();
    });
    if (!awaited) budget_truth_.erase(at);
  }
}

}  // namespace spotkeeper::kube
