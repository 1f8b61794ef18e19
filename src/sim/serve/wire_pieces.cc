#include "sim/serve/wire_pieces.h"

#include <string>
#include <utility>

#include <fmt/format.h>

namespace spotkeeper::sim::serve {

wire::Map map_of(const Labels& labels) {
  wire::Map map;
  map.reserve(labels.size());
  for (const auto& [key, value] : labels) map.emplace_back(key, value);
  return map;
}

wire::Text keep(const Uid& uid, wire::Arena& arena) { return arena.keep(std::string(uid.str())); }
wire::Text keep(const ResourceVersion& version, wire::Arena& arena) { return arena.keep(std::string(version.str())); }

wire::ObjectMeta meta_of(const Meta& meta, wire::Arena& arena) {
  wire::ObjectMeta out;
  out.name = meta.name.name;
  out.ns = arena.keep(std::string(meta.name.ns.str()));
  out.uid = keep(meta.uid, arena);
  out.resource_version = keep(meta.version, arena);
  out.generation = meta.generation;
  out.creation_timestamp = {meta.created};
  out.labels = map_of(meta.labels);
  out.annotations = map_of(meta.annotations);
  return out;
}

void own(wire::ObjectMeta& meta, const OwnerReference& owner, wire::Arena& arena) {
  if (owner.kind.empty()) return;
  wire::OwnerReference reference;
  reference.kind = owner.kind;
  reference.name = owner.name;
  reference.uid = keep(owner.uid, arena);
  reference.api_version = owner.api_version;
  reference.controller = true;
  reference.block_owner_deletion = true;
  meta.owner_references.push_back(reference);
}

wire::LabelSelector selector_of(const LabelSelector& selector) {
  wire::LabelSelector out;
  for (const SelectorRequirement& requirement : selector.requirements) {
    if (requirement.op == SelectorOperator::In && requirement.values.size() == 1) {
      out.match_labels.emplace_back(requirement.key, requirement.values.front());
      continue;
    }
    wire::LabelSelectorRequirement expression;
    expression.key = requirement.key;
    switch (requirement.op) {
      case SelectorOperator::In: expression.op = "In"; break;
      case SelectorOperator::NotIn: expression.op = "NotIn"; break;
      case SelectorOperator::Exists: expression.op = "Exists"; break;
      case SelectorOperator::DoesNotExist: expression.op = "DoesNotExist"; break;
      case SelectorOperator::Gt: expression.op = "Gt"; break;
      case SelectorOperator::Lt: expression.op = "Lt"; break;
    }
    for (const std::string& value : requirement.values) expression.values.emplace_back(value);
    out.match_expressions.push_back(std::move(expression));
  }
  return out;
}

std::optional<wire::LabelSelector> selector_of(const std::optional<LabelSelector>& selector) {
  if (!selector) return std::nullopt;
  return selector_of(*selector);
}

wire::Text effect_text(TaintEffect effect) {
  switch (effect) {
    case TaintEffect::NoSchedule: return "NoSchedule";
    case TaintEffect::PreferNoSchedule: return "PreferNoSchedule";
    case TaintEffect::NoExecute: return "NoExecute";
  }
  return "NoSchedule";
}

wire::Quantities quantities_of(const Resources& resources, wire::Arena& arena) {
  wire::Quantities out;
  if (resources.cpu.value != 0) out.entries.emplace_back("cpu", arena.keep(fmt::format("{}m", resources.cpu.value)));
  if (resources.memory.value != 0)
    out.entries.emplace_back("memory", arena.keep(std::to_string(resources.memory.value)));
  for (const auto& [name, amount] : resources.other) out.entries.emplace_back(name, arena.keep(std::to_string(amount)));
  return out;
}

}  // namespace spotkeeper::sim::serve
