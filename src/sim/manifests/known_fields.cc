#include "sim/manifests/known_fields.h"

#include <algorithm>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/text.h"

namespace spotkeeper::sim {
namespace {

using format::JsonField;

struct KnownType {
  std::vector<std::string_view> names;
  std::vector<std::string_view> types;  // of each; empty: anything
};
using KnownTypes = std::unordered_map<std::string_view, KnownType>;

KnownTypes parse_table() {
  KnownTypes types;
  for (const std::string_view row : split(kKnownFields, '\n')) {
    const auto parts = split_once(row, '=');
    if (!parts) continue;
    KnownType& type = types[parts->first];
    for (const std::string_view field : split(trim(parts->second), ' ')) {
      const auto named = split_once(field, ':');
      type.names.push_back(named ? named->first : field);
      type.types.push_back(named ? named->second : std::string_view());
    }
  }
  return types;
}

const KnownTypes& known_types() {
  static const KnownTypes types = parse_table();
  return types;
}

Result<void> check_object(const JsonField& object, const KnownType& type) {
  SK_TRY(const auto members, object.members());
  for (const auto& [name, field] : members) {
    const auto found = std::find(type.names.begin(), type.names.end(), name);
    if (found == type.names.end()) {
      std::string hint = did_you_mean(name, type.names);
      if (hint.empty()) hint = "; known here: " + join(type.names, ", ");
      return fail(field.error("unknown field " + quote(name) + hint));
    }
    const std::string_view below = type.types[static_cast<std::size_t>(found - type.names.begin())];
    if (below.empty() || !field.present()) continue;
    if (!field.value()->is_array()) {
      SK_CHECK(only_known_fields(field, below));
      continue;
    }
    SK_TRY(const auto elements, field.elements());
    for (const JsonField& element : elements) SK_CHECK(only_known_fields(element, below));
  }
  return {};
}

}  // namespace

Result<void> only_known_fields(const JsonField& object, std::string_view type) {
  if (!object.present() || !object.value()->is_object()) return {};
  const auto found = known_types().find(type);
  return found == known_types().end() ? Result<void>() : check_object(object, found->second);
}

}  // namespace spotkeeper::sim
