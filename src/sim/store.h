// The simulated etcd and watch cache: objects by kind and name, one version counter for all of them, and the history of
// changes from which watches are served.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <map>
#include <string>
#include <utility>

#include "sim/objects.h"

namespace spotkeeper::sim {

enum class ChangeType { Added, Modified, Deleted };

struct Change {
  std::uint64_t version = 0;  // of the change; a Deleted object carries it as its own too, as in etcd
  ChangeType type = ChangeType::Added;
  ObjectRef object;  // Deleted: the last state
  ObjectRef before;  // Modified: what it was, so that a selector can see a departure; else null
};

class Store {
 public:
  using Objects = std::map<ObjectName, ObjectRef>;

  /// `history`: how many changes are kept; older ones are compacted away.
  explicit Store(std::size_t history = 50'000) : history_limit_(history) {}
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  /// The version of the newest change; what a list reports as its own.
  [[nodiscard]] std::uint64_t version() const { return version_; }
  /// Every object of a kind, by namespace and name.
  [[nodiscard]] const Objects& all(Kind kind) const { return objects_[static_cast<std::size_t>(kind)]; }
  /// Null if there is none.
  [[nodiscard]] ObjectRef find(Kind kind, const ObjectName& name) const;
  /// The same, as what it is: `store.get<PodObject>({ns, name})`; null if there is none. Valid until the next change.
  template <class T>
  [[nodiscard]] const T* get(const ObjectName& name) const {
    const auto& table = std::get<index_of<T>()>(objects_);
    const auto found = table.find(name);
    return found == table.end() ? nullptr : &std::get<T>(*found->second);
  }

  /// True if the changes after `version` are all still there; otherwise the answer is 410 Gone.
  [[nodiscard]] bool remembers(std::uint64_t version) const { return version + 1 >= oldest_; }
  /// The change with that version, if it is remembered and has happened; watches count up from the one they know.
  [[nodiscard]] const Change* change(std::uint64_t version) const;
  /// Forgets all changes up to and including `version`, as etcd's compaction does.
  void compact(std::uint64_t version);

  /// Calls `seen` after every change, from inside it: it may look, but not change the world. Ends with the object.
  class Subscription {
   public:
    Subscription() = default;
    Subscription(Subscription&& other) noexcept : store_(std::exchange(other.store_, nullptr)), place_(other.place_) {}
    Subscription& operator=(Subscription&& other) noexcept;
    ~Subscription() { end(); }

   private:
    friend class Store;
    using Listeners = std::list<std::function<void(const Change&)>>;
    Subscription(Store* store, Listeners::iterator place) : store_(store), place_(place) {}
    void end();
    Store* store_ = nullptr;
    Listeners::iterator place_;
  };
  [[nodiscard]] Subscription subscribe(std::function<void(const Change&)> seen);

  // ---- For the world's own components; everybody else changes objects through `World`.
  /// Adds or replaces, and gives the object its new version.
  ObjectRef put(Object object);
  /// Removes it if it is there.
  void remove(Kind kind, const ObjectName& name);

 private:
  template <class T, std::size_t I = 0>
  static constexpr std::size_t index_of() {
    if constexpr (std::is_same_v<T, std::variant_alternative_t<I, Object>>) {
      return I;
    } else {
      return index_of<T, I + 1>();
    }
  }
  void record(Change change);

  std::array<Objects, kind_count> objects_;
  std::deque<Change> history_;
  std::size_t history_limit_;
  std::uint64_t version_ = 100;  // a cluster has a past
  std::uint64_t oldest_ = 101;   // version of history_.front(), or of the next change
  Subscription::Listeners listeners_;
};

}  // namespace spotkeeper::sim
