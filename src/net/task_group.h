// Runs Tasks beside each other and owns them: when the group goes, what still runs in it is cancelled.
#pragma once

#include <coroutine>
#include <cstddef>
#include <functional>
#include <list>
#include <optional>
#include <utility>

#include "net/runtime.h"
#include "net/signal.h"
#include "net/task.h"

namespace spotkeeper::net {

class TaskGroup {
 public:
  explicit TaskGroup(Runtime& runtime) : runtime_(&runtime), ended_(runtime) {}
  TaskGroup(const TaskGroup&) = delete;
  TaskGroup& operator=(const TaskGroup&) = delete;
  /// Cancels what still runs. Not to be called from inside one of the group's own tasks.
  ~TaskGroup() { cancel_all(); }

  /// Starts `task` from the runtime's queue (never inside this call).
  void start(Task<void> task);
  /// Destroys every task that has not ended.
  void cancel_all();
  /// How many have not ended.
  [[nodiscard]] std::size_t running() const { return running_; }
  /// Goes on when nothing runs in the group.
  Task<void> join();

 private:
  struct Entry {
    std::optional<Task<void>> root;
    ScopedCall call;
  };
  Task<void> run(Task<void> task, std::list<Entry>::iterator self);

  Runtime* runtime_;
  std::list<Entry> entries_;
  std::size_t running_ = 0;
  Signal ended_;
};

/// `task`, or an `ErrorCode::Timeout` error when `limit` has passed; the task is then cancelled.
template <class T>
Task<Result<T>> with_timeout(Runtime& runtime, Duration limit, Task<Result<T>> task) {
  Signal changed(runtime);
  bool late = false;
  std::optional<Result<T>> result;
  TaskGroup group(runtime);
  group.start([](Task<Result<T>> inner, std::optional<Result<T>>& out, Signal& signal) -> Task<void> {
    out.emplace(co_await inner);
    signal.notify();
  }(std::move(task), result, changed));
  const ScopedCall timer(runtime, runtime.call_at(runtime.steady() + limit, [&] {
    late = true;
    changed.notify();
  }));
  while (!result && !late) co_await changed.wait();
  if (result) co_return std::move(*result);
  co_return fail(ErrorCode::Timeout, "no answer within " + format_duration(limit));
}

}  // namespace spotkeeper::net
