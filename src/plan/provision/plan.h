// Which machines to buy for pods that have no node, and which pod goes where.
//
// Pure: the answer depends on the arguments alone, byte for byte. Every pod that is placed keeps every hard rule of
// kube-scheduler (docs/plan.md has them with their sources), in the order in which it was placed and in the end; a pod
// that can't be placed is told why and stops nobody else.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "plan/schedule/problem.h"

namespace spotkeeper::plan {

/// How much work may go into making a plan better once there is one. A step is one attempt at a few nodes.
struct StepBudget {
  std::uint64_t steps = 0;
};
struct Seed {
  std::uint64_t value = 1;
};

struct NewNode {
  std::uint32_t pool = 0;                // into Problem::pools
  std::uint32_t offering = 0;            // into Problem::offerings: what it is priced at
  std::shared_ptr<const Labels> labels;  // all that the node will carry, but for its hostname
  /// Other offerings that would do for its pods within every rule, whichever of them are launched for all the nodes
  /// (provision/alternatives.h); cheapest first, `offering` not among them.
  std::vector<std::uint32_t> alternatives;
  std::vector<PodId> pods;
};

struct Unplaced {
  std::string pod;  // "namespace/name"
  std::string reason;
};

struct Plan {
  std::vector<NewNode> nodes;
  std::vector<std::vector<PodId>> existing;  // by node, as in Problem::nodes
  std::vector<Unplaced> unplaced;            // by pod
  Money cost;                                // of the new nodes, an hour
  Money lower_bound;                         // no set of machines that holds the placed pods costs less
  StepBudget steps;                          // what it was made with
  Seed seed;
};

/// Total: every problem has a plan. Preferred terms count as the problem's policy has it (provision/preferences.h).
[[nodiscard]] Plan make_plan(const Problem& problem, StepBudget budget, Seed seed);

/// None: lower_bound is left at 0.
enum class Bound { None, Proven };
/// The same by the rules alone: preferred terms count for nothing.
[[nodiscard]] Plan make_hard_plan(const Problem& problem, StepBudget budget, Seed seed, Bound bound = Bound::Proven);
class Purchase;
/// The same on top of a purchase for this problem, with which nothing has been placed or bought; it holds the plan
/// afterwards, or what was tried for it.
[[nodiscard]] Plan make_hard_plan(const Problem& problem, Purchase& prepared, StepBudget budget, Seed seed,
                                  Bound bound = Bound::Proven);

/// `plan`, whose pods stay where they are, with those that it leaves out where they have a place by the rules alone.
/// lower_bound is left at 0.
[[nodiscard]] Plan with_left_out(const Problem& problem, const Plan& plan);

/// Some pod has preferred terms that the policy says to enforce: its plan is more than make_hard_plan's.
[[nodiscard]] bool minds_preferences(const Problem& problem);

}  // namespace spotkeeper::plan
