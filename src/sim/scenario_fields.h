// The fields that scenario files are made of: each reader takes one, with its range, and says what stands where where
// it is something else.
#pragma once

#include <chrono>
#include <cstdint>
#include <initializer_list>
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

namespace spotkeeper::sim {

/// "80%" or 0.8; 0 to 1.
Result<double> share_in(const format::JsonField& field, double fallback);
Result<Duration> duration_in(const format::JsonField& field, Duration fallback, Duration least = 0s,
                             Duration most = 24h);
/// A duration of whole seconds.
Result<std::chrono::seconds> seconds_in(const format::JsonField& field, std::chrono::seconds fallback);
/// A name that Kubernetes takes (RFC 1123 label).
Result<std::string> name_in(const format::JsonField& field);
/// Members `name` and `namespace` ("default" if absent).
Result<ObjectName> object_name(const format::JsonField& from);
Result<Labels> labels_in(const format::JsonField& field);
Result<std::vector<Taint>> taints_in(const format::JsonField& field);
/// "us-east-1a".
Result<std::string> zone_in(const format::JsonField& field, const std::string& fallback);
/// An instance type of the catalogue, which outlives what points to it.
Result<const InstanceType*> type_in(const format::JsonField& field, const std::string& fallback,
                                    const Catalog& catalog);

template <class T>
Result<T> number_in(const format::JsonField& field, T fallback, T least, T most) {
  SK_TRY(const auto found, field.get_or(fallback));
  if (found < least || found > most) {
    return fail(field.error("out of range: " + std::to_string(least) + " to " + std::to_string(most)));
  }
  return found;
}

template <class T>
Result<T> one_of(const format::JsonField& field, T fallback,
                 std::initializer_list<std::pair<std::string_view, T>> choices) {
  SK_TRY(const auto text, field.maybe<std::string>());
  if (!text) return fallback;
  std::vector<std::string_view> names;
  for (const auto& [name, value] : choices) {
    if (name == *text) return value;
    names.push_back(name);
  }
  return fail(
      field.error("expected one of " + join(names, ", ") + ", got " + quote(*text) + did_you_mean(*text, names)));
}

}  // namespace spotkeeper::sim
