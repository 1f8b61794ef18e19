#include "format/yaml.h"

#include <cmath>
#include <cstring>
#include <map>
#include <memory>
#include <optional>
#include <utility>

#include <yaml.h>

#include <fmt/format.h>

#include "base/text.h"
#include "format/yaml_scalar.h"

namespace spotkeeper::format {
namespace {

constexpr std::string_view kTagPrefix = "tag:yaml.org,2002:";

YamlPlace place_at(const yaml_mark_t& mark) {
  return {static_cast<std::uint32_t>(mark.line + 1), static_cast<std::uint32_t>(mark.column + 1)};
}

std::string describe(YamlPlace place) { return fmt::format("line {}, column {}", place.line, place.column); }

tl::unexpected<Error> wrong(YamlPlace place, std::string_view what) {
  return fail(ErrorCode::InvalidInput, fmt::format("YAML: {}: {}", describe(place), what));
}

std::string_view text_of(const yaml_char_t* text) {
  return text == nullptr ? std::string_view() : std::string_view(reinterpret_cast<const char*>(text));
}

// libyaml's event, deleted with it.
class Event {
 public:
  Event() = default;
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;
  ~Event() { yaml_event_delete(&raw_); }

  [[nodiscard]] yaml_event_type_t type() const { return raw_.type; }
  [[nodiscard]] YamlPlace place() const { return place_at(raw_.start_mark); }
  [[nodiscard]] bool is_scalar() const { return raw_.type == YAML_SCALAR_EVENT; }
  [[nodiscard]] std::string_view scalar() const {
    return {reinterpret_cast<const char*>(raw_.data.scalar.value), raw_.data.scalar.length};
  }
  [[nodiscard]] bool plain() const { return raw_.data.scalar.style == YAML_PLAIN_SCALAR_STYLE; }
  [[nodiscard]] std::string_view alias() const { return text_of(raw_.data.alias.anchor); }
  [[nodiscard]] std::string_view anchor() const {
    if (raw_.type == YAML_SCALAR_EVENT) return text_of(raw_.data.scalar.anchor);
    return text_of(raw_.type == YAML_SEQUENCE_START_EVENT ? raw_.data.sequence_start.anchor
                                                          : raw_.data.mapping_start.anchor);
  }
  [[nodiscard]] std::string_view tag() const {
    if (raw_.type == YAML_SCALAR_EVENT) return text_of(raw_.data.scalar.tag);
    return text_of(raw_.type == YAML_SEQUENCE_START_EVENT ? raw_.data.sequence_start.tag : raw_.data.mapping_start.tag);
  }
  yaml_event_t* raw() { return &raw_; }

 private:
  yaml_event_t raw_{};
};

struct Node {
  JsonValue value;
  YamlDocument::Places places;
};

class Reader {
 public:
  Reader(std::string_view text, const YamlReadOptions& options) : options_(options) {
    yaml_parser_initialize(&parser_);
    yaml_parser_set_input_string(&parser_, reinterpret_cast<const unsigned char*>(text.data()), text.size());
  }
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;
  ~Reader() { yaml_parser_delete(&parser_); }

  Result<std::vector<YamlDocument>> documents() {
    std::vector<YamlDocument> out;
    for (;;) {
      Event event;
      SK_CHECK(next(event));
      if (event.type() == YAML_STREAM_END_EVENT) return out;
      if (event.type() != YAML_DOCUMENT_START_EVENT) continue;
      anchors_.clear();
      Event first;
      SK_CHECK(next(first));
      const bool empty = first.is_scalar() && first.plain() && first.scalar().empty() && first.tag().empty();
      SK_TRY(Node root, node(first, 0));
      if (!empty) out.emplace_back(std::move(root.value), std::move(root.places));
    }
  }

 private:
  Result<void> next(Event& event) {
    if (yaml_parser_parse(&parser_, event.raw()) != 0) return {};
    const YamlPlace place = place_at(parser_.problem_mark);
    std::string what = parser_.problem != nullptr ? parser_.problem : "cannot be read";
    if (parser_.context != nullptr) what += fmt::format(" ({})", parser_.context);
    return wrong(place, what);
  }

