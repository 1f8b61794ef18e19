#include "sim/serve/render.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "format/protobuf.h"
#include "kube/codec/translate.h"
#include "sim/serve/table.h"
#include "sim/serve/wire_objects.h"

namespace spotkeeper::sim::serve {
namespace {

using format::JsonArray;
using format::JsonObject;
using format::JsonValue;

constexpr std::string_view kProtobuf = "application/vnd.kubernetes.protobuf";

// The version of a shown object, replaced where a watch says so.
template <class Wire>
void put_version(Wire& object, std::optional<std::uint64_t> version, kube::wire::Arena& arena) {
  if (version) object.metadata.resource_version = arena.keep(std::to_string(*version));
}

// Calls `use` with the object in its API form; false for the kinds that codec/objects.h has no form of.
template <class Use>
bool with_wire(const Object& object, bool core_event, std::optional<std::uint64_t> version, Use&& use) {
  kube::wire::Arena arena;
  return std::visit(
      [&](const auto& held) {
        using Held = std::decay_t<decltype(held)>;
        if constexpr (std::is_same_v<Held, ServiceObject> || std::is_same_v<Held, ConfigMapObject> ||
                      std::is_base_of_v<WebhooksObject, Held>) {
          return false;
        } else {
          if constexpr (std::is_same_v<Held, EventObject>) {
            if (core_event) {
              auto event = to_core_wire(held, arena);
              put_version(event, version, arena);
              use(event);
              return true;
            }
          }
          auto shown = to_wire(held, arena);
          put_version(shown, version, arena);
          use(shown);
          return true;
        }
      },
      object);
}

JsonObject object_of(const Labels& entries) {
  JsonObject out;
  for (const auto& [key, value] : entries) out[key] = value;
  return out;
}

JsonObject metadata_json(const Meta& meta, std::optional<std::uint64_t> version) {
  JsonObject out{{"name", meta.name.name},
                 {"namespace", meta.name.ns.str()},
                 {"uid", meta.uid.str()},
                 {"resourceVersion", version ? std::to_string(*version) : std::string(meta.version.str())},
                 {"creationTimestamp", format_rfc3339(meta.created)}};
  if (!meta.labels.empty()) out["labels"] = object_of(meta.labels);
  if (!meta.annotations.empty()) out["annotations"] = object_of(meta.annotations);
  return out;
}

JsonValue service_json(const ServiceObject& service, std::optional<std::uint64_t> version) {
  return JsonObject{
      {"kind", "Service"},
      {"apiVersion", "v1"},
      {"metadata", metadata_json(service.meta, version)},
      {"spec",
       JsonObject{{"type", "ClusterIP"},
                  {"clusterIP", service.cluster_ip},
                  {"selector", object_of(service.selector)},
                  {"ports", JsonArray{JsonObject{
                                {"port", service.port}, {"targetPort", service.target_port}, {"protocol", "TCP"}}}}}},
      {"status", JsonObject{{"loadBalancer", JsonObject{}}}}};
}

JsonValue config_map_json(const ConfigMapObject& map, std::optional<std::uint64_t> version) {
  return JsonObject{{"kind", "ConfigMap"},
                    {"apiVersion", "v1"},
                    {"metadata", metadata_json(map.meta, version)},
                    {"data", object_of(map.data)}};
}

JsonValue webhooks_json(const WebhooksObject& held, const Resource& resource, std::optional<std::uint64_t> version) {
  JsonObject metadata = metadata_json(held.meta, version);
  metadata.erase("namespace");
  return JsonObject{{"kind", resource.kind},
                    {"apiVersion", resource.api_version()},
                    {"metadata", std::move(metadata)},
                    {"webhooks", format::parse_json(held.webhooks).value_or(JsonArray{})}};
}

JsonObject list_metadata(const ListPage& page) {
  JsonObject metadata{{"resourceVersion", std::to_string(page.version)}};
  if (!page.continue_token.empty()) {
    metadata["continue"] = page.continue_token;
    metadata["remainingItemCount"] = page.remaining;
  }
  return metadata;
}

std::string write_protobuf_list(const Resource& resource, std::span<const ObjectRef> objects, const ListPage& page) {
  kube::wire::ListMeta metadata;
  const std::string version = std::to_string(page.version);
  metadata.resource_version = version;
  metadata.continue_token = page.continue_token;
  if (!page.continue_token.empty()) metadata.remaining_item_count = static_cast<std::int64_t>(page.remaining);
  std::vector<std::string> items;
  items.reserve(objects.size());
  for (const ObjectRef& object : objects)
    with_wire(*object, resource.group.empty(), {},
              [&](const auto& shown) { items.push_back(kube::to_protobuf(shown)); });
  return format::write_list({std::string(resource.api_version()), std::string(resource.kind) + "List"},
                            kube::to_protobuf(metadata), items);
}

class JsonEvents final : public EventWriter {
 public:
  JsonEvents(const Resource& resource, bool table, std::function<Instant()> now)
      : resource_(resource), table_(table), now_(std::move(now)) {}

