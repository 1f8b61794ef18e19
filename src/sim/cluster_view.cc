#include "sim/cluster_view.h"

#include <algorithm>
#include <utility>

namespace spotkeeper::sim {
namespace {

constexpr Duration kListAgain = 1s;       // after a watch broke or a list was refused
constexpr Duration kHiddenPodComes = 3s;  // what a partial list lacked

}  // namespace

SimView::SimView(net::Runtime& runtime, World& world, NodeName node, Scope scope)
    : runtime_(runtime), world_(world), node_(std::move(node)), scope_(scope), changed_(runtime) {
  subscription_ = world_.store().subscribe([this](const Change& change) { hear(change); });
  list_soon(world_.faults().latency());
}

void SimView::list_soon(Duration delay) {
  watching_ = false;
  pending_.clear();
  delivery_.reset();
  late_.clear();
  hidden_ = 0;
  listing_ = net::ScopedCall(runtime_, runtime_.call_at(runtime_.steady() + delay, [this] { list(); }));
}

void SimView::list() {
  if (world_.faults().fate(world_.now(), false) != ApiFate::Answered) return list_soon(kListAgain);
  snapshot_ = Snapshot();
  namespaces_.clear();
  watching_ = true;
  last_at_ = runtime_.steady();
  if (scope_ == Scope::NodeAlone) {
    if (const auto* node = world_.store().get<NodeObject>({{}, node_.str()}); node != nullptr) {
      snapshot_.put(node->node);
    }
  } else {
    for (const auto& [name, object] : world_.store().all(Kind::Node)) snapshot_.put(std::get<NodeObject>(*object).node);
    for (const auto& [name, object] : world_.store().all(Kind::Pod)) {
      if (std::get<PodObject>(*object).pod.node == node_) load_namespace(name.ns);
    }
  }
  synced_ = true;
  changed_.notify();
}

void SimView::load_namespace(const NamespaceName& ns) {
  if (!namespaces_.insert(ns).second) return;
  const auto& pods = world_.store().all(Kind::Pod);
  for (auto at = pods.lower_bound({ns, ""}); at != pods.end() && at->first.ns == ns; ++at) {
    if (!world_.faults().hides_pod(world_.now())) {
      put_pod(std::get<PodObject>(*at->second));
      continue;
    }
    ++hidden_;
    late_.emplace_back(runtime_, runtime_.call_at(runtime_.steady() + kHiddenPodComes, [this, name = at->first] {
      --hidden_;
      if (const auto* pod = world_.store().get<PodObject>(name); pod != nullptr) put_pod(*pod);
      changed_.notify();
    }));
  }
  const auto& budgets = world_.store().all(Kind::Budget);
  for (auto at = budgets.lower_bound({ns, ""}); at != budgets.end() && at->first.ns == ns; ++at) {
    put_budget(std::get<BudgetObject>(*at->second));
  }
}

void SimView::hear(const Change& change) {
  if (!watching_) return;
  const Kind kind = kind_of(*change.object);
  if (kind != Kind::Node && (scope_ == Scope::NodeAlone || (kind != Kind::Pod && kind != Kind::Budget))) return;
  if (scope_ == Scope::NodeAlone && key_of(*change.object).name != node_.str()) return;
  if (world_.faults().watch_breaks(world_.now())) {
    return list_soon(kListAgain + world_.faults().latency());
  }
  last_at_ = std::max(last_at_, runtime_.steady() + world_.faults().watch_lag());
  pending_.push_back({last_at_, change.type, change.object});
  if (pending_.size() == 1) plan_delivery();
}

void SimView::plan_delivery() {
  delivery_ = net::ScopedCall(runtime_, runtime_.call_at(pending_.front().at, [this] { deliver(); }));
}

void SimView::deliver() {
  bool concerns_us = false;
  while (!pending_.empty() && pending_.front().at <= runtime_.steady()) {
    const Heard heard = std::move(pending_.front());
    pending_.pop_front();
    if (!shows(*heard.object)) continue;
    concerns_us = true;
    apply(heard.type, *heard.object);
  }
  if (!pending_.empty()) plan_delivery();
  if (concerns_us) changed_.notify();
}

bool SimView::shows(const Object& object) const {
  if (const auto* pod = std::get_if<PodObject>(&object); pod != nullptr) {
    return pod->pod.node == node_ || namespaces_.contains(pod->pod.name.ns);
  }
  return kind_of(object) == Kind::Node || namespaces_.contains(key_of(object).ns);
}

void SimView::apply(ChangeType type, const Object& object) {
  const bool deleted = type == ChangeType::Deleted;
  if (const auto* node = std::get_if<NodeObject>(&object); node != nullptr) {
    if (deleted) return snapshot_.remove_node(node->node.name);
    return snapshot_.put(node->node);
  }
  if (const auto* pod = std::get_if<PodObject>(&object); pod != nullptr) {
    if (pod->pod.node == node_) load_namespace(pod->pod.name.ns);
    if (!deleted) return put_pod(*pod);
    assumed_.erase(pod->pod.uid);
    return snapshot_.remove_pod(pod->pod.ref());
  }
  const auto& budget = std::get<BudgetObject>(object);
  if (deleted) return snapshot_.remove_budget(budget.budget.name);
  put_budget(budget);
}

void SimView::put_pod(const PodObject& object) {
  Pod pod = object.pod;
  if (const auto found = assumed_.find(pod.uid); found != assumed_.end()) {
    if (pod.terminating()) {
      found->second.shown = true;
      if (found->second.budgets.empty()) assumed_.erase(found);
    } else {
      pod.deletion = found->second.deletion;
    }
  }
  snapshot_.put(std::move(pod));
}

void SimView::put_budget(const BudgetObject& object) {
  DisruptionBudget budget = object.budget;
  for (auto at = assumed_.begin(); at != assumed_.end();) {
    Assumed& assumed = at->second;
    const auto charged = std::find(assumed.budgets.begin(), assumed.budgets.end(), budget.name);
    if (charged != assumed.budgets.end()) {
      if (assumed.shown || budget.disrupted.contains(assumed.pod.name.name)) {
        assumed.budgets.erase(charged);
      } else {
        budget.disruptions_allowed = std::max(budget.disruptions_allowed - 1, 0);
      }
    }
    at = assumed.shown && assumed.budgets.empty() ? assumed_.erase(at) : std::next(at);
  }
  snapshot_.put(std::move(budget));
}

void SimView::assume_ending(const PodRef& ref, Instant deletion, bool budgets_asked) {
  const Pod* present = snapshot_.find_pod(ref.uid);
  if (present == nullptr || present->terminating()) return;
  Pod pod = *present;
  Assumed assumed{ref, deletion, {}, false};
  if (budgets_asked) {
    for (const DisruptionBudget* budget : snapshot_.budgets_of(pod)) {
      if (!budget->disrupted.contains(ref.name.name)) assumed.budgets.push_back(budget->name);
    }
  }
  pod.deletion = deletion;
  snapshot_.put(std::move(pod));
  for (const ObjectName& name : assumed.budgets) {
    DisruptionBudget budget = *snapshot_.find_budget(name);
    budget.disruptions_allowed = std::max(budget.disruptions_allowed - 1, 0);
    snapshot_.put(std::move(budget));
  }
  assumed_[ref.uid] = std::move(assumed);
  changed_.notify();
}

}  // namespace spotkeeper::sim
