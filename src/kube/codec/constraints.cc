#include <array>
#include <utility>

#include "base/text.h"
#include "kube/codec/decode.h"
#include "kube/codec/parts.h"

namespace spotkeeper::kube {
namespace {

constexpr std::array<std::pair<std::string_view, SelectorOperator>, 6> kOperators{{
    {"In", SelectorOperator::In},
    {"NotIn", SelectorOperator::NotIn},
    {"Exists", SelectorOperator::Exists},
    {"DoesNotExist", SelectorOperator::DoesNotExist},
    {"Gt", SelectorOperator::Gt},
    {"Lt", SelectorOperator::Lt},
}};
constexpr std::array<std::pair<std::string_view, TaintEffect>, 3> kEffects{{
    {"NoSchedule", TaintEffect::NoSchedule},
    {"PreferNoSchedule", TaintEffect::PreferNoSchedule},
    {"NoExecute", TaintEffect::NoExecute},
}};

std::vector<std::string> strings_of(const std::vector<wire::Text>& texts) { return {texts.begin(), texts.end()}; }

/// Why metav1.LabelSelectorAsSelector refuses it, if it does.
std::optional<std::string> fault_of(std::string_view key, std::optional<SelectorOperator> op, std::string_view op_text,
                                    std::size_t values) {
  const auto about = [&](std::string_view what) { return "key " + quote(key) + ": " + std::string(what); };
  if (key.empty()) return about("no key");
  if (!op || *op == SelectorOperator::Gt || *op == SelectorOperator::Lt)
    return about("operator " + quote(op_text) + " is not one of In, NotIn, Exists, DoesNotExist");
  const bool takes_values = *op == SelectorOperator::In || *op == SelectorOperator::NotIn;
  if (takes_values && values == 0) return about("In and NotIn need values");
  if (!takes_values && values != 0) return about("Exists and DoesNotExist take no values");
  return std::nullopt;
}

std::optional<LabelSelector> maybe_selector(const std::optional<wire::LabelSelector>& selector) {
  return selector ? std::optional(selector_from(*selector)) : std::nullopt;
}

SelectorRequirement node_requirement(const wire::NodeSelectorRequirement& wire, std::vector<std::string>& unreadable) {
  SelectorRequirement out{std::string(wire.key), SelectorOperator::In, strings_of(wire.values)};
  if (const auto op = selector_operator_of(wire.op)) {
    out.op = *op;
  } else {
    unreadable.push_back("nodeAffinity: key " + quote(wire.key) + ": unknown operator " + quote(wire.op));
    out.values.clear();  // In of nothing: no node matches
  }
  return out;
}

NodeSelectorTerm node_term(const wire::NodeSelectorTerm& wire, std::vector<std::string>& unreadable) {
  NodeSelectorTerm out;
  for (const auto& each : wire.match_expressions) out.labels.push_back(node_requirement(each, unreadable));
  for (const auto& each : wire.match_fields) out.fields.push_back(node_requirement(each, unreadable));
  return out;
}

PodAffinityTerm pod_term(const wire::PodAffinityTerm& wire) {
  PodAffinityTerm out;
  out.selector = maybe_selector(wire.label_selector);
  for (const auto& each : wire.namespaces) out.namespaces.emplace_back(each);
  out.namespace_selector = maybe_selector(wire.namespace_selector);
  out.topology_key = wire.topology_key;
  out.match_label_keys = strings_of(wire.match_label_keys);
  out.mismatch_label_keys = strings_of(wire.mismatch_label_keys);
  return out;
}

void read_pod_affinity(const wire::PodAffinity& wire, std::vector<PodAffinityTerm>& required,
                       std::vector<PreferredPodTerm>& preferred) {
  for (const auto& each : wire.required) required.push_back(pod_term(each));
  for (const auto& each : wire.preferred) preferred.push_back({each.weight, pod_term(each.pod_affinity_term)});
}

}  // namespace

Labels labels_from(const wire::Map& entries) {
  std::vector<Labels::Entry> out;
  out.reserve(entries.size());
  for (const auto& [key, value] : entries) out.emplace_back(key, value);
  return Labels(std::move(out));
}

LabelSelector selector_from(const wire::LabelSelector& selector) {
  LabelSelector out;
  const Labels labels = labels_from(selector.match_labels);
  for (const auto& [key, value] : labels) out.requirements.push_back({key, SelectorOperator::In, {value}});
  for (const auto& each : selector.match_expressions) {
    const auto op = selector_operator_of(each.op);
    if (const auto fault = fault_of(each.key, op, each.op, each.values.size()); fault && !out.invalid)
      out.invalid = fault;
    out.requirements.push_back({std::string(each.key), op.value_or(SelectorOperator::In), strings_of(each.values)});
  }
  return out;
}

Affinity affinity_from(const wire::Affinity& affinity, std::vector<std::string>& unreadable) {
  Affinity out;
  if (const auto& node = affinity.node_affinity) {
    out.has_node_required = node->required.has_value();
    if (node->required)
      for (const auto& term : node->required->node_selector_terms)
        out.node_required.push_back(node_term(term, unreadable));
    for (const auto& each : node->preferred)
      out.node_preferred.push_back({each.weight, node_term(each.preference, unreadable)});
  }
  if (affinity.pod_affinity) read_pod_affinity(*affinity.pod_affinity, out.pod_required, out.pod_preferred);
  if (affinity.pod_anti_affinity) read_pod_affinity(*affinity.pod_anti_affinity, out.anti_required, out.anti_preferred);
  return out;
}

std::vector<TopologySpread> spread_from(const std::vector<wire::TopologySpreadConstraint>& constraints) {
  std::vector<TopologySpread> out;
  for (const auto& wire : constraints) {
    TopologySpread spread;
    spread.max_skew = wire.max_skew;
    spread.topology_key = wire.topology_key;
    spread.hard = wire.when_unsatisfiable != "ScheduleAnyway";
    spread.selector = maybe_selector(wire.label_selector);
    spread.min_domains = wire.min_domains;
    spread.honor_node_affinity = wire.node_affinity_policy.value_or("Honor") != "Ignore";
    spread.honor_node_taints = wire.node_taints_policy.value_or("Ignore") == "Honor";
    spread.match_label_keys = strings_of(wire.match_label_keys);
    out.push_back(std::move(spread));
  }
  return out;
}

std::vector<Toleration> tolerations_from(const std::vector<wire::Toleration>& tolerations,
                                         std::vector<std::string>& unreadable) {
  std::vector<Toleration> out;
  for (const auto& wire : tolerations) {
    const auto effect = taint_effect_of(wire.effect);
    const bool known_operator = wire.op.empty() || wire.op == "Equal" || wire.op == "Exists";
    if (!known_operator || (!wire.effect.empty() && !effect)) {
      unreadable.push_back("toleration of " + quote(wire.key) + ": unknown " +
                           (known_operator ? "effect " + quote(wire.effect) : "operator " + quote(wire.op)));
      continue;  // tolerating less is the safe side
    }
    Toleration toleration{std::string(wire.key), wire.op == "Exists", std::string(wire.value), effect, {}};
    if (wire.toleration_seconds) toleration.seconds = std::chrono::seconds(*wire.toleration_seconds);
    out.push_back(std::move(toleration));
  }
  return out;
}

std::optional<SelectorOperator> selector_operator_of(std::string_view text) {
  for (const auto& [name, op] : kOperators)
    if (name == text) return op;
  return std::nullopt;
}

std::optional<TaintEffect> taint_effect_of(std::string_view text) {
  for (const auto& [name, effect] : kEffects)
    if (name == text) return effect;
  return std::nullopt;
}

std::string_view text_of(TaintEffect effect) {
  for (const auto& [name, each] : kEffects)
    if (each == effect) return name;
  return "NoSchedule";
}

}  // namespace spotkeeper::kube
