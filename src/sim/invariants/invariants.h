// Looks on at a world and says when it does what no cluster can do.
//
// After every event it compares what the API server shows with what the machines, the programs and the clients do, and
// at every change of an object it works out anew what the component that made it should have written. It shares no code
// with the components that it judges. A world that is watched behaves as one that is not; it is only slower.
//
// What a rule says, and whose fault it is when it is broken:
//   Time          time never goes back, nothing happens before it was due, every change has the next version
//   OneNode       a bound pod stays where it is, is on the list of one machine, and runs at most once under its name
//   Budgets       the status of a budget is what the disruption controller works out (pkg/controller/disruption),
//                 and an accepted eviction has been charged to the one budget that covers the pod
//                 (registry/core/pod/eviction.go)
//   Requests      what was sent is answered, lost or under way, and who serves it runs on a machine that lives
//   Gone          what has been removed never comes back, and nobody writes to it
//   Capacity      the pods that the scheduler binds to a node fit what it can give beside all others, and the machine
//                 counts the same ones (a DaemonSet's pods are placed without asking for room: a limit of the world)
//   Readiness     no pod is Ready before it was bound, taken, started and warm, nor while its program does not run
//   Ends          an end that has begun is not taken back or put off, and no program is killed before its grace is over
//   Placement     no pod is bound to a node that is cordoned or tainted against it
//   Replicas      a workload never has more pods than it wants
//   Endpoints     an EndpointSlice shows the pods that the service selects, as they are when it is written
//   Volumes       a volume that one node has at a time is used on one machine at a time, and no program runs on a
//                 machine before its volumes are attached there
//   Jobs          of the pods that a Job has had each has succeeded, failed or is there; no more succeed than it wants,
//                 and no more are active than may be
//   Groups        a group never has more machines than its size, beside those that were told to go (market_rules.h)
//   Money         what a run costs never falls, and is the sum of its machines' time at their prices (market_rules.h)
//   Cause         a pod is told to end only where its machine has been given a notice, or is dead, or where its
//                 workload wants fewer, or somebody more important comes
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "sim/world.h"

namespace spotkeeper::sim {

enum class Rule : std::uint8_t {
  Time,
  OneNode,
  Budgets,
  Requests,
  Gone,
  Capacity,
  Readiness,
  Ends,
  Placement,
  Replicas,
  Endpoints,
  Cause,
  Volumes,
  Jobs,
  Groups,
  Money,
};
inline constexpr std::array<std::string_view, 16> rule_names{
    "time",      "one node", "budgets",   "requests", "gone",    "capacity", "readiness", "ends",
    "placement", "replicas", "endpoints", "cause",    "volumes", "jobs",     "groups",    "money"};
[[nodiscard]] constexpr std::string_view name_of(Rule rule) { return rule_names.at(static_cast<std::size_t>(rule)); }

struct Violation {
  Instant at;
  Rule rule = Rule::Time;
  std::string what;  // names the objects, and what they are and should be
  [[nodiscard]] std::string str() const { return format_rfc3339(at) + " " + std::string(name_of(rule)) + ": " + what; }
};

class Invariants {
 public:
  /// Looks on from now until it ends; the world outlives it, and has one at most. The world is best new: what has
  /// happened already can't be judged.
  explicit Invariants(World& world);
  Invariants(const Invariants&) = delete;
  Invariants& operator=(const Invariants&) = delete;
  ~Invariants();

  /// The first hundred, in the order in which they were seen.
  [[nodiscard]] const std::vector<Violation>& violations() const;
  /// How many events and changes have been looked at.
  [[nodiscard]] std::uint64_t looks() const;
  /// Looks at everything as after an event.
  void look();

  class Watcher;

 private:
  std::unique_ptr<Watcher> watcher_;
};

}  // namespace spotkeeper::sim
