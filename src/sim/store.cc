#include "sim/store.h"

namespace spotkeeper::sim {
namespace {

struct MetaKey {
  const ObjectName& operator()(const NodeObject& o) const {
    // Nodes are keyed like everything else; their names have no namespace.
    return o.key;
  }
  const ObjectName& operator()(const PodObject& o) const { return o.pod.name; }
  const ObjectName& operator()(const BudgetObject& o) const { return o.budget.name; }
  template <class T>
  const ObjectName& operator()(const T& o) const {
    return o.meta.name;
  }
};

struct MetaUid {
  const Uid& operator()(const NodeObject& o) const { return o.node.uid; }
  const Uid& operator()(const PodObject& o) const { return o.pod.uid; }
  const Uid& operator()(const BudgetObject& o) const { return o.budget.uid; }
  template <class T>
  const Uid& operator()(const T& o) const {
    return o.meta.uid;
  }
};

struct MetaVersion {
  template <class T>
  auto& operator()(T& o) const {
    using Plain = std::remove_const_t<T>;
    if constexpr (std::is_same_v<Plain, NodeObject>) {
      return o.node.version;
    } else if constexpr (std::is_same_v<Plain, PodObject>) {
      return o.pod.version;
    } else if constexpr (std::is_same_v<Plain, BudgetObject>) {
      return o.budget.version;
    } else {
      return o.meta.version;
    }
  }
};

struct MetaLabels {
  const Labels& operator()(const NodeObject& o) const { return o.node.labels; }
  const Labels& operator()(const PodObject& o) const { return *o.pod.labels; }
  const Labels& operator()(const BudgetObject& o) const { return o.labels; }
  template <class T>
  const Labels& operator()(const T& o) const {
    return o.meta.labels;
  }
};

}  // namespace

std::string_view name_of(Kind kind) {
  constexpr std::array<std::string_view, kind_count + 1> names{"Namespace",
                                                               "Node",
                                                               "Pod",
                                                               "Service",
                                                               "Deployment",
                                                               "ReplicaSet",
                                                               "StatefulSet",
                                                               "DaemonSet",
                                                               "PodDisruptionBudget",
                                                               "EndpointSlice",
                                                               "Lease",
                                                               "Event",
                                                               "ConfigMap",
                                                               "ValidatingWebhookConfiguration",
                                                               "MutatingWebhookConfiguration",
                                                               "Job"};
  return names.at(static_cast<std::size_t>(kind));
}

const ObjectName& key_of(const Object& object) { return std::visit(MetaKey{}, object); }
const Uid& uid_of(const Object& object) { return std::visit(MetaUid{}, object); }
const ResourceVersion& version_of(const Object& object) {
  return std::visit([](const auto& o) -> const ResourceVersion& { return MetaVersion{}(o); }, object);
}
const Labels& labels_of(const Object& object) { return std::visit(MetaLabels{}, object); }

ObjectRef Store::find(Kind kind, const ObjectName& name) const {
  const Objects& table = all(kind);
  const auto found = table.find(name);
  return found == table.end() ? nullptr : found->second;
}

const Change* Store::change(std::uint64_t version) const {
  if (version < oldest_ || version > version_) return nullptr;
  return &history_[version - oldest_];
}

void Store::compact(std::uint64_t version) {
  while (!history_.empty() && oldest_ <= version) {
    history_.pop_front();
    ++oldest_;
  }
}

Store::Subscription& Store::Subscription::operator=(Subscription&& other) noexcept {
  if (this != &other) {
    end();
    store_ = std::exchange(other.store_, nullptr);
    place_ = other.place_;
  }
  return *this;
}

void Store::Subscription::end() {
  if (store_ != nullptr) store_->listeners_.erase(place_);
  store_ = nullptr;
}

Store::Subscription Store::subscribe(std::function<void(const Change&)> seen) {
  listeners_.push_back(std::move(seen));
  return {this, std::prev(listeners_.end())};
}

void Store::record(Change change) {
  history_.push_back(std::move(change));
  if (history_.size() > history_limit_) {
    history_.pop_front();
    ++oldest_;
  }
  const Change& newest = history_.back();
  for (const auto& listener : listeners_) listener(newest);
}

ObjectRef Store::put(Object object) {
  ++version_;
  std::visit([&](auto& o) { MetaVersion{}(o) = ResourceVersion(std::to_string(version_)); }, object);
  Objects& table = objects_[object.index()];
  auto stored = std::make_shared<const Object>(std::move(object));
  const auto [place, added] = table.try_emplace(key_of(*stored), stored);
  ObjectRef before;
  if (!added) before = std::exchange(place->second, stored);
  record({version_, added ? ChangeType::Added : ChangeType::Modified, stored, std::move(before)});
  return stored;
}

void Store::remove(Kind kind, const ObjectName& name) {
  Objects& table = objects_[static_cast<std::size_t>(kind)];
  const auto found = table.find(name);
  if (found == table.end()) return;
  Object last = *found->second;
  table.erase(found);
  ++version_;
  std::visit([&](auto& o) { MetaVersion{}(o) = ResourceVersion(std::to_string(version_)); }, last);
  record({version_, ChangeType::Deleted, std::make_shared<const Object>(std::move(last)), nullptr});
}

}  // namespace spotkeeper::sim
