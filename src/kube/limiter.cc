#include "kube/limiter.h"

#include <algorithm>

namespace spotkeeper::kube {

void AdaptiveLimit::Permit::give_back() {
  if (limit_ != nullptr) std::exchange(limit_, nullptr)->release();
}

net::Task<Result<AdaptiveLimit::Permit>> AdaptiveLimit::acquire(Steady until) {
  Waiter waiter(*runtime_);
  const struct Place {  // leaves the queue however the coroutine ends, and passes on a turn that it could not use
    AdaptiveLimit* limit;
    Waiter* waiter;
    ~Place() {
      std::erase(limit->waiting_, waiter);
      if (waiter->granted) limit->release();
    }
  } place{this, &waiter};
  waiting_.push_back(&waiter);
  dispatch();
  const net::ScopedCall timer(*runtime_, runtime_->call_at(until, [&waiter] { waiter.turn.notify(); }));
  while (!waiter.granted && runtime_->steady() < until) co_await waiter.turn.wait();
  if (!waiter.granted) co_return fail(ErrorCode::Throttled, "the API server is slowing us down: no turn came in time");
  waiter.granted = false;  // from here on the permit gives it back
  co_return Permit(*this);
}

void AdaptiveLimit::succeeded() {
  window_ = std::min(options_.most, window_ + 1.0 / std::max(1.0, window_));
  dispatch();
}

void AdaptiveLimit::throttled(Duration retry_after) {
  const Steady now = runtime_->steady();
  paused_until_ = std::max(paused_until_, now + std::max(retry_after, Duration::zero()));
  if (halved_at_ == Steady::min() || now - halved_at_ >= 1s) {
    halved_at_ = now;
    window_ = std::max(options_.least, window_ / 2);
  }
}

void AdaptiveLimit::release() {
  --under_way_;
  dispatch();
}

void AdaptiveLimit::dispatch() {
  if (waiting_.empty()) return;
  if (runtime_->steady() < paused_until_) {
    resume_ = net::ScopedCall(*runtime_, runtime_->call_at(paused_until_, [this] { dispatch(); }));
    return;
  }
  while (!waiting_.empty() && static_cast<double>(under_way_ + 1) <= std::max(1.0, window_)) {
    Waiter* next = waiting_.front();
    waiting_.pop_front();
    ++under_way_;
    next->granted = true;
    next->turn.notify();
  }
}

}  // namespace spotkeeper::kube
