#include "kube/codec/decode.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "kube/codec/parts.h"
#include "kube/codec/translate.h"

namespace spotkeeper::kube {
namespace {

/// Decodes either wire into a T and hands it on while the text in it lives.
template <class T, class Use>
auto decode(const WireObject& object, Use use) -> decltype(use(std::declval<const T&>())) {
  wire::Arena arena;
  SK_TRY(const T decoded,
         object.json != nullptr ? from_json<T>(*object.json, arena) : from_protobuf<T>(object.message));
  return use(decoded);
}

bool is_ready(const wire::NodeStatus& status) {
  return std::ranges::any_of(status.conditions,
                             [](const auto& each) { return each.type == "Ready" && each.status == "True"; });
}

constexpr std::string_view kOwnPrefix = "spotkeeper.dev/";

Labels own_annotations(const wire::Map& annotations) {
  wire::Map own;
  std::ranges::copy_if(annotations, std::back_inserter(own),
                       [](const auto& each) { return each.first.starts_with(kOwnPrefix); });
  return labels_from(own);
}

Result<std::vector<Taint>> taints_from(const std::vector<wire::Taint>& taints) {
  std::vector<Taint> out;
  for (const auto& wire : taints) {
    const auto effect = taint_effect_of(wire.effect);
    // Taints are written back as a whole list: one that can't be represented must not get lost.
    if (!effect)
      return fail(ErrorCode::InvalidInput, "taint " + quote(wire.key) + ": unknown effect " + quote(wire.effect));
    out.push_back({std::string(wire.key), std::string(wire.value), *effect, wire.time_added.at});
  }
  return out;
}

std::int64_t pods_in(const wire::Quantities& amounts) {
  for (const auto& [name, text] : amounts.entries)
    if (name == "pods")
      if (const auto amount = Quantity::parse(text)) return std::max<std::int64_t>(0, amount->ceil());
  return 0;
}

Result<std::optional<CountOrPercent>> count_from(const std::optional<wire::IntOrString>& value) {
  if (!value) return std::optional<CountOrPercent>();
  if (const auto* count = std::get_if<std::int32_t>(&*value)) return std::optional(CountOrPercent{*count, false});
  const std::string_view text = std::get<std::string_view>(*value);
  const auto not_a_share = [&] { return fail(ErrorCode::InvalidInput, quote(text) + " is not a percentage"); };
  if (!text.ends_with('%')) return not_a_share();
  const auto percent = parse_int<std::int32_t>(text.substr(0, text.size() - 1), 0);
  if (!percent) return not_a_share();
  return std::optional(CountOrPercent{*percent, true});
}

UnhealthyPodEviction unhealthy_from(const std::optional<wire::Text>& policy) {
  if (!policy || *policy == "IfHealthyBudget") return UnhealthyPodEviction::IfHealthyBudget;
  return *policy == "AlwaysAllow" ? UnhealthyPodEviction::AlwaysAllow : UnhealthyPodEviction::Unknown;
}

}  // namespace

Result<Node> node_from(const wire::Node& node) {
  Node out;
  out.name = NodeName(node.metadata.name);
  out.uid = Uid(node.metadata.uid);
  out.version = ResourceVersion(node.metadata.resource_version);
  out.labels = labels_from(node.metadata.labels);
  out.annotations = own_annotations(node.metadata.annotations);
  const auto here = [&] { return "node " + out.name.str(); };
  SK_TRY(out.taints, taints_from(node.spec.taints).within(here()));
  out.unschedulable = node.spec.unschedulable;
  out.ready = is_ready(node.status);
  out.provider_id = node.spec.provider_id;
  out.boot_id = node.status.node_info.boot_id;
  SK_TRY(out.allocatable, resources_from(node.status.allocatable).within(here() + ": allocatable"));
  out.max_pods = pods_in(node.status.allocatable);
  out.created = node.metadata.creation_timestamp.at.value_or(Instant());
  out.deletion = node.metadata.deletion_timestamp.at;
  return out;
}

Result<DisruptionBudget> budget_from(const wire::PodDisruptionBudget& budget) {
  DisruptionBudget out;
  out.name = {NamespaceName(budget.metadata.ns), std::string(budget.metadata.name)};
  const auto here = [&](std::string_view field) { return "budget " + out.name.str() + ": " + std::string(field); };
  out.uid = Uid(budget.metadata.uid);
  out.version = ResourceVersion(budget.metadata.resource_version);
  if (budget.spec.selector) out.selector = selector_from(*budget.spec.selector);
  SK_TRY(out.min_available, count_from(budget.spec.min_available).within(here("minAvailable")));
  SK_TRY(out.max_unavailable, count_from(budget.spec.max_unavailable).within(here("maxUnavailable")));
  out.unhealthy = unhealthy_from(budget.spec.unhealthy_pod_eviction_policy);
  out.generation = budget.metadata.generation;
  const auto& status = budget.status;
  out.observed_generation = status.observed_generation;
  out.disruptions_allowed = status.disruptions_allowed;
  out.current_healthy = status.current_healthy;
  out.desired_healthy = status.desired_healthy;
  out.expected_pods = status.expected_pods;
  for (const auto& [pod, since] : status.disrupted_pods.entries)
    out.disrupted.insert_or_assign(std::string(pod), since.at.value_or(Instant()));
  return out;
}

Result<Pod> decode_pod(const WireObject& object, Snapshot& shared) {
  return decode<wire::Pod>(object, [&](const wire::Pod& pod) { return pod_from(pod, shared); });
}
Result<Node> decode_node(const WireObject& object) { return decode<wire::Node>(object, node_from); }
Result<DisruptionBudget> decode_budget(const WireObject& object) {
  return decode<wire::PodDisruptionBudget>(object, budget_from);
}

}  // namespace spotkeeper::kube
