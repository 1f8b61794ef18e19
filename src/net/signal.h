// A wake-up call for any number of waiting coroutines.
#pragma once

#include <coroutine>
#include <vector>

#include "net/runtime.h"

namespace spotkeeper::net {

/// Waiters look at a condition of their own in a loop: `while (!ready) co_await signal.wait();`. A notify() with nobody
/// waiting is not remembered. Woken coroutines run from the runtime's queue, never inside notify(). The signal must
/// outlive its waiters.
class Signal {
 public:
  explicit Signal(Runtime& runtime) : runtime_(&runtime) {}
  Signal(const Signal&) = delete;
  Signal& operator=(const Signal&) = delete;

  class Waiter {
   public:
    explicit Waiter(Signal& signal) : signal_(&signal) {}
    Waiter(const Waiter&) = delete;
    Waiter& operator=(const Waiter&) = delete;
    ~Waiter() {
      if (signal_ != nullptr) std::erase(signal_->waiting_, this);
    }
    [[nodiscard]] bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> caller) {
      caller_ = caller;
      signal_->waiting_.push_back(this);
    }
    void await_resume() const noexcept {}

   private:
    friend class Signal;
    Signal* signal_;
    std::coroutine_handle<> caller_;
    ScopedCall call_;
  };

  [[nodiscard]] Waiter wait() { return Waiter(*this); }

  void notify() {
    std::vector<Waiter*> woken;
    woken.swap(waiting_);
    for (Waiter* waiter : woken) {
      waiter->signal_ = nullptr;  // it is no longer in our list
      waiter->call_ = ScopedCall(*runtime_, runtime_->post([caller = waiter->caller_] { caller.resume(); }));
    }
  }

 private:
  Runtime* runtime_;
  std::vector<Waiter*> waiting_;
};

}  // namespace spotkeeper::net
