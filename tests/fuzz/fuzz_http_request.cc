// Requests of any client; see fuzz_http_response.cc.
// Links: spotkeeper_net
#include <cstddef>
#include <cstdint>

#include "tests/fuzz/http_pieces.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace spotkeeper;
  if (size < 1) return 0;
  fuzz::compare_cuts([] { return net::HttpParser::request(fuzz::kHttpLimits); }, fuzz::text_of(data + 1, size - 1),
                     data[0]);
  return 0;
}
