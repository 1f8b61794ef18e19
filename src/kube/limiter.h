// How many requests may be under way at once, learnt from the server's answers (API priority and fairness) instead of a
// fixed rate: one more for each window's worth of successes, half as many after a 429, and a pause of the length that
// the server asked for.
#pragma once

#include <cstdint>
#include <list>
#include <optional>
#include <utility>

#include "base/result.h"
#include "base/time.h"
#include "net/runtime.h"
#include "net/signal.h"
#include "net/task.h"

namespace spotkeeper::kube {

/// One lane. Lanes don't influence each other: a flood in one never delays another. First come, first served.
class AdaptiveLimit {
 public:
  struct Options {
    double initial = 16;  // requests at once
    double least = 1;
    double most = 64;
  };

  AdaptiveLimit(net::Runtime& runtime, Options options)
      : runtime_(&runtime), options_(options), window_(options.initial) {}
  AdaptiveLimit(const AdaptiveLimit&) = delete;
  AdaptiveLimit& operator=(const AdaptiveLimit&) = delete;

  /// The right to one request; given back when it goes out of scope. The limiter must outlive it.
  class Permit {
   public:
    explicit Permit(AdaptiveLimit& limit) : limit_(&limit) {}
    Permit(Permit&& other) noexcept : limit_(std::exchange(other.limit_, nullptr)) {}
    Permit& operator=(Permit&& other) noexcept {
      if (this != &other) {
        give_back();
        limit_ = std::exchange(other.limit_, nullptr);
      }
      return *this;
    }
    Permit(const Permit&) = delete;
    Permit& operator=(const Permit&) = delete;
    ~Permit() { give_back(); }

   private:
    void give_back();
    AdaptiveLimit* limit_;
  };

  /// Waits for its turn; Throttled if it has not come by `until`.
  net::Task<Result<Permit>> acquire(Steady until);

  /// The server carried a request out.
  void succeeded();
  /// The server refused one with a 429 to protect itself. Halves the window at most once a second (the refusals of one
  /// overload come together), and starts nothing for `retry_after`.
  void throttled(Duration retry_after);

  [[nodiscard]] double window() const { return window_; }
  [[nodiscard]] std::size_t waiting() const { return waiting_.size(); }

 private:
  struct Waiter {
    explicit Waiter(net::Runtime& runtime) : turn(runtime) {}
    net::Signal turn;
    bool granted = false;
  };
  void dispatch();
  void release();

  net::Runtime* runtime_;
  Options options_;
  double window_;
  std::size_t under_way_ = 0;
  Steady paused_until_{};
  Steady halved_at_ = Steady::min();
  std::list<Waiter*> waiting_;
  net::ScopedCall resume_;
};

}  // namespace spotkeeper::kube
