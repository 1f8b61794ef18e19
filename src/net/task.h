// `Task<T>`: a coroutine that produces one T, for code that waits for timers and peers on one thread.
//
// Lazy: nothing runs before it is awaited (or given to a TaskGroup, net/task_group.h). Owned: destroying a Task
// destroys its frame and with it everything it was waiting for, timers and reads included; that is how work is
// cancelled, and why every awaitable of this folder withdraws itself in its destructor. Single-threaded: a Task runs on
// the thread of its Runtime and never on two. Errors travel as `Task<Result<T>>`; an exception that leaves a Task is a
// defect and ends the process, so third-party calls that throw are caught where they are made.
#pragma once

#include <coroutine>
#include <exception>
#include <optional>
#include <utility>

namespace spotkeeper::net {

template <class T = void>
class Task;

namespace detail {

struct TaskPromiseBase {
  std::coroutine_handle<> continuation = std::noop_coroutine();
  // Whoever awaits it is still inside await_suspend. A task that ends then just returns there: a loop over tasks that
  // need no waiting must not deepen the stack, which a transfer at the end would do in builds without tail calls.
  bool starting = false;

  struct FinalAwaiter {
    [[nodiscard]] bool await_ready() const noexcept { return false; }
    template <class Promise>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> self) const noexcept {
      return self.promise().starting ? std::noop_coroutine() : self.promise().continuation;
    }
    void await_resume() const noexcept {}
  };

  [[nodiscard]] std::suspend_always initial_suspend() const noexcept { return {}; }
  [[nodiscard]] FinalAwaiter final_suspend() const noexcept { return {}; }
  [[noreturn]] void unhandled_exception() const noexcept { std::terminate(); }
};

template <class T>
struct TaskPromise : TaskPromiseBase {
  std::optional<T> value;
  Task<T> get_return_object() noexcept;
  template <class U>
  void return_value(U&& result) {
    value.emplace(std::forward<U>(result));
  }
  T take() { return std::move(*value); }
};

template <>
struct TaskPromise<void> : TaskPromiseBase {
  Task<void> get_return_object() noexcept;
  void return_void() const noexcept {}
  void take() const noexcept {}
};

}  // namespace detail

template <class T>
class [[nodiscard]] Task {
 public:
  using promise_type = detail::TaskPromise<T>;
  using Handle = std::coroutine_handle<promise_type>;

  explicit Task(Handle handle) noexcept : handle_(handle) {}
  Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Task& operator=(Task&& other) noexcept {
    if (this != &other) {
      if (handle_) handle_.destroy();
      handle_ = std::exchange(other.handle_, nullptr);
    }
    return *this;
  }
  Task(const Task&) = delete;
  Task& operator=(const Task&) = delete;
  ~Task() {
    if (handle_) handle_.destroy();
  }

  struct Awaiter {
    Handle handle;
    [[nodiscard]] bool await_ready() const noexcept { return false; }
    [[nodiscard]] bool await_suspend(std::coroutine_handle<> caller) const noexcept {
      auto& promise = handle.promise();
      promise.continuation = caller;
      promise.starting = true;
      handle.resume();
      promise.starting = false;
      return !handle.done();
    }
    T await_resume() const { return handle.promise().take(); }
  };
  /// Runs it up to its first wait, with nobody awaiting it. Called once, by who owns it (TaskGroup).
  void start() const { handle_.resume(); }

  /// Awaited once, by one caller.
  Awaiter operator co_await() const& noexcept { return Awaiter{handle_}; }
  Awaiter operator co_await() const&& noexcept { return Awaiter{handle_}; }

 private:
  Handle handle_;
};

template <class T>
Task<T> detail::TaskPromise<T>::get_return_object() noexcept {
  return Task<T>(std::coroutine_handle<TaskPromise>::from_promise(*this));
}
inline Task<void> detail::TaskPromise<void>::get_return_object() noexcept {
  return Task<void>(std::coroutine_handle<TaskPromise>::from_promise(*this));
}

}  // namespace spotkeeper::net
