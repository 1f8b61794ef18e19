// Random small clusters with all that placement knows about mixed together, and now and then something broken.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tests/property/checker/reading.h"
#include "tests/property/checker/values.h"

namespace spotkeeper::checker {

struct RandomCase {
  std::uint64_t seed = 0;
  std::vector<Json> documents;
  std::string catalogue;            // as docs/catalog.md has it
  std::vector<Offering> offerings;  // of its types; those that can't be had now are there, too
};

/// The same seed, the same case.
RandomCase random_case(std::uint64_t seed);

/// As the referee reads it.
Problem read_case(const RandomCase& random);

/// Seed, documents, catalogue and offerings, to be looked at.
std::string describe(const RandomCase& random);

}  // namespace spotkeeper::checker
