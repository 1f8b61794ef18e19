// Notices which pods will not get the end that they were promised, as soon as that is known: minutes or seconds before
// their machine ends, so that it can still be told and its metrics be read.
#pragma once

#include <cstddef>
#include <set>

#include "control/agenda.h"
#include "control/agent_metrics.h"
#include "control/node_news.h"
#include "control/ports.h"
#include "model/interruption.h"
#include "plan/drain/drain.h"

namespace spotkeeper::control {

/// A pod that a drain moves away: all but those that go with the machine.
[[nodiscard]] bool is_moved(const Pod& pod, const plan::DrainPolicy& policy);

class HardKills {
 public:
  /// All of it outlives this.
  HardKills(ClusterApi& cluster, AgentMetrics& metrics, NodeNews& news, const plan::DrainPolicy& policy)
      : cluster_(cluster), metrics_(metrics), news_(news), policy_(policy) {}

  /// Looks at the pods on a node that a Kill takes. Each pod is told of and counted once a reason:
  ///   short of grace   its whole grace does not fit between the notice (or its creation) and the deadline; or somebody
  ///                    has told it to end with a grace that goes beyond, or, since the notice, with less than its own;
  ///   killed hard      an estimate, from 20 s before the deadline on, or from 3 s after the instant at which the plan
  ///                    sends it off at the latest, where it has not been told to end by then; at 1 s before the
  ///                    deadline, whatever is left.
  void look(const Snapshot& cluster, const Interruption& what, Instant now, Agenda& agenda);
  void forget();

 private:
  [[nodiscard]] GracePeriod own_grace(const Pod& pod) const;
  void short_of_grace(const Pod& pod, const Interruption& what, Instant now);
  void shortened(const Pod& pod, const Interruption& what);
  void killed_hard(const Pod& pod, const Interruption& what, Instant now, Agenda& agenda);

  ClusterApi& cluster_;
  AgentMetrics& metrics_;
  NodeNews& news_;
  const plan::DrainPolicy& policy_;
  std::set<Uid> short_;
  std::set<Uid> killed_;
};

}  // namespace spotkeeper::control
