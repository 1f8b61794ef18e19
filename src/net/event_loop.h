// The real Runtime: one thread that waits for timers, sockets, child processes and signals.
//
// Everything that coroutines of this folder wait for is readiness: a `Descriptor` says when a read or a write would not
// block, and the caller then makes the system call itself. No buffer is ever lent to the kernel or to Asio, so a
// coroutine may be destroyed while it waits, at any time. Not thread-safe; never throws.
#pragma once

#include <coroutine>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "net/address.h"
#include "net/runtime.h"
#include "net/signal.h"
#include "net/task.h"
#include "net/task_group.h"

namespace spotkeeper::net {

/// How the loop's clocks follow the machine's: now = epoch + rate × (wall clock − origin), and steady time runs `rate`
/// times as fast. A simulated world that is served N times faster hands these three to every process that talks to it,
/// and all of them agree on the time. The default is the machine's own time.
struct TimeScale {
  Instant epoch;
  Instant origin;     // on the machine's wall clock
  double rate = 1.0;  // above 0
};

class EventLoop final : public Runtime {
 public:
  explicit EventLoop(TimeScale scale = {});
  /// What was posted and not called is dropped. Everything made with this loop must be gone before it. A name that is
  /// being looked up is waited for (the C library can't be interrupted there).
  ~EventLoop() override;

  [[nodiscard]] Instant now() const override;
  [[nodiscard]] Steady steady() const override;
  CallId post(std::function<void()> what) override;
  CallId call_at(Steady when, std::function<void()> what) override;
  void cancel(CallId call) override;

  /// Works until stop() is called. May be called again afterwards.
  void run();
  /// Makes run() return after the current call. Callable only from the loop's thread.
  void stop();

  /// Works until `task` has ended and gives its result; a stop() meanwhile is ignored. For main() and tests: not to be
  /// called from inside the loop.
  template <class T>
  T run_until(Task<T> task);

  struct Impl;
  [[nodiscard]] Impl& impl() { return *impl_; }

 private:
  std::unique_ptr<Impl> impl_;
};

/// A file descriptor whose readiness a coroutine can wait for. Owns it: closed by the destructor.
class Descriptor {
 public:
  struct State;
  enum class Side { Read, Write };

  /// `fd` is a socket, a pipe or another descriptor that epoll takes; it is made non-blocking.
  Descriptor(EventLoop& loop, int fd);
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor();

  [[nodiscard]] int fd() const;

  /// Goes on when the side is worth trying (readiness, the end of the stream, or an error). One waiter a side at a
  /// time.
  class Wait {
   public:
    Wait(std::shared_ptr<State> state, Side side) : state_(std::move(state)), side_(side) {}
    Wait(const Wait&) = delete;
    Wait& operator=(const Wait&) = delete;
    ~Wait();
    [[nodiscard]] bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> caller);
    void await_resume() const noexcept {}

   private:
    std::shared_ptr<State> state_;
    Side side_;
  };
  [[nodiscard]] Wait readable() const { return {state_, Side::Read}; }
  [[nodiscard]] Wait writable() const { return {state_, Side::Write}; }

 private:
  std::shared_ptr<State> state_;
};

/// Signals of the system (SIGTERM, SIGINT, SIGHUP…) that no longer have their default effect while this object lives.
class SystemSignals {
 public:
  SystemSignals(EventLoop& loop, std::initializer_list<int> numbers);
  SystemSignals(const SystemSignals&) = delete;
  SystemSignals& operator=(const SystemSignals&) = delete;
  ~SystemSignals();

  /// The number of the next one; those that came before the call are not lost. One caller at a time.
  Task<int> next();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

/// The addresses of a host, in the order in which they should be tried; never empty. IP literals are answered at once;
/// names cost a thread, once, for the C library's resolver. NotFound if the name does not exist, Unavailable if nobody
/// could say.
Task<Result<std::vector<SocketAddress>>> resolve(EventLoop& loop, std::string host, std::uint16_t port);

template <class T>
T EventLoop::run_until(Task<T> task) {
  TaskGroup group(*this);
  std::optional<T> result;
  group.start([](EventLoop& loop, Task<T> inner, std::optional<T>& out) -> Task<void> {
    out.emplace(co_await inner);
    loop.stop();
  }(*this, std::move(task), result));
  while (!result) run();
  return std::move(*result);
}

template <>
inline void EventLoop::run_until(Task<void> task) {
  TaskGroup group(*this);
  group.start([](EventLoop& loop, Task<void> inner) -> Task<void> {
    co_await inner;
    loop.stop();
  }(*this, std::move(task)));
  while (group.running() > 0) run();
}

}  // namespace spotkeeper::net
