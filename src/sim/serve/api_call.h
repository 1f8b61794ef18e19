// What the parts of the API server share: one request taken apart, and answers put together.
#pragma once

#include <string>
#include <string_view>

#include "format/json.h"
#include "net/http.h"
#include "sim/serve/api_server.h"

namespace spotkeeper::sim::serve {

struct ApiServer::Call {
  const net::HttpRequest& request;
  Query query;
  ResourcePath path;  // points into query.path
  Kind kind;
  Encoding encoding;
  Instant now;

  [[nodiscard]] ObjectName name() const { return {NamespaceName(path.ns), std::string(path.name)}; }
};

[[nodiscard]] net::HttpResponse json_response(int status, const format::JsonValue& body);
[[nodiscard]] net::HttpResponse refuse(const StatusDetails& details);
[[nodiscard]] net::HttpResponse refuse(const Refusal& refusal);
/// 400 BadRequest with the error's message.
[[nodiscard]] net::HttpResponse refuse_input(const Error& error);
/// 422 Invalid.
[[nodiscard]] net::HttpResponse refuse_invalid(std::string message);
/// 404 for an object that is not there, in the server's own words.
[[nodiscard]] net::HttpResponse not_found(const Resource& resource, std::string_view name);
/// 405.
[[nodiscard]] net::HttpResponse not_allowed();

/// Conditions of a delete that stand in the body (DeleteOptions) or the query.
Result<DeleteCall> read_delete(const Query& query, const ObjectName& name, std::string_view body);

/// What a client changed on a Node: labels, annotations, taints, unschedulable. Other differences are dropped, as a
/// server drops fields that it does not know.
Result<NodeChange> node_change(const format::JsonValue& before, const format::JsonValue& after, const Node& node,
                               bool versioned);

/// Parts of bodies. Errors name the field.
Result<NewWorkload> read_deployment(const format::JsonValue& body, const std::string& ns);
Result<Meta> read_namespace(const format::JsonValue& body);
/// With its status, as far as the world knows one.
Result<NodeObject> read_node(const format::JsonValue& body);
Result<PodObject> read_pod(const format::JsonValue& body, const std::string& ns);
Result<ConfigMapObject> read_config_map(const format::JsonValue& body, const std::string& ns);
Result<WebhooksObject> read_webhooks(const format::JsonValue& body);
Result<Labels> read_labels(const format::JsonValue& body);
Result<DisruptionBudget> read_budget(const format::JsonValue& body, const std::string& ns);
/// Why the API server would not take it (policy and core validation), though it could be read; empty: it would.
[[nodiscard]] std::string what_is_wrong(const DisruptionBudget& budget);
[[nodiscard]] std::string what_is_wrong(const std::optional<std::vector<Taint>>& taints);
Result<LeaseObject> read_lease(const format::JsonValue& body, const std::string& ns);
Result<EventObject> read_event(const format::JsonValue& body, const std::string& ns, Instant now);
/// From 0 up to what a served world can hold; a real cluster has quotas for that.
Result<std::int32_t> check_replicas(std::int32_t replicas);
Result<EvictCall> read_eviction(const format::JsonValue& body, const ObjectName& pod, bool dry_run);

}  // namespace spotkeeper::sim::serve
