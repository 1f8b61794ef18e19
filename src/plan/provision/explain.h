// Why a pod is where a plan has it, and what every other node and machine says to it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "plan/provision/plan.h"
#include "plan/schedule/refusal.h"

namespace spotkeeper::plan {

/// Nodes, or machines that could be bought, that give the pod the same answer.
struct Answers {
  Refusal why = Refusal::None;  // None: it would take the pod
  /// What exactly: "dedicated=gpu:NoSchedule", "wants 2 CPU, 1.5 at most are left"; may be empty.
  std::string detail;
  std::int64_t count = 0;
  /// Of nodes, their names; of machines, their types. The first ones: of nodes by name, of types by price.
  std::vector<std::string> names;
  std::int64_t types = 0;         // of machines: how many different ones
  std::optional<Money> cheapest;  // of machines
};

struct AnswersOfPool {
  std::uint32_t pool = 0;  // into Problem::pools
  std::vector<Answers> answers;
};

/// Most of them first; those that would take the pod before all others.
struct Explanation {
  std::string pod;  // "namespace/name"
  ShapeId shape = 0;
  std::optional<std::uint32_t> node;     // into Problem::nodes: it is on one that is there
  std::optional<std::uint32_t> machine;  // into Plan::nodes: it is on one that is bought
  bool bound = false;                    // it was on that node before the plan
  std::string unplaced;                  // why it has no place; empty: it has one
  Money bears;                           // of what is bought: its part of the price, half by CPU and half by memory
  /// The rule that was given up for it, so that it is not left out; None: all are kept.
  Refusal given_up = Refusal::None;
  std::vector<Answers> nodes;        // that are there, but for its own
  std::vector<Answers> bought;       // other machines of the plan
  std::vector<AnswersOfPool> pools;  // what could be bought for it alone
  std::int64_t cheaper = 0;          // of what is bought: machines that would take it and cost less than its own
  std::int64_t cheaper_for_all = 0;  // those of them that have room for all that is on its own
};

/// A rule, and how much it leaves out.
struct BindingRule {
  Refusal rule = Refusal::None;
  std::int64_t nodes = 0;     // that are there or bought
  std::int64_t machines = 0;  // that could be bought
};
/// Those that refused something, in the order of `Refusal`.
[[nodiscard]] std::vector<BindingRule> binding_rules(const Explanation& explanation);

/// None: the plan knows no such pod ("namespace/name"). Asked as things stand when the plan is carried out, with the
/// pod taken away: what would refuse it then.
[[nodiscard]] std::optional<Explanation> explain(const Problem& problem, const Plan& plan, std::string_view pod);

}  // namespace spotkeeper::plan
