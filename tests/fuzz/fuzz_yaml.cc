// What is read can be written and reads back equal; every part has a place within the text.
// Links: spotkeeper_format
#include <algorithm>
#include <string>

#include "format/yaml.h"
#include "tests/fuzz/fuzz_input.h"

using namespace spotkeeper;          // NOLINT(google-build-using-namespace)
using namespace spotkeeper::format;  // NOLINT(google-build-using-namespace)
using fuzz::require;

namespace {

void check_places(const YamlDocument& document, const JsonValue& value, const std::string& pointer) {
  const YamlPlace place = document.place_of(pointer);
  require(place.line >= 1 && place.column >= 1);
  if (const auto* array = value.if_array())
    for (std::size_t i = 0; i < array->size(); ++i)
      check_places(document, (*array)[i], pointer + "/" + std::to_string(i));
  if (const auto* object = value.if_object())
    for (const auto& member : *object)
      check_places(document, member.value(), pointer + "/" + escape_pointer_token(member.key()));
}

// Text that is not UTF-8 (from !!binary) is replaced as it is written, so it is compared as JSON has it.
JsonValue as_written(const JsonValue& value) { return parse_json(write_json(value)).value_or(JsonValue()); }

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t kSmall = std::size_t{1} << 16;  // aliases blow up; finding that costs no more than this
  const auto documents =
      parse_yaml_stream(fuzz::text_of(data, size), {.max_depth = kJsonDepth, .most_aliased = kSmall});
  if (!documents) return 0;
  for (const YamlDocument& document : *documents) {
    require(depth_of(document.value()) <= kJsonDepth);
    check_places(document, document.value(), "");
    const std::string text = write_yaml(document.value());
    const auto again = parse_yaml(text);
    require(again.has_value());
    require(again->value() == as_written(document.value()));
    require(write_yaml(again->value()) == text);
  }
  return 0;
}
