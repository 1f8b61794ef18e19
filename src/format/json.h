// JSON: reading, typed access with the place of every error, writing, patches.
//
// A document is a boost::json::value. Reading is strict RFC 8259 (UTF-8 checked, nothing after the document, numbers
// correctly rounded), with a limit on the depth. Whole numbers are int64, or uint64 above its range; everything else is
// a double. Errors of reading name line and column; errors of access name the JSON pointer:
// "/spec/taints/2/effect: expected a string, got a number".
#pragma once

#include <concepts>
#include <cstddef>
#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include "base/result.h"
#include "base/text.h"
#include "base/time.h"

namespace spotkeeper::format {

using JsonValue = boost::json::value;
using JsonObject = boost::json::object;
using JsonArray = boost::json::array;

inline constexpr std::size_t kJsonDepth = 64;

struct JsonReadOptions {
  std::size_t max_depth = kJsonDepth;  // of arrays and objects within each other
  bool refuse_duplicate_keys = false;  // false: the last one counts, as in Go's decoder
};

/// The one document in `text`.
Result<JsonValue> parse_json(std::string_view text, const JsonReadOptions& options = {});

enum class JsonStyle { Compact, Pretty };  // one line without blanks; two blanks of indentation a level

/// Keys in the order they were put in. Doubles in the fewest digits that read back equal, always with a point or an
/// exponent; NaN and infinities, which JSON has not, as null; broken UTF-8 with U+FFFD in its place.
[[nodiscard]] std::string write_json(const JsonValue& value, JsonStyle style = JsonStyle::Compact);

/// "an object", "a number"…, for messages.
[[nodiscard]] std::string_view kind_of(const JsonValue& value);

/// About how many bytes the value takes in memory.
[[nodiscard]] std::size_t size_of(const JsonValue& value);

/// Arrays and objects within each other: 0 for a scalar, 1 for [] and {}.
[[nodiscard]] std::size_t depth_of(const JsonValue& value);

// ---- Pointers (RFC 6901) and patches ----------------------------------------------------------------------------

/// One reference token with "~" and "/" escaped.
[[nodiscard]] std::string escape_pointer_token(std::string_view token);
/// The tokens of a pointer, unescaped. "" has none; anything else that does not begin with "/" is an error.
Result<std::vector<std::string>> parse_pointer(std::string_view pointer);
/// What the pointer names; NotFound if there is nothing.
Result<const JsonValue*> find_json(const JsonValue& document, std::string_view pointer);

/// RFC 7386: members of `patch` replace, null removes, everything that is no object replaces the whole.
void apply_merge_patch(JsonValue& target, const JsonValue& patch);

/// RFC 6902, all six operations. As the API server does it: at most 10,000 operations (else InvalidInput), and a copy
/// may not blow up the document. On an error `target` is as it was, and the message names the operation. A `test`
/// that fails is Conflict, a path that leads nowhere NotFound.
Result<void> apply_json_patch(JsonValue& target, const JsonValue& patch);

// ---- Typed access -----------------------------------------------------------------------------------------------

namespace detail {
template <class T>
concept JsonScalar = std::same_as<T, std::string> || std::same_as<T, std::string_view> || std::same_as<T, bool> ||
                     std::same_as<T, double> || std::same_as<T, Instant> || std::same_as<T, Duration> ||
                     std::same_as<T, std::int64_t> || std::same_as<T, std::int32_t> || std::same_as<T, std::uint64_t> ||
                     std::same_as<T, std::uint32_t> || std::same_as<T, std::uint16_t>;
}  // namespace detail

/// Where the parts of a document stood in a file. What a JsonField is given to name them in its errors.
class JsonPlaces {
 public:
  JsonPlaces() = default;
  JsonPlaces(const JsonPlaces&) = default;
  JsonPlaces(JsonPlaces&&) = default;
  JsonPlaces& operator=(const JsonPlaces&) = default;
  JsonPlaces& operator=(JsonPlaces&&) = default;
  virtual ~JsonPlaces() = default;
  /// "line 3, column 5" for what the JSON pointer names, or for the innermost part around it that is there.
  [[nodiscard]] virtual std::string describe_place(std::string_view pointer) const = 0;
};

/// A place in a document: a value, or the place where one would be. Cheap to copy; the document outlives it.
///
///   JsonField node(document);
///   SK_TRY(const auto name, node["metadata"]["name"].as<std::string>());
///   SK_TRY(const auto off, node["spec"]["unschedulable"].get_or(false));
///   SK_TRY(const auto taints, node["spec"]["taints"].elements());
///
/// null counts as absent everywhere, as in Go's decoder. Stepping through an absent value is absent; stepping through
/// one that is no object is an error of whatever is read there. Scalars: std::string, std::string_view (into the
/// document), bool, double, whole numbers (within their range; a double without a fraction is one, as 1e3 is), Instant
/// (RFC 3339), Duration ("1h30m").
class JsonField {
 public:
  /// With `places` (which outlive this), errors begin with line and column.
  explicit JsonField(const JsonValue& document, const JsonPlaces* places = nullptr)
      : root_(&document), places_(places), value_(&document) {}

