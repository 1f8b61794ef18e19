#include <set>
#include <utility>

#include <boost/unordered/unordered_flat_set.hpp>

#include "kube/codec/decode.h"
#include "kube/store.h"

namespace spotkeeper::kube {
namespace {

/// Two watches may show the same object; the one that lags behind must not undo what the other has shown.
template <class T>
bool is_old(const T* held, const WireMeta& meta) {
  if (held == nullptr || held->uid != meta.uid) return false;
  const auto order = compare_versions(ResourceVersion(meta.version), held->version);
  return order && *order <= 0;
}

/// What a list has already, word for word, need not be decoded again.
template <class T>
bool is_same(const T* held, const WireMeta& meta) {
  return held != nullptr && held->uid == meta.uid && !meta.version.empty() && held->version.str() == meta.version;
}

}  // namespace

class PodSink final : public ReflectorSink {
 public:
  PodSink(ClusterStore& store, ClusterStore::PodScope scope) : store_(store), scope_(std::move(scope)) {}

  void begin_list() override {
    unseen_.clear();
    for (const Pod* pod : store_.snapshot_.pods())
      if (in_scope(*pod)) unseen_.insert(pod->uid);
  }
  Result<void> stage(const WireObject& object, const WireMeta& meta) override {
    unseen_.erase(meta.uid);  // even if it can't be read: it is there
    if (is_same(store_.snapshot_.find_pod(meta.uid), meta)) return {};
    return take(object);
  }
  void commit() override {
    for (const Uid& uid : std::exchange(unseen_, {}))
      if (const Pod* pod = store_.snapshot_.find_pod(uid)) store_.remove(pod->ref());
    store_.changed();
  }
  Result<void> apply(WatchType type, const WireObject& object, const WireMeta& meta) override {
    if (type == WatchType::Deleted) {
      const PodRef gone{name_of(meta), meta.uid};
      store_.remove(gone);
      return {};
    }
    if (is_old(store_.snapshot_.find_pod(meta.uid), meta)) return {};
    return take(object);
  }
  void settled() override { store_.changed(); }

 private:
  Result<void> take(const WireObject& object) {
    SK_TRY(Pod pod, decode_pod(object, store_.snapshot_));
    store_.put(std::move(pod));
    return {};
  }
  [[nodiscard]] bool in_scope(const Pod& pod) const {
    return (scope_.ns.empty() || pod.name.ns == scope_.ns) && (scope_.node.empty() || pod.node == scope_.node);
  }

  ClusterStore& store_;
  ClusterStore::PodScope scope_;
  boost::unordered_flat_set<Uid, std::hash<Uid>> unseen_;  // held, and not in the list so far
};

// Nodes and budgets are held by name; these say how.

struct NodeKind {
  using Object = Node;
  using Name = NodeName;
  static Name name_of(const WireMeta& meta) { return NodeName(meta.name); }
  static bool in(const Name&, const NamespaceName&) { return true; }
  static const auto& all(const Snapshot& snapshot) { return snapshot.nodes(); }
  static const Node* find(const Snapshot& snapshot, const Name& name) { return snapshot.find_node(name); }
  static Result<Node> decode(const WireObject& object) { return decode_node(object); }
};

struct BudgetKind {
  using Object = DisruptionBudget;
  using Name = ObjectName;
  static Name name_of(const WireMeta& meta) { return kube::name_of(meta); }
  static bool in(const Name& name, const NamespaceName& ns) { return ns.empty() || name.ns == ns; }
  static const auto& all(const Snapshot& snapshot) { return snapshot.budgets(); }
  static const DisruptionBudget* find(const Snapshot& snapshot, const Name& name) { return snapshot.find_budget(name); }
  static Result<DisruptionBudget> decode(const WireObject& object) { return decode_budget(object); }
};

template <class Kind>
class NamedSink final : public ReflectorSink {
 public:
  NamedSink(ClusterStore& store, NamespaceName ns) : store_(store), ns_(std::move(ns)) {}

  void begin_list() override {
    unseen_.clear();
    for (const auto& [name, object] : Kind::all(store_.snapshot_))
      if (Kind::in(name, ns_)) unseen_.insert(name);
  }
  Result<void> stage(const WireObject& object, const WireMeta& meta) override {
    const Name name = Kind::name_of(meta);
    unseen_.erase(name);
    if (is_same(Kind::find(store_.snapshot_, name), meta)) return {};
    return take(object);
  }
  void commit() override {
    for (const Name& name : std::exchange(unseen_, {})) store_.remove(name);
    store_.changed();
  }
  Result<void> apply(WatchType type, const WireObject& object, const WireMeta& meta) override {
    const Name name = Kind::name_of(meta);
    const auto* held = Kind::find(store_.snapshot_, name);
    if (type == WatchType::Deleted) {
      if (held != nullptr && held->uid == meta.uid) store_.remove(name);
      return {};
    }
    if (is_old(held, meta)) return {};
    return take(object);
  }
  void settled() override { store_.changed(); }

 private:
  using Name = typename Kind::Name;

  Result<void> take(const WireObject& object) {
    SK_TRY(typename Kind::Object decoded, Kind::decode(object));
    store_.put(std::move(decoded));
    return {};
  }

  ClusterStore& store_;
  NamespaceName ns_;
  std::set<Name> unseen_;
};

std::unique_ptr<ReflectorSink> ClusterStore::pod_sink(PodScope scope) {
  return std::make_unique<PodSink>(*this, std::move(scope));
}
std::unique_ptr<ReflectorSink> ClusterStore::node_sink() {
  return std::make_unique<NamedSink<NodeKind>>(*this, NamespaceName());
}
std::unique_ptr<ReflectorSink> ClusterStore::budget_sink(NamespaceName ns) {
  return std::make_unique<NamedSink<BudgetKind>>(*this, std::move(ns));
}

}  // namespace spotkeeper::kube
