// What a decision about some pods needs to know, and nothing else: the pods to be moved, the services they belong to
// and the budgets that cover them. Services that share no budget share no scene, so that each is decided by itself.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "plan/drain/budgets.h"
#include "plan/drain/drain.h"
#include "plan/drain/filters.h"
#include "plan/drain/room.h"

namespace spotkeeper::plan::drain {

/// A pod on a dying node that is to be ended.
struct Candidate {
  const Pod* pod = nullptr;
  std::optional<Deadline> end;  // of its machine
  Instant latest;               // its last safe start; Instant::max() where there is no deadline
  Instant settled;              // before it the notices of its node's neighbours may be on their way
  Verdict verdict;              // Early or Late
  bool room = true;             // a node has room for its successor, or it need not wait for that
  // When its successor is Ready: so long after it is made; none: nobody makes one. It is made at once, or where the old
  // pod must be gone first, so long after the start of its end, or when its machine goes.
  std::optional<Duration> successor_after;
  Duration ends_after = 0s;
  Instant gone_by = Instant::max();
  std::size_t service = 0;
  std::vector<std::size_t> budgets;
};

/// A pod that will be Ready, as far as one can tell.
struct Arrival {
  Instant at;
  std::size_t service = 0;
  std::vector<std::size_t> budgets;
};

/// A workload; a pod without an owner is one by itself.
struct Service {
  std::int64_t serving = 0;    // Ready and not told to end
  std::int64_t expected = 0;   // these and those that will be
  std::int64_t floor = 0;      // how many are to serve at every moment: one, or its min-serving share; 0: not a service
  std::int64_t comfort = 0;    // how many serve while no more are out at once than the policy's share
  bool one_at_a_time = false;  // StatefulSet
  bool admission = false;      // the API asks it before pods are evicted or made: see docs/drain.md
  bool goes_last = false;      // … and its last copy is left while others are still to be moved
  std::int64_t in_flight = 0;  // of a StatefulSet: those that are ending or not Ready yet
};

struct Scene {
  std::vector<Candidate> candidates;  // the one to go first comes first
  std::vector<Service> services;
  std::vector<BudgetState> budgets;
  std::vector<Arrival> arrivals;
  // How many of the successors that are still to be made find room, all together.
  std::int64_t rooms = std::numeric_limits<std::int64_t>::max();
  bool critical = false;  // were all started at once, some service would fall below its floor
  // The last instant at which anything of it changed by what happened or by time alone, and the next at which it will
  // by time alone. What is decided is decided as of the former, so that it stays the same until the latter.
  Instant as_of = Instant::min();
  std::optional<Instant> next;
};

struct Scenes {
  std::vector<Scene> scenes;
  std::vector<Candidate> last;       // DaemonSet pods; no service, no budgets
  std::vector<Waiting> waiting;      // pods that are not to be moved, or not yet
  std::set<NodeName> occupied;       // nodes on which something other than DaemonSet pods is still to leave
  std::optional<Instant> next_look;  // when something here changes by time alone
};

/// `merged`: one record a node (merge_all). `room` keeps what is taken by pods that are pending already.
[[nodiscard]] Scenes build_scenes(const Snapshot& cluster, std::span<const Interruption> merged,
                                  const DrainPolicy& policy, Room& room, Instant now);

}  // namespace spotkeeper::plan::drain
