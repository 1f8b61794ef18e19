// Equal values held once. Used by Snapshot; nothing else keeps values long enough to need it.
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <utility>

#include <boost/unordered/unordered_flat_set.hpp>

namespace spotkeeper::detail {

/// A set of shared values. A value that only the table still holds is dropped when the table would grow past twice what
/// was in use at the last look, so dead ones never outnumber live ones by much and a lookup never scans.
/// `Hash` takes a T; T has operator==.
template <class T, class Hash>
class InternTable {
 public:
  std::shared_ptr<const T> intern(T value) {
    if (const auto found = held_.find(value); found != held_.end()) return *found;
    if (held_.size() >= look_at_) drop_unused();
    return *held_.insert(std::make_shared<const T>(std::move(value))).first;
  }

  /// Counts a value made elsewhere as the one to be shared, unless an equal one is here already.
  void adopt(const std::shared_ptr<const T>& value) {
    if (value != nullptr) held_.insert(value);
  }

  [[nodiscard]] std::size_t size() const { return held_.size(); }

 private:
  using Pointer = std::shared_ptr<const T>;
  // What is compared outlives the comparison.
  static const T& content(const T& value) { return value; }  // NOLINT(bugprone-return-const-ref-from-parameter)
  static const T& content(const Pointer& value) { return *value; }
  struct ContentHash {
    using is_transparent = void;
    std::size_t operator()(const auto& value) const { return Hash{}(content(value)); }
  };
  struct ContentEqual {
    using is_transparent = void;
    bool operator()(const auto& a, const auto& b) const { return content(a) == content(b); }
  };

  void drop_unused() {
    boost::unordered::erase_if(held_, [](const Pointer& each) { return each.use_count() == 1; });
    look_at_ = std::max(kSmall, held_.size() * 2);
  }

  static constexpr std::size_t kSmall = 64;
  boost::unordered_flat_set<Pointer, ContentHash, ContentEqual> held_;
  std::size_t look_at_ = kSmall;
};

}  // namespace spotkeeper::detail
