// A Runtime whose time moves only when the test says so: the order of calls is defined and nothing ever really waits.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <utility>

#include "net/runtime.h"
#include "net/task_group.h"

namespace spotkeeper::testing {

class VirtualRuntime final : public net::Runtime {
 public:
  explicit VirtualRuntime(Instant start = Instant(1'800'000'000s)) : start_(start) {}

  [[nodiscard]] Instant now() const override { return start_ + (steady_ - Steady()); }
  [[nodiscard]] Steady steady() const override { return steady_; }

  CallId post(std::function<void()> what) override { return call_at(steady_, std::move(what)); }
  CallId call_at(Steady when, std::function<void()> what) override {
    const auto id = CallId{++last_};
    const Key key{std::max(when, steady_), last_};
    calls_.emplace(key, std::move(what));
    keys_.emplace(id, key);
    return id;
  }
  void cancel(CallId call) override {
    const auto found = keys_.find(call);
    if (found == keys_.end()) return;
    calls_.erase(found->second);
    keys_.erase(found);
  }

  /// Makes every call due up to `length` from now, in order, moving time to each.
  void advance(Duration length) {
    const Steady end = steady_ + length;
    while (!calls_.empty() && calls_.begin()->first.first <= end) step();
    steady_ = end;
  }
  /// Makes the calls that are due now, and those that they ask for, without moving time.
  void settle() { advance(0s); }

  /// Runs `task` to its end, moving time as far as it needs.
  template <class T>
  T run(net::Task<T> task) {
    std::optional<T> result;
    net::TaskGroup group(*this);
    group.start([](net::Task<T> inner, std::optional<T>& out) -> net::Task<void> { out.emplace(co_await inner); }(
                                                                  std::move(task), result));
    while (!result && !calls_.empty()) step();
    return std::move(result).value();  // throws, and so fails the test, if nothing is left that could end it
  }
  /// Moves time from call to call until `done` or until `most` has passed; whether `done` came true.
  bool run_until(const std::function<bool()>& done, Duration most = 1h) {
    const Steady end = steady_ + most;
    while (!done() && !calls_.empty() && calls_.begin()->first.first <= end) step();
    return done();
  }
  [[nodiscard]] std::size_t pending() const { return calls_.size(); }

 private:
  using Key = std::pair<Steady, std::uint64_t>;

  void step() {
    auto node = calls_.extract(calls_.begin());
    keys_.erase(CallId{node.key().second});
    steady_ = node.key().first;
    node.mapped()();
  }

  Instant start_;
  Steady steady_{};
  std::uint64_t last_ = 0;
  std::map<Key, std::function<void()>> calls_;
  std::map<CallId, Key> keys_;
};

}  // namespace spotkeeper::testing
