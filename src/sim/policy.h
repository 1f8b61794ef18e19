// Who handles the notices in a simulation.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace spotkeeper::sim {

enum class Policy {
  None,
  DeleteAllNow,              // a script that deletes every pod of the node a second later
  CordonAndDrain,            // AWS's handler, a process on every machine (sim/policies/drain_handler.h)
  CordonAndDrainController,  // the same as one controller for all of them
  Spotkeeper,
};

/// In the order of the enumerators.
inline constexpr std::array<std::string_view, 5> policy_names{"none", "delete-all-now", "cordon-and-drain",
                                                              "cordon-and-drain-controller", "spotkeeper"};
[[nodiscard]] constexpr std::string_view name_of(Policy policy) {
  return policy_names.at(static_cast<std::size_t>(policy));
}

}  // namespace spotkeeper::sim
