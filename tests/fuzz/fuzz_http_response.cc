// Answers of any server: the first byte says how the rest is cut into pieces. However it is cut, the same message must
// come out.
// Links: spotkeeper_net
#include <cstddef>
#include <cstdint>

#include "tests/fuzz/http_pieces.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace spotkeeper;
  if (size < 1) return 0;
  const char* method = (data[0] & 0x80U) != 0 ? "HEAD" : "GET";
  fuzz::compare_cuts([&] { return net::HttpParser::response(method, fuzz::kHttpLimits); },
                     fuzz::text_of(data + 1, size - 1), data[0]);
  return 0;
}
