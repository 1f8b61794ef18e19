// The requests that change something: POST, PUT, PATCH, DELETE.
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "format/protobuf.h"
#include "kube/codec/translate.h"
#include "sim/serve/api_call.h"
#include "sim/serve/strategic_patch.h"

namespace spotkeeper::sim::serve {
namespace {

constexpr std::string_view kMergePatch = "application/merge-patch+json";
constexpr std::string_view kStrategicPatch = "application/strategic-merge-patch+json";
constexpr std::string_view kJsonPatch = "application/json-patch+json";

std::string_view media_type(const net::HttpRequest& request) {
  const std::string_view type = request.headers.find("Content-Type").value_or("");
  return trim(type.substr(0, type.find(';')));
}

net::HttpResponse not_read(const Error& error) {
  if (error.code != ErrorCode::Unsupported) return refuse_input(error);
  return refuse(StatusDetails{415, "UnsupportedMediaType", error.message, "", "", {}});
}

template <class T>
Result<format::JsonValue> from_message(std::string_view message) {
  SK_TRY(const T object, kube::from_protobuf<T>(message));
  return format::JsonValue(kube::to_json_document(object));
}

/// A body as JSON, whichever way it was written: kubectl creates objects in protobuf.
Result<format::JsonValue> read_document(const net::HttpRequest& request, Kind kind) {
  const std::string_view type = media_type(request);
  if (type.empty() || type == "application/json") return format::parse_json(request.body);
  if (type == "application/vnd.kubernetes.protobuf") {
    SK_TRY(const auto envelope, format::read_envelope(request.body));
    switch (kind) {
      case Kind::Namespace: return from_message<kube::wire::Namespace>(envelope.raw);
      case Kind::Node: return from_message<kube::wire::Node>(envelope.raw);
      case Kind::Pod: return from_message<kube::wire::Pod>(envelope.raw);
      case Kind::Deployment: return from_message<kube::wire::Deployment>(envelope.raw);
      case Kind::Budget: return from_message<kube::wire::PodDisruptionBudget>(envelope.raw);
      case Kind::Lease: return from_message<kube::wire::Lease>(envelope.raw);
      case Kind::Event: return from_message<kube::wire::Event>(envelope.raw);
      default: break;
    }
  }
  return fail(ErrorCode::Unsupported, fmt::format("a body of type {} is not read here", quote(type)));
}

std::string in_metadata(const format::JsonValue& object, std::string_view key) {
  const auto found = format::JsonField(object)["metadata"][key].maybe<std::string>();
  return found && *found ? **found : std::string();
}

std::string version_in(const format::JsonValue& object) { return in_metadata(object, "resourceVersion"); }

/// An object of another name than the one that is to be changed.
std::optional<Error> other_name(std::string_view wanted, const format::JsonValue& object) {
  const std::string name = in_metadata(object, "name");
  if (name == wanted) return std::nullopt;
  return Error{ErrorCode::InvalidInput,
               fmt::format("the name of the object ({}) does not match the name on the URL ({})", name, wanted)};
}

/// The object with the patch applied.
Result<format::JsonValue> patched(const format::JsonValue& object, const format::JsonValue& patch,
                                  std::string_view type) {
  format::JsonValue result = object;
  if (type == kJsonPatch) {
    SK_CHECK(format::apply_json_patch(result, patch));
  } else if (type == kStrategicPatch) {
    apply_strategic_patch(result, patch);
  } else {
    format::apply_merge_patch(result, patch);
  }
  return result;
}

}  // namespace

net::HttpResponse ApiServer::create(const Call& call) {
  const auto body = read_document(call.request, call.kind);
  if (!body) return not_read(body.error());
  if (call.kind == Kind::Pod && call.path.subresource == "eviction") return evict(call, *body);
  if (!call.path.name.empty()) return not_allowed();
  if (call.path.resource->namespaced &&
      world_.store().find(Kind::Namespace, {{}, std::string(call.path.ns)}) == nullptr)
    return refuse(StatusDetails{404, "NotFound", fmt::format("namespaces \"{}\" not found", call.path.ns), "", "", {}});
  switch (call.kind) {
    case Kind::Namespace: return create_namespace(call, *body);
    case Kind::Node: return create_node(call, *body);
    case Kind::Pod: return create_pod(call, *body);
    case Kind::ConfigMap: return create_config_map(call, *body);
    case Kind::Deployment: return create_deployment(call, *body);
    case Kind::Budget: return create_budget(call, *body);
    case Kind::Lease: return put_lease(call, *body);
    case Kind::Event: return create_event(call, *body);
    case Kind::ValidatingWebhooks: return create_webhooks<ValidatingWebhooksObject>(call, *body);
    case Kind::MutatingWebhooks: return create_webhooks<MutatingWebhooksObject>(call, *body);
    default: return not_allowed();
  }
}

template <class T>
net::HttpResponse ApiServer::create_webhooks(const Call& call, const format::JsonValue& body) {
  auto read = read_webhooks(body);
  if (!read) return refuse_input(read.error());
  return answer(call, world_.create_webhooks(T{std::move(*read)}, call.query.dry_run), 201);
}

net::HttpResponse ApiServer::create_deployment(const Call& call, const format::JsonValue& body) {
  auto workload = read_deployment(body, std::string(call.path.ns));
  if (!workload) return refuse_input(workload.error());
  return answer(call, world_.create_deployment(std::move(*workload), call.query.dry_run), 201);
}

net::HttpResponse ApiServer::create_budget(const Call& call, const format::JsonValue& body) {
  auto budget = read_budget(body, std::string(call.path.ns));
  if (!budget) return refuse_input(budget.error());
  if (std::string wrong = what_is_wrong(*budget); !wrong.empty()) return refuse_invalid(std::move(wrong));
  auto labels = read_labels(body);
  if (!labels) return refuse_input(labels.error());
  return answer(call, world_.create_budget(std::move(*budget), std::move(*labels), call.query.dry_run), 201);
}

net::HttpResponse ApiServer::put_lease(const Call& call, const format::JsonValue& body) {
  auto lease = read_lease(body, std::string(call.path.ns));
  if (!lease) return refuse_input(lease.error());
  if (lease->duration_seconds && *lease->duration_seconds <= 0)
    return refuse_invalid("spec.leaseDurationSeconds: Invalid value: must be greater than 0");
  const bool creating = call.path.name.empty();
  if (creating) lease->meta.version = {};
  // An update without a version is unconditional; the world wants the present one.
  if (!creating && lease->meta.version.empty()) {
    const auto* present = world_.store().get<LeaseObject>(lease->meta.name);
    if (present == nullptr) return answer(call, world_.put_lease(std::move(*lease)), 201);  // as no other kind may
    lease->meta.version = present->meta.version;
  }
  return answer(call, world_.put_lease(std::move(*lease)), creating ? 201 : 200);
}

net::HttpResponse ApiServer::evict(const Call& call, const format::JsonValue& body) {
  const auto kind = format::JsonField(body)["kind"].get_or("Eviction");
  if (!kind || *kind != "Eviction")
    return refuse_input(Error{ErrorCode::InvalidInput, "this object cannot be handled as an Eviction"});
  const auto eviction = read_eviction(body, call.name(), call.query.dry_run);
  if (!eviction) return refuse_input(eviction.error());
  if (const auto result = world_.evict(*eviction); !result) return refuse(result.error());
  return json_response(201, format::JsonObject{{"kind", "Status"},
                                               {"apiVersion", "v1"},
                                               {"metadata", format::JsonObject{}},
                                               {"status", "Success"},
                                               {"code", 201}});
}

net::HttpResponse ApiServer::replace(const Call& call) {
  const auto body = read_document(call.request, call.kind);
  if (!body) return not_read(body.error());
  if (call.path.name.empty()) return not_allowed();
  if (const auto other = other_name(call.path.name, *body)) return refuse_input(*other);
  if (call.kind == Kind::Lease) return put_lease(call, *body);
  if (call.kind == Kind::Deployment && call.path.subresource == "scale")
    return change_scale(call, *body, !version_in(*body).empty());
  const ObjectRef present = world_.store().find(call.kind, call.name());
  if (present == nullptr) return not_found(*call.path.resource, call.path.name);
  if (call.kind == Kind::Deployment) return not_allowed();
  const std::string uid = in_metadata(*body, "uid");
  if (!uid.empty() && uid != uid_of(*present).str())
    return refuse(StatusDetails{409,
                                "Conflict",
                                fmt::format("Operation cannot be fulfilled on {} \"{}\": Precondition failed: UID in "
                                            "precondition: {}, UID in object meta: {}",
                                            call.path.resource->plural, call.path.name, uid, uid_of(*present).str()),
                                "",
                                "",
                                {}});
  return change(call, to_json(*present, *call.path.resource), *body, !version_in(*body).empty());
}

net::HttpResponse ApiServer::patch(const Call& call) {
  if (call.path.name.empty()) return not_allowed();
  const std::string_view type = media_type(call.request);
  if (type != kMergePatch && type != kStrategicPatch && type != kJsonPatch)
    return refuse(StatusDetails{415,
                                "UnsupportedMediaType",
                                fmt::format("the body of the request was in an unknown format - accepted media types "
                                            "include: {}, {}, {}",
                                            kJsonPatch, kMergePatch, kStrategicPatch),
                                "",
                                "",
                                {}});
  const auto body = format::parse_json(call.request.body);
  if (!body) return refuse_input(body.error());
  // A patch that is no patch at all can't be decoded; one that can't be applied is Invalid.
  if (const bool list = type == kJsonPatch; body->is_array() != list)
    return refuse_input(Error{ErrorCode::InvalidInput,
                              fmt::format("error decoding patch: {} was expected", list ? "an array" : "an object")});
  const ObjectRef present = world_.store().find(call.kind, call.name());
  if (present == nullptr) return not_found(*call.path.resource, call.path.name);
  const format::JsonValue before = call.path.subresource == "scale" ? scale_json(std::get<DeploymentObject>(*present))
                                                                    : to_json(*present, *call.path.resource);
  const auto after = patched(before, *body, type);
  // The API server calls any JSON patch that can't be applied, a failed test too, Invalid.
  if (!after) return refuse(StatusDetails{422, "Invalid", after.error().message, "", "", {}});
  if (const auto other = other_name(call.path.name, *after)) return refuse_input(*other);
  if (in_metadata(*after, "uid") != in_metadata(before, "uid"))
    return refuse_invalid("metadata.uid: Invalid value: field is immutable");
  // Only a version that the patch itself names makes it conditional.
  const bool versioned = type == kJsonPatch ? version_in(*after) != version_in(before) : !version_in(*body).empty();
  return change(call, before, *after, versioned);
}

net::HttpResponse ApiServer::change(const Call& call, const format::JsonValue& before, const format::JsonValue& after,
                                    bool versioned) {
  switch (call.kind) {
    case Kind::Deployment: return change_scale(call, after, versioned);
    case Kind::Node: return change_node(call, before, after, versioned);
    case Kind::Pod: return change_pod(call, before, after, versioned);
    case Kind::Budget: return change_budget(call, after, versioned);
    case Kind::Lease: return put_lease(call, after);
    case Kind::Event: return change_event(call, after, versioned);
    default: return not_allowed();
  }
}

net::HttpResponse ApiServer::change_scale(const Call& call, const format::JsonValue& scale, bool versioned) {
  const auto replicas = format::JsonField(scale)["spec"]["replicas"].get_or(std::int32_t{0});
  if (!replicas) return refuse_input(replicas.error());
  if (const auto possible = check_replicas(*replicas); !possible)
    return refuse(StatusDetails{422, "Invalid", possible.error().message, "", "", {}});
  std::optional<ResourceVersion> version;
  if (versioned) version.emplace(version_in(scale));
  const auto result = world_.scale_deployment(call.name(), *replicas, version, call.query.dry_run);
  if (!result) return refuse(result.error());
  if (call.path.subresource == "scale") return json_response(200, scale_json(std::get<DeploymentObject>(**result)));
  return answer(call, result);
}

net::HttpResponse ApiServer::remove(const Call& call) {
  if (call.path.name.empty() || !call.path.subresource.empty()) return not_allowed();
  const auto conditions = read_delete(call.query, call.name(), call.request.body);
  if (!conditions) return refuse_input(conditions.error());
  switch (call.kind) {
    case Kind::Pod: return answer(call, world_.delete_pod(*conditions));
    case Kind::Node: return answer(call, world_.delete_node(*conditions));
    case Kind::Deployment: return answer(call, world_.delete_deployment(*conditions));
    case Kind::Budget: return answer(call, world_.delete_budget(*conditions));
    case Kind::Lease: return answer(call, world_.delete_lease(*conditions));
    case Kind::ValidatingWebhooks:
    case Kind::MutatingWebhooks: return answer(call, world_.delete_webhooks(call.kind, *conditions));
    default: return not_allowed();
  }
}

}  // namespace spotkeeper::sim::serve
