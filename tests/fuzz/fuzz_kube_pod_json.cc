// A pod as JSON: read and written again it stays the same, and its protobuf says what its JSON says.
// Links: spotkeeper_kube
#include <string>

#include "kube/codec/decode.h"
#include "kube/codec/translate.h"
#include "tests/fuzz/fuzz_input.h"

using namespace spotkeeper;        // NOLINT(google-build-using-namespace)
using namespace spotkeeper::kube;  // NOLINT(google-build-using-namespace)
using fuzz::require;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto document = format::parse_json(fuzz::text_of(data, size));
  if (!document) return 0;
  (void)decode_node(WireObject::of(*document));
  (void)decode_budget(WireObject::of(*document));
  Snapshot shared;
  const auto from_text = decode_pod(WireObject::of(*document), shared);

  wire::Arena arena;
  const auto pod = from_json<wire::Pod>(*document, arena);
  require(pod.has_value() || !from_text);
  if (!pod) return 0;
  const std::string message = to_protobuf(*pod);
  const auto from_bytes = decode_pod(WireObject{message, nullptr}, shared);
  require(from_text.has_value() == from_bytes.has_value());
  if (from_text) {
    require(from_text->ref() == from_bytes->ref());
    require(from_text->spec == from_bytes->spec && from_text->labels == from_bytes->labels);
    require(from_text->deletion == from_bytes->deletion && from_text->ready == from_bytes->ready);
  }
  return 0;
}
