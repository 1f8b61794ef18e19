// What the constraints of one pod, and those of the pods that are there, make of every node: worked out once, then
// asked for each node.
//
// The rules are kube-scheduler's (PodTopologySpread, InterPodAffinity, NodeAffinity). Required: node affinity, spread
// with DoNotSchedule (maxSkew, minDomains, only nodes that the pod's own selectors let it have count as domains),
// affinity and anti-affinity to pods, the anti-affinity of pods that are there to this one. Preferred: the weights of
// node affinity and of affinity to pods; spread with ScheduleAnyway over other labels than zone and hostname, over
// which the scheduler spreads every workload anyway.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "sim/state.h"

namespace spotkeeper::sim {

class Placement {
 public:
  /// `without`: pods that are taken to be gone.
  Placement(const World::State& world, const PodRun& run, const std::set<PodId>& without = {});

  /// Whether the rules about other pods let it run there. Rules about the node alone: `selects`.
  [[nodiscard]] bool allows(const Node& node) const;
  /// Weight of what speaks for the node.
  [[nodiscard]] std::int64_t likes(const Node& node) const;

 private:
  struct Spread {
    const TopologySpread* rule = nullptr;
    std::map<std::string, std::int64_t, std::less<>> counts;
    std::int64_t least = 0;
    std::int64_t self = 1;  // whether the pod counts itself
  };
  struct Domains {
    std::string key;
    std::map<std::string, std::int64_t, std::less<>> weights;
    bool first = false;  // of required affinity: no pod matches yet but this one itself
  };
  void add_spread(const TopologySpread& rule);
  void look_at(const PodRun& other);
  void weigh(Domains& into, const PodAffinityTerm& term, const PodRun& other, std::int64_t weight);
  [[nodiscard]] bool concerns(const PodAffinityTerm& term, const Pod& whose, const Pod& other) const;
  [[nodiscard]] const Node* node_of(const PodRun& run) const;

  const World::State& world_;
  const PodRun& run_;
  std::vector<Spread> hard_;
  std::vector<Spread> soft_;
  std::vector<Domains> near_;
  std::vector<Domains> away_;
  std::vector<Domains> liked_;
};

/// Node selector and required node affinity.
[[nodiscard]] bool selects(const PodTemplate& spec, const Node& node);

}  // namespace spotkeeper::sim