  [[nodiscard]] JsonField operator[](std::string_view key) const;

  /// There, and not null.
  [[nodiscard]] bool present() const { return value_ != nullptr && !value_->is_null(); }
  /// The value, or nullptr where nothing is (null is nothing, too).
  [[nodiscard]] const JsonValue* value() const { return present() ? value_ : nullptr; }

  /// The value; absence is an error.
  template <detail::JsonScalar T>
  [[nodiscard]] Result<T> as() const {
    SK_TRY(auto found, maybe<T>());
    if (!found) return fail(missing());
    return *std::move(found);
  }
  /// The value, or nothing if it is absent.
  template <detail::JsonScalar T>
  [[nodiscard]] Result<std::optional<T>> maybe() const {
    SK_CHECK(reachable());
    if (!present()) return std::optional<T>();
    T out{};
    SK_CHECK(read(out));
    return std::optional<T>(std::move(out));
  }
  /// The value, or `fallback` if it is absent.
  template <detail::JsonScalar T>
  [[nodiscard]] Result<T> get_or(T fallback) const {
    SK_TRY(auto found, maybe<T>());
    return found ? *std::move(found) : std::move(fallback);
  }
  [[nodiscard]] Result<std::string> get_or(const char* fallback) const { return get_or(std::string(fallback)); }

  /// The elements of an array; none if it is absent.
  [[nodiscard]] Result<std::vector<JsonField>> elements() const;
  /// The members of an object in their order; none if it is absent.
  [[nodiscard]] Result<std::vector<std::pair<std::string_view, JsonField>>> members() const;
  /// An array of strings; none if it is absent.
  [[nodiscard]] Result<std::vector<std::string>> strings() const;
  /// An object of strings; none if it is absent.
  [[nodiscard]] Result<std::map<std::string, std::string>> string_map() const;

  /// An error if this is an object with any other key ("unknown key 'clustr'; did you mean 'cluster'?").
  [[nodiscard]] Result<void> only_keys(std::initializer_list<std::string_view> known) const;
  /// An error if this is absent or no object.
  [[nodiscard]] Result<void> is_object() const;

  /// The JSON pointer of this place, "" for the document.
  [[nodiscard]] std::string path() const;
  /// An InvalidInput about this place: "`path`: `what`".
  [[nodiscard]] Error error(std::string_view what) const;

 private:
  [[nodiscard]] JsonField at(const JsonValue& part) const;
  [[nodiscard]] Error error_at(const std::string& place, std::string_view what) const;
  [[nodiscard]] Error missing() const;
  [[nodiscard]] Error expected(std::string_view what) const;
  [[nodiscard]] Result<void> reachable() const;
  [[nodiscard]] Result<void> read(std::string& out) const;
  [[nodiscard]] Result<void> read(std::string_view& out) const;
  [[nodiscard]] Result<void> read(bool& out) const;
  [[nodiscard]] Result<void> read(double& out) const;
  [[nodiscard]] Result<void> read(Instant& out) const;
  [[nodiscard]] Result<void> read(Duration& out) const;
  [[nodiscard]] Result<void> read(std::int64_t& out) const;
  [[nodiscard]] Result<void> read(std::uint64_t& out) const;
  template <std::integral T>
  [[nodiscard]] Result<void> read(T& out) const;

  const JsonValue* root_;
  const JsonPlaces* places_;
  const JsonValue* value_;           // nullptr: absent
  const JsonValue* last_ = nullptr;  // if absent: the last value on the way here
  std::string below_;                // if absent: the pointer from there
};

}  // namespace spotkeeper::format
