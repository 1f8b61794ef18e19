// A list of webhook configurations: read or refused, whatever is in it, and no more is found than there is.
// Links: spotkeeper_kube
#include "kube/admission.h"
#include "tests/fuzz/fuzz_input.h"

using namespace spotkeeper;        // NOLINT(google-build-using-namespace)
using namespace spotkeeper::kube;  // NOLINT(google-build-using-namespace)
using fuzz::require;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto document = format::parse_json(fuzz::text_of(data, size));
  if (!document) return 0;
  const auto services = services_of_webhooks(*document);
  require(!services || services->size() <= size);
  return 0;
}
