#include "net/task_group.h"

namespace spotkeeper::net {

void TaskGroup::start(Task<void> task) {
  entries_.emplace_front();
  const auto self = entries_.begin();
  ++running_;
  self->root.emplace(run(std::move(task), self));
  self->call = ScopedCall(*runtime_, runtime_->post([self] { self->root->start(); }));
}

Task<void> TaskGroup::run(Task<void> task, std::list<Entry>::iterator self) {
  co_await task;
  --running_;
  ended_.notify();
  // A coroutine can't destroy itself while it runs: its entry goes from the queue, after it has come to its end.
  self->call = ScopedCall(*runtime_, runtime_->post([this, self] { entries_.erase(self); }));
}

void TaskGroup::cancel_all() {
  running_ = 0;
  entries_.clear();
  ended_.notify();
}

Task<void> TaskGroup::join() {
  while (running_ > 0) co_await ended_.wait();
}

}  // namespace spotkeeper::net
