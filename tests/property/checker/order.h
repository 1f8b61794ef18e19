// Whether the scheduler could have come to a placement one pod at a time.
//
// Spread and affinity look at what is there when a pod comes, so a placement is a good one if there is an order in
// which each pod passes every filter at its turn.
#pragma once

#include <string>
#include <vector>

#include "tests/property/checker/filters.h"

namespace spotkeeper::checker {

struct Placed {
  const Pod* pod = nullptr;
  std::size_t host = 0;
};

/// Puts the pods on the hosts of `state`. Nothing if there is such an order; else what stands in the way of those that
/// are left where no other can come any more, and these are left out.
std::vector<std::string> put_in_some_order(State& state, const std::vector<Placed>& placed);

}  // namespace spotkeeper::checker
