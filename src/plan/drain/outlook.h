// What a workload's pods tell of its near future: how many serve, and when more will.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "plan/drain/drain.h"

namespace spotkeeper::plan::drain {

/// Instants at which something changes: by what has happened, or by time alone.
class Turns {
 public:
  explicit Turns(Instant now) : now_(now) {}
  void at(Instant when) {
    if (when <= now_) {
      last_ = std::max(last_, when);
    } else {
      next_ = std::min(next_.value_or(when), when);
    }
  }
  void include(const Turns& others) {
    last_ = std::max(last_, others.last_);
    if (others.next_) at(*others.next_);
  }
  /// The latest that is not after `now`; Instant::min() if there is none.
  [[nodiscard]] Instant last() const { return last_; }
  [[nodiscard]] std::optional<Instant> next() const { return next_; }

 private:
  Instant now_;
  Instant last_ = Instant::min();
  std::optional<Instant> next_;
};

/// Of a pod that is not Ready.
enum class Hope {
  Comes,   // it may be waited for
  Leaves,  // it is on a machine that goes
  None,    // it has no place and gets none
};

struct Outlook {
  struct Arrival {
    Instant at;
    const Pod* like = nullptr;  // the pod itself, or the one that it replaces
  };
  std::int64_t serving = 0;    // Ready and not told to end
  std::int64_t replicas = 0;   // all that have not completed, and successors that are still to be made
  std::int64_t in_flight = 0;  // not Ready yet; of a StatefulSet also those that are ending or missing
  std::int64_t unmade = 0;     // successors that their controller is about to make
  double min_serving = 0;      // the largest share that an annotation names
  std::vector<Arrival> arrivals;
  Turns turns;
};

/// `pods`: all of the workload, `ended`: Snapshot::ended_of, `ready_after`: from a pod's creation to Ready. `hope`:
/// asked about each that is not Ready.
[[nodiscard]] Outlook outlook(std::span<const Pod* const> pods, const Pod* ended, bool one_at_a_time,
                              Duration ready_after, const DrainPolicy& policy, Instant now,
                              const std::function<Hope(const Pod&)>& hope);

}  // namespace spotkeeper::plan::drain
