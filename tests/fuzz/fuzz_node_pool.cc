// Links: spotkeeper_control
// NodePools: one that is read has only requirements that can be asked of a label.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "control/planning/pools.h"
#include "format/yaml.h"

using namespace spotkeeper;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto parsed = format::parse_yaml_stream(std::string_view(reinterpret_cast<const char*>(data), size));
  if (!parsed) return 0;
  for (const format::YamlDocument& each : *parsed) {
    const auto pool = control::read_node_pool(format::JsonField(each.value()));
    if (!pool) continue;
    static_cast<void>(control::zones_of(*pool));
    for (const PoolRequirement& requirement : pool->requirements) {
      const std::string value = "7";
      if (requirement.allows(nullptr) && requirement.op == PoolOperator::Exists) std::abort();
      static_cast<void>(requirement.allows(&value));
    }
    for (const auto& [resource, most] : pool->limits)
      if (most < 0) std::abort();
  }
  return 0;
}