  Result<Node> node(const Event& event, std::size_t depth) {
    if (event.type() == YAML_ALIAS_EVENT) return aliased(event, depth);
    SK_TRY(Node made, made_of(event, depth));
    if (!event.anchor().empty()) anchors_.insert_or_assign(std::string(event.anchor()), made);
    return made;
  }

  Result<Node> made_of(const Event& event, std::size_t depth) {
    if (event.is_scalar()) {
      SK_TRY(JsonValue value, scalar(event));
      return Node{std::move(value), {event.place(), {}}};
    }
    if (depth >= options_.max_depth)
      return wrong(event.place(), fmt::format("more than {} levels", options_.max_depth));
    const bool is_map = event.type() == YAML_MAPPING_START_EVENT;
    const std::string_view tag = event.tag();
    if (!tag.empty() && tag != "!" && tag != fmt::format("{}{}", kTagPrefix, is_map ? "map" : "seq"))
      return wrong(event.place(), "unknown tag " + quote(tag));
    return is_map ? mapping(event.place(), depth + 1) : sequence(event.place(), depth + 1);
  }

  Result<Node> aliased(const Event& event, std::size_t depth) {
    const auto found = anchors_.find(event.alias());
    if (found == anchors_.end()) return wrong(event.place(), "unknown anchor " + quote(event.alias()));
    const Node& original = found->second;
    if (depth + depth_of(original.value) > options_.max_depth)
      return wrong(event.place(), fmt::format("more than {} levels", options_.max_depth));
    SK_CHECK(count_copy(original.value, event.place()));
    Node copy = original;
    copy.places.at = event.place();
    return copy;
  }

  Result<void> count_copy(const JsonValue& value, YamlPlace place) {
    aliased_ += size_of(value);
    if (aliased_ > options_.most_aliased) return wrong(place, "aliases blow the document up too far");
    return {};
  }

  Result<Node> sequence(YamlPlace place, std::size_t depth) {
    JsonArray array;
    YamlDocument::Places places{place, {}};
    for (;;) {
      Event event;
      SK_CHECK(next(event));
      if (event.type() == YAML_SEQUENCE_END_EVENT) return Node{std::move(array), std::move(places)};
      SK_TRY(Node element, node(event, depth));
      array.push_back(std::move(element.value));
      places.parts.push_back(std::move(element.places));
    }
  }

  Result<Node> mapping(YamlPlace place, std::size_t depth) {
    JsonObject object;
    YamlDocument::Places places{place, {}};
    std::optional<Node> merged;
    for (;;) {
      Event key;
      SK_CHECK(next(key));
      if (key.type() == YAML_MAPPING_END_EVENT) break;
      if (!key.is_scalar()) return wrong(key.place(), "a key must be a word, not a list, a map or an alias");
      const bool is_merge = key.plain() && key.scalar() == "<<" && key.tag().empty();
      SK_TRY(const std::string name, key_text(key));
      Event event;
      SK_CHECK(next(event));
      SK_TRY(Node member, node(event, depth));
      if (is_merge ? merged.has_value() : object.contains(name))
        return wrong(key.place(), "duplicate key " + quote(name));
      if (is_merge) {
        merged = std::move(member);
        continue;
      }
      member.places.at = key.place();
      object.insert_or_assign(name, std::move(member.value));
      places.parts.push_back(std::move(member.places));
    }
    if (merged) SK_CHECK(merge(*merged, object, places));
    return Node{std::move(object), std::move(places)};
  }

  // Adds what `from`, a map or a list of maps of which the first wins, has and `object` has not.
  Result<void> merge(const Node& from, JsonObject& object, YamlDocument::Places& places) {
    if (const auto* maps = from.value.if_array()) {
      for (std::size_t i = 0; i < maps->size(); ++i) {
        if (!(*maps)[i].is_object()) return wrong(from.places.parts[i].at, "only maps can be merged");
        SK_CHECK(merge(Node{(*maps)[i], from.places.parts[i]}, object, places));
      }
      return {};
    }
    const auto* members = from.value.if_object();
    if (members == nullptr) return wrong(from.places.at, "only maps can be merged");
    std::size_t index = 0;
    for (const auto& member : *members) {
      const YamlDocument::Places& place = from.places.parts[index++];
      if (object.contains(member.key())) continue;
      object.insert_or_assign(member.key(), member.value());
      places.parts.push_back(place);
    }
    return {};
  }

