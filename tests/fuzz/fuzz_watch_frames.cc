// A watch gives the same events however its bytes are cut, in both encodings, and ends in events or in an error.
// Links: spotkeeper_kube
#include <string>
#include <utility>
#include <vector>

#include "kube/codec/decode.h"
#include "kube/watch.h"
#include "tests/fuzz/fuzz_input.h"

using namespace spotkeeper;        // NOLINT(google-build-using-namespace)
using namespace spotkeeper::kube;  // NOLINT(google-build-using-namespace)
using fuzz::require;

namespace {

using Seen = std::vector<std::pair<WatchType, std::string>>;

std::pair<Seen, bool> watch(std::string_view content_type, std::string_view bytes, std::uint32_t seed, bool whole) {
  std::pair<Seen, bool> out;
  Snapshot shared;
  WatchDecoder decoder(content_type, [&](const WatchEvent& event) -> Result<void> {
    out.first.emplace_back(event.type,
                           event.meta.name + "@" + event.meta.version + "#" + std::to_string(event.status.code));
    const bool object = event.type == WatchType::Added || event.type == WatchType::Modified;
    if (object) (void)decode_pod(event.object, shared).has_value();
    return {};
  });
  const auto feed = [&](std::string_view piece) { return decoder.feed(piece).has_value(); };
  const bool fed = whole ? feed(bytes) : fuzz::in_pieces(bytes, seed, feed);
  out.second = fed && decoder.finish().has_value();
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes = fuzz::text_of(data + 1, size - 1);
  for (const std::string_view type : {"application/json", "application/vnd.kubernetes.protobuf;stream=watch"})
    require(watch(type, bytes, data[0], true) == watch(type, bytes, data[0], false));
  return 0;
}
