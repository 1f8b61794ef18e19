// A cost that no set of machines can go below, proven by linear programming duality.
#pragma once

#include <vector>

#include "model/money.h"
#include "plan/provision/plan.h"
#include "plan/provision/relaxation.h"

namespace spotkeeper::plan {

/// Of holding all of `demand`, on the nodes that are there for nothing and on bought machines for their prices.
///
/// Weak duality: let every resource of every machine type, and its places for pods that repel each other
/// (relaxation.h), have a price such that a whole machine's are worth no more than the machine. Then a pod is worth
/// what it takes up of the cheapest machine that suits it, and all pods together are worth no more than any machines
/// that hold them. The other rules between pods, limits and shares only make plans dearer, so they are left out. The
/// prices come from a search; that they prove what is returned is checked in whole numbers, rounded down.
[[nodiscard]] Money lower_bound(const Purchase& purchase, const std::vector<Demand>& demand);

/// What a plan places; what takes long to end and is kept off Spot is held to that.
[[nodiscard]] std::vector<Demand> demand_of(const Purchase& purchase, const Plan& plan);

}  // namespace spotkeeper::plan
