// What coroutines run on: a clock, timers, and a queue of calls. There are two: `EventLoop` (net/event_loop.h, real
// time and sockets) and `VirtualRuntime` (net/virtual_runtime.h, time that its owner moves). Everything above this
// folder takes a `Runtime&` and can't tell which.
#pragma once

#include <coroutine>
#include <cstdint>
#include <functional>
#include <utility>

#include "base/time.h"
#include "net/task.h"

namespace spotkeeper::net {

/// Calls functions later, on one thread, in a defined order: by time, then by the order in which they were asked for.
/// Nothing is ever called from inside `post`, `call_at` or `cancel`.
class Runtime : public Clock {
 public:
  /// Names one pending call; 0 is none.
  enum class CallId : std::uint64_t { None = 0 };

  /// Calls `what` as soon as the current call has returned.
  virtual CallId post(std::function<void()> what) = 0;
  /// Calls `what` at `when` or as soon after as may be; a time in the past is now.
  virtual CallId call_at(Steady when, std::function<void()> what) = 0;
  /// Withdraws a call that was not made yet; otherwise does nothing.
  virtual void cancel(CallId call) = 0;
};

/// A pending call that is withdrawn when this object goes out of scope.
class ScopedCall {
 public:
  ScopedCall() = default;
  ScopedCall(Runtime& runtime, Runtime::CallId call) : runtime_(&runtime), call_(call) {}
  ScopedCall(ScopedCall&& other) noexcept
      : runtime_(std::exchange(other.runtime_, nullptr)), call_(std::exchange(other.call_, Runtime::CallId::None)) {}
  ScopedCall& operator=(ScopedCall&& other) noexcept {
    if (this != &other) {
      reset();
      runtime_ = std::exchange(other.runtime_, nullptr);
      call_ = std::exchange(other.call_, Runtime::CallId::None);
    }
    return *this;
  }
  ScopedCall(const ScopedCall&) = delete;
  ScopedCall& operator=(const ScopedCall&) = delete;
  ~ScopedCall() { reset(); }

  void reset() {
    if (runtime_ != nullptr && call_ != Runtime::CallId::None) runtime_->cancel(call_);
    call_ = Runtime::CallId::None;
  }

 private:
  Runtime* runtime_ = nullptr;
  Runtime::CallId call_ = Runtime::CallId::None;
};

/// `co_await sleep_until(runtime, t)`: goes on at `t`; destroyed before, the timer is withdrawn.
class SleepUntil {
 public:
  SleepUntil(Runtime& runtime, Steady when) : runtime_(&runtime), when_(when) {}
  [[nodiscard]] bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> caller) {
    call_ = ScopedCall(*runtime_, runtime_->call_at(when_, [caller] { caller.resume(); }));
  }
  void await_resume() const noexcept {}

 private:
  Runtime* runtime_;
  Steady when_;
  ScopedCall call_;
};

[[nodiscard]] inline SleepUntil sleep_until(Runtime& runtime, Steady when) { return {runtime, when}; }
[[nodiscard]] inline SleepUntil sleep_for(Runtime& runtime, Duration length) {
  return {runtime, runtime.steady() + length};
}

}  // namespace spotkeeper::net
