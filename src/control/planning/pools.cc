#include "control/planning/pools.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.h"
#include "kube/codec/documents.h"
#include "kube/codec/parts.h"
#include "plan/provision/candidates.h"
#include "plan/schedule/node_match.h"

namespace spotkeeper::control {
namespace {

using format::JsonField;

constexpr std::array<std::pair<std::string_view, PoolOperator>, 8> kOperators{{
    {"In", PoolOperator::In},
    {"NotIn", PoolOperator::NotIn},
    {"Exists", PoolOperator::Exists},
    {"DoesNotExist", PoolOperator::DoesNotExist},
    {"Gt", PoolOperator::Gt},
    {"Lt", PoolOperator::Lt},
    {"Gte", PoolOperator::Gte},
    {"Lte", PoolOperator::Lte},
}};
constexpr std::int64_t kMostMinValues = 50;
constexpr std::int32_t kMostWeight = 100;

Result<PoolRequirement> read_requirement(const JsonField& field) {
  PoolRequirement out;
  SK_TRY(out.key, field["key"].as<std::string>());
  SK_TRY(const auto op, field["operator"].as<std::string>());
  SK_TRY(out.values, field["values"].strings());
  const auto* const known = std::ranges::find(kOperators, op, &std::pair<std::string_view, PoolOperator>::first);
  if (known == kOperators.end()) return fail(field["operator"].error("unknown operator " + quote(op)));
  out.op = known->second;
  if (out.key.starts_with("karpenter.k8s.aws/") && !plan::is_known_type_label(out.key))
    return fail(field["key"].error("which instance types have " + quote(out.key) + " is not known here"));
  const bool lists = out.op == PoolOperator::In || out.op == PoolOperator::NotIn;
  const bool bare = out.op == PoolOperator::Exists || out.op == PoolOperator::DoesNotExist;
  if (lists && out.values.empty()) return fail(field["values"].error(op + " needs values"));
  if (bare && !out.values.empty()) return fail(field["values"].error(op + " takes no values"));
  if (!lists && !bare) {
    if (out.values.size() != 1) return fail(field["values"].error(op + " takes one value"));
    const auto bound = parse_int<std::int64_t>(out.values.front(), 0);
    if (!bound) return fail(field["values"].error(bound.error().message));
  }
  SK_TRY(out.min_values, field["minValues"].maybe<std::int64_t>());
  if (out.min_values && (*out.min_values < 1 || *out.min_values > kMostMinValues))
    return fail(field["minValues"].error("out of range: 1 to 50"));
  if (out.min_values && out.op == PoolOperator::In && std::cmp_less(out.values.size(), *out.min_values))
    return fail(field["minValues"].error("more than there are values"));
  return out;
}

Result<std::vector<Taint>> read_taints(const JsonField& taints) {
  std::vector<Taint> out;
  SK_TRY(const auto elements, taints.elements());
  for (const JsonField& each : elements) {
    Taint taint;
    SK_TRY(taint.key, each["key"].as<std::string>());
    SK_TRY(taint.value, each["value"].get_or(""));
    SK_TRY(const auto effect, each["effect"].as<std::string>());
    const auto known = kube::taint_effect_of(effect);
    if (!known) return fail(each["effect"].error("unknown effect " + quote(effect)));
    taint.effect = *known;
    out.push_back(std::move(taint));
  }
  return out;
}

Result<std::vector<std::pair<std::string, std::int64_t>>> read_limits(const JsonField& limits) {
  std::vector<std::pair<std::string, std::int64_t>> out;
  SK_TRY(const auto members, limits.members());
  for (const auto& [name, amount] : members) {
    if (!amount.present()) continue;
    SK_TRY(const Quantity most, kube::amount_in(amount));
    out.emplace_back(name, name == "cpu" ? most.ceil_milli() : most.ceil());
  }
  std::ranges::sort(out);
  return out;
}

}  // namespace

Result<NodePool> read_node_pool(const JsonField& object) {
  NodePool out;
  SK_TRY(out.name, object["metadata"]["name"].as<std::string>());
  SK_TRY(const auto version, object["apiVersion"].get_or("karpenter.sh/v1"));
  const JsonField spec = object["spec"];
  const JsonField inner = spec["template"]["spec"];
  if (version != "karpenter.sh/v1" && version != "karpenter.sh/v1beta1")
    return fail(object["apiVersion"].error(quote(version) + " is not karpenter.sh/v1 or karpenter.sh/v1beta1"));
  if (version == "karpenter.sh/v1beta1") {
    for (const std::string_view gone : {"kubelet", "resources"})
      if (inner[gone].present()) return fail(inner[gone].error("has no place in karpenter.sh/v1"));
  }
  if (spec["replicas"].present()) return fail(spec["replicas"].error("a static pool buys nothing for pods"));
  SK_TRY(out.weight, spec["weight"].get_or(std::int32_t{0}));
  if (out.weight < 0 || out.weight > kMostWeight) return fail(spec["weight"].error("out of range: 1 to 100"));
  SK_TRY(const auto requirements, inner["requirements"].elements());
  for (const JsonField& each : requirements) {
    SK_TRY(auto requirement, read_requirement(each));
    out.requirements.push_back(std::move(requirement));
  }
  SK_TRY(out.taints, read_taints(inner["taints"]));
  SK_CHECK(read_taints(inner["startupTaints"]));
  SK_TRY(const auto labels, spec["template"]["metadata"]["labels"].string_map());
  for (const auto& [key, value] : labels) out.labels.set(key, value);
  SK_TRY(out.node_class, inner["nodeClassRef"]["name"].get_or(""));
  SK_TRY(out.limits, read_limits(spec["limits"]));
  return out;
}

std::set<std::string> zones_of(const NodePool& pool) {
  std::set<std::string> zones;
  for (const PoolRequirement& each : pool.requirements)
    if (each.key == plan::kZoneLabel && each.op == PoolOperator::In)
      zones.insert(each.values.begin(), each.values.end());
  if (const std::string* zone = pool.labels.find(plan::kZoneLabel); zone != nullptr) zones.insert(*zone);
  return zones;
}

}  // namespace spotkeeper::control
