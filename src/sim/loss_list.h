// The lost requests of a run as text for people.
#pragma once

#include <string>
#include <vector>

#include "sim/losses.h"

namespace spotkeeper::sim {

/// A line for each, in the order given: "  #812 sent at 21.300 s on a new connection to shop/web-x on a-1: refused: …".
/// More than `kLinesAtMost` of them are grouped by their cause (how they were lost, on which machine, and why nobody
/// tried again), in the order of each cause's first, with the first `kLinesOfACause` of each in full.
[[nodiscard]] std::string list_losses(const std::vector<LostRequest>& losses, Instant start);

inline constexpr std::size_t kLinesAtMost = 20;
inline constexpr std::size_t kLinesOfACause = 3;

}  // namespace spotkeeper::sim
