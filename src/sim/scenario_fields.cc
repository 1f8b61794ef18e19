#include "sim/scenario_fields.h"

#include <algorithm>
#include <optional>

namespace spotkeeper::sim {

using format::JsonField;

Result<double> share_in(const JsonField& field, double fallback) {
  const format::JsonValue* value = field.value();
  if (value == nullptr) return fallback;
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
  return share;
}

Result<Duration> duration_in(const JsonField& field, Duration fallback, Duration least, Duration most) {
  SK_TRY(const auto found, field.get_or(fallback));
  if (field.present() && (found < least || found > most)) {
    return fail(field.error("out of range: " + format_duration(least) + " to " + format_duration(most)));
  }
  return found;
}

Result<std::chrono::seconds> seconds_in(const JsonField& field, std::chrono::seconds fallback) {
  SK_TRY(const auto found, duration_in(field, fallback));
  if (found % 1s != Duration{}) return fail(field.error("expected whole seconds"));
  return std::chrono::duration_cast<std::chrono::seconds>(found);
}

Result<std::string> name_in(const JsonField& field) {
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
  name.ns = NamespaceName("default");
  if (from["namespace"].present()) {
    SK_TRY(const auto ns, name_in(from["namespace"]));
    name.ns = NamespaceName(ns);
  }
  return name;
}

Result<Labels> labels_in(const JsonField& field) {
  SK_TRY(const auto map, field.string_map());
  Labels labels;
  for (const auto& [key, value] : map) labels.set(key, value);
  return labels;
}

Result<std::vector<Taint>> taints_in(const JsonField& field) {
  std::vector<Taint> taints;
  SK_TRY(const auto elements, field.elements());
  for (const JsonField& element : elements) {
    SK_CHECK(element.only_keys({"key", "value", "effect"}));
    Taint taint;
    SK_TRY(taint.key, element["key"].as<std::string>());
    SK_TRY(taint.value, element["value"].get_or(""));
    SK_TRY(taint.effect, one_of<TaintEffect>(element["effect"], TaintEffect::NoSchedule,
                                             {{"NoSchedule", TaintEffect::NoSchedule},
                                              {"PreferNoSchedule", TaintEffect::PreferNoSchedule},
                                              {"NoExecute", TaintEffect::NoExecute}}));
    taints.push_back(std::move(taint));
  }
  return taints;
}

Result<std::string> zone_in(const JsonField& field, const std::string& fallback) {
  SK_TRY(auto zone, field.get_or(fallback));
  if (zone.size() < 2) return fail(field.error("expected a zone such as us-east-1a"));
  return zone;
}

Result<const InstanceType*> type_in(const JsonField& field, const std::string& fallback, const Catalog& catalog) {
  SK_TRY(const auto wanted, field.get_or(fallback));
  if (const InstanceType* type = catalog.find(InstanceTypeName(wanted)); type != nullptr) return type;
  std::vector<std::string_view> names;
  for (const InstanceType& known : catalog.types()) names.push_back(known.name.str());
  return fail(field.error("no instance type " + quote(wanted) + did_you_mean(wanted, names)));
}

}  // namespace spotkeeper::sim
