// A Runtime whose time stands still until a test moves it.
#pragma once

#include <functional>
#include <map>
#include <utility>

#include "net/runtime.h"

namespace spotkeeper::net {

class VirtualRuntime final : public Runtime {
 public:
  [[nodiscard]] Instant now() const override { return Instant{} + time_; }
  [[nodiscard]] Steady steady() const override { return Steady{} + time_; }
  CallId post(std::function<void()> what) override { return call_at(steady(), std::move(what)); }
  CallId call_at(Steady when, std::function<void()> what) override {
    const CallId id{++last_};
    calls_.emplace(std::pair{std::max(when, steady()), id}, std::move(what));
    return id;
  }
  void cancel(CallId call) override {
    std::erase_if(calls_, [&](const auto& entry) { return entry.first.second == call; });
  }

  /// Makes every call that is due, and those they ask for, until `length` has passed.
  void advance(Duration length) {
    const Steady end = steady() + length;
    while (!calls_.empty() && calls_.begin()->first.first <= end) {
      auto call = calls_.extract(calls_.begin());
      time_ = call.key().first.time_since_epoch();
      call.mapped()();
    }
    time_ = end.time_since_epoch();
  }
  void settle() { advance(0s); }
  [[nodiscard]] std::size_t pending() const { return calls_.size(); }

 private:
  Duration time_{};
  std::uint64_t last_ = 0;
  std::map<std::pair<Steady, CallId>, std::function<void()>> calls_;
};

}  // namespace spotkeeper::net
