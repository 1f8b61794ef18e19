// Namespaces, nodes, pods, budgets, events and config maps as clients make and change them.
#include <utility>

#include "sim/serve/api_call.h"

namespace spotkeeper::sim::serve {
namespace {

net::HttpResponse invalid(const Error& error) { return refuse_invalid(error.message); }

bool of_status(std::string_view subresource) { return subresource == "status"; }

/// A pod's spec without what may change in it.
format::JsonValue fixed_part(const format::JsonValue& pod) {
  const format::JsonObject* object = pod.if_object();
  const format::JsonValue* spec = object == nullptr ? nullptr : object->if_contains("spec");
  format::JsonValue out = spec == nullptr ? format::JsonValue() : *spec;
  if (!out.is_object()) return out;
  format::JsonValue* containers = out.as_object().if_contains("containers");
  if (containers == nullptr || !containers->is_array()) return out;
  for (format::JsonValue& container : containers->as_array())
    if (container.is_object()) container.as_object().erase("image");
  return out;
}

}  // namespace

net::HttpResponse ApiServer::create_namespace(const Call& call, const format::JsonValue& body) {
  auto meta = read_namespace(body);
  if (!meta) return refuse_input(meta.error());
  return answer(call, world_.create_namespace(std::move(*meta), call.query.dry_run), 201);
}

net::HttpResponse ApiServer::create_node(const Call& call, const format::JsonValue& body) {
  auto node = read_node(body);
  if (!node) return refuse_input(node.error());
  return answer(call, world_.create_node(std::move(*node), call.query.dry_run), 201);
}

net::HttpResponse ApiServer::create_pod(const Call& call, const format::JsonValue& body) {
  if (const auto containers = format::JsonField(body)["spec"]["containers"].elements();
      containers && containers->empty())
    return refuse_invalid("spec.containers: Required value");
  auto pod = read_pod(body, std::string(call.path.ns));
  if (!pod) return refuse_input(pod.error());
  return answer(call, world_.create_pod(std::move(*pod), call.query.dry_run), 201);
}

net::HttpResponse ApiServer::create_config_map(const Call& call, const format::JsonValue& body) {
  auto map = read_config_map(body, std::string(call.path.ns));
  if (!map) return refuse_input(map.error());
  return answer(call, world_.create_config_map(std::move(*map), call.query.dry_run), 201);
}

net::HttpResponse ApiServer::create_event(const Call& call, const format::JsonValue& body) {
  auto event = read_event(body, std::string(call.path.ns), call.now);
  if (!event) return refuse_input(event.error());
  return answer(call, world_.create_event(std::move(*event), call.query.dry_run), 201);
}

net::HttpResponse ApiServer::change_node(const Call& call, const format::JsonValue& before,
                                         const format::JsonValue& after, bool versioned) {
  const auto* present = world_.store().get<NodeObject>(call.name());
  if (present == nullptr) return not_found(*call.path.resource, call.path.name);
  if (of_status(call.path.subresource)) {
    auto wanted = read_node(after);
    if (!wanted) return invalid(wanted.error());
    std::optional<ResourceVersion> version;
    if (versioned) version = wanted->node.version;
    wanted->key = call.name();
    return answer(call, world_.update_node_status(*wanted, version, call.query.dry_run));
  }
  const auto change = node_change(before, after, present->node, versioned);
  if (!change) return invalid(change.error());
  if (std::string wrong = what_is_wrong(change->taints); !wrong.empty()) return refuse_invalid(std::move(wrong));
  return answer(call, world_.patch_node(*change, call.query.dry_run));
}

net::HttpResponse ApiServer::change_pod(const Call& call, const format::JsonValue& before,
                                        const format::JsonValue& after, bool versioned) {
  auto wanted = read_pod(after, std::string(call.path.ns));
  if (!wanted) return invalid(wanted.error());
  std::optional<ResourceVersion> version;
  if (versioned) version = wanted->pod.version;
  wanted->pod.name = call.name();
  if (of_status(call.path.subresource))
    return answer(call, world_.update_pod_status(*wanted, version, call.query.dry_run));
  if (!call.path.subresource.empty()) return not_allowed();
  if (fixed_part(before) != fixed_part(after))
    return invalid(Error{ErrorCode::InvalidInput,
                         "spec: Forbidden: pod updates may not change fields other than `spec.containers[*].image`"});
  return answer(call, world_.update_pod(*wanted, version, call.query.dry_run));
}

net::HttpResponse ApiServer::change_budget(const Call& call, const format::JsonValue& after, bool versioned) {
  auto wanted = read_budget(after, std::string(call.path.ns));
  if (!wanted) return invalid(wanted.error());
  if (std::string wrong = what_is_wrong(*wanted); !wrong.empty()) return refuse_invalid(std::move(wrong));
  std::optional<ResourceVersion> version;
  if (versioned) version = wanted->version;
  wanted->name = call.name();
  if (of_status(call.path.subresource))
    return answer(call, world_.update_budget_status(*wanted, version, call.query.dry_run));
  if (!versioned) wanted->version = {};
  return answer(call, world_.update_budget(*wanted, call.query.dry_run));
}

net::HttpResponse ApiServer::change_event(const Call& call, const format::JsonValue& after, bool versioned) {
  auto wanted = read_event(after, std::string(call.path.ns), call.now);
  if (!wanted) return invalid(wanted.error());
  std::optional<ResourceVersion> version;
  if (versioned) version = wanted->meta.version;
  wanted->meta.name = call.name();
  return answer(call, world_.update_event(std::move(*wanted), version, call.query.dry_run));
}

}  // namespace spotkeeper::sim::serve
