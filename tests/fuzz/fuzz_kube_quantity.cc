// Whatever is a quantity is the same one after having been written.
// Links: spotkeeper_model
#include <string>

#include "model/quantity.h"
#include "tests/fuzz/fuzz_input.h"

using namespace spotkeeper;  // NOLINT(google-build-using-namespace)
using fuzz::require;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto quantity = Quantity::parse(fuzz::text_of(data, size));
  if (!quantity) return 0;
  const std::string text = quantity->str();
  const auto again = Quantity::parse(text);
  require(again && *again == *quantity && again->str() == text);
  require(again->ceil() == quantity->ceil() && again->ceil_milli() == quantity->ceil_milli());
  return 0;
}
