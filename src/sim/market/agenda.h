// What a market has planned: by time, then by the order in which it was planned.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <queue>
#include <utility>
#include <vector>

#include "base/time.h"

namespace spotkeeper::sim::market {

enum class What : std::uint8_t {
  StepsPrice,       // a = pool
  Reprices,         // every pool: a spike begins or ends
  StormIsRumoured,  // a = storm
  StormStrikes,     // a = storm
  OutageBegins,     // a = outage
  DropIsRumoured,   // a = pool: its trace falls soon
  CapacityChanges,  // a = pool
  Recommends,       // a = machine
  AlarmsFalsely,    // a = machine
  Interrupts,       // a = machine
  Dies,             // a = machine
  Requests,         // a = group
  Boots,            // a = machine
};

struct Planned {
  Instant when;
  std::uint64_t order = 0;
  What what = What::StepsPrice;
  std::size_t a = 0;
  friend bool operator>(const Planned& x, const Planned& y) {
    return std::pair(x.when, x.order) > std::pair(y.when, y.order);
  }
};

class Agenda {
 public:
  void plan(Instant when, What what, std::size_t a) { queue_.push({when, order_++, what, a}); }
  [[nodiscard]] std::optional<Instant> next_due() const {
    if (queue_.empty()) return std::nullopt;
    return queue_.top().when;
  }
  /// The next thing that is due at `limit` or before.
  std::optional<Planned> take(Instant limit) {
    if (queue_.empty() || queue_.top().when > limit) return std::nullopt;
    const Planned next = queue_.top();
    queue_.pop();
    return next;
  }

 private:
  std::uint64_t order_ = 0;
  std::priority_queue<Planned, std::vector<Planned>, std::greater<>> queue_;
};

}  // namespace spotkeeper::sim::market
