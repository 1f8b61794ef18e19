#include "control/planning/pod_rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/text.h"
#include "kube/codec/documents.h"

namespace spotkeeper::control {
namespace {

using format::JsonField;
using Words = std::span<const std::string_view>;

constexpr std::array<std::string_view, 4> kSelectorOperators = {"In", "NotIn", "Exists", "DoesNotExist"};
constexpr std::array<std::string_view, 6> kNodeOperators = {"In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt"};
constexpr std::array<std::string_view, 2> kPolicies = {"Honor", "Ignore"};
constexpr std::array<std::string_view, 2> kUnsatisfiable = {"DoNotSchedule", "ScheduleAnyway"};
constexpr std::array<std::string_view, 4> kEffects = {"", "NoSchedule", "PreferNoSchedule", "NoExecute"};
constexpr std::array<std::string_view, 3> kTolerationOperators = {"", "Equal", "Exists"};
constexpr std::array<std::string_view, 3> kProtocols = {"TCP", "UDP", "SCTP"};
// Volumes of these kinds go where their disk is, which is written nowhere in the cluster.
constexpr std::array<std::string_view, 8> kDisks = {
    "awsElasticBlockStore", "gcePersistentDisk", "azureDisk", "cinder", "vsphereVolume", "rbd", "iscsi", "fc"};
constexpr std::int32_t kMostWeight = 100;
constexpr std::int32_t kMostPort = 65535;

Result<void> check_word(const JsonField& field, std::string_view fallback, Words known) {
  SK_TRY(const auto word, field.get_or(std::string(fallback)));
  if (std::ranges::find(known, word) != known.end()) return {};
  return fail(field.error(fmt::format("{} is not one of {}", quote(word), join(known, ", "))));
}

/// In and NotIn need values, Exists and DoesNotExist take none, Gt and Lt take one whole number.
Result<void> check_expression(const JsonField& expression, Words operators) {
  SK_TRY(const auto key, expression["key"].get_or(""));
  if (key.empty()) return fail(expression["key"].error("missing"));
  SK_CHECK(check_word(expression["operator"], "", operators));
  SK_TRY(const auto op, expression["operator"].as<std::string>());
  SK_TRY(const auto values, expression["values"].strings());
  const JsonField at = expression["values"];
  if ((op == "In" || op == "NotIn") && values.empty()) return fail(at.error(fmt::format("{} needs values", op)));
  if ((op == "Exists" || op == "DoesNotExist") && !values.empty()) return fail(at.error(op + " takes no values"));
  if (op == "Gt" || op == "Lt") {
    if (values.size() != 1) return fail(at.error(op + " takes one value"));
    if (const auto number = parse_int<std::int64_t>(values.front()); !number)
      return fail(at.error(number.error().message));
  }
  return {};
}

Result<void> check_node_term(const JsonField& term) {
  SK_TRY(const auto expressions, term["matchExpressions"].elements());
  for (const JsonField& each : expressions) SK_CHECK(check_expression(each, kNodeOperators));
  SK_TRY(const auto fields, term["matchFields"].elements());
  for (const JsonField& each : fields) {
    SK_TRY(const auto key, each["key"].get_or(""));
    if (key != "metadata.name") return fail(each["key"].error(quote(key) + " is no field that can be matched"));
    SK_CHECK(check_word(each["operator"], "", Words(kSelectorOperators).first(2)));
    SK_TRY(const auto values, each["values"].strings());
    if (values.size() != 1) return fail(each["values"].error("exactly one value is needed"));
  }
  return {};
}

Result<void> check_weight(const JsonField& weighted) {
  SK_TRY(const auto weight, weighted["weight"].get_or(std::int32_t{0}));
  if (weight < 1 || weight > kMostWeight) return fail(weighted["weight"].error("out of range: 1 to 100"));
  return {};
}

Result<void> check_node_affinity(const JsonField& affinity) {
  const JsonField required = affinity["requiredDuringSchedulingIgnoredDuringExecution"];
  SK_TRY(const auto terms, required["nodeSelectorTerms"].elements());
  if (required.present() && terms.empty())
    return fail(required["nodeSelectorTerms"].error("at least one term is needed"));
  for (const JsonField& term : terms) SK_CHECK(check_node_term(term));
  SK_TRY(const auto preferred, affinity["preferredDuringSchedulingIgnoredDuringExecution"].elements());
  for (const JsonField& each : preferred) {
    SK_CHECK(check_weight(each));
    SK_CHECK(check_node_term(each["preference"]));
  }
  return {};
}

/// matchLabelKeys and their like say more about a selector, so there must be one.
Result<std::set<std::string>> label_keys(const JsonField& holder, std::string_view which) {
  SK_TRY(const auto keys, holder[which].strings());
  if (!keys.empty() && !holder["labelSelector"].present())
    return fail(holder[which].error("is only valid beside a labelSelector"));
  return std::set<std::string>(keys.begin(), keys.end());
}

Result<void> check_pod_term(const JsonField& term) {
  SK_TRY(const auto key, term["topologyKey"].get_or(""));
  if (key.empty()) return fail(term["topologyKey"].error("missing"));
  SK_CHECK(check_selector(term["labelSelector"]));
  SK_CHECK(check_selector(term["namespaceSelector"]));
  SK_TRY(const auto namespaces, term["namespaces"].strings());
  SK_TRY(const auto match, label_keys(term, "matchLabelKeys"));
  SK_TRY(const auto mismatch, label_keys(term, "mismatchLabelKeys"));
  for (const std::string& each : match)
    if (mismatch.contains(each)) return fail(term["matchLabelKeys"].error(quote(each) + " is in both lists"));
  return {};
}

Result<void> check_pod_affinity(const JsonField& affinity) {
  SK_TRY(const auto required, affinity["requiredDuringSchedulingIgnoredDuringExecution"].elements());
  for (const JsonField& term : required) SK_CHECK(check_pod_term(term));
  SK_TRY(const auto preferred, affinity["preferredDuringSchedulingIgnoredDuringExecution"].elements());
  for (const JsonField& each : preferred) {
    SK_CHECK(check_weight(each));
    SK_CHECK(check_pod_term(each["podAffinityTerm"]));
  }
  return {};
}

Result<void> check_spread(const JsonField& spread) {
  SK_TRY(const auto skew, spread["maxSkew"].get_or(std::int32_t{0}));
  if (skew <= 0) return fail(spread["maxSkew"].error(fmt::format("{} is not greater than zero", skew)));
  SK_TRY(const auto key, spread["topologyKey"].get_or(""));
  if (key.empty()) return fail(spread["topologyKey"].error("missing"));
  SK_CHECK(check_word(spread["whenUnsatisfiable"], "", kUnsatisfiable));
  SK_TRY(const auto domains, spread["minDomains"].maybe<std::int32_t>());
  if (domains && *domains <= 0) return fail(spread["minDomains"].error("not greater than zero"));
  SK_TRY(const auto otherwise, spread["whenUnsatisfiable"].as<std::string>());
  if (domains && otherwise != "DoNotSchedule")
    return fail(spread["minDomains"].error("is only valid with whenUnsatisfiable: DoNotSchedule"));
  SK_CHECK(check_word(spread["nodeAffinityPolicy"], "Honor", kPolicies));
  SK_CHECK(check_word(spread["nodeTaintsPolicy"], "Ignore", kPolicies));
  SK_CHECK(check_selector(spread["labelSelector"]));
  return label_keys(spread, "matchLabelKeys").map([](const auto&) {});
}

Result<void> check_spreads(const JsonField& constraints) {
  SK_TRY(const auto elements, constraints.elements());
  std::set<std::pair<std::string, std::string>> seen;
  for (const JsonField& each : elements) {
    SK_CHECK(check_spread(each));
    SK_TRY(auto key, each["topologyKey"].as<std::string>());
    SK_TRY(auto otherwise, each["whenUnsatisfiable"].as<std::string>());
    if (!seen.emplace(std::move(key), std::move(otherwise)).second)
      return fail(each.error("a second constraint with this topologyKey and whenUnsatisfiable"));
  }
  return {};
}

Result<void> check_toleration(const JsonField& toleration) {
  SK_CHECK(check_word(toleration["operator"], "", kTolerationOperators));
  SK_CHECK(check_word(toleration["effect"], "", kEffects));
  SK_TRY(const auto key, toleration["key"].get_or(""));
  SK_TRY(const auto op, toleration["operator"].get_or(""));
  SK_TRY(const auto value, toleration["value"].get_or(""));
  SK_TRY(const auto effect, toleration["effect"].get_or(""));
  if (key.empty() && op != "Exists") return fail(toleration.error("without a key, the operator must be Exists"));
  if (op == "Exists" && !value.empty()) return fail(toleration["value"].error("Exists takes no value"));
  SK_TRY(const auto seconds, toleration["tolerationSeconds"].maybe<std::int64_t>());
  if (seconds && effect != "NoExecute")
    return fail(toleration["tolerationSeconds"].error("is only valid with the effect NoExecute"));
  return {};
}

Result<void> check_resources(const JsonField& resources) {
  SK_CHECK(kube::check_amounts(resources["requests"]));
  SK_CHECK(kube::check_amounts(resources["limits"]));
  SK_TRY(const auto claims, resources["claims"].elements());
  if (!claims.empty()) return fail(resources["claims"].error("dynamic resource claims are not understood"));
  return {};
}

Result<void> check_container(const JsonField& container) {
  SK_CHECK(check_resources(container["resources"]));
  SK_TRY(const auto ports, container["ports"].elements());
  for (const JsonField& port : ports) {
    SK_TRY(const auto number, port["hostPort"].get_or(std::int32_t{0}));
    if (number < 0 || number > kMostPort) return fail(port["hostPort"].error("out of range: 1 to 65535"));
    SK_CHECK(check_word(port["protocol"], "TCP", kProtocols));
  }
  return {};
}

Result<void> check_volumes(const JsonField& volumes) {
  SK_TRY(const auto elements, volumes.elements());
  for (const JsonField& volume : elements) {
    for (const std::string_view disk : kDisks) {
      if (volume[disk].present())
        return fail(volume[disk].error("where this disk can be attached is not known; a PersistentVolume says it"));
    }
  }
  return {};
}

/// What decides about placement and is worked out nowhere here.
Result<void> check_unknown(const JsonField& spec, SpecOf of) {
  SK_TRY(const auto gates, spec["schedulingGates"].elements());
  if (!gates.empty()) return fail(spec["schedulingGates"].error("it waits for its scheduling gates"));
  SK_TRY(const auto claims, spec["resourceClaims"].elements());
  if (!claims.empty()) return fail(spec["resourceClaims"].error("dynamic resource claims are not understood"));
  for (const std::string_view group : {"workloadRef", "schedulingGroup"}) {
    if (spec[group].present())
      return fail(spec[group].error("pods that start together or not at all are not understood"));
  }
  SK_TRY(const auto runtime, spec["runtimeClassName"].get_or(""));
  if (of == SpecOf::Template && !runtime.empty() && !spec["overhead"].present())
    return fail(
        spec["runtimeClassName"].error("what admission adds for this class (overhead, a node selector) is not "
                                       "known; say it in the template"));
  return {};
}

using format::JsonObject;
using format::JsonValue;

const JsonObject* object_in(const JsonObject* of, std::string_view key) {
  const JsonValue* const value = of == nullptr ? nullptr : of->if_contains(key);
  return value == nullptr ? nullptr : value->if_object();
}

/// The limits without a request beside them, but for those named.
std::vector<std::string> unrequested(const JsonObject* resources, const std::set<std::string>& but) {
  std::vector<std::string> out;
  const JsonObject* const limits = object_in(resources, "limits");
  const JsonObject* const requests = object_in(resources, "requests");
  if (limits == nullptr) return out;
  for (const auto& [name, amount] : *limits)
    if ((requests == nullptr || !requests->contains(name)) && !but.contains(std::string(name))) out.emplace_back(name);
  return out;
}

void request_limits(JsonValue& holder, const std::vector<std::string>& names) {
  if (names.empty()) return;
  JsonObject& resources = holder.get_object()["resources"].get_object();
  const JsonObject* const given = object_in(&resources, "requests");
  JsonObject requests = given == nullptr ? JsonObject() : *given;
  for (const std::string& name : names) requests.emplace(name, resources.at("limits").get_object().at(name));
  resources.insert_or_assign("requests", std::move(requests));
}

/// Calls `what` with each container and its resources.
template <class Spec, class What>
void each_container(Spec* spec, What what) {
  for (const std::string_view which : {"initContainers", "containers"}) {
    auto* const containers = spec == nullptr ? nullptr : spec->if_contains(which);
    if (containers == nullptr || !containers->is_array()) continue;
    for (auto& container : containers->get_array()) what(container, object_in(container.if_object(), "resources"));
  }
}

}  // namespace

std::optional<JsonValue> with_default_requests(const JsonValue& pod) {
  const JsonObject* const spec = object_in(pod.if_object(), "spec");
  bool missing = false;
  std::set<std::string> requested;
  each_container(spec, [&](const JsonValue&, const JsonObject* resources) {
    missing = missing || !unrequested(resources, {}).empty();
    for (const char* const which : {"requests", "limits"})
      if (const JsonObject* amounts = object_in(resources, which); amounts != nullptr)
        for (const auto& [name, amount] : *amounts) requested.emplace(name);
  });
  // Of the pod as a whole, only what no container says.
  const std::vector<std::string> of_pod = unrequested(object_in(spec, "resources"), requested);
  if (!missing && of_pod.empty()) return std::nullopt;
  JsonValue copy = pod;
  JsonValue& copied = copy.get_object()["spec"];
  each_container(&copied.get_object(), [](JsonValue& container, const JsonObject* resources) {
    request_limits(container, unrequested(resources, {}));
  });
  request_limits(copied, of_pod);
  return copy;
}

Result<void> check_selector(const JsonField& selector) {
  SK_TRY(const auto labels, selector["matchLabels"].string_map());
  SK_TRY(const auto expressions, selector["matchExpressions"].elements());
  for (const JsonField& each : expressions) SK_CHECK(check_expression(each, kSelectorOperators));
  return {};
}

Result<void> check_pod_spec(const JsonField& spec, SpecOf of) {
  SK_CHECK(check_unknown(spec, of));
  SK_TRY(const auto selector, spec["nodeSelector"].string_map());
  SK_CHECK(check_node_affinity(spec["affinity"]["nodeAffinity"]));
  SK_CHECK(check_pod_affinity(spec["affinity"]["podAffinity"]));
  SK_CHECK(check_pod_affinity(spec["affinity"]["podAntiAffinity"]));
  SK_CHECK(check_spreads(spec["topologySpreadConstraints"]));
  SK_TRY(const auto tolerations, spec["tolerations"].elements());
  for (const JsonField& each : tolerations) SK_CHECK(check_toleration(each));
  SK_CHECK(kube::check_amounts(spec["overhead"]));
  SK_CHECK(check_resources(spec["resources"]));
  for (const std::string_view which : {"initContainers", "containers"}) {
    SK_TRY(const auto containers, spec[which].elements());
    for (const JsonField& container : containers) SK_CHECK(check_container(container));
  }
  return check_volumes(spec["volumes"]);
}

}  // namespace spotkeeper::control
