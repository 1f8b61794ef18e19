// What a plan risks: how often its machines are taken back, and how much of a workload goes with one pool.
#pragma once

#include <cstdint>
#include <vector>

#include "plan/provision/plan.h"
#include "plan/provision/purchase.h"
#include "plan/provision/shares.h"

namespace spotkeeper::plan {

struct WorstShare {
  WorkloadRef workload;
  SpotPool pool;          // where most of its pods are, of all Spot pools
  std::int64_t pods = 0;  // there
  std::int64_t of = 0;    // pods that it has
};

struct Risk {
  /// Of the machines to buy. From the classes of AWS's Spot Instance Advisor, the middle of each as the share of
  /// capacity that is reclaimed in 30 days; a machine's age is not looked at.
  double interruptions_per_day = 0;
  double interruptions_in_first_day = 0;  // of the same; machines are young then
  std::vector<WorstShare> worst;          // of workloads with pods on Spot; by workload
};

[[nodiscard]] Risk risk_of(const Problem& problem, const Plan& plan);

/// How often a limit on risk was given up: pods beyond their workload's share of a Spot pool or a new node, and pods on
/// Spot that take long to end. `purchase` is of the problem that the plan was made for.
[[nodiscard]] std::int64_t limits_given_up(const Purchase& purchase, const Plan& plan);

}  // namespace spotkeeper::plan
