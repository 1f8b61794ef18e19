// Links: spotkeeper_control
// Prices: every row that is read names a type and a price that is no debt; else the error names the file.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "control/planning/market.h"

using namespace spotkeeper;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto rows = control::parse_prices(text, "prices.csv");
  if (!rows) {
    if (!rows.error().message.starts_with("prices.csv")) std::abort();
  } else {
    for (const control::PriceRow& each : *rows)
      if (each.type.empty() || each.price < Money()) std::abort();
  }
  static_cast<void>(control::parse_machines(text));
  return 0;
}
