// A `Runtime` whose time is moved by its owner, for simulations and tests: coroutines that wait an hour are done in
// microseconds, and the same calls come in the same order on every machine.
//
// `run_until(t)` makes every call that is due up to and including `t`, in the order of the Runtime's contract (by time,
// then by the order in which they were asked for), and leaves the clock at `t`. Between two calls the clock stands
// where the last call was due: time passes only by waiting. Not thread-safe; nothing here is.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include "base/time.h"
#include "net/runtime.h"

namespace spotkeeper::net {

class VirtualRuntime : public Runtime {
 public:
  /// The wall clock stands at `start`, the steady one at zero.
  explicit VirtualRuntime(Instant start = Instant{}) : start_(start) {}

  [[nodiscard]] Instant now() const override { return start_ + steady_.time_since_epoch() + jump_; }
  [[nodiscard]] Steady steady() const override { return steady_; }
  CallId post(std::function<void()> what) override { return call_at(steady_, std::move(what)); }
  CallId call_at(Steady when, std::function<void()> what) override;
  void cancel(CallId call) override;

  /// Sets the wall clock forward (or back), as an administrator or NTP does; the steady one does not move.
  void jump(Duration by) { jump_ += by; }

  /// When the next call is due; none: nothing is pending.
  [[nodiscard]] std::optional<Steady> next_due();
  /// Makes the next call if it is due at `limit` or before. False: there is none.
  bool run_one(Steady limit);
  /// Makes every call due at `until` or before, those asked for meanwhile included, and moves the clock to `until`.
  void run_until(Steady until);
  void advance(Duration length) { run_until(steady_ + length); }
  /// Makes the calls that are due now, and those that they ask for.
  void settle() { run_until(steady_); }
  /// Moves time from call to call until `done()`, until nothing is pending, or until `most` has passed; whether it is
  /// done.
  bool run_until(const std::function<bool()>& done, Duration most = 1h);
  /// Moves the clock to `when` without making a call; nothing may be due before it.
  void advance_to(Steady when);
  /// How many calls are still to be made.
  [[nodiscard]] std::size_t pending() const { return slots_.size() - free_.size(); }
  /// How many calls have been made.
  [[nodiscard]] std::uint64_t calls() const { return calls_; }

 private:
  struct Pending {
    Steady when;
    std::uint64_t order;
    std::uint32_t slot;
    std::uint32_t generation;
  };
  struct Slot {
    std::function<void()> what;
    std::uint32_t generation = 0;
    bool used = false;
  };
  struct Later {
    bool operator()(const Pending& a, const Pending& b) const {
      return a.when != b.when ? a.when > b.when : a.order > b.order;
    }
  };
  [[nodiscard]] bool withdrawn(const Pending& pending) const {
    return slots_[pending.slot].generation != pending.generation;
  }
  std::function<void()> release(std::uint32_t slot);
  void drop_withdrawn();

  Instant start_;
  Steady steady_{};
  Duration jump_{};
  std::vector<Pending> heap_;
  std::vector<Slot> slots_;
  std::vector<std::uint32_t> free_;
  std::uint64_t order_ = 0;
  std::uint64_t calls_ = 0;
};

}  // namespace spotkeeper::net
