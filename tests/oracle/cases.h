// How many random cases a property test goes through, and from which seed.
#pragma once

#include <cstdint>

namespace spotkeeper::oracle {

/// From the environment: SPOTKEEPER_SEED replays one case; SPOTKEEPER_CASES says how many, SPOTKEEPER_FIRST_SEED from
/// which on.
struct Cases {
  std::uint64_t first_seed = 1;
  std::uint64_t count = 100'000;
};
[[nodiscard]] Cases cases_from_environment(std::uint64_t count = 100'000);

}  // namespace spotkeeper::oracle
