#include "sim/scenario_fields.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>

namespace spotkeeper::sim {

using format::JsonField;

namespace {

thread_local FieldUses* listening = nullptr;

/// "/cluster/nodes/0/count" is "cluster.nodes[].count" in the reference.
std::string dotted(const std::string& pointer) {
  std::string path;
  for (const std::string_view part : split(pointer, '/')) {
    if (part.empty()) continue;
    if (part.find_first_not_of("0123456789") == std::string_view::npos) {
      path += "[]";
      continue;
    }
    if (!path.empty()) path += '.';
    path += part;
  }
  return path;
}

std::string range_of(Duration least, Duration most) { return format_duration(least) + " to " + format_duration(most); }

std::string percent(double share) { return fmt::format("{}%", share * 100); }

}  // namespace

FieldUses::FieldUses() { listening = this; }
FieldUses::~FieldUses() { listening = nullptr; }

void note(const JsonField& field, std::string value, std::string range, std::string fallback, bool required) {
  if (listening == nullptr) return;
  FieldUse use{dotted(field.path()), std::move(value), std::move(range), std::move(fallback), required};
  std::vector<FieldUse>& taken = listening->taken_;
  // A reader that stands on another one tells more than that one does, and first.
  const bool known = std::ranges::any_of(taken, [&](const FieldUse& earlier) { return earlier.path == use.path; });
  if (!known) taken.push_back(std::move(use));
}

std::string written(double number) { return fmt::format("{}", number); }
std::string written(std::int64_t number) { return fmt::format("{}", number); }

Result<void> keys_in(const JsonField& map, std::initializer_list<std::string_view> keys) {
  if (listening != nullptr) {
    for (const std::string_view key : keys) listening->known_.push_back(dotted(map[key].path()));
  }
  return map.only_keys(keys);
}

Result<bool> flag_in(const JsonField& field, bool fallback) {
  note(field, "true or false", {}, fallback ? "true" : "false");
  return field.get_or(fallback);
}

Result<std::string> text_in(const JsonField& field, const std::string& fallback) {
  note(field, "text", {}, fallback);
  return field.get_or(fallback);
}

Result<std::string> text_in(const JsonField& field) {
  note(field, "text", {}, {}, true);
  return field.as<std::string>();
}

Result<std::vector<std::string>> texts_in(const JsonField& field) {
  note(field, "list of texts");
  return field.strings();
}

Result<Instant> instant_in(const JsonField& field, Instant fallback) {
  note(field, "time (RFC 3339)", {}, format_rfc3339(fallback));
  return field.get_or(fallback);
}

Result<std::optional<double>> maybe_share_in(const JsonField& field) {
  note(field, "share", "0% to 100%");
  const format::JsonValue* value = field.value();
  if (value == nullptr) {
    SK_TRY(const auto absent, field.maybe<double>());
    return absent;
  }
  double share = 0;
  if (value->is_string()) {
    SK_TRY(const auto text, field.as<std::string>());
    if (!text.ends_with('%')) return fail(field.error("expected a share such as 80%"));
    const auto number = parse_double(std::string_view(text).substr(0, text.size() - 1));
    if (!number) return fail(field.error("expected a share such as 80%"));
    share = *number / 100;
  } else {
    SK_TRY(share, field.as<double>());
  }
  if (share < 0 || share > 1) return fail(field.error("out of range: 0% to 100%"));
  return std::optional(share);
}

Result<double> share_in(const JsonField& field, double fallback) {
  note(field, "share", "0% to 100%", percent(fallback));
  SK_TRY(const auto found, maybe_share_in(field));
  return found.value_or(fallback);
}

Result<std::optional<Duration>> maybe_duration_in(const JsonField& field, Duration least, Duration most) {
  note(field, "duration", range_of(least, most));
  SK_TRY(const auto found, field.maybe<Duration>());
  if (found && (*found < least || *found > most)) return fail(field.error("out of range: " + range_of(least, most)));
  return found;
}

Result<Duration> duration_in(const JsonField& field, Duration fallback, Duration least, Duration most) {
  note(field, "duration", range_of(least, most), format_duration(fallback));
  SK_TRY(const auto found, maybe_duration_in(field, least, most));
  return found.value_or(fallback);
}

Result<std::optional<std::chrono::seconds>> maybe_seconds_in(const JsonField& field) {
  note(field, "duration of whole seconds", range_of(0s, 24h));
  SK_TRY(const auto found, maybe_duration_in(field));
  if (!found) return std::optional<std::chrono::seconds>();
  if (*found % 1s != Duration{}) return fail(field.error("expected whole seconds"));
  return std::optional(std::chrono::duration_cast<std::chrono::seconds>(*found));
}

Result<std::chrono::seconds> seconds_in(const JsonField& field, std::chrono::seconds fallback) {
  note(field, "duration of whole seconds", range_of(0s, 24h), format_duration(fallback));
  SK_TRY(const auto found, maybe_seconds_in(field));
  return found.value_or(fallback);
}

Result<std::string> name_in(const JsonField& field) {
  note(field, "name", "lower-case letters, digits and '-', at most 63", {}, true);
  SK_TRY(auto name, field.as<std::string>());
  const auto fine = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; };
  const bool good = !name.empty() && name.size() <= 63 && std::all_of(name.begin(), name.end(), fine) &&
                    name.front() != '-' && name.back() != '-';
  if (!good) return fail(field.error("expected a name of lower-case letters, digits and '-', got " + quote(name)));
  return name;
}

