// YAML as Kubernetes takes it: read into a JSON value, with the place of everything kept beside it; and written.
//
// Words mean what they mean to sigs.k8s.io/yaml (go-yaml v2, YAML 1.1): true/yes/on/y and false/no/off/n are booleans,
// 0x1F, 0o17, 017 and 0b11 are numbers, 1_000 is 1000, ~ and nothing are null, a date is a string; a key is turned into
// a string (`on: 1` has the key "true"). Beyond it: duplicate keys, unknown tags, NaN and infinities are errors.
// Anchors, aliases and merge keys (<<, where explicit keys win) are resolved, within a bound on what they blow up to.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "format/json.h"

namespace spotkeeper::format {

struct YamlPlace {
  std::uint32_t line = 1;  // both from 1
  std::uint32_t column = 1;
  friend bool operator==(const YamlPlace&, const YamlPlace&) = default;
};

struct YamlReadOptions {
  std::size_t max_depth = kJsonDepth;
  std::size_t most_aliased = std::size_t{16} << 20;  // bytes in memory of all copies that aliases make
};

/// One document. Fields of it name line and column in their errors as long as it lives and is not moved.
class YamlDocument : public JsonPlaces {
 public:
  /// Where each part stood, in the shape of the value: parts in the order of its elements or members.
  struct Places {
    YamlPlace at;
    std::vector<Places> parts;
  };

  YamlDocument(JsonValue value, Places places) : value_(std::move(value)), places_(std::move(places)) {}

  [[nodiscard]] const JsonValue& value() const { return value_; }
  [[nodiscard]] JsonField root() const { return JsonField(value_, this); }

  /// Where a member's key or an element begins; of what is not there, the innermost part around it.
  [[nodiscard]] YamlPlace place_of(std::string_view pointer) const;
  [[nodiscard]] std::string describe_place(std::string_view pointer) const override;

 private:
  JsonValue value_;
  Places places_;
};

/// The documents of a stream, without those that are empty.
Result<std::vector<YamlDocument>> parse_yaml_stream(std::string_view text, const YamlReadOptions& options = {});
/// The only document; null if there is none, an error if there are more.
Result<YamlDocument> parse_yaml(std::string_view text, const YamlReadOptions& options = {});

/// What one of these says is wrong, as compilers say it: "FILE:LINE:COLUMN: …".
[[nodiscard]] std::string in_file(std::string_view file, const Error& error);

/// Block style, two blanks a level, text over several lines as a literal block; ends with a newline. Reads back equal,
/// but for what JSON can't hold either (NaN, infinities, broken UTF-8: see write_json).
[[nodiscard]] std::string write_yaml(const JsonValue& value);

}  // namespace spotkeeper::format
