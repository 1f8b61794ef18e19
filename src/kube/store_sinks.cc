#include <set>
#include <utility>

#include <boost/unordered/unordered_flat_set.hpp>

#include "kube/codec/decode.h"
#include "kube/store.h"

namespace spotkeeper::kube {
namespace {

ObjectName name_of(const WireMeta& meta) { return {NamespaceName(meta.ns), meta.name}; }

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
    if (type == WatchType::Deleted) return store_.remove(PodRef{name_of(meta), meta.uid}), Result<void>();
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

class NodeSink final : public ReflectorSink {
 public:
  explicit NodeSink(ClusterStore& store) : store_(store) {}

  void begin_list() override {
    unseen_.clear();
    for (const auto& [name, node] : store_.snapshot_.nodes()) unseen_.insert(name);
  }
  Result<void> stage(const WireObject& object, const WireMeta& meta) override {
    const NodeName name(meta.name);
    unseen_.erase(name);
    if (is_same(store_.snapshot_.find_node(name), meta)) return {};
    return take(object);
  }
  void commit() override {
    for (const NodeName& name : std::exchange(unseen_, {})) store_.snapshot_.remove_node(name);
    store_.changed();
  }
  Result<void> apply(WatchType type, const WireObject& object, const WireMeta& meta) override {
    const NodeName name(meta.name);
    const Node* held = store_.snapshot_.find_node(name);
    if (type == WatchType::Deleted) {
      if (held != nullptr && held->uid == meta.uid) store_.snapshot_.remove_node(name);
      return {};
    }
    if (is_old(held, meta)) return {};
    return take(object);
  }
  void settled() override { store_.changed(); }

 private:
  Result<void> take(const WireObject& object) {
    SK_TRY(Node node, decode_node(object));
    store_.put(std::move(node));
    return {};
  }

  ClusterStore& store_;
  std::set<NodeName> unseen_;
};

class BudgetSink final : public ReflectorSink {
 public:
  BudgetSink(ClusterStore& store, NamespaceName ns) : store_(store), ns_(std::move(ns)) {}

  void begin_list() override {
    unseen_.clear();
    for (const auto& [name, budget] : store_.snapshot_.budgets())
      if (ns_.empty() || name.ns == ns_) unseen_.insert(name);
  }
  Result<void> stage(const WireObject& object, const WireMeta& meta) override {
    const ObjectName name = name_of(meta);
    unseen_.erase(name);
    if (is_same(store_.snapshot_.find_budget(name), meta)) return {};
    return take(object);
  }
  void commit() override {
    for (const ObjectName& name : std::exchange(unseen_, {})) store_.remove(name);
    store_.changed();
  }
  Result<void> apply(WatchType type, const WireObject& object, const WireMeta& meta) override {
    const ObjectName name = name_of(meta);
    const DisruptionBudget* held = store_.snapshot_.find_budget(name);
    if (type == WatchType::Deleted) {
      if (held != nullptr && held->uid == meta.uid) store_.remove(name);
      return {};
    }
    if (is_old(held, meta)) return {};
    return take(object);
  }
  void settled() override { store_.changed(); }

 private:
  Result<void> take(const WireObject& object) {
    SK_TRY(DisruptionBudget budget, decode_budget(object));
    store_.put(std::move(budget));
    return {};
  }

  ClusterStore& store_;
  NamespaceName ns_;
  std::set<ObjectName> unseen_;
};

std::unique_ptr<ReflectorSink> ClusterStore::pod_sink(PodScope scope) {
  return std::make_unique<PodSink>(*this, std::move(scope));
}
std::unique_ptr<ReflectorSink> ClusterStore::node_sink() { return std::make_unique<NodeSink>(*this); }
std::unique_ptr<ReflectorSink> ClusterStore::budget_sink(NamespaceName ns) {
  return std::make_unique<BudgetSink>(*this, std::move(ns));
}

}  // namespace spotkeeper::kube