  std::string event(std::string_view type, const Object& object, std::optional<std::uint64_t> version) override {
    const JsonValue shown = to_json(object, resource_, version);
    if (!table_) return line(type, shown);
    const JsonValue row = to_table(resource_.kind, std::span(&shown, 1), JsonObject{}, now_(), !columns_given_);
    columns_given_ = true;
    return line(type, row);
  }

  std::string bookmark(std::uint64_t version, bool initial_end) override {
    JsonObject metadata{{"resourceVersion", std::to_string(version)}, {"creationTimestamp", nullptr}};
    if (initial_end) metadata["annotations"] = JsonObject{{"k8s.io/initial-events-end", "true"}};
    return line("BOOKMARK", JsonObject{{"kind", resource_.kind},
                                       {"apiVersion", resource_.api_version()},
                                       {"metadata", std::move(metadata)}});
  }

  std::string error(int code, std::string_view reason, std::string_view message) override {
    return line("ERROR", status_json({code, std::string(reason), std::string(message), "", "", {}}));
  }

 private:
  static std::string line(std::string_view type, const JsonValue& object) {
    return format::write_json(JsonObject{{"type", type}, {"object", object}}) + "\n";
  }

  const Resource& resource_;
  bool table_;
  bool columns_given_ = false;
  std::function<Instant()> now_;
};

class ProtobufEvents final : public EventWriter {
 public:
  explicit ProtobufEvents(const Resource& resource) : resource_(resource) {}

  std::string event(std::string_view type, const Object& object, std::optional<std::uint64_t> version) override {
    return format::write_watch_frame(type, to_protobuf(object, version).value_or(""));
  }

  std::string bookmark(std::uint64_t version, bool initial_end) override {
    // Every kind's message begins with its metadata in field 1, so a Namespace's serves for all of them.
    kube::wire::Namespace empty;
    const std::string text = std::to_string(version);
    empty.metadata.resource_version = text;
    if (initial_end) empty.metadata.annotations.emplace_back("k8s.io/initial-events-end", "true");
    return format::write_watch_frame(
        "BOOKMARK", format::write_envelope({std::string(resource_.api_version()), std::string(resource_.kind)},
                                           kube::to_protobuf(empty)));
  }

  std::string error(int code, std::string_view reason, std::string_view message) override {
    kube::wire::Status status;
    status.status = "Failure";
    status.code = code;
    status.reason = reason;
    status.message = message;
    return format::write_watch_frame("ERROR", kube::to_protobuf_document(status));
  }

