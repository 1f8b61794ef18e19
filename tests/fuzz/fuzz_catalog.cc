// Links: spotkeeper_model
// Whatever the bytes, the catalogue is read whole or refused with the place, and what was read keeps its promises.
#include "model/catalog.h"
#include "tests/fuzz/fuzz_input.h"

using namespace spotkeeper;  // NOLINT(google-build-using-namespace)
using fuzz::require;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Result<Catalog> catalog = Catalog::parse(fuzz::text_of(data, size), "fuzz.csv");
  if (!catalog) {
    require(catalog.error().message.starts_with("fuzz.csv:"));
    return 0;
  }
  for (const InstanceType& type : catalog->types()) {
    require(catalog->find(type.name) == &type);
    require(type.allocatable_memory <= type.memory && !type.family().empty());
    require(Money::parse(type.on_demand.str()).value() == type.on_demand);
    require(!type.spot || *type.spot_price() <= type.on_demand);
  }
  return 0;
}
