// Links: spotkeeper_sim
// A strategic merge patch of anything onto anything: where it names none of the lists that are merged it is a JSON
// merge patch, and lists that are merged never lose an element that the patch does not name.
#include <algorithm>
#include <string_view>

#include "format/json.h"
#include "sim/serve/strategic_patch.h"
#include "tests/fuzz/fuzz_input.h"

using namespace spotkeeper;          // NOLINT(google-build-using-namespace)
using namespace spotkeeper::format;  // NOLINT(google-build-using-namespace)
using fuzz::require;

namespace {

// Neither a list nor a directive anywhere in it.
bool plain(const JsonValue& value) {
  if (value.is_array()) return false;
  const auto* object = value.if_object();
  return object == nullptr || std::all_of(object->begin(), object->end(), [](const auto& member) {
           return !member.key().starts_with("$") && plain(member.value());
         });
}

std::size_t conditions_in(const JsonValue& object) {
  const auto* members = object.if_object();
  const JsonValue* list = members == nullptr ? nullptr : members->if_contains("conditions");
  return list != nullptr && list->is_array() ? list->get_array().size() : 0;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto document = parse_json(fuzz::text_of(data, size));
  if (!document || !document->is_array() || document->get_array().size() != 2) return 0;
  const JsonValue& target = document->get_array()[0];
  const JsonValue& patch = document->get_array()[1];

  JsonValue patched = target;
  sim::serve::apply_strategic_patch(patched, patch);
  require(parse_json(write_json(patched)).has_value());

  if (plain(patch)) {
    JsonValue merged = target;
    apply_merge_patch(merged, patch);
    require(patched == merged);
    JsonValue twice = patched;
    sim::serve::apply_strategic_patch(twice, patch);
    require(twice == patched);
  }
  // Only "$patch": "delete", null, or something that is no list takes a condition away.
  const std::string text = write_json(patch);
  const bool only_adds = conditions_in(patch) > 0 && text.find("$patch") == std::string::npos;
  if (only_adds) require(conditions_in(patched) >= conditions_in(target));
  return 0;
}
