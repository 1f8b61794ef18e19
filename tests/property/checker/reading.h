// Small readers of JSON: what is not there or of another kind counts as absent.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "format/json.h"
#include "tests/property/checker/values.h"

namespace spotkeeper::checker {

using Json = format::JsonValue;
using Path = std::initializer_list<std::string_view>;

/// nullptr where nothing is; null is nothing.
const Json* find(const Json& value, Path path);
std::string text(const Json& value, Path path, std::string_view otherwise = "");
std::optional<std::int64_t> whole(const Json& value, Path path);
bool flag(const Json& value, Path path);
/// The elements of an array; none where there is no array.
std::vector<const Json*> list(const Json& value, Path path);
Labels labels(const Json& value, Path path);
std::vector<std::string> strings(const Json& value, Path path);

/// Exact: thousand-millionths of a unit.
__extension__ typedef __int128 Nanos;  // NOLINT(modernize-use-using): an alias can't be marked
/// "100m", "1.5Gi", "1e3", 2. Nothing where it is no quantity.
std::optional<Nanos> quantity(const Json& value);
/// Rounded up: CPU to thousandths, everything else to units.
std::int64_t rounded(const std::string& resource, Nanos amount);
/// A ResourceList; `broken` gets what cannot be read or is negative.
std::map<std::string, Nanos> exact_amounts(const Json& value, Path path, std::vector<std::string>& broken);
Amounts amounts(const Json& value, Path path);

}  // namespace spotkeeper::checker
