// Documents read back equal after being written; patches keep their laws.
// Links: spotkeeper_format
#include <string>

#include "format/json.h"
#include "tests/fuzz/fuzz_input.h"

using namespace spotkeeper;          // NOLINT(google-build-using-namespace)
using namespace spotkeeper::format;  // NOLINT(google-build-using-namespace)
using fuzz::require;

namespace {

void check_writing(const JsonValue& value) {
  for (const JsonStyle style : {JsonStyle::Compact, JsonStyle::Pretty}) {
    const auto again = parse_json(write_json(value, style));
    require(again.has_value());
    require(*again == value);
  }
}

// Every scalar and container is asked for as everything; what is wrong must be an error with a path that can be found.
void check_access(const JsonField& field, const JsonValue& document) {
  const auto found = find_json(document, field.path());
  require(!field.present() || (found.has_value() && *found == field.value()));
  (void)field.as<std::string>();
  (void)field.as<bool>();
  (void)field.as<double>();
  (void)field.as<std::int64_t>();
  (void)field.as<std::uint64_t>();
  (void)field.as<std::uint16_t>();
  (void)field.as<Instant>();
  (void)field.as<Duration>();
  (void)field["a"]["b/~"].as<std::string>();
}

void check_patches(const JsonValue& target, const JsonValue& patch) {
  JsonValue merged = target;
  apply_merge_patch(merged, patch);
  JsonValue twice = merged;
  apply_merge_patch(twice, patch);
  require(merged == twice);
  check_writing(merged);

  JsonValue patched = target;
  if (apply_json_patch(patched, patch))
    check_writing(patched);
  else
    require(patched == target);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto document = parse_json(fuzz::text_of(data, size));
  if (!document) return 0;
  require(depth_of(*document) <= kJsonDepth);
  check_writing(*document);
  const JsonField root(*document);
  check_access(root, *document);
  if (const auto members = root.members())
    for (const auto& [key, field] : *members) check_access(field, *document);
  if (const auto elements = root.elements(); elements && elements->size() == 2)
    check_patches(document->get_array()[0], document->get_array()[1]);
  return 0;
}