Result<ObjectName> object_name(const JsonField& from) {
  ObjectName name;
  SK_TRY(name.name, name_in(from["name"]));
  note(from["namespace"], "name", "lower-case letters, digits and '-', at most 63", "default");
  name.ns = NamespaceName("default");
  if (from["namespace"].present()) {
    SK_TRY(const auto ns, name_in(from["namespace"]));
    name.ns = NamespaceName(ns);
  }
  return name;
}

Result<Labels> labels_in(const JsonField& field) {
  note(field, "map of texts");
  SK_TRY(const auto map, field.string_map());
  Labels labels;
  for (const auto& [key, value] : map) labels.set(key, value);
  return labels;
}

bool beyond_integers(const JsonField& field) {
  const format::JsonValue* value = field.value();
  if (value == nullptr) return false;
  if (value->is_uint64()) return true;
  const double* number = value->if_double();
  return number != nullptr && std::abs(*number) >= 0x1p63 && std::floor(*number) == *number;
}

Result<Quantity> quantity_in(const JsonField& field) {
  note(field, "quantity, or number", "not negative", "0");
  const format::JsonValue* value = field.value();
  std::string text = "0";
  if (value != nullptr && value->is_number()) {
    SK_TRY(const auto number, field.as<double>());
    const auto* whole = value->if_int64();
    text = whole != nullptr ? std::to_string(*whole) : fmt::format("{}", number);
  } else {
    SK_TRY(text, field.get_or("0"));
  }
  auto parsed = Quantity::parse(text);
  if (!parsed) return fail(field.error(parsed.error().message));
  if (*parsed < Quantity()) return fail(field.error("out of range: must not be negative"));
  return *parsed;
}

Result<std::vector<Taint>> taints_in(const JsonField& field) {
  std::vector<Taint> taints;
  SK_TRY(const auto elements, field.elements());
  for (const JsonField& element : elements) {
    SK_CHECK(keys_in(element, {"key", "value", "effect"}));
    Taint taint;
    SK_TRY(taint.key, text_in(element["key"]));
    SK_TRY(taint.value, text_in(element["value"], ""));
    SK_TRY(taint.effect, one_of<TaintEffect>(element["effect"], TaintEffect::NoSchedule,
                                             {{"NoSchedule", TaintEffect::NoSchedule},
                                              {"PreferNoSchedule", TaintEffect::PreferNoSchedule},
                                              {"NoExecute", TaintEffect::NoExecute}}));
    taints.push_back(std::move(taint));
  }
  return taints;
}

namespace {

/// As EC2 names them: "us-east-1a", "us-gov-west-1b", and local zones, "us-west-2-lax-1a".
bool is_zone(std::string_view zone) {
  const auto letters = [](std::string_view part) {
    return !part.empty() && std::ranges::all_of(part, [](char c) { return c >= 'a' && c <= 'z'; });
  };
  const auto digits = [](std::string_view part) {
    return !part.empty() && std::ranges::all_of(part, [](char c) { return c >= '0' && c <= '9'; });
  };
  const auto parts = split(zone, '-');
  if (parts.size() < 3 || parts[0].size() != 2 || !letters(parts[0]) || !letters(parts[1])) return false;
  for (std::size_t i = 2; i + 1 < parts.size(); ++i) {
    if (!letters(parts[i]) && !digits(parts[i])) return false;
  }
  const std::string_view last = parts.back();
  return last.size() >= 2 && letters(last.substr(last.size() - 1)) && digits(last.substr(0, last.size() - 1));
}

}  // namespace

Result<std::string> zone_in(const JsonField& field, const std::string& fallback) {
  note(field, "zone", "a region and a letter: us-east-1a", fallback, fallback.empty());
  SK_TRY(auto zone, field.get_or(fallback));
  if (!is_zone(zone)) return fail(field.error("expected a zone such as us-east-1a, got " + quote(zone)));
  return zone;
}

Result<const InstanceType*> type_in(const JsonField& field, const std::string& fallback, const Catalog& catalog) {
  note(field, "instance type of the catalogue", {}, fallback, fallback.empty());
  SK_TRY(const auto wanted, field.get_or(fallback));
  if (const InstanceType* type = catalog.find(InstanceTypeName(wanted)); type != nullptr) return type;
  std::vector<std::string_view> names;
  for (const InstanceType& known : catalog.types()) names.push_back(known.name.str());
  return fail(field.error("no instance type " + quote(wanted) + did_you_mean(wanted, names)));
}

}  // namespace spotkeeper::sim
