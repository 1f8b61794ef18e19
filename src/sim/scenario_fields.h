// The fields that scenario files are made of: each reader takes one, with its range, and says what stands where where
// it is something else. While a `FieldUses` lives on the thread, it is told of each field that is taken, so that the
// scenario reference says what the readers do (sim/scenario_reference.h). Scenario files are read by these alone.
#pragma once

#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/text.h"
#include "base/time.h"
#include "format/json.h"
#include "model/catalog.h"
#include "model/names.h"
#include "model/node.h"
#include "model/quantity.h"

namespace spotkeeper::sim {

/// What a reader takes.
struct FieldUse {
  std::string path;      // "workloads[].server.queue"
  std::string value;     // what it is: "duration", "whole number", "one of price, spread, on-demand"
  std::string range;     // "1s to 24h"; empty: any
  std::string fallback;  // as it would be written; empty: none
  bool required = false;
};

/// Writes down what the readers of this thread take while it lives: each field once, in the order in which it was
/// first taken. One at a time on a thread.
class FieldUses {
 public:
  FieldUses();
  FieldUses(const FieldUses&) = delete;
  FieldUses& operator=(const FieldUses&) = delete;
  ~FieldUses();

  [[nodiscard]] const std::vector<FieldUse>& taken() const { return taken_; }
  /// The keys that maps may have, whether a reader takes them or not: "workloads[].server.queue".
  [[nodiscard]] const std::vector<std::string>& known() const { return known_; }

 private:
  friend void note(const format::JsonField& field, std::string value, std::string range, std::string fallback,
                   bool required);
  friend Result<void> keys_in(const format::JsonField& map, std::initializer_list<std::string_view> keys);
  std::vector<FieldUse> taken_;
  std::vector<std::string> known_;
};

/// Tells the `FieldUses` of this thread, if there is one. For readers that stand elsewhere.
void note(const format::JsonField& field, std::string value, std::string range = {}, std::string fallback = {},
          bool required = false);
/// A number as it would be written: 3, not 3.000000.
[[nodiscard]] std::string written(double number);
[[nodiscard]] std::string written(std::int64_t number);

/// An error if the map has any other key.
Result<void> keys_in(const format::JsonField& map, std::initializer_list<std::string_view> keys);

Result<bool> flag_in(const format::JsonField& field, bool fallback);
Result<std::string> text_in(const format::JsonField& field, const std::string& fallback);
/// Required.
Result<std::string> text_in(const format::JsonField& field);
Result<std::vector<std::string>> texts_in(const format::JsonField& field);
/// RFC 3339.
Result<Instant> instant_in(const format::JsonField& field, Instant fallback);
/// "80%" or 0.8; 0 to 1.
Result<double> share_in(const format::JsonField& field, double fallback);
Result<std::optional<double>> maybe_share_in(const format::JsonField& field);
Result<Duration> duration_in(const format::JsonField& field, Duration fallback, Duration least = 0s,
                             Duration most = 24h);
Result<std::optional<Duration>> maybe_duration_in(const format::JsonField& field, Duration least = 0s,
                                                  Duration most = 24h);
/// A duration of whole seconds.
Result<std::chrono::seconds> seconds_in(const format::JsonField& field, std::chrono::seconds fallback);
Result<std::optional<std::chrono::seconds>> maybe_seconds_in(const format::JsonField& field);
/// Required: a name that Kubernetes takes (RFC 1123 label).
Result<std::string> name_in(const format::JsonField& field);
/// Members `name` and `namespace` ("default" if absent).
Result<ObjectName> object_name(const format::JsonField& from);
Result<Labels> labels_in(const format::JsonField& field);
/// "500m", "2Gi", 2, 0.5; not negative; 0 if absent.
Result<Quantity> quantity_in(const format::JsonField& field);
Result<std::vector<Taint>> taints_in(const format::JsonField& field);
/// A region and a letter: "us-east-1a"; of a local zone "us-west-2-lax-1a".
Result<std::string> zone_in(const format::JsonField& field, const std::string& fallback);
/// An instance type of the catalogue, which outlives what points to it.
Result<const InstanceType*> type_in(const format::JsonField& field, const std::string& fallback,
                                    const Catalog& catalog);

/// A whole number, and one that no integer holds.
[[nodiscard]] bool beyond_integers(const format::JsonField& field);

/// What is read from `field`, or that it is out of range where it is a whole number beyond all integers, or beyond T's.
template <class T>
Result<std::optional<T>> number_or_none(const format::JsonField& field, const std::string& range) {
  auto found = field.maybe<T>();
  if (found || std::is_floating_point_v<T>) return found;
  const bool whole = beyond_integers(field) || field.maybe<std::int64_t>().has_value();
  if (whole) return fail(field.error("out of range: " + range));
  return found;
}

template <class T>
Result<std::optional<T>> maybe_number_in(const format::JsonField& field, T least, T most) {
  using Shown = std::conditional_t<std::is_floating_point_v<T>, double, std::int64_t>;
  const std::string range = written(static_cast<Shown>(least)) + " to " + written(static_cast<Shown>(most));
  note(field, std::is_floating_point_v<T> ? "number" : "whole number", range);
  SK_TRY(const auto found, number_or_none<T>(field, range));
  const bool fits = !found || (*found >= least && *found <= most);  // not a number does not
  if (!fits) return fail(field.error("out of range: " + range));
  return found;
}

template <class T>
Result<T> number_in(const format::JsonField& field, T fallback, T least, T most) {
  using Shown = std::conditional_t<std::is_floating_point_v<T>, double, std::int64_t>;
  note(field, std::is_floating_point_v<T> ? "number" : "whole number",
       written(static_cast<Shown>(least)) + " to " + written(static_cast<Shown>(most)),
       written(static_cast<Shown>(fallback)));
  SK_TRY(const auto found, maybe_number_in<T>(field, least, most));
  return found.value_or(fallback);
}

template <class T>
Result<T> one_of(const format::JsonField& field, T fallback,
                 std::initializer_list<std::pair<std::string_view, T>> choices, bool required = false) {
  std::vector<std::string_view> names;
  std::string usual;
  for (const auto& [name, value] : choices) {
    names.push_back(name);
    if (value == fallback && !required) usual = name;
  }
  note(field, "one of " + join(names, ", "), {}, std::move(usual), required);
  if (required && !field.present()) return fail(field.error("is required and missing"));
  SK_TRY(const auto text, field.maybe<std::string>());
  if (!text) return fallback;
  for (const auto& [name, value] : choices) {
    if (name == *text) return value;
  }
  return fail(
      field.error("expected one of " + join(names, ", ") + ", got " + quote(*text) + did_you_mean(*text, names)));
}

}  // namespace spotkeeper::sim
