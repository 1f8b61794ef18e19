#include "sim/serve/strategic_patch.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace spotkeeper::sim::serve {
namespace {

using format::JsonArray;
using format::JsonObject;
using format::JsonValue;

/// patchMergeKey by the list's name (k8s.io/api types.go); empty: the list is replaced. Node.spec.taints has none.
std::string_view merge_key(std::string_view list) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 10> kKeys{{{"containers", "name"},
                                                                                 {"initContainers", "name"},
                                                                                 {"ephemeralContainers", "name"},
                                                                                 {"env", "name"},
                                                                                 {"volumes", "name"},
                                                                                 {"volumeMounts", "mountPath"},
                                                                                 {"ports", "containerPort"},
                                                                                 {"conditions", "type"},
                                                                                 {"addresses", "type"},
                                                                                 {"ownerReferences", "uid"}}};
  const auto* const found =
      std::find_if(kKeys.begin(), kKeys.end(), [&](const auto& entry) { return entry.first == list; });
  return found == kKeys.end() ? std::string_view() : found->second;
}

const JsonValue* member(const JsonValue& of, std::string_view name) {
  const JsonObject* object = of.if_object();
  return object == nullptr ? nullptr : object->if_contains(name);
}

bool deletes(const JsonValue& element) {
  const JsonValue* directive = member(element, "$patch");
  return directive != nullptr && directive->is_string() && std::string_view(directive->get_string()) == "delete";
}

bool same_key(const JsonValue& a, const JsonValue& b, std::string_view key) {
  const JsonValue* left = member(a, key);
  const JsonValue* right = member(b, key);
  return left != nullptr && right != nullptr && *left == *right;
}

void merge_list(JsonArray& target, const JsonArray& patch, std::string_view key) {
  for (const JsonValue& element : patch) {
    auto* const place =
        std::find_if(target.begin(), target.end(), [&](const JsonValue& old) { return same_key(old, element, key); });
    if (deletes(element)) {
      if (place != target.end()) target.erase(place);
    } else if (place != target.end()) {
      apply_strategic_patch(*place, element);
    } else {
      target.push_back(element);
    }
  }
}

}  // namespace

void apply_strategic_patch(JsonValue& target, const JsonValue& patch) {
  const JsonObject* changes = patch.if_object();
  if (changes == nullptr) {
    target = patch;
    return;
  }
  if (!target.is_object()) target.emplace_object();
  JsonObject& object = target.as_object();
  for (const auto& [name, change] : *changes) {
    if (name.starts_with("$")) continue;
    if (change.is_null()) {
      object.erase(name);
      continue;
    }
    JsonValue& member_of_target = object[name];
    const std::string_view key = merge_key(name);
    if (change.is_array() && member_of_target.is_array() && !key.empty()) {
      merge_list(member_of_target.as_array(), change.as_array(), key);
    } else {
      apply_strategic_patch(member_of_target, change);
    }
  }
}

}  // namespace spotkeeper::sim::serve
