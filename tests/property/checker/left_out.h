// Pods that were left out although there was a place for them.
#pragma once

#include <string>
#include <vector>

#include "tests/property/checker/filters.h"
#include "tests/property/checker/order.h"

namespace spotkeeper::checker {

struct PlaceRules {
  bool shares_capped = false;  // so a place on Spot is none for sure
};

/// `final` has everything where the plan put it, the planned nodes behind those that were there. `left` are pods that
/// nothing but a lack of a place may leave out.
std::vector<std::string> places_not_seen(const State& final, const std::vector<const Pod*>& left,
                                         const PlaceRules& rules);

/// Pods on new Spot nodes that would rather not be there, and for which there is a place elsewhere.
std::vector<std::string> needless_spot(const State& final, const PlaceRules& rules);

/// Where one of these pods could be instead; empty if none of them could be anywhere else.
std::string better_place(const State& final, const std::vector<const Pod*>& pods, const PlaceRules& rules);

/// For at most six pods, three nodes and no NodePool: whether one that was left out could have come together with all
/// that are as important, in any order and anywhere.
std::vector<std::string> placements_not_seen(const State& start, const std::vector<Placed>& placed,
                                             const std::vector<const Pod*>& left);

}  // namespace spotkeeper::checker
