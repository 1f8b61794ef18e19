// A pod's message: whatever is read from it is written and read again the same, in protobuf and through JSON.
// Links: spotkeeper_kube
#include <string>

#include "kube/codec/decode.h"
#include "kube/codec/translate.h"
#include "tests/fuzz/fuzz_input.h"

using namespace spotkeeper;        // NOLINT(google-build-using-namespace)
using namespace spotkeeper::kube;  // NOLINT(google-build-using-namespace)
using fuzz::require;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes = fuzz::text_of(data, size);
  Snapshot shared;
  const auto decoded = decode_pod(WireObject{bytes, nullptr}, shared);
  if (decoded) {
    shared.put(*decoded);
    (void)decoded->claims();
    require(shared.find_pod(decoded->name) != nullptr);
  }
  (void)decode_node(WireObject{bytes, nullptr});
  (void)decode_budget(WireObject{bytes, nullptr});

  const auto pod = from_protobuf<wire::Pod>(bytes);
  require(pod.has_value() || !decoded);
  if (!pod) return 0;
  const std::string written = to_protobuf(*pod);
  const auto again = from_protobuf<wire::Pod>(written);
  require(again && to_protobuf(*again) == written);

  // Text that is not UTF-8 does not survive JSON unchanged, but what JSON says once it says again.
  const format::JsonValue json = to_json(*pod);
  wire::Arena arena;
  const auto from_text = from_json<wire::Pod>(json, arena);
  require(from_text && format::write_json(to_json(*from_text)) == format::write_json(json));
  return 0;
}
