#include "model/snapshot.h"

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <functional>
#include <set>
#include <string_view>
#include <utility>

#include <boost/unordered/unordered_flat_map.hpp>

#include "model/intern.h"

namespace spotkeeper {
namespace {

class HashOf {
 public:
  HashOf& operator<<(std::string_view text) { return mix(std::hash<std::string_view>{}(text)); }
  HashOf& operator<<(std::int64_t number) { return mix(static_cast<std::uint64_t>(number)); }
  HashOf& operator<<(const Labels& labels) {
    for (const auto& [key, value] : labels) *this << key << value;
    return *this;
  }
  HashOf& operator<<(const LabelSelector& selector) {
    for (const auto& each : selector.requirements) {
      *this << each.key;
      for (const auto& value : each.values) *this << value;
    }
    return *this;
  }
  [[nodiscard]] std::size_t value() const { return state_; }

 private:
  HashOf& mix(std::uint64_t more) {
    state_ = (state_ ^ more) * 0x9E3779B97F4A7C15U;
    state_ ^= state_ >> 32;
    return *this;
  }
  std::uint64_t state_ = 0;
};

struct LabelsHash {
  std::size_t operator()(const Labels& labels) const { return (HashOf() << labels).value(); }
};
struct OwnerHash {
  std::size_t operator()(const WorkloadRef& owner) const {
    return (HashOf() << owner.ns.str() << owner.kind << owner.name).value();
  }
};
struct TemplateHash {
  // What tells templates apart in practice; the rest is left to the comparison.
  std::size_t operator()(const PodTemplate& shape) const {
    HashOf hash;
    hash << shape.requests.cpu.value << shape.requests.memory.value << shape.grace.length().count() << shape.priority
         << shape.scheduler << shape.node_selector;
    for (const auto& claim : shape.claims) hash << claim;
    for (const auto& spread : shape.spread)
      if (spread.selector) hash << *spread.selector;
    for (const auto& term : shape.affinity.anti_required)
      if (term.selector) hash << *term.selector;
    for (const auto& each : shape.affinity.anti_preferred)
      if (each.term.selector) hash << *each.term.selector;
    return hash.value();
  }
};

/// Held in a set by name. The pod itself may change in place, its name can't.
struct Held {
  mutable Pod pod;
};
struct ByName {
  using is_transparent = void;
  static const ObjectName& name_of(const Held& held) { return held.pod.name; }
  // What is compared outlives the comparison.
  // NOLINTNEXTLINE(bugprone-return-const-ref-from-parameter)
  static const ObjectName& name_of(const ObjectName& name) { return name; }
  bool operator()(const auto& a, const auto& b) const { return name_of(a) < name_of(b); }
};

using PodList = std::vector<const Pod*>;  // by name

bool name_before(const Pod* a, const Pod* b) { return a->name < b->name; }

void add_to(PodList& list, const Pod* pod) {
  const auto at = std::ranges::lower_bound(list, pod, name_before);
  if (at == list.end() || *at != pod) list.insert(at, pod);
}

void take_from(PodList& list, const Pod* pod) {
  const auto at = std::ranges::lower_bound(list, pod, name_before);
  if (at != list.end() && *at == pod) list.erase(at);
}

template <class Index, class Key>
void take_from(Index& index, const Key& key, const Pod* pod) {
  const auto at = index.find(key);
  if (at == index.end()) return;
  take_from(at->second, pod);
  if (at->second.empty()) index.erase(at);
}

/// Of this process. Only equality counts, so that nothing depends on the order in which snapshots change.
std::uint64_t next_revision() {
  static std::atomic<std::uint64_t> last{0};
  return last.fetch_add(1, std::memory_order_relaxed) + 1;
}

}  // namespace

struct Snapshot::State {
  std::uint64_t revision = next_revision();
  std::uint64_t nodes_revision = revision;
  std::map<NodeName, Node> nodes;
  std::set<NodeName> annotated;  // of them
  std::map<ObjectName, DisruptionBudget> budgets;
  std::vector<AdmissionBackend> admission;
  std::set<Held, ByName> pods;
  boost::unordered_flat_map<Uid, const Pod*, std::hash<Uid>> by_uid;
  std::map<NodeName, PodList> by_node;
  std::map<WorkloadRef, PodList> by_owner;
  std::map<WorkloadRef, Pod> ended;  // as ended_of

  detail::InternTable<PodTemplate, TemplateHash> templates;
  detail::InternTable<Labels, LabelsHash> labels;
  detail::InternTable<WorkloadRef, OwnerHash> owners;
  std::map<std::string, std::pair<NamespaceName, std::size_t>, std::less<>> namespaces;  // and their pods

