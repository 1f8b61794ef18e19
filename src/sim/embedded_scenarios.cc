#include <array>

#include "sim/scenario.h"

// The bounds that embedded_scenarios.S gives each file.
extern "C" {
#define SCENARIO(symbol, file)                     \
  extern const char spotkeeper_##symbol##_begin[]; \
  extern const char spotkeeper_##symbol##_end[];
#include "sim/embedded_scenarios.inc"
#undef SCENARIO
}

namespace spotkeeper::sim {
namespace {

constexpr std::string_view without_ending(std::string_view file) { return file.substr(0, file.rfind('.')); }

}  // namespace

std::span<const ShippedScenario> shipped_scenarios() {
  static const std::array shipped{
#define SCENARIO(symbol, file) \
  ShippedScenario{without_ending(file), {spotkeeper_##symbol##_begin, spotkeeper_##symbol##_end}},
#include "sim/embedded_scenarios.inc"
#undef SCENARIO
  };
  return shipped;
}

}  // namespace spotkeeper::sim
