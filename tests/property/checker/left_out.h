// Pods that were left out although there was a place for them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tests/property/checker/filters.h"
#include "tests/property/checker/order.h"

namespace spotkeeper::checker {

struct PlaceRules {
  bool shares_capped = false;                         // so a place on Spot is none for sure
  std::optional<std::int64_t> most_on_new_node = {};  // of a workload: beside as many, there is no place for one more
};

/// A plan, looked at from its end.
struct Ending {
  State start;                 // the hosts, planned ones last, with what was there and the DaemonSets' pods
  std::vector<Placed> placed;  // by the plan
  State final;                 // `start` with them
};

/// `left` are pods that nothing but a lack of a place may leave out.
std::vector<std::string> places_not_seen(const Ending& ending, const std::vector<const Pod*>& left,
                                         const PlaceRules& rules);

/// Those of them that would have had a place if all that is less important had not come.
std::vector<std::string> less_important_placed(const Ending& ending, const std::vector<const Pod*>& left,
                                               const PlaceRules& rules);

/// Pods on new Spot nodes that would rather not be there, and for which there is a place elsewhere.
std::vector<std::string> needless_spot(const Ending& ending, const PlaceRules& rules);

/// Where one of these pods could be instead, so that all others may stay where they are; empty if there is no such
/// place.
std::string better_place(const Ending& ending, const std::vector<const Pod*>& pods, const PlaceRules& rules);

/// For at most six pods, three nodes and no NodePool: whether one that was left out could have come together with all
/// that are as important, in any order and anywhere.
std::vector<std::string> placements_not_seen(const Ending& ending, const std::vector<const Pod*>& left);

}  // namespace spotkeeper::checker