 private:
  const Resource& resource_;
};

}  // namespace

Kind kind_of(const Resource& resource) {
  constexpr std::array<std::pair<std::string_view, Kind>, kind_count> kKinds{
      {{"namespaces", Kind::Namespace},
       {"nodes", Kind::Node},
       {"pods", Kind::Pod},
       {"services", Kind::Service},
       {"deployments", Kind::Deployment},
       {"replicasets", Kind::ReplicaSet},
       {"statefulsets", Kind::StatefulSet},
       {"daemonsets", Kind::DaemonSet},
       {"poddisruptionbudgets", Kind::Budget},
       {"endpointslices", Kind::EndpointSlice},
       {"leases", Kind::Lease},
       {"events", Kind::Event},
       {"configmaps", Kind::ConfigMap},
       {"validatingwebhookconfigurations", Kind::ValidatingWebhooks},
       {"mutatingwebhookconfigurations", Kind::MutatingWebhooks}}};
  const auto* const found =
      std::find_if(kKinds.begin(), kKinds.end(), [&](const auto& entry) { return entry.first == resource.plural; });
  return found->second;  // every served resource is in the table: a test walks them
}

JsonValue to_json(const Object& object, const Resource& resource, std::optional<std::uint64_t> version) {
  if (const auto* service = std::get_if<ServiceObject>(&object)) return service_json(*service, version);
  if (const auto* map = std::get_if<ConfigMapObject>(&object)) return config_map_json(*map, version);
  if (const auto* held = std::get_if<ValidatingWebhooksObject>(&object)) return webhooks_json(*held, resource, version);
  if (const auto* held = std::get_if<MutatingWebhooksObject>(&object)) return webhooks_json(*held, resource, version);
  JsonValue out;
  with_wire(object, resource.group.empty(), version, [&](const auto& shown) { out = kube::to_json_document(shown); });
  return out;
}

bool has_protobuf(Kind kind) {
  return kind != Kind::Service && kind != Kind::ConfigMap && kind != Kind::ValidatingWebhooks &&
         kind != Kind::MutatingWebhooks;
}

std::optional<std::string> to_protobuf(const Object& object, std::optional<std::uint64_t> version) {
  std::string out;
  if (!with_wire(object, false, version, [&](const auto& shown) { out = kube::to_protobuf_document(shown); }))
    return std::nullopt;
  return out;
}

JsonValue scale_json(const WorkloadObject& workload) {
  std::string selector;
  for (const SelectorRequirement& requirement : workload.selector.requirements)
    if (requirement.op == SelectorOperator::In && requirement.values.size() == 1)
      selector += fmt::format("{}{}={}", selector.empty() ? "" : ",", requirement.key, requirement.values.front());
  return JsonObject{{"kind", "Scale"},
                    {"apiVersion", "autoscaling/v1"},
                    {"metadata", JsonObject{{"name", workload.meta.name.name},
                                            {"namespace", workload.meta.name.ns.str()},
                                            {"uid", workload.meta.uid.str()},
                                            {"resourceVersion", workload.meta.version.str()},
                                            {"creationTimestamp", format_rfc3339(workload.meta.created)}}},
                    {"spec", JsonObject{{"replicas", workload.replicas}}},
                    {"status", JsonObject{{"replicas", workload.current}, {"selector", selector}}}};
}

JsonValue status_json(const StatusDetails& details) {
  JsonObject status{{"kind", "Status"},    {"apiVersion", "v1"},         {"metadata", JsonObject{}},
                    {"status", "Failure"}, {"message", details.message}, {"code", details.code}};
  if (!details.reason.empty()) status["reason"] = details.reason;
  if (details.cause.empty() && !details.retry_after) return status;
  JsonObject more;
  if (!details.cause.empty())
    more["causes"] = JsonArray{JsonObject{{"reason", details.cause}, {"message", details.cause_message}}};
  if (details.retry_after) more["retryAfterSeconds"] = details.retry_after->count();
  status["details"] = std::move(more);
  return status;
}

Encoding negotiate(std::string_view accept, Kind kind) {
  for (const std::string_view choice : split(accept, ',')) {
    const std::string_view type = trim(choice);
    if (type.find("as=Table") != std::string_view::npos) return Encoding::Table;
    if (type.starts_with(kProtobuf) && type.find("as=") == std::string_view::npos && has_protobuf(kind))
      return Encoding::Protobuf;
    if (type == "application/json" || type == "*/*") return Encoding::Json;
  }
  return Encoding::Json;
}

std::string_view content_type(Encoding encoding, bool watch) {
  if (encoding != Encoding::Protobuf) return "application/json";
  return watch ? "application/vnd.kubernetes.protobuf;stream=watch" : kProtobuf;
}

std::string write_list(Encoding encoding, const Resource& resource, std::span<const ObjectRef> objects,
                       const ListPage& page, Instant now) {
  if (encoding == Encoding::Protobuf) return write_protobuf_list(resource, objects, page);
  std::vector<JsonValue> shown;
  shown.reserve(objects.size());
  for (const ObjectRef& object : objects) shown.push_back(to_json(*object, resource));
  if (encoding == Encoding::Table) return format::write_json(to_table(resource.kind, shown, list_metadata(page), now));
  JsonArray items;
  for (JsonValue& item : shown) {
    item.as_object().erase("kind");  // items of a list carry neither
    item.as_object().erase("apiVersion");
    items.push_back(std::move(item));
  }
  return format::write_json(JsonObject{{"kind", std::string(resource.kind) + "List"},
                                       {"apiVersion", resource.api_version()},
                                       {"metadata", list_metadata(page)},
                                       {"items", std::move(items)}});
}

std::unique_ptr<EventWriter> make_event_writer(Encoding encoding, const Resource& resource,
                                               std::function<Instant()> now) {
  if (encoding == Encoding::Protobuf) return std::make_unique<ProtobufEvents>(resource);
  return std::make_unique<JsonEvents>(resource, encoding == Encoding::Table, std::move(now));
}

}  // namespace spotkeeper::sim::serve
