// Who is where, counted as rules between pods count it: what spreads, affinity and anti-affinity say to a pod, without
// a look at every other pod. What filters.h says of the same rules is the statement of them; neighbours_test.cc holds
// the one to the other.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tests/property/checker/filters.h"
#include "tests/property/checker/kinds.h"

namespace spotkeeper::checker {

class Neighbours {
 public:
  /// With the pods that are there. The hosts' labels and taints must stay as they are.
  explicit Neighbours(const State& state);

  /// Whether a spread (as the scheduler counts its domains) or affinity keeps the pod off the host.
  [[nodiscard]] bool refuse(const Pod& pod, std::size_t host) const;
  void come(const Pod& pod, std::size_t host);

  /// The pod is yet to come there, or (-1) is not any more.
  void expect(const Pod& pod, std::size_t host, int more = 1);
  /// A spread keeps the pod off the host once all have come: it has to come before some of them.
  [[nodiscard]] bool is_hurried(const Pod& pod, std::size_t host) const;
  void hurry(const Pod& pod, std::size_t host, int more = 1);
  /// How many spreads of others who are expected would be exceeded where they go, and stay so until all have come, if
  /// this pod, which is expected, too, came before them: for one that is not hurried, after all that are.
  [[nodiscard]] std::int64_t harm(const Pod& pod, std::size_t host) const;

 private:
  using Domain = std::optional<std::size_t>;
  using Counts = std::vector<std::int64_t>;  // by domain
  struct Spreading {
    Counts there;       // pods that it counts
    Counts in_the_end;  // with those that are expected
    Counts hurried;     // of those that it counts, and are expected
    Counts waiting;     // pods that have the spread, and are expected
  };
  struct Avoiding {
    Counts avoided, avoiding;  // pods that the term selects, and those that have it
  };
  struct Seeking {
    std::vector<Counts> near;  // of each term
    std::int64_t anywhere = 0;
  };

  [[nodiscard]] bool exceeded(std::size_t spread, std::int64_t here, const Counts& counts) const;
  [[nodiscard]] bool spreads_refuse(const Kind& kind, std::size_t host) const;
  [[nodiscard]] bool is_avoided(const Kind& kind, std::size_t host) const;
  [[nodiscard]] bool seeks_elsewhere(const Kind& kind, std::size_t host) const;

  const Kinds* kinds_;
  std::vector<std::vector<Domain>> domains_;     // by key and host
  std::vector<std::size_t> domains_of_key_;      // how many
  std::vector<std::vector<bool>> spread_hosts_;  // by SpreadHosts and host
  std::vector<std::vector<bool>> counted_;       // by spread: which domains it counts
  std::vector<std::int64_t> how_many_counted_;
  std::vector<Spreading> spreads_;
  std::vector<Avoiding> avoidings_;
  std::vector<Seeking> seekings_;
};

}  // namespace spotkeeper::checker
