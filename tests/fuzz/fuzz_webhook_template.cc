// Links: spotkeeper_observe
// A template of any bytes is refused with a place, or renders to bounded text or an error, the same each time.
#include "observe/nth_event.h"
#include "observe/template/template.h"
#include "tests/fuzz/fuzz_input.h"

using namespace spotkeeper;  // NOLINT(google-build-using-namespace)
using fuzz::require;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view source = fuzz::text_of(data, size);
  const auto made = observe::Template::parse(source);
  if (!made) {
    require(made.error().message.starts_with("line ") || source.size() > observe::Template::kLongestSource);
    return 0;
  }
  observe::NthEvent event;
  event.kind = "SPOT_ITN";
  event.description = "a <b> \"c\" \n";
  event.node_labels = {{"a", "b"}, {"c/d", ""}};
  event.pods = {"p-1", "p-2"};
  event.start = Instant(1795363394s);
  const observe::TemplateValue value = observe::template_value(event);
  const bool fits = made->check(observe::template_value({})).has_value();
  const observe::TemplateContext context{.now = Instant(1795363394s)};
  const auto text = made->render(value, context);
  if (text) {
    require(text->size() <= observe::Template::kLongestText);
  } else {
    require(text.error().message.starts_with("line "));
    // What the start has let pass never names a field that is not there.
    require(!fits || text.error().message.find("in type webhook.combinedDrainData") == std::string::npos);
  }
  const auto again = made->render(value, context);
  require(text.has_value() == again.has_value() && (!text || *text == *again));
  return 0;
}