  void enter(const Pod* pod) {
    by_uid[pod->uid] = pod;
    if (!pod->node.empty()) add_to(by_node[pod->node], pod);
    if (pod->owner != nullptr) add_to(by_owner[*pod->owner], pod);
    ++namespaces.find(pod->name.ns.str())->second.second;
  }

  void leave(const Pod* pod) {
    if (const auto at = by_uid.find(pod->uid); at != by_uid.end() && at->second == pod) by_uid.erase(at);
    take_from(by_node, pod->node, pod);
    if (pod->owner != nullptr) take_from(by_owner, *pod->owner, pod);
    const auto ns = namespaces.find(pod->name.ns.str());
    if (--ns->second.second == 0) namespaces.erase(ns);
  }

  /// Before it leaves.
  void remember_end_of(const Pod& pod) {
    if (pod.owner == nullptr || !pod.ordinal) return;
    const bool alone = by_owner[*pod.owner].size() <= 1;
    if (alone) {
      ended.erase(*pod.owner);
    } else if (pod.terminating()) {
      ended.insert_or_assign(*pod.owner, pod);
    }
  }

  void forget_end_of(const Pod& named_again) {
    if (named_again.owner == nullptr) return;
    const auto at = ended.find(*named_again.owner);
    if (at != ended.end() && at->second.name == named_again.name) ended.erase(at);
  }

