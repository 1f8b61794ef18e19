// URLs: what is accepted reads the same when it is written again. HTTP dates: likewise.
// Links: spotkeeper_net
#include <cstddef>
#include <cstdint>

#include "net/http_date.h"
#include "net/url.h"
#include "tests/fuzz/fuzz_input.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace spotkeeper;
  const std::string_view text = fuzz::text_of(data, size);
  fuzz::require(net::percent_decode(net::percent_encode(text)) == text);
  if (const auto date = net::parse_http_date(text)) {
    fuzz::require(net::parse_http_date(net::format_http_date(*date)) == *date);
  }
  const auto url = net::parse_url(text);
  if (!url) return 0;
  const auto again = net::parse_url(url->origin.text() + url->target());
  fuzz::require(again && again->origin == url->origin && again->target() == url->target());
  return 0;
}
