#include "sim/overrides.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace spotkeeper::sim {
namespace {

using format::JsonArray;
using format::JsonObject;
using format::JsonValue;

/// What an element of a list is known by; nullptr: nothing.
const JsonValue* key_of(const JsonValue& element, std::string_view key) {
  const JsonObject* object = element.if_object();
  const JsonValue* found = object == nullptr ? nullptr : object->if_contains(key);
  return found != nullptr && found->is_string() ? found : nullptr;
}

/// "name" or "service", if every element has it; else empty: the list has no names.
std::string_view names_of(const JsonArray& elements) {
  for (const std::string_view key : {std::string_view("name"), std::string_view("service")}) {
    const bool all = std::ranges::all_of(elements, [&](const JsonValue& each) { return key_of(each, key) != nullptr; });
    if (all && !elements.empty()) return key;
  }
  return {};
}

bool means(const JsonValue& change, const JsonValue& element, std::string_view name) {
  const JsonValue* wanted = key_of(change, name);
  const JsonValue* found = key_of(element, name);
  if (wanted == nullptr || found == nullptr || *wanted != *found) return false;
  const JsonValue* space = key_of(change, "namespace");
  const JsonValue* its = key_of(element, "namespace");
  return space == nullptr || (its == nullptr ? space->as_string() == "default" : *its == *space);
}

std::string below(const std::string& pointer, std::string_view part) {
  return pointer + "/" + format::escape_pointer_token(part);
}

}  // namespace

void OverriddenDocument::write_over(const JsonValue& value, const std::string& source) {
  merge(value_, "", value, source);
}

void OverriddenDocument::erase(std::string_view key) {
  if (JsonObject* object = value_.if_object()) object->erase(key);
}

void OverriddenDocument::merge(JsonValue& into, const std::string& at, const JsonValue& from,
                               const std::string& source) {
  if (into.is_object() && from.is_object()) return merge_object(into.as_object(), at, from.as_object(), source);
  if (into.is_array() && from.is_array() && !names_of(from.as_array()).empty())
    return merge_array(into.as_array(), at, from.as_array(), source);
  into = from;
  came_from(at, source);
}

void OverriddenDocument::merge_object(JsonObject& into, const std::string& at, const JsonObject& from,
                                      const std::string& source) {
  for (const auto& member : from) {
    const std::string_view key = member.key();
    if (member.value().is_null()) {
      into.erase(key);
    } else if (JsonValue* present = into.if_contains(key)) {
      merge(*present, below(at, key), member.value(), below(source, key));
    } else {
      into[key] = member.value();
      came_from(below(at, key), below(source, key));
    }
  }
}

void OverriddenDocument::merge_array(JsonArray& into, const std::string& at, const JsonArray& from,
                                     const std::string& source) {
  const std::string_view name = names_of(from);
  for (std::size_t i = 0; i < from.size(); ++i) {
    const auto found = std::ranges::find_if(into, [&](const JsonValue& each) { return means(from[i], each, name); });
    const std::string place = below(at, std::to_string(found - into.begin()));
    const std::string stood = below(source, std::to_string(i));
    if (found != into.end()) {
      merge(*found, place, from[i], stood);
    } else {
      into.push_back(from[i]);
      came_from(place, stood);
    }
  }
}

std::string OverriddenDocument::describe_place(std::string_view pointer) const {
  // The innermost part around it that was written over; of two writes the later one.
  const std::pair<std::string, std::string>* nearest = nullptr;
  for (const auto& move : moved_) {
    const std::string_view rest = pointer.starts_with(move.first) ? pointer.substr(move.first.size()) : "no";
    const bool holds = rest.empty() || rest.front() == '/';
    if (holds && (nearest == nullptr || move.first.size() >= nearest->first.size())) nearest = &move;
  }
  if (nearest == nullptr) return places_.describe_place(pointer);
  return places_.describe_place(nearest->second + std::string(pointer.substr(nearest->first.size())));
}

}  // namespace spotkeeper::sim
