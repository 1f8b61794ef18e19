#include "tests/property/checker/reading.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/string.hpp>

namespace spotkeeper::checker {

const Json* find(const Json& value, Path path) {
  const Json* at = &value;
  for (const std::string_view key : path) {
    const auto* object = at->if_object();
    if (object == nullptr) return nullptr;
    at = object->if_contains(key);
    if (at == nullptr || at->is_null()) return nullptr;
  }
  return at;
}

std::string text(const Json& value, Path path, std::string_view otherwise) {
  const Json* at = find(value, path);
  return at != nullptr && at->is_string() ? std::string(at->get_string()) : std::string(otherwise);
}

std::optional<std::int64_t> whole(const Json& value, Path path) {
  const Json* at = find(value, path);
  if (at == nullptr || !at->is_int64()) return std::nullopt;
  return at->get_int64();
}

bool flag(const Json& value, Path path) {
  const Json* at = find(value, path);
  return at != nullptr && at->is_bool() && at->get_bool();
}

std::vector<const Json*> list(const Json& value, Path path) {
  std::vector<const Json*> out;
  const Json* at = find(value, path);
  if (at == nullptr || !at->is_array()) return out;
  for (const Json& element : at->get_array()) out.push_back(&element);
  return out;
}

Labels labels(const Json& value, Path path) {
  Labels out;
  const Json* at = find(value, path);
  if (at == nullptr || !at->is_object()) return out;
  for (const auto& [key, element] : at->get_object()) {
    if (element.is_string()) out.emplace(std::string(key), std::string(element.get_string()));
  }
  return out;
}

std::vector<std::string> strings(const Json& value, Path path) {
  std::vector<std::string> out;
  for (const Json* element : list(value, path)) {
    if (element->is_string()) out.emplace_back(element->get_string());
  }
  return out;
}

namespace {

constexpr Nanos kUnit = 1'000'000'000;

// What one unit before the suffix is worth; nothing for a suffix that is none.
std::optional<Nanos> worth(std::string_view suffix) {
  static const std::map<std::string_view, Nanos> known = [] {
    std::map<std::string_view, Nanos> out = {{"n", 1}, {"u", 1'000}, {"m", 1'000'000}, {"", kUnit}};
    Nanos decimal = kUnit;
    for (const std::string_view name : {"k", "M", "G", "T", "P", "E"}) out[name] = decimal *= 1000;
    Nanos binary = kUnit;
    for (const std::string_view name : {"Ki", "Mi", "Gi", "Ti", "Pi", "Ei"}) out[name] = binary *= 1024;
    return out;
  }();
  if (const auto found = known.find(suffix); found != known.end()) return found->second;
  if (suffix.size() < 2 || (suffix[0] != 'e' && suffix[0] != 'E')) return std::nullopt;
  const auto power = parse_int<int>(suffix[1] == '+' ? suffix.substr(2) : suffix.substr(1), -9, 18);
  if (!power) return std::nullopt;
  Nanos out = kUnit;
  for (int i = 0; i < *power; ++i) out *= 10;
  for (int i = 0; i > *power; --i) out /= 10;
  return out;
}

}  // namespace

std::optional<Nanos> quantity(const Json& value) {
  if (value.is_int64()) return Nanos{value.get_int64()} * kUnit;
  std::string written;
  if (value.is_double()) written = format::write_json(value);
  if (value.is_string()) written = std::string(value.get_string());
  std::string_view rest = written;
  bool negative = false;
  if (!rest.empty() && (rest[0] == '-' || rest[0] == '+')) {
    negative = rest[0] == '-';
    rest.remove_prefix(1);
  }
  const std::size_t end = std::min(rest.find_first_not_of("0123456789."), rest.size());
  const std::string_view digits = rest.substr(0, end);
  const auto unit = worth(rest.substr(end));
  if (!unit || digits.find_first_of("0123456789") == std::string_view::npos || digits.size() > 18) return std::nullopt;
  Nanos number = 0;
  Nanos scale = 0;  // 0 before the point, then the power of ten
  for (const char c : digits) {
    if (c == '.') {
      if (scale != 0) return std::nullopt;
      scale = 1;
      continue;
    }
    number = number * 10 + (c - '0');
    scale *= 10;
  }
  if (scale == 0) scale = 1;
  const Nanos total = number * *unit;
  const Nanos out = total / scale + (total % scale != 0 ? 1 : 0);
  return negative ? -out : out;
}

std::int64_t rounded(const std::string& resource, Nanos amount) {
  const Nanos step = resource == "cpu" ? kUnit / 1000 : kUnit;
  return static_cast<std::int64_t>((amount + step - 1) / step);
}

std::map<std::string, Nanos> exact_amounts(const Json& value, Path path, std::vector<std::string>& broken) {
  std::map<std::string, Nanos> out;
  const Json* at = find(value, path);
  if (at == nullptr || !at->is_object()) return out;
  for (const auto& [key, element] : at->get_object()) {
    const auto amount = quantity(element);
    if (!amount || *amount < 0) {
      broken.push_back("an amount of " + std::string(key) + " that is none");
      continue;
    }
    out[std::string(key)] = *amount;
  }
  return out;
}

Amounts amounts(const Json& value, Path path) {
  std::vector<std::string> ignored;
  Amounts out;
  for (const auto& [resource, amount] : exact_amounts(value, path, ignored)) out[resource] = rounded(resource, amount);
  return out;
}

}  // namespace spotkeeper::checker
