// When to start what: a projection of what happens if pods are started by a rule, and the choice of the rule.
//
// The rule says for each service how many must go on serving when a pod is started before its last safe start, whether
// budgets are asked, and which pods are held back until then. A projection carries it on from now: starts where the
// rule allows, starts everything at its last safe start, lets successors arrive. The choice is the rule with the least
// loss below the services' floors; of these the one with the least strain, and then the one that keeps most replicas
// serving. Budgets are left unasked only where every rule that asks them loses something that could be kept.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "plan/drain/scene.h"

namespace spotkeeper::plan::drain {

struct Rule {
  std::vector<std::int64_t> keep_serving;  // by service
  std::vector<bool> past_budgets;          // by service
  std::vector<bool> held;                  // by candidate: left until its last safe start
  bool settles = true;                     // a node's neighbours are heard before anything of it is started early
};

struct Start {
  std::size_t candidate = 0;
  bool forced = false;       // its last safe start has come
  bool past_budget = false;  // a budget refused
};

struct Outcome {
  std::vector<Duration> loss;       // by service: time × replicas below the floor
  std::vector<Duration> strain;     // by service: time × replicas out beyond the policy's share
  std::vector<std::int64_t> least;  // by service: the fewest that ever serve
  std::vector<Start> now;           // what is started at once, in order
};

/// As of the scene's last change.
[[nodiscard]] Outcome project(const Scene& scene, const Rule& rule);

/// The outcome of the best rule. It stays the same until the scene changes.
[[nodiscard]] Outcome choose(const Scene& scene);

}  // namespace spotkeeper::plan::drain
