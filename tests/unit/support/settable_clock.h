// A machine whose wall clock can be set wrong, or right, at any time; its steady clock is that of the world.
#pragma once

#include <functional>
#include <utility>

#include "net/runtime.h"

namespace spotkeeper::testing {

class SettableClock final : public net::Runtime {
 public:
  explicit SettableClock(net::Runtime& world) : world_(world) {}

  /// As an administrator or NTP does it.
  void jump(Duration by) { ahead_ += by; }
  void set_ahead(Duration ahead) { ahead_ = ahead; }

  [[nodiscard]] Instant now() const override { return world_.now() + ahead_; }
  [[nodiscard]] Steady steady() const override { return world_.steady(); }
  CallId post(std::function<void()> what) override { return world_.post(std::move(what)); }
  CallId call_at(Steady when, std::function<void()> what) override { return world_.call_at(when, std::move(what)); }
  void cancel(CallId call) override { world_.cancel(call); }

 private:
  net::Runtime& world_;
  Duration ahead_{};
};

}  // namespace spotkeeper::testing
