#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "format/json.h"

namespace spotkeeper::format {
namespace {

// The pointer from `at` to `target`, which is one of its parts, by address. Only errors need it, so it may take time.
bool find_path(const JsonValue& at, const JsonValue* target, std::string& path) {
  if (&at == target) return true;
  const std::size_t length = path.size();
  const auto descend = [&](const JsonValue& part, std::string_view token) {
    path += '/';
    path += escape_pointer_token(token);
    if (find_path(part, target, path)) return true;
    path.resize(length);
    return false;
  };
  if (const auto* array = at.if_array()) {
    for (std::size_t i = 0; i < array->size(); ++i)
      if (descend((*array)[i], std::to_string(i))) return true;
  } else if (const auto* object = at.if_object()) {
    for (const auto& member : *object)
      if (descend(member.value(), member.key())) return true;
  }
  return false;
}

// A double that is a whole number as that number: 1e3 is 1000.
std::optional<std::int64_t> whole(double value) {
  constexpr double kLimit = 9.2e18;
  if (!(std::abs(value) < kLimit) || std::trunc(value) != value) return std::nullopt;
  return static_cast<std::int64_t>(value);
}

}  // namespace

JsonField JsonField::operator[](std::string_view key) const {
  if (present()) {
    if (const auto* object = value_->if_object())
      if (const JsonValue* member = object->if_contains(key); member != nullptr) return at(*member);
  }
  JsonField absent(*root_, places_);
  absent.value_ = nullptr;
  absent.last_ = value_ != nullptr ? value_ : last_;
  absent.below_ = (value_ != nullptr ? std::string() : below_) + "/" + escape_pointer_token(key);
  return absent;
}

Result<std::vector<JsonField>> JsonField::elements() const {
  SK_CHECK(reachable());
  std::vector<JsonField> out;
  if (!present()) return out;
  const auto* array = value_->if_array();
  if (array == nullptr) return fail(expected("an array"));
  out.reserve(array->size());
  for (const JsonValue& element : *array) out.push_back(at(element));
  return out;
}

Result<std::vector<std::pair<std::string_view, JsonField>>> JsonField::members() const {
  SK_CHECK(reachable());
  std::vector<std::pair<std::string_view, JsonField>> out;
  if (!present()) return out;
  const auto* object = value_->if_object();
  if (object == nullptr) return fail(expected("an object"));
  out.reserve(object->size());
  for (const auto& member : *object) out.emplace_back(member.key(), at(member.value()));
  return out;
}

Result<std::vector<std::string>> JsonField::strings() const {
  SK_TRY(const auto parts, elements());
  std::vector<std::string> out;
  out.reserve(parts.size());
  for (const JsonField& part : parts) {
    SK_TRY(auto text, part.as<std::string>());
    out.push_back(std::move(text));
  }
  return out;
}

Result<std::map<std::string, std::string>> JsonField::string_map() const {
  SK_TRY(const auto parts, members());
  std::map<std::string, std::string> out;
  for (const auto& [key, part] : parts) {
    SK_TRY(auto text, part.as<std::string>());
    out.insert_or_assign(std::string(key), std::move(text));
  }
  return out;
}

Result<void> JsonField::only_keys(std::initializer_list<std::string_view> known) const {
  SK_TRY(const auto parts, members());
  for (const auto& [key, part] : parts) {
    if (std::ranges::find(known, key) != known.end()) continue;
    const std::span<const std::string_view> names(known.begin(), known.size());
    std::string hint = did_you_mean(key, names);
    if (hint.empty()) hint = "; known here: " + join(names, ", ");
    return fail(error_at(part.path(), "unknown key " + quote(key) + hint));
  }
  return {};
}

Result<void> JsonField::is_object() const {
  SK_CHECK(reachable());
  if (!present()) return fail(missing());
  if (!value_->is_object()) return fail(expected("an object"));
  return {};
}

std::string JsonField::path() const {
  std::string path;
  const JsonValue* at = value_ != nullptr ? value_ : last_;
  find_path(*root_, at, path);
  return value_ != nullptr ? path : path + below_;
}

JsonField JsonField::at(const JsonValue& part) const {
  JsonField found(*root_, places_);
  found.value_ = &part;
  return found;
}

Error JsonField::error(std::string_view what) const { return error_at(path(), what); }

Error JsonField::error_at(const std::string& place, std::string_view what) const {
  Error error{ErrorCode::InvalidInput, std::string(what)};
  if (const std::string here = path(); !here.empty()) error = std::move(error).within(here);
  if (places_ != nullptr) error = std::move(error).within(places_->describe_place(place));
  return error;
}

Error JsonField::missing() const { return error("is required and missing"); }

Error JsonField::expected(std::string_view what) const {
  return error(fmt::format("expected {}, got {}", what, kind_of(*value_)));
}

Result<void> JsonField::reachable() const {
  if (value_ != nullptr || last_->is_null() || last_->is_object()) return {};
  return fail(at(*last_).expected("an object"));
}

Result<void> JsonField::read(std::string_view& out) const {
  const auto* text = value_->if_string();
  // YAML 1.1 has words that are no text: n, no, on, off, yes.
  const std::string_view hint = places_ != nullptr && value_->is_bool() ? " (in quotes, it is text)" : "";
  if (text == nullptr) return fail(error(fmt::format("expected a string, got {}{}", kind_of(*value_), hint)));
  out = std::string_view(text->data(), text->size());
  return {};
}

Result<void> JsonField::read(std::string& out) const {
  std::string_view view;
  SK_CHECK(read(view));
  out = view;
  return {};
}

Result<void> JsonField::read(bool& out) const {
  const bool* flag = value_->if_bool();
  if (flag == nullptr) return fail(expected("a boolean"));
  out = *flag;
  return {};
}

Result<void> JsonField::read(double& out) const {
  if (!value_->is_number()) return fail(expected("a number"));
  out = value_->to_number<double>();
  return {};
}

Result<void> JsonField::read(Instant& out) const {
  std::string_view text;
  SK_CHECK(read(text));
  auto parsed = parse_rfc3339(text);
  if (!parsed) return fail(error(parsed.error().message));
  out = *parsed;
  return {};
}

Result<void> JsonField::read(Duration& out) const {
  if (value_->is_number()) return fail(expected("a duration with its unit (60s, 1h30m)"));
  std::string_view text;
  SK_CHECK(read(text));
  auto parsed = parse_duration(text);
  if (!parsed) return fail(error(parsed.error().message));
  out = *parsed;
  return {};
}

Result<void> JsonField::read(std::int64_t& out) const {
  std::optional<std::int64_t> number;
  if (const auto* signed_number = value_->if_int64()) number = *signed_number;
  if (const auto* fraction = value_->if_double()) number = whole(*fraction);
  if (number) {
    out = *number;
    return {};
  }
  return fail(value_->is_uint64() ? error("is too large") : expected("a whole number"));
}

Result<void> JsonField::read(std::uint64_t& out) const {
  if (const auto* large = value_->if_uint64()) {
    out = *large;
    return {};
  }
  std::int64_t number = 0;
  SK_CHECK(read(number));
  if (number < 0) return fail(error("must not be negative"));
  out = static_cast<std::uint64_t>(number);
  return {};
}

template <std::integral T>
Result<void> JsonField::read(T& out) const {
  std::int64_t number = 0;
  SK_CHECK(read(number));
  if (!std::in_range<T>(number))
    return fail(error(fmt::format("{} is not between {} and {}", number, std::numeric_limits<T>::min(),
                                  std::numeric_limits<T>::max())));
  out = static_cast<T>(number);
  return {};
}

template Result<void> JsonField::read(std::int32_t& out) const;
template Result<void> JsonField::read(std::uint32_t& out) const;
template Result<void> JsonField::read(std::uint16_t& out) const;

}  // namespace spotkeeper::format
