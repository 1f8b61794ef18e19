// The least that can be lost when nodes die: found by trying every start time, not by being clever.
//
// Written from the rules of docs/drain.md alone; shares nothing with the code that it judges. Worlds are small (at most
// 16 pods that leave; five take milliseconds) and time is a grid: every time in a world is a multiple of `step` from
// `now`, so that nothing happens between two points of it.
//
// Loss: seconds × replicas that are missing below a service's floor (one, or its min-serving share). A pod serves until
// its end begins; a successor serves `ready_after` later (a StatefulSet's: after the old pod has ended, too). Every
// pod's end begins at its last safe start or earlier, so that none is killed hard.
#pragma once

#include <optional>
#include <vector>

namespace spotkeeper::oracle {

using Seconds = int;

struct Service {
  int serving = 0;  // now, those that leave included
  int floor = 1;
  Seconds ready_after = 0;
  bool one_at_a_time = false;  // a StatefulSet: the next goes when all others are back, the highest ordinal first
  int in_flight = 0;           // of a StatefulSet: ending, or not Ready yet
};

struct Pod {
  int service = 0;
  bool ready = true;
  bool successor = true;  // somebody makes it anew
  bool early = true;      // it may go before its last safe start
  int ordinal = 0;
  Seconds latest = 0;  // its last safe start
  Seconds lasts = 0;   // from its start to its end
  Seconds gone = 0;    // it has ended by then in any case
};

/// Allows a disruption while more than `desired` of its pods are healthy.
struct Budget {
  int desired = 0;
  std::vector<int> services;
};

/// A pod that is not Ready yet and will be.
struct Arrival {
  Seconds at = 0;
  int service = 0;
};

struct World {
  Seconds now = 0;
  Seconds step = 10;
  Seconds horizon = 1000;  // losses are counted until then
  std::vector<Service> services;
  std::vector<Pod> pods;  // that leave and have not been started
  std::vector<Budget> budgets;
  std::vector<Arrival> arrivals;
  int slots = 1000;  // how many successors the other nodes take
};

enum class Grace {
  Whole,   // where it fits between the notice and the deadline
  Yields,  // to what its requests need, for a pod that somebody makes anew
};
/// What a pod is given to end.
struct Ending {
  Seconds grace = 0;
  Seconds requests = 0;  // what its requests need
  bool successor = true;
  Seconds since = 0;  // when the notice (or the pod) came
};
/// The latest instant at which a pod's end may begin so that all of it that it needs fits, and the margin.
[[nodiscard]] Seconds last_safe_start(const Ending& ending, Seconds deadline, Seconds margin, Grace mode);

enum class Budgets {
  Obeyed,   // before a last safe start, a pod goes only where its budgets allow it
  Ignored,  // what the rule about budgets allows where obeying them loses something
};
/// Replica-seconds.
[[nodiscard]] long least_loss(const World& world, Budgets budgets);

/// The rule: budgets are obeyed where that loses nothing, else they may be overridden.
[[nodiscard]] long least_loss(const World& world);

}  // namespace spotkeeper::oracle
