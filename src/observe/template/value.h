// The values that a webhook template sees: Go's, as far as text/template can tell them apart.
//
// Go's template language looks at types: `%d` of a string prints "%!d(string=x)", `trunc` takes an int and no int64, a
// field that a struct lacks is an error and a key that a map lacks is not. What has to be told apart for that is told
// apart here, and nothing else is. Values are immutable and cheap to copy. Every value knows its weight (about the
// bytes that printing it takes), which bounds what a template can build out of small parts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/time.h"

namespace spotkeeper::observe {

class TemplateValue;

/// Whole numbers by the Go type that they came with: constants and `len` are int, sprig's arithmetic is int64.
enum class GoInt : std::uint8_t { Int, Int64, Byte };

/// A time.Time in UTC. Go's zero time, the year 1, is out of an Instant's range and is `nullopt`.
struct GoTime {
  std::optional<Instant> at;
  friend bool operator==(const GoTime&, const GoTime&) = default;
};

/// What the elements of a list or a map are declared to be.
enum class GoElement : std::uint8_t { Any, String, Int };

struct GoList {
  GoElement element = GoElement::Any;
  bool nil = false;  // Go's nil slice: prints as an empty one, is null in JSON
  std::vector<TemplateValue> items;
};

struct GoMap {
  GoElement element = GoElement::Any;
  bool nil = false;
  std::map<std::string, TemplateValue, std::less<>> items;  // Go prints and ranges over maps in the order of keys
};

struct GoField;
struct GoStruct {
  std::string type;  // as Go names it, for messages and %!d(…)
  std::vector<GoField> fields;
};

class TemplateValue {
 public:
  TemplateValue() = default;                     // nil, or what a missing key gives: printed as <no value> or <nil>
  TemplateValue(bool value) : data_(value) {}    // NOLINT(google-explicit-constructor)
  TemplateValue(double value) : data_(value) {}  // NOLINT(google-explicit-constructor)
  TemplateValue(std::int64_t value, GoInt type) : data_(Integer{value, type}) {}
  TemplateValue(int value) : TemplateValue(value, GoInt::Int) {}              // NOLINT(google-explicit-constructor)
  TemplateValue(std::string text);                                            // NOLINT(google-explicit-constructor)
  TemplateValue(std::string_view text) : TemplateValue(std::string(text)) {}  // NOLINT(google-explicit-constructor)
  TemplateValue(const char* text) : TemplateValue(std::string(text)) {}       // NOLINT(google-explicit-constructor)
  TemplateValue(GoTime time) : data_(time) {}                                 // NOLINT(google-explicit-constructor)
  TemplateValue(Instant time) : data_(GoTime{time}) {}                        // NOLINT(google-explicit-constructor)
  TemplateValue(GoList list);                                                 // NOLINT(google-explicit-constructor)
  TemplateValue(GoMap map);                                                   // NOLINT(google-explicit-constructor)
  TemplateValue(GoStruct fields);                                             // NOLINT(google-explicit-constructor)

  /// A []string and a map[string]string.
  static TemplateValue strings(const std::vector<std::string>& texts);
  static TemplateValue string_map(const std::map<std::string, std::string>& texts);

  [[nodiscard]] bool is_nil() const { return std::holds_alternative<std::monostate>(data_); }
  [[nodiscard]] const bool* boolean() const { return std::get_if<bool>(&data_); }
  [[nodiscard]] std::optional<std::int64_t> integer() const;
  [[nodiscard]] std::optional<GoInt> integer_type() const;
  [[nodiscard]] const double* real() const { return std::get_if<double>(&data_); }
  [[nodiscard]] const std::string* text() const;
  [[nodiscard]] const GoTime* time() const { return std::get_if<GoTime>(&data_); }
  [[nodiscard]] const GoList* list() const;
  [[nodiscard]] const GoMap* map() const;
  [[nodiscard]] const GoStruct* fields() const;

  /// "string", "[]string", "map[string]interface {}"; "nil" where Go has no type either.
  [[nodiscard]] std::string type_name() const;
  /// What `if` asks: false, 0, nil and whatever is empty are false; structs and times are true.
  [[nodiscard]] bool truth() const;
  /// What sprig's `empty` asks.
  [[nodiscard]] bool empty() const;
  [[nodiscard]] std::size_t weight() const { return weight_; }

 private:
  struct Integer {
    std::int64_t value;
    GoInt type;
  };
  std::variant<std::monostate, bool, Integer, double, GoTime, std::shared_ptr<const std::string>,
               std::shared_ptr<const GoList>, std::shared_ptr<const GoMap>, std::shared_ptr<const GoStruct>>
      data_;
  std::size_t weight_ = 8;
};

struct GoField {
  std::string name;
  std::string json;  // its name in JSON; empty: `name`, "-": left out
  TemplateValue value = {};
  bool embedded = false;  // its own fields can be named without it
  bool function = false;  // prints as <nil>, and a template can't name it
};

/// The field of a struct, one of an embedded struct too; nullptr if there is none. The outer one wins.
[[nodiscard]] const TemplateValue* find_field(const GoStruct& fields, std::string_view name);
/// Every name that `find_field` knows, for suggestions.
[[nodiscard]] std::vector<std::string_view> field_names(const GoStruct& fields);

/// reflect.DeepEqual: same type, same contents.
[[nodiscard]] bool deep_equal(const TemplateValue& a, const TemplateValue& b);

}  // namespace spotkeeper::observe
