#include "tests/oracle/cases.h"

#include <algorithm>
#include <cstdlib>

namespace spotkeeper::oracle {

Cases cases_from_environment(std::uint64_t count) {
  if (const char* seed = std::getenv("SPOTKEEPER_SEED")) return {std::strtoull(seed, nullptr, 10), 1};
  const char* first = std::getenv("SPOTKEEPER_FIRST_SEED");
  const char* wanted = std::getenv("SPOTKEEPER_CASES");
  return {first != nullptr ? std::strtoull(first, nullptr, 10) : 1,
          wanted != nullptr ? std::max<std::uint64_t>(1, std::strtoull(wanted, nullptr, 10)) : count};
}

}  // namespace spotkeeper::oracle
