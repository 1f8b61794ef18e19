#include "sim/serve/query.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/text.h"
#include "net/url.h"

namespace spotkeeper::sim::serve {
namespace {

Result<bool> read_bool(std::string_view name, std::string_view value) {
  if (value == "true" || value == "1" || value.empty()) return true;
  if (value == "false" || value == "0") return false;
  return fail(ErrorCode::InvalidInput, fmt::format("{}: {} is not true or false", name, quote(value)));
}

Result<std::chrono::seconds> read_seconds(std::string_view name, std::string_view value) {
  SK_TRY(const auto seconds, parse_int<std::int64_t>(value).within(name));
  if (seconds < 0) return fail(ErrorCode::InvalidInput, fmt::format("{}: {} is negative", name, seconds));
  return std::chrono::seconds(seconds);
}

Result<void> take(Query& query, std::string_view name, const std::string& value) {
  if (name == "labelSelector") {
    SK_TRY(query.labels, parse_label_selector(value));
  } else if (name == "fieldSelector") {
    SK_TRY(query.fields, parse_field_selector(value));
  } else if (name == "resourceVersion") {
    query.resource_version = value;
  } else if (name == "resourceVersionMatch") {
    query.resource_version_match = value;
  } else if (name == "limit") {
    SK_TRY(const auto limit, parse_int<std::int64_t>(value).within(name));
    if (limit > 0) query.limit = static_cast<std::uint64_t>(limit);  // less than one is none
  } else if (name == "continue") {
    query.continue_token = value;
  } else if (name == "watch") {
    SK_TRY(query.watch, read_bool(name, value));
  } else if (name == "allowWatchBookmarks") {
    SK_TRY(query.bookmarks, read_bool(name, value));
  } else if (name == "sendInitialEvents") {
    SK_TRY(query.initial_events, read_bool(name, value));
  } else if (name == "timeoutSeconds") {
    SK_TRY(query.timeout, read_seconds(name, value));
  } else if (name == "dryRun") {
    query.dry_run = value == "All";
    if (!query.dry_run) query.invalid = unsupported_dry_run(value);
  } else if (name == "gracePeriodSeconds") {
    SK_TRY(query.grace, read_seconds(name, value));
  }
  return {};
}

struct Field {
  std::string_view name;
  std::optional<Kind> kind;  // none: of every kind
  std::string (*read)(const Object& object);
};

std::string phase_text(const Object& object) {
  switch (std::get<PodObject>(object).pod.phase) {
    case PodPhase::Pending: return "Pending";
    case PodPhase::Running: return "Running";
    case PodPhase::Succeeded: return "Succeeded";
    case PodPhase::Failed: return "Failed";
    case PodPhase::Unknown: break;
  }
  return "Unknown";
}

const std::array<Field, 11> kFields{{
    {"metadata.name", {}, [](const Object& o) { return key_of(o).name; }},
    {"metadata.namespace", {}, [](const Object& o) { return key_of(o).ns.str(); }},
    {"spec.nodeName", Kind::Pod, [](const Object& o) { return std::get<PodObject>(o).pod.node.str(); }},
    {"status.phase", Kind::Pod, phase_text},
    {"status.podIP", Kind::Pod, [](const Object& o) { return std::get<PodObject>(o).ip; }},
    {"spec.unschedulable", Kind::Node,
     [](const Object& o) { return std::string(std::get<NodeObject>(o).node.unschedulable ? "true" : "false"); }},
    {"involvedObject.kind", Kind::Event, [](const Object& o) { return std::get<EventObject>(o).regarding_kind; }},
    {"involvedObject.name", Kind::Event, [](const Object& o) { return std::get<EventObject>(o).regarding.name; }},
    {"involvedObject.namespace", Kind::Event,
     [](const Object& o) { return std::get<EventObject>(o).regarding.ns.str(); }},
    {"involvedObject.uid", Kind::Event,
     [](const Object& o) { return std::string(std::get<EventObject>(o).regarding_uid.str()); }},
    {"reason", Kind::Event, [](const Object& o) { return std::get<EventObject>(o).reason; }},
}};

const Field* find_field(std::string_view name, Kind kind) {
  // events.k8s.io calls the same thing "regarding".
  std::string alias(name);
  if (alias.starts_with("regarding.")) alias.replace(0, 9, "involvedObject");
  const auto* const found = std::find_if(kFields.begin(), kFields.end(), [&](const Field& field) {
    return field.name == alias && (!field.kind || *field.kind == kind);
  });
  return found == kFields.end() ? nullptr : found;
}

// apimachinery's ValidateListOptions.
std::string wrong_list_options(const Query& query) {
  const std::string& match = query.resource_version_match;
  if (query.initial_events && !query.watch)
    return "sendInitialEvents: Forbidden: sendInitialEvents is forbidden for list";
  if (query.initial_events) {
    if (match == "NotOlderThan") return {};
    return "resourceVersionMatch: Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan";
  }
  if (match.empty()) return {};
  constexpr std::string_view kForbidden = "resourceVersionMatch: Forbidden: resourceVersionMatch";
  if (query.watch) return fmt::format("{} is forbidden for watch unless sendInitialEvents is provided", kForbidden);
  if (query.resource_version.empty())
    return fmt::format("{} is forbidden unless resourceVersion is provided", kForbidden);
  if (!query.continue_token.empty()) return fmt::format("{} is forbidden when continue is provided", kForbidden);
  if (match != "Exact" && match != "NotOlderThan")
    return fmt::format(R"(resourceVersionMatch: Unsupported value: {}: supported values: "Exact", "NotOlderThan")",
                       quote(match));
  if (match == "Exact" && query.resource_version == "0")
    return fmt::format(R"({} "exact" is forbidden for resourceVersion "0")", kForbidden);
  return {};
}

}  // namespace

std::string unsupported_dry_run(std::string_view value) {
  return fmt::format("dryRun: Unsupported value: [{}]: supported values: \"All\"", quote(value));
}

Result<Query> parse_query(std::string_view target) {
  Query query;
  const auto parts = split_once(target, '?');
  SK_TRY(query.path, net::percent_decode(parts ? parts->first : target));
  if (!parts) return query;
  for (const std::string_view piece : split(parts->second, '&')) {
    if (piece.empty()) continue;
    const auto entry = split_once(piece, '=');
    std::string value(entry ? entry->second : std::string_view());
    std::replace(value.begin(), value.end(), '+', ' ');  // a form's blank, as Go's url.ParseQuery reads it
    SK_TRY(const auto decoded, net::percent_decode(value));
    SK_CHECK(take(query, entry ? entry->first : piece, decoded));
  }
  if (query.invalid.empty()) query.invalid = wrong_list_options(query);
  return query;
}

Result<void> check_fields(const Query& query, Kind kind) {
  for (const FieldRequirement& field : query.fields)
    if (find_field(field.field, kind) == nullptr)
      return fail(ErrorCode::InvalidInput, fmt::format("field label not supported: {}", field.field));
  return {};
}

bool selects(const Query& query, const Object& object) {
  if (!query.labels.matches(labels_of(object))) return false;
  return std::all_of(query.fields.begin(), query.fields.end(), [&](const FieldRequirement& wanted) {
    const Field* field = find_field(wanted.field, kind_of(object));
    return field != nullptr && (field->read(object) == wanted.value) == wanted.equal;
  });
}

}  // namespace spotkeeper::sim::serve
