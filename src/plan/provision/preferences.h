// Preferred terms: what pods would like, but go without.
//
// Each term that is met for a pod counts by its weight (1 to 100); what has none, ScheduleAnyway and PreferNoSchedule,
// counts as the heaviest. A term is enforced by asking for it as for a rule, of the pods for which that pays or for
// which it comes first; where it leaves a pod without a place, it is given up for that pod; and where somebody else is
// left without a place or a limit on risk is given up for it, first those go that keep others away, then all.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "plan/provision/plan.h"

namespace spotkeeper::plan {

struct SoftTerm {
  enum class Kind { Node, Affinity, AntiAffinity, Spread, Taint };
  Kind kind = Kind::Node;
  std::size_t index = 0;  // into the list of its kind in the pod's template
  std::int32_t weight = 0;
};

/// Some of the taints has PreferNoSchedule, and is not tolerated.
[[nodiscard]] bool are_unwelcome(std::span<const Taint> taints, std::span<const Toleration> tolerations);

/// Of each shape, by shape. Taint: of those that can't stand some taint with PreferNoSchedule that there is.
[[nodiscard]] std::vector<std::vector<SoftTerm>> soft_terms_of(const Problem& problem);

struct Satisfaction {
  std::int64_t weight = 0;  // of the terms that are met
  std::int64_t of = 0;      // of all terms of the pods that have a place by this plan
  /// By shape and term, how many pods go without it.
  std::vector<std::vector<std::int64_t>> missed;
};
/// As things stand when the plan is carried out.
[[nodiscard]] Satisfaction satisfaction_of(const Problem& problem, const Plan& plan);

}  // namespace spotkeeper::plan