  /// Gives the pod the names that others hold already, and values where it has none.
  void share(Pod& pod) {
    if (pod.spec == nullptr) pod.spec = templates.intern({});
    if (pod.labels == nullptr) pod.labels = labels.intern({});
    const auto ns = namespaces.try_emplace(pod.name.ns.str(), pod.name.ns, 0).first;
    pod.name.ns = ns->second.first;
    for (NodeName* name : {&pod.node, &pod.nominated_node}) {
      if (const auto at = nodes.find(*name); at != nodes.end()) {
        *name = at->first;
      } else if (const auto used = by_node.find(*name); used != by_node.end()) {
        *name = used->first;
      }
    }
  }
};

Snapshot::Snapshot() : state_(std::make_unique<State>()) {}
Snapshot::~Snapshot() = default;
Snapshot::Snapshot(Snapshot&& other) noexcept : state_(std::move(other.state_)) {
  other.state_ = std::make_unique<State>();
}
Snapshot& Snapshot::operator=(Snapshot&& other) noexcept {
  std::swap(state_, other.state_);
  return *this;
}

Snapshot::Snapshot(const Snapshot& other) : Snapshot() {
  state_->nodes = other.state_->nodes;
  state_->annotated = other.state_->annotated;
  state_->budgets = other.state_->budgets;
  state_->admission = other.state_->admission;
  for (const Held& held : other.state_->pods) {
    state_->templates.adopt(held.pod.spec);
    state_->labels.adopt(held.pod.labels);
    state_->owners.adopt(held.pod.owner);
    put(held.pod);
  }
  state_->ended = other.state_->ended;
}

Snapshot& Snapshot::operator=(const Snapshot& other) {
  if (this != &other) *this = Snapshot(other);
  return *this;
}

void Snapshot::put(Node node) {
  state_->revision = state_->nodes_revision = next_revision();
  const auto at = state_->nodes.find(node.name);
  if (at != state_->nodes.end()) {
    node.name = at->first;
  } else if (const auto used = state_->by_node.find(node.name); used != state_->by_node.end()) {
    node.name = used->first;  // pods named it before it was seen: theirs is the name that is shared already
  }
  if (node.annotations.empty()) {
    state_->annotated.erase(node.name);
  } else {
    state_->annotated.insert(node.name);
  }
  if (at == state_->nodes.end()) {
    NodeName name = node.name;
    state_->nodes.emplace(std::move(name), std::move(node));
  } else {
    at->second = std::move(node);
  }
}

void Snapshot::put(Pod pod) {
  state_->revision = next_revision();
  state_->share(pod);
  state_->forget_end_of(pod);
  const auto at = state_->pods.find(pod.name);
  if (at != state_->pods.end()) {
    // The namespace counts its pods: entered anew first, or it could go with the old one.
    auto& holders = state_->namespaces.find(pod.name.ns.str())->second.second;
    ++holders;
    state_->leave(&at->pod);
    --holders;
    at->pod = std::move(pod);
    state_->enter(&at->pod);
  } else {
    state_->enter(&state_->pods.insert(Held{std::move(pod)}).first->pod);
  }
}

void Snapshot::put(DisruptionBudget budget) {
  state_->revision = next_revision();
  ObjectName name = budget.name;
  state_->budgets.insert_or_assign(std::move(name), std::move(budget));
}

void Snapshot::put(std::vector<AdmissionBackend> backends) {
  state_->revision = next_revision();
  state_->admission = std::move(backends);
}

void Snapshot::remove_node(const NodeName& node) {
  state_->revision = state_->nodes_revision = next_revision();
  state_->nodes.erase(node);
  state_->annotated.erase(node);
}

void Snapshot::remove_pod(const PodRef& pod) {
  const auto at = state_->pods.find(pod.name);
  if (at == state_->pods.end() || at->pod.uid != pod.uid) return;
  state_->revision = next_revision();
  state_->remember_end_of(at->pod);
  state_->leave(&at->pod);
  state_->pods.erase(at);
}

void Snapshot::remove_budget(const ObjectName& budget) {
  state_->revision = next_revision();
  state_->budgets.erase(budget);
}

std::uint64_t Snapshot::revision() const { return state_->revision; }
std::uint64_t Snapshot::nodes_revision() const { return state_->nodes_revision; }

const Node* Snapshot::find_node(const NodeName& node) const {
  const auto at = state_->nodes.find(node);
  return at == state_->nodes.end() ? nullptr : &at->second;
}

const Pod* Snapshot::find_pod(const Uid& uid) const {
  const auto at = state_->by_uid.find(uid);
  return at == state_->by_uid.end() ? nullptr : at->second;
}

const Pod* Snapshot::find_pod(const ObjectName& name) const {
  const auto at = state_->pods.find(name);
  return at == state_->pods.end() ? nullptr : &at->pod;
}

const DisruptionBudget* Snapshot::find_budget(const ObjectName& name) const {
  const auto at = state_->budgets.find(name);
  return at == state_->budgets.end() ? nullptr : &at->second;
}

const std::map<NodeName, Node>& Snapshot::nodes() const { return state_->nodes; }
std::vector<const Node*> Snapshot::annotated_nodes() const {
  std::vector<const Node*> out;
  for (const NodeName& name : state_->annotated) out.push_back(&state_->nodes.find(name)->second);
  return out;
}
const std::map<ObjectName, DisruptionBudget>& Snapshot::budgets() const { return state_->budgets; }

std::vector<const Pod*> Snapshot::pods() const {
  std::vector<const Pod*> out;
  out.reserve(state_->pods.size());
  for (const Held& held : state_->pods) out.push_back(&held.pod);
  return out;
}

std::vector<const Pod*> Snapshot::pods_in(const NamespaceName& ns) const {
  std::vector<const Pod*> out;
  for (auto at = state_->pods.lower_bound(ObjectName{ns, {}}); at != state_->pods.end() && at->pod.name.ns == ns; ++at)
    out.push_back(&at->pod);
  return out;
}

std::size_t Snapshot::pod_count() const { return state_->pods.size(); }

std::span<const Pod* const> Snapshot::pods_on(const NodeName& node) const {
  const auto at = state_->by_node.find(node);
  return at == state_->by_node.end() ? std::span<const Pod* const>() : std::span<const Pod* const>(at->second);
}

std::span<const Pod* const> Snapshot::pods_of(const WorkloadRef& workload) const {
  const auto at = state_->by_owner.find(workload);
  return at == state_->by_owner.end() ? std::span<const Pod* const>() : std::span<const Pod* const>(at->second);
}

const Pod* Snapshot::ended_of(const WorkloadRef& workload) const {
  const auto at = state_->ended.find(workload);
  return at == state_->ended.end() ? nullptr : &at->second;
}

std::vector<const DisruptionBudget*> Snapshot::budgets_of(const Pod& pod) const {
  std::vector<const DisruptionBudget*> out;
  const auto& budgets = state_->budgets;
  for (auto at = budgets.lower_bound({pod.name.ns, {}}); at != budgets.end() && at->first.ns == pod.name.ns; ++at)
    if (at->second.covers(*pod.labels)) out.push_back(&at->second);
  return out;
}

bool Snapshot::serves_admission(const Pod& pod) const {
  return std::ranges::any_of(state_->admission,
                             [&](const AdmissionBackend& backend) { return backend.selects(pod.name, *pod.labels); });
}

Resources Snapshot::requested_on(const NodeName& node) const {
  Resources total;
  for (const Pod* pod : pods_on(node))
    if (!pod->completed()) total += pod->spec->requests;
  return total;
}

std::shared_ptr<const PodTemplate> Snapshot::intern(PodTemplate shape) {
  return state_->templates.intern(std::move(shape));
}
std::shared_ptr<const Labels> Snapshot::intern(Labels labels) { return state_->labels.intern(std::move(labels)); }
std::shared_ptr<const WorkloadRef> Snapshot::intern(WorkloadRef owner) {
  return state_->owners.intern(std::move(owner));
}

}  // namespace spotkeeper
