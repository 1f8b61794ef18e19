#include "kube/codec/bodies.h"

#include <algorithm>
#include <chrono>

#include <fmt/format.h>

#include "base/text.h"
#include "format/json.h"
#include "kube/codec/parts.h"

namespace spotkeeper::kube {
namespace {

using format::JsonArray;
using format::JsonObject;
using format::JsonValue;

// apis/core/validation/events.go
constexpr std::size_t kLongestReason = 128;
constexpr std::size_t kLongestNote = 1024;
constexpr std::size_t kLongestObjectName = 253;

/// At most `longest` bytes, never through a character.
std::string cut(std::string_view text, std::size_t longest) {
  std::string whole = to_valid_utf8(text);
  if (whole.size() <= longest) return whole;
  std::size_t end = longest;
  while (end > 0 && (static_cast<unsigned char>(whole[end]) & 0xC0U) == 0x80U) --end;
  whole.resize(end);
  return whole;
}

JsonValue taint_json(const Taint& taint) {
  JsonObject out{{"key", taint.key}};
  if (!taint.value.empty()) out["value"] = taint.value;
  out["effect"] = text_of(taint.effect);
  if (taint.added) out["timeAdded"] = format_rfc3339(std::chrono::floor<std::chrono::seconds>(*taint.added));
  return out;
}

JsonObject entries_json(const std::map<std::string, std::optional<std::string>>& entries) {
  JsonObject out;
  for (const auto& [key, value] : entries) out[key] = value ? JsonValue(*value) : JsonValue(nullptr);
  return out;
}

JsonObject delete_options(const Uid& uid, std::optional<GracePeriod> grace, bool dry_run) {
  JsonObject out;
  if (grace) out["gracePeriodSeconds"] = std::max<std::int64_t>(1, grace->length().count());
  if (!uid.empty()) out["preconditions"] = JsonObject{{"uid", uid.str()}};
  if (dry_run) out["dryRun"] = JsonArray{"All"};
  return out;
}

}  // namespace

std::string node_patch(const NodeChange& change) {
  JsonObject metadata;
  if (change.version) metadata["resourceVersion"] = change.version->str();
  if (!change.labels.empty()) metadata["labels"] = entries_json(change.labels);
  if (!change.annotations.empty()) metadata["annotations"] = entries_json(change.annotations);
  JsonObject spec;
  if (change.unschedulable) spec["unschedulable"] = *change.unschedulable;
  if (change.taints) {
    JsonArray taints;
    for (const Taint& taint : *change.taints) taints.push_back(taint_json(taint));
    spec["taints"] = std::move(taints);
  }
  JsonObject patch;
  if (!metadata.empty()) patch["metadata"] = std::move(metadata);
  if (!spec.empty()) patch["spec"] = std::move(spec);
  return format::write_json(patch);
}

std::string eviction_body(const PodRef& pod, std::optional<GracePeriod> grace, bool dry_run) {
  return format::write_json(
      JsonObject{{"apiVersion", "policy/v1"},
                 {"kind", "Eviction"},
                 {"metadata", JsonObject{{"name", pod.name.name}, {"namespace", pod.name.ns.str()}}},
                 {"deleteOptions", delete_options(pod.uid, grace, dry_run)}});
}

std::string delete_body(const Uid& uid, GracePeriod grace, bool dry_run) {
  JsonObject out{{"apiVersion", "v1"}, {"kind", "DeleteOptions"}};
  for (auto& [key, value] : delete_options(uid, grace, dry_run)) out[key] = std::move(value);
  return format::write_json(out);
}

NamespaceName event_namespace(const EventNote& note) { return note.ns.empty() ? NamespaceName("default") : note.ns; }

std::string event_body(const EventNote& note, const EventSource& source, Instant now, std::uint32_t serial) {
  const std::string suffix = fmt::format(".{:x}{:04x}", now.time_since_epoch().count(), serial & 0xFFFFU);
  JsonObject regarding{{"apiVersion", note.api_version}, {"kind", note.kind}, {"name", note.name}};
  if (!note.ns.empty()) regarding["namespace"] = note.ns.str();
  if (!note.uid.empty()) regarding["uid"] = note.uid.str();
  return format::write_json(
      JsonObject{{"apiVersion", "events.k8s.io/v1"},
                 {"kind", "Event"},
                 {"metadata", JsonObject{{"name", cut(note.name, kLongestObjectName - suffix.size()) + suffix},
                                         {"namespace", event_namespace(note).str()}}},
                 {"eventTime", format_rfc3339_micro(now)},
                 {"type", note.type == EventNote::Type::Warning ? "Warning" : "Normal"},
                 {"reason", cut(note.reason, kLongestReason)},
                 {"action", cut(note.action, kLongestReason)},
                 {"note", cut(note.note, kLongestNote)},
                 {"reportingController", source.controller},
                 {"reportingInstance", cut(source.instance, kLongestReason)},
                 {"regarding", std::move(regarding)}});
}

}  // namespace spotkeeper::kube
