#include "format/yaml_scalar.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>

#include "base/text.h"

namespace spotkeeper::format::detail {
namespace {

template <std::size_t N>
bool one_of(std::string_view text, const std::array<std::string_view, N>& words) {
  return std::ranges::find(words, text) != words.end();
}

constexpr std::array<std::string_view, 5> kNull = {"", "~", "null", "Null", "NULL"};
constexpr std::array<std::string_view, 11> kTrue = {"y",    "Y",    "yes", "Yes", "YES", "true",
                                                    "True", "TRUE", "on",  "On",  "ON"};
constexpr std::array<std::string_view, 11> kFalse = {"n",     "N",     "no",  "No",  "NO", "false",
                                                     "False", "FALSE", "off", "Off", "OFF"};
constexpr std::array<std::string_view, 3> kNan = {".nan", ".NaN", ".NAN"};
constexpr std::array<std::string_view, 3> kInfinity = {".inf", ".Inf", ".INF"};

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Go's strconv with base 0: the prefix says the base.
std::optional<JsonValue> whole_number(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  int base = 10;
  if (text.size() > 1 && text.front() == '0') {
    const std::string prefix = lower(text.substr(0, 2));
    base = prefix == "0x" ? 16 : prefix == "0b" ? 2 : 8;
    text.remove_prefix(prefix == "0x" || prefix == "0b" || prefix == "0o" ? 2 : 1);
  }
  std::uint64_t size = 0;
  const char* const begin = text.data();
  const char* const end = begin + text.size();
  const auto [stop, problem] = std::from_chars(begin, end, size, base);
  if (problem != std::errc{} || stop != end || text.empty()) return std::nullopt;
  constexpr std::uint64_t kMost = std::numeric_limits<std::int64_t>::max();
  if (negative) return size > kMost + 1 ? std::nullopt : std::optional<JsonValue>(static_cast<std::int64_t>(0 - size));
  return size > kMost ? JsonValue(size) : JsonValue(static_cast<std::int64_t>(size));
}

// [-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?
bool looks_like_float(std::string_view text) {
  const auto digits = [&text] {
    const auto end = std::ranges::find_if_not(text, is_digit);
    const auto count = static_cast<std::size_t>(end - text.begin());
    text.remove_prefix(count);
    return count > 0;
  };
  const auto sign = [&text] {
    if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  };
  sign();
  const bool before = digits();
  bool after = false;
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    after = digits();
  }
  if (!before && !after) return false;
  if (text.starts_with('e') || text.starts_with('E')) {
    text.remove_prefix(1);
    sign();
    if (!digits()) return false;
  }
  return text.empty();
}

std::optional<JsonValue> number(std::string_view text) {
  std::string plain(text);
  std::erase(plain, '_');
  if (auto whole = whole_number(plain)) return whole;
  if (!looks_like_float(plain)) return std::nullopt;
  const auto value = parse_double(plain.starts_with('+') ? std::string_view(plain).substr(1) : plain);
  if (!value) return std::nullopt;
  return JsonValue(*value);
}

}  // namespace

JsonValue resolve_plain_scalar(std::string_view text) {
  if (one_of(text, kNull)) return nullptr;
  if (one_of(text, kTrue)) return true;
  if (one_of(text, kFalse)) return false;
  if (one_of(text, kNan)) return std::numeric_limits<double>::quiet_NaN();
  const bool negative = text.starts_with('-');
  const std::string_view unsigned_text = negative || text.starts_with('+') ? text.substr(1) : text;
  if (one_of(unsigned_text, kInfinity))
    return negative ? -std::numeric_limits<double>::infinity() : std::numeric_limits<double>::infinity();
  const char first = text.front();
  if (is_digit(first) || first == '.' || first == '-' || first == '+')
    if (auto found = number(text)) return *std::move(found);
  JsonValue word(text);  // not {text}, which would be a list
  return word;
}

}  // namespace spotkeeper::format::detail
