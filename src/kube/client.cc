#include "kube/client.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "kube/codec/decode.h"
#include "kube/status.h"

namespace spotkeeper::kube {
namespace {

using format::JsonArray;
using format::JsonField;
using format::JsonObject;
using format::JsonValue;

constexpr std::string_view kJson = "application/json";

std::string_view content_type_of(PatchType type) {
  switch (type) {
    case PatchType::Merge: return "application/merge-patch+json";
    case PatchType::Json: return "application/json-patch+json";
    case PatchType::Strategic: break;
  }
  return "application/strategic-merge-patch+json";
}

std::string_view name_of(TaintEffect effect) {
  switch (effect) {
    case TaintEffect::NoSchedule: return "NoSchedule";
    case TaintEffect::PreferNoSchedule: return "PreferNoSchedule";
    case TaintEffect::NoExecute: break;
  }
  return "NoExecute";
}

JsonArray taint_list(const std::vector<Taint>& taints) {
  JsonArray out;
  for (const Taint& taint : taints) {
    JsonObject each;
    each["key"] = taint.key;
    if (!taint.value.empty()) each["value"] = taint.value;
    each["effect"] = name_of(taint.effect);
    // The API drops fractions of a second, and refuses nothing over them.
    if (taint.added) each["timeAdded"] = format_rfc3339(std::chrono::floor<std::chrono::seconds>(*taint.added));
    out.push_back(std::move(each));
  }
  return out;
}

JsonObject nullable_map(const std::map<std::string, std::optional<std::string>>& changes) {
  JsonObject out;
  for (const auto& [key, value] : changes) out[key] = value ? JsonValue(*value) : JsonValue(nullptr);
  return out;
}

Result<LeaseRecord> lease_record_of(const JsonValue& document) {
  const JsonField root(document);
  const JsonField spec = root["spec"];
  LeaseRecord out;
  SK_TRY(const auto version, root["metadata"]["resourceVersion"].get_or(""));
  out.version = ResourceVersion(version);
  SK_TRY(out.holder, spec["holderIdentity"].get_or(""));
  SK_TRY(const auto duration, spec["leaseDurationSeconds"].get_or<std::int32_t>(0));
  out.duration = std::chrono::seconds(duration);
  SK_TRY(out.acquired, spec["acquireTime"].maybe<Instant>());
  SK_TRY(out.renewed, spec["renewTime"].maybe<Instant>());
  SK_TRY(out.transitions, spec["leaseTransitions"].get_or<std::int32_t>(0));
  return out;
}

JsonObject lease_spec_of(const LeaseRecord& record) {
  JsonObject spec;
  // The server refuses an empty holder; a released lease has none.
  spec["holderIdentity"] = record.holder.empty() ? JsonValue(nullptr) : JsonValue(record.holder);
  spec["leaseDurationSeconds"] = record.duration.count();
  if (record.acquired) spec["acquireTime"] = format_rfc3339_micro(*record.acquired);
  if (record.renewed) spec["renewTime"] = format_rfc3339_micro(*record.renewed);
  spec["leaseTransitions"] = record.transitions;
  return spec;
}

template <class T, class Decode>
Result<T> decoded(Result<std::string> body, Decode decode) {
  if (!body) return fail(std::move(body).error());
  std::optional<T> out;
  SK_CHECK(read_object(*body, [&](const WireObject& object) -> Result<void> {
    SK_TRY(out, decode(object));
    return {};
  }));
  return std::move(*out);
}

int leading_number(std::string_view text) {  // "34+" on some clouds
  text = text.substr(0, std::min(text.find_first_not_of("0123456789"), text.size()));
  return parse_int<int>(text).value_or(0);
}

}  // namespace

JsonValue merge_patch_of(const NodeChange& change) {
  JsonObject metadata;
  JsonObject spec;
  if (change.version) metadata["resourceVersion"] = change.version->str();
  if (!change.labels.empty()) metadata["labels"] = nullable_map(change.labels);
  if (!change.annotations.empty()) metadata["annotations"] = nullable_map(change.annotations);
  if (change.taints) spec["taints"] = taint_list(*change.taints);
  if (change.unschedulable) spec["unschedulable"] = *change.unschedulable ? JsonValue(true) : JsonValue(nullptr);
  JsonObject patch;
  if (!metadata.empty()) patch["metadata"] = std::move(metadata);
  if (!spec.empty()) patch["spec"] = std::move(spec);
  return patch;
}

JsonValue eviction_of(const PodRef& pod, std::optional<GracePeriod> grace) {
  JsonObject options;
  options["preconditions"] = JsonObject{{"uid", pod.uid.str()}};
  if (grace) options["gracePeriodSeconds"] = std::max<std::int64_t>(1, grace->length().count());
  JsonObject eviction;
  eviction["apiVersion"] = "policy/v1";
  eviction["kind"] = "Eviction";
  eviction["metadata"] = JsonObject{{"name", pod.name.name}, {"namespace", pod.name.ns.str()}};
  eviction["deleteOptions"] = std::move(options);
  return eviction;
}

ApiRequest Client::reading(std::string target, std::string_view accept) const {
  ApiRequest request;
  request.target = std::move(target);
  request.accept = accept;
  request.limit = options_.limits.call;
  return request;
}

ApiRequest Client::mutation(std::string method, std::string target, std::string content_type,
                            const JsonValue& body) const {
  ApiRequest request;
  request.method = std::move(method);
  request.target = options_.dry_run ? with_query(std::move(target), {{"dryRun", "All"}}) : std::move(target);
  request.content_type = std::move(content_type);
  request.body = format::write_json(body);
  request.retry = Retry::Refused;
  request.limit = options_.limits.call;
  return request;
}

net::Task<Result<std::string>> Client::object_of(ApiRequest request) {
  const std::string doing = request.method + " " + request.target;
  auto answer = co_await pipeline_.send(std::move(request));
  if (!answer) co_return fail(std::move(answer).error());
  if (answer->status < 200 || answer->status > 299) co_return fail(error_of(status_of(*answer)).within(doing));
  co_return std::move(answer->body);
}

net::Task<Result<JsonValue>> Client::document_of(ApiRequest request) {
  const std::string doing = request.method + " " + request.target;
  auto body = co_await object_of(std::move(request));
  if (!body) co_return fail(std::move(body).error());
  co_return format::parse_json(*body).within(doing);
}

// ---- Reading ------------------------------------------------------------------------------------------------------

net::Task<Result<Node>> Client::get_node(NodeName node) {
  ApiRequest request = reading(target_of(kNodes, {}, node.str()), kAcceptProtobuf);
  request.longest_wait = options_.limits.urgent_wait;
  auto body = co_await object_of(std::move(request));
  co_return decoded<Node>(std::move(body), decode_node);
}

net::Task<Result<Pod>> Client::get_pod(ObjectName pod) {
  auto body = co_await object_of(reading(target_of(kPods, pod.ns, pod.name), kAcceptProtobuf));
  Snapshot alone;
  co_return decoded<Pod>(std::move(body), [&](const WireObject& object) { return decode_pod(object, alone); });
}

net::Task<Result<DisruptionBudget>> Client::get_budget(ObjectName budget) {
  auto body = co_await object_of(reading(target_of(kDisruptionBudgets, budget.ns, budget.name), kAcceptProtobuf));
  co_return decoded<DisruptionBudget>(std::move(body), decode_budget);
}

net::Task<Result<ListMeta>> Client::list(Resource resource, WatchScope scope,
                                         std::function<Result<void>(const WireObject&)> on_item, std::size_t page) {
  ListMeta position;
  do {
    Query query = selectors_of(scope);
    query.emplace_back("limit", std::to_string(page));
    if (!position.next.empty()) query.emplace_back("continue", position.next);
    ApiRequest request = reading(target_of(resource, scope.ns, {}, {}, query), kAcceptProtobuf);
    request.limit = std::max<Duration>(options_.limits.call, 60s);
    auto body = co_await object_of(std::move(request));
    if (!body) co_return fail(std::move(body).error());
    auto read = read_list(*body, on_item);
    if (!read) co_return fail(std::move(read).error().within(resource.plural));
    position = std::move(*read);
  } while (!position.next.empty());
  co_return position;
}

// ---- Nodes and pods -----------------------------------------------------------------------------------------------

net::Task<Result<Node>> Client::patch_node(NodeChange change) {
  if (change.taints && !change.version)
    co_return fail(ErrorCode::InvalidInput,
                   "taints are replaced as a whole: a change of them needs the Node's version");
  ApiRequest request = mutation("PATCH", target_of(kNodes, {}, change.node.str()),
                                std::string(content_type_of(PatchType::Merge)), merge_patch_of(change));
  request.accept = kAcceptProtobuf;
  // It sets absolute values, or fails by its version if it was carried out before.
  request.retry = Retry::Ambiguous;
  request.try_limit = options_.limits.urgent_try;
  request.longest_wait = options_.limits.urgent_wait;
  auto body = co_await object_of(std::move(request));
  co_return decoded<Node>(std::move(body), decode_node);
}

net::Task<EvictAnswer> Client::evict(PodRef pod, std::optional<GracePeriod> grace) {
  ApiRequest request = mutation("POST", target_of(kPods, pod.name.ns, pod.name.name, "eviction"), std::string(kJson),
                                eviction_of(pod, grace));
  request.lane = Lane::Eviction;
  request.retry = Retry::Never;
  request.limit = options_.limits.eviction;
  auto answer = co_await pipeline_.send(std::move(request));
  if (!answer) co_return unreachable(answer.error());
  co_return classify_eviction(*answer);
}

net::Task<Result<DeleteOutcome>> Client::delete_pod(PodRef pod, GracePeriod grace) {
  JsonObject options;
  options["apiVersion"] = "v1";
  options["kind"] = "DeleteOptions";
  options["gracePeriodSeconds"] = std::max<std::int64_t>(1, grace.length().count());
  options["preconditions"] = JsonObject{{"uid", pod.uid.str()}};
  ApiRequest request = mutation("DELETE", target_of(kPods, pod.name.ns, pod.name.name), std::string(kJson),
                                JsonValue(std::move(options)));
  // At a last safe start every second counts: it never queues behind evictions that hang or were refused.
  request.lane = Lane::Urgent;
  request.retry = Retry::Ambiguous;  // the same grace twice is the same end
  request.try_limit = options_.limits.urgent_try;
  request.longest_wait = options_.limits.urgent_wait;
  request.limit = options_.limits.eviction;
  auto answer = co_await pipeline_.send(std::move(request));
  if (!answer) co_return fail(std::move(answer).error());
  co_return classify_delete(*answer);
}

// ---- Anything -----------------------------------------------------------------------------------------------------

net::Task<Result<JsonValue>> Client::get(std::string target) {
  return document_of(reading(std::move(target), kAcceptJson));
}
net::Task<Result<JsonValue>> Client::create(std::string target, const JsonValue& object) {
  return document_of(mutation("POST", std::move(target), std::string(kJson), object));
}
net::Task<Result<JsonValue>> Client::replace(std::string target, const JsonValue& object) {
  return document_of(mutation("PUT", std::move(target), std::string(kJson), object));
}
net::Task<Result<JsonValue>> Client::patch(std::string target, PatchType type, const JsonValue& patch) {
  return document_of(mutation("PATCH", std::move(target), std::string(content_type_of(type)), patch));
}
net::Task<Result<JsonValue>> Client::remove(std::string target, const JsonValue& options) {
  ApiRequest request = mutation("DELETE", std::move(target), std::string(kJson), options);
  if (options.is_null()) {
    request.content_type.clear();
    request.body.clear();
  }
  return document_of(std::move(request));
}

net::Task<Result<ServerVersion>> Client::version() {
  auto document = co_await get("/version");
  if (!document) co_return fail(std::move(document).error());
  const JsonField root(*document);
  ServerVersion out;
  SK_CO_TRY(out.git, root["gitVersion"].get_or(""));
  SK_CO_TRY(const auto major, root["major"].get_or(""));
  SK_CO_TRY(const auto minor, root["minor"].get_or(""));
  out.major = leading_number(major);
  out.minor = leading_number(minor);
  co_return out;
}

net::Task<Result<bool>> Client::serves(std::string group_version) {
  auto document = co_await get("/apis/" + group_version);
  if (document) co_return true;
  if (document.error().code == ErrorCode::NotFound) co_return false;
  co_return fail(std::move(document).error());
}

// ---- Leases -------------------------------------------------------------------------------------------------------

net::Task<Result<LeaseRecord>> Client::lease_of(ApiRequest request) {
  request.lane = Lane::Unlimited;
  request.retry = Retry::Never;  // the election tries again by its own rules
  auto document = co_await document_of(std::move(request));
  if (!document) co_return fail(std::move(document).error());
  co_return lease_record_of(*document);
}

net::Task<Result<LeaseRecord>> Client::get_lease(ObjectName lease, Duration limit) {
  ApiRequest request = reading(target_of(kLeases, lease.ns, lease.name), kAcceptJson);
  request.limit = limit;
  return lease_of(std::move(request));
}

net::Task<Result<LeaseRecord>> Client::create_lease(ObjectName lease, LeaseRecord record, Duration limit) {
  JsonObject object;
  object["apiVersion"] = kLeases.api_version();
  object["kind"] = kLeases.kind;
  object["metadata"] = JsonObject{{"name", lease.name}, {"namespace", lease.ns.str()}};
  object["spec"] = lease_spec_of(record);
  ApiRequest request = mutation("POST", target_of(kLeases, lease.ns), std::string(kJson), JsonValue(std::move(object)));
  request.limit = limit;
  return lease_of(std::move(request));
}

net::Task<Result<LeaseRecord>> Client::update_lease(ObjectName lease, LeaseRecord record, Duration limit) {
  // A patch and not a PUT: fields that we do not know (preferredHolder, strategy, labels) stay.
  JsonObject object;
  object["metadata"] = JsonObject{{"resourceVersion", record.version.str()}};
  object["spec"] = lease_spec_of(record);
  ApiRequest request = mutation("PATCH", target_of(kLeases, lease.ns, lease.name),
                                std::string(content_type_of(PatchType::Merge)), JsonValue(std::move(object)));
  request.limit = limit;
  return lease_of(std::move(request));
}

}  // namespace spotkeeper::kube