  // As sigs.k8s.io/yaml makes strings of keys: by their value, so that 0x10 is "16" and `on` is "true".
  Result<std::string> key_text(const Event& key) {
    SK_TRY(const JsonValue value, scalar(key));
    if (!key.anchor().empty()) anchors_.insert_or_assign(std::string(key.anchor()), Node{value, {key.place(), {}}});
    if (value.is_null()) return wrong(key.place(), "a key must not be null");
    if (const auto* text = value.if_string()) return std::string(text->data(), text->size());
    return write_json(value);
  }

  static Result<JsonValue> scalar(const Event& event) {
    const std::string_view text = event.scalar();
    std::string_view tag = event.tag();
    if (tag.empty() && !event.plain()) return JsonValue(text);
    if (tag == "!") return JsonValue(text);
    JsonValue value = detail::resolve_plain_scalar(text);
    if (const auto* number = value.if_double(); number != nullptr && !std::isfinite(*number))
      if (tag.empty() || !tag.ends_with("str")) return wrong(event.place(), quote(text) + " has no place in JSON");
    if (tag.empty()) return value;
    if (!tag.starts_with(kTagPrefix)) return wrong(event.place(), "unknown tag " + quote(tag));
    tag.remove_prefix(kTagPrefix.size());
    if (tag == "str") return JsonValue(text);
    if (tag == "binary") {
      SK_TRY(const auto bytes, base64_decode(text).within("YAML: " + describe(event.place())));
      return JsonValue(bytes);
    }
    if (tag == "float" && value.is_number()) return JsonValue(value.to_number<double>());
    const bool fits = (tag == "int" && (value.is_int64() || value.is_uint64())) || (tag == "bool" && value.is_bool()) ||
                      (tag == "null" && value.is_null()) || (tag == "timestamp" && value.is_string());
    if (!fits) return wrong(event.place(), fmt::format("{} is no {}", quote(text), quote(tag)));
    return value;
  }

  YamlReadOptions options_;
  yaml_parser_t parser_{};
  std::map<std::string, Node, std::less<>> anchors_;
  std::size_t aliased_ = 0;
};

}  // namespace

YamlPlace YamlDocument::place_of(std::string_view pointer) const {
  const auto tokens = parse_pointer(pointer);
  const JsonValue* value = &value_;
  const Places* places = &places_;
  if (!tokens) return places->at;
  for (const std::string& token : *tokens) {
    std::size_t index = 0;
    if (const auto* object = value->if_object()) {
      const auto found = object->find(token);
      if (found == object->end()) break;
      index = static_cast<std::size_t>(found - object->begin());
      value = &found->value();
    } else if (const auto* array = value->if_array()) {
      const auto parsed = parse_int<std::size_t>(token);
      if (!parsed || *parsed >= array->size()) break;
      index = *parsed;
      value = &(*array)[index];
    } else {
      break;
    }
    places = &places->parts[index];
  }
  return places->at;
}

std::string in_file(std::string_view file, const Error& error) {
  // As wrong() writes it.
  constexpr std::string_view kLine = "YAML: line ";
  constexpr std::string_view kColumn = ", column ";
  const std::string_view text = error.message;
  const std::size_t column = text.find(kColumn);
  const std::size_t rest = column == std::string_view::npos ? column : text.find(": ", column);
  if (!text.starts_with(kLine) || rest == std::string_view::npos) return fmt::format("{}: {}", file, text);
  const std::size_t after = column + kColumn.size();
  return fmt::format("{}:{}:{}{}", file, text.substr(kLine.size(), column - kLine.size()),
                     text.substr(after, rest - after), text.substr(rest));
}

std::string YamlDocument::describe_place(std::string_view pointer) const { return describe(place_of(pointer)); }

Result<std::vector<YamlDocument>> parse_yaml_stream(std::string_view text, const YamlReadOptions& options) {
  return Reader(text, options).documents();
}

Result<YamlDocument> parse_yaml(std::string_view text, const YamlReadOptions& options) {
  SK_TRY(auto documents, parse_yaml_stream(text, options));
  if (documents.empty()) return YamlDocument(nullptr, {});
  if (documents.size() > 1) return wrong(documents[1].place_of(""), "a second document where one is expected");
  return std::move(documents.front());
}

}  // namespace spotkeeper::format
