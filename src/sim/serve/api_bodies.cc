// The bodies of requests, read into what the world takes. Errors name the field.
#include <algorithm>
#include <memory>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "kube/codec/decode.h"
#include "kube/codec/translate.h"
#include "sim/serve/api_call.h"

namespace spotkeeper::sim::serve {
namespace {

namespace wire = kube::wire;
using format::JsonField;
using format::JsonValue;

template <class T>
Result<T> read_body(const JsonValue& body, wire::Arena& arena, const std::string& ns) {
  SK_TRY(T object, kube::from_json<T>(body, arena));
  if (object.metadata.ns.empty()) object.metadata.ns = arena.keep(ns);
  if (!ns.empty() && object.metadata.ns != ns)
    return fail(ErrorCode::InvalidInput,
                "the namespace of the provided object does not match the namespace sent on the request");
  return object;
}

ObjectName name_of(const wire::ObjectMeta& meta) { return {NamespaceName(meta.ns), std::string(meta.name)}; }

Result<std::string> required_name(const wire::ObjectMeta& meta) {
  if (meta.name.empty())
    return fail(ErrorCode::InvalidInput, "metadata.name: Required value: name or generateName is required");
  return std::string(meta.name);
}

std::optional<std::chrono::seconds> seconds_of_field(const std::optional<std::int64_t>& value) {
  if (!value) return std::nullopt;
  return std::chrono::seconds(std::max<std::int64_t>(*value, 0));
}

constexpr std::int32_t kMostReplicas = 100'000;  // as in scenario files

struct DeleteOptions {
  std::optional<std::chrono::seconds> grace;
  std::optional<Uid> uid;
  std::optional<ResourceVersion> version;
  bool dry_run = false;
};

Result<DeleteOptions> read_delete_options(const JsonField& options) {
  DeleteOptions out;
  SK_TRY(const auto grace, options["gracePeriodSeconds"].maybe<std::int64_t>());
  out.grace = seconds_of_field(grace);
  SK_TRY(const auto uid, options["preconditions"]["uid"].maybe<std::string>());
  if (uid) out.uid.emplace(*uid);
  SK_TRY(const auto version, options["preconditions"]["resourceVersion"].maybe<std::string>());
  if (version) out.version.emplace(*version);
  SK_TRY(const auto dry_run, options["dryRun"].strings());
  out.dry_run = std::find(dry_run.begin(), dry_run.end(), "All") != dry_run.end();
  return out;
}

// The keys whose values differ, with what they became; none: gone.
std::map<std::string, std::optional<std::string>> differences(const std::map<std::string, std::string>& before,
                                                              const std::map<std::string, std::string>& after) {
  std::map<std::string, std::optional<std::string>> out;
  for (const auto& [key, value] : before)
    if (!after.contains(key)) out[key] = std::nullopt;
  for (const auto& [key, value] : after) {
    const auto old = before.find(key);
    if (old == before.end() || old->second != value) out[key] = value;
  }
  return out;
}

}  // namespace

Result<DeleteCall> read_delete(const Query& query, const ObjectName& name, std::string_view body) {
  DeleteCall call{name, {}, {}, query.grace, query.dry_run};
  if (body.empty()) return call;
  SK_TRY(const JsonValue document, format::parse_json(body));
  SK_TRY(const DeleteOptions options, read_delete_options(JsonField(document)));
  if (options.grace) call.grace = options.grace;
  call.uid = options.uid;
  call.version = options.version;
  call.dry_run = call.dry_run || options.dry_run;
  return call;
}

Result<EvictCall> read_eviction(const JsonValue& body, const ObjectName& pod, bool dry_run) {
  const JsonField eviction(body);
  SK_TRY(const auto name, eviction["metadata"]["name"].get_or(""));
  if (name != pod.name)
    return fail(ErrorCode::InvalidInput,
                fmt::format("name in URL does not match name in Eviction object: '{}' and '{}'", pod.name, name));
  SK_TRY(const DeleteOptions options, read_delete_options(eviction["deleteOptions"]));
  return EvictCall{pod, options.uid, options.version, options.grace, dry_run || options.dry_run};
}

Result<NodeChange> node_change(const JsonValue& before, const JsonValue& after, const Node& node, bool versioned) {
  NodeChange change;
  change.node = node.name;
  wire::Arena arena;
  SK_TRY(const auto changed, kube::from_json<wire::Node>(after, arena));
  SK_TRY(const Node wanted, kube::node_from(changed));
  if (versioned) change.version = wanted.version;
  if (wanted.taints != node.taints) change.taints = wanted.taints;
  if (wanted.unschedulable != node.unschedulable) change.unschedulable = wanted.unschedulable;
  for (const std::string_view what : {"labels", "annotations"}) {
    SK_TRY(const auto old, JsonField(before)["metadata"][what].string_map());
    SK_TRY(const auto now, JsonField(after)["metadata"][what].string_map());
    (what == "labels" ? change.labels : change.annotations) = differences(old, now);
  }
  return change;
}

Result<std::int32_t> check_replicas(std::int32_t replicas) {
  const bool negative = replicas < 0;
  if (!negative && replicas <= kMostReplicas) return replicas;
  return fail(ErrorCode::InvalidInput,
              fmt::format("spec.replicas: Invalid value: {}: must be {} than or equal to {}", replicas,
                          negative ? "greater" : "less", negative ? 0 : kMostReplicas));
}

Result<NewWorkload> read_deployment(const JsonValue& body, const std::string& ns) {
  wire::Arena arena;
  SK_TRY(const auto deployment, read_body<wire::Deployment>(body, arena, ns));
  SK_CHECK(required_name(deployment.metadata));
  SK_TRY(auto pod_template, kube::template_from(deployment.spec.pod_template, kube::TemplateOf::Workload));
  if (deployment.spec.pod_template.spec.containers.empty())
    return fail(ErrorCode::InvalidInput, "spec.template.spec.containers: Required value");
  NewWorkload out;
  out.name = name_of(deployment.metadata);
  SK_TRY(out.replicas, check_replicas(deployment.spec.replicas.value_or(1)));
  if (deployment.spec.selector) out.selector = kube::selector_from(*deployment.spec.selector);
  out.labels = kube::labels_from(deployment.metadata.labels);
  out.annotations = kube::labels_from(deployment.metadata.annotations);
  PodBlueprint& blueprint = out.blueprint;
  blueprint.labels = std::make_shared<const Labels>(kube::labels_from(deployment.spec.pod_template.metadata.labels));
  blueprint.annotations =
      std::make_shared<const Labels>(kube::labels_from(deployment.spec.pod_template.metadata.annotations));
  if (out.selector.requirements.empty() || !out.selector.matches(*blueprint.labels))
    return fail(ErrorCode::InvalidInput, "spec.template.metadata.labels: `selector` does not match template `labels`");
  blueprint.spec = std::make_shared<const PodTemplate>(std::move(pod_template));
  blueprint.behaviour = std::make_shared<const Behaviour>();
  const wire::Container& container = deployment.spec.pod_template.spec.containers.front();
  blueprint.container = std::string(container.name);
  blueprint.image = std::string(container.image);
  if (!container.ports.empty()) blueprint.port = container.ports.front().container_port;
  return out;
}

Result<Meta> read_namespace(const JsonValue& body) {
  wire::Arena arena;
  SK_TRY(const auto object, kube::from_json<wire::Namespace>(body, arena));
  SK_TRY(auto name, required_name(object.metadata));
  Meta meta;
  meta.name = {{}, std::move(name)};
  meta.labels = kube::labels_from(object.metadata.labels);
  meta.annotations = kube::labels_from(object.metadata.annotations);
  return meta;
}

Result<NodeObject> read_node(const JsonValue& body) {
  wire::Arena arena;
  SK_TRY(auto object, kube::from_json<wire::Node>(body, arena));
  SK_TRY(auto name, required_name(object.metadata));
  NodeObject out;
  out.key = {{}, std::move(name)};
  SK_TRY(out.node, kube::node_from(object));
  out.node.annotations = kube::labels_from(object.metadata.annotations);
  out.ready_status.clear();
  out.ready_reason.clear();
  for (const wire::NodeCondition& condition : object.status.conditions) {
    if (condition.type != "Ready") continue;
    out.ready_status = std::string(condition.status);
    out.ready_reason = std::string(condition.reason);
  }
  // Capacity is written as allocatable is.
  object.status.allocatable = object.status.capacity;
  SK_TRY(const Node whole, kube::node_from(object));
  out.capacity = whole.allocatable;
  return out;
}

Result<PodObject> read_pod(const JsonValue& body, const std::string& ns) {
  wire::Arena arena;
  SK_TRY(const auto pod, read_body<wire::Pod>(body, arena, ns));
  SK_CHECK(required_name(pod.metadata));
  if (pod.spec.containers.empty()) return fail(ErrorCode::InvalidInput, "spec.containers: Required value");
  Snapshot shared;
  PodObject out;
  SK_TRY(out.pod, kube::pod_from(pod, shared));
  for (const wire::OwnerReference& owner : pod.metadata.owner_references) {
    if (!owner.controller.value_or(false)) continue;
    out.owner = {std::string(owner.api_version), std::string(owner.kind), std::string(owner.name), Uid(owner.uid)};
  }
  out.reason = std::string(pod.status.reason);
  PodBlueprint& blueprint = out.blueprint;
  blueprint.spec = out.pod.spec;
  blueprint.labels = out.pod.labels;
  blueprint.annotations = std::make_shared<const Labels>(kube::labels_from(pod.metadata.annotations));
  blueprint.behaviour = std::make_shared<const Behaviour>();
  const wire::Container& container = pod.spec.containers.front();
  blueprint.container = std::string(container.name);
  blueprint.image = std::string(container.image);
  blueprint.port = container.ports.empty() ? 0 : container.ports.front().container_port;
  return out;
}

Result<Labels> read_labels(const JsonValue& body) {
  SK_TRY(const auto entries, JsonField(body)["metadata"]["labels"].string_map());
  return Labels(std::vector<Labels::Entry>(entries.begin(), entries.end()));
}

Result<ConfigMapObject> read_config_map(const JsonValue& body, const std::string& ns) {
  const JsonField object(body);
  SK_TRY(auto name, object["metadata"]["name"].get_or(""));
  if (name.empty()) return fail(ErrorCode::InvalidInput, "metadata.name: Required value");
  ConfigMapObject out;
  out.meta.name = {NamespaceName(ns), std::move(name)};
  SK_TRY(out.meta.labels, read_labels(body));
  SK_TRY(const auto data, object["data"].string_map());
  out.data = Labels(std::vector<Labels::Entry>(data.begin(), data.end()));
  return out;
}

Result<WebhooksObject> read_webhooks(const JsonValue& body) {
  const JsonField object(body);
  SK_TRY(auto name, object["metadata"]["name"].get_or(""));
  if (name.empty()) return fail(ErrorCode::InvalidInput, "metadata.name: Required value");
  WebhooksObject out;
  out.meta.name = {{}, std::move(name)};
  SK_TRY(out.meta.labels, read_labels(body));
  SK_TRY(const auto webhooks, object["webhooks"].elements());
  format::JsonArray kept;
  for (const JsonField& webhook : webhooks) {
    SK_CHECK(webhook.is_object());
    kept.push_back(*webhook.value());
  }
  out.webhooks = format::write_json(kept);
  return out;
}

Result<DisruptionBudget> read_budget(const JsonValue& body, const std::string& ns) {
  wire::Arena arena;
  SK_TRY(const auto budget, read_body<wire::PodDisruptionBudget>(body, arena, ns));
  SK_CHECK(required_name(budget.metadata));
  return kube::budget_from(budget);
}

std::string what_is_wrong(const DisruptionBudget& budget) {
  for (const auto& [name, value] :
       {std::pair{"minAvailable", budget.min_available}, std::pair{"maxUnavailable", budget.max_unavailable}}) {
    if (value && value->value < 0)
      return fmt::format("spec.{}: Invalid value: {}: must be greater than or equal to 0", name, value->value);
    if (value && value->percent && value->value > 100)
      return fmt::format("spec.{}: Invalid value: \"{}%\": must not be greater than 100%", name, value->value);
  }
  return {};
}

std::string what_is_wrong(const std::optional<std::vector<Taint>>& taints) {
  std::set<std::pair<std::string, TaintEffect>> known;
  for (const Taint& taint : taints.value_or(std::vector<Taint>())) {
    if (taint.key.empty()) return "metadata.taints.key: Invalid value: \"\": name part must be non-empty";
    if (!known.emplace(taint.key, taint.effect).second)
      return fmt::format("metadata.taints: Duplicate value: {}: taints must be unique by key and effect pair",
                         taint.key);
  }
  return {};
}

Result<LeaseObject> read_lease(const JsonValue& body, const std::string& ns) {
  wire::Arena arena;
  SK_TRY(const auto lease, read_body<wire::Lease>(body, arena, ns));
  SK_CHECK(required_name(lease.metadata));
  LeaseObject out;
  out.meta.name = name_of(lease.metadata);
  out.meta.version = ResourceVersion(lease.metadata.resource_version);
  out.meta.labels = kube::labels_from(lease.metadata.labels);
  out.meta.annotations = kube::labels_from(lease.metadata.annotations);
  if (lease.spec.holder_identity) out.holder.emplace(*lease.spec.holder_identity);
  out.duration_seconds = lease.spec.lease_duration_seconds;
  out.acquired = lease.spec.acquire_time.at;
  out.renewed = lease.spec.renew_time.at;
  out.transitions = lease.spec.lease_transitions;
  return out;
}

Result<EventObject> read_event(const JsonValue& body, const std::string& ns, Instant now) {
  wire::Arena arena;
  SK_TRY(const auto event, read_body<wire::Event>(body, arena, ns));
  SK_CHECK(required_name(event.metadata));
  EventObject out;
  out.meta.name = name_of(event.metadata);
  out.meta.version = ResourceVersion(event.metadata.resource_version);
  out.meta.labels = kube::labels_from(event.metadata.labels);
  out.meta.annotations = kube::labels_from(event.metadata.annotations);
  out.type = std::string(event.type);
  out.reason = std::string(event.reason);
  out.action = std::string(event.action);
  out.note = std::string(event.note);
  out.regarding_api_version = std::string(event.regarding.api_version);
  out.regarding_kind = std::string(event.regarding.kind);
  out.regarding = {NamespaceName(event.regarding.ns), std::string(event.regarding.name)};
  out.regarding_uid = Uid(event.regarding.uid);
  out.reporting_controller = std::string(event.reporting_controller);
  out.reporting_instance = std::string(event.reporting_instance);
  out.first = event.event_time.at.value_or(now);
  out.last = event.series && event.series->last_observed_time.at ? *event.series->last_observed_time.at : out.first;
  if (event.series) out.count = event.series->count;
  return out;
}

}  // namespace spotkeeper::sim::serve
