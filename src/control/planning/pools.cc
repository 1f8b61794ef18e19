#include "control/planning/pools.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <tuple>
#include <utility>

#include "base/text.h"
#include "kube/codec/documents.h"
#include "kube/codec/parts.h"
#include "plan/provision/candidates.h"
#include "plan/schedule/node_match.h"

namespace spotkeeper::control {
namespace {

using format::JsonField;
using plan::CapacityType;

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
constexpr std::array<CapacityType, 3> kCapacities = {CapacityType::OnDemand, CapacityType::Spot,
                                                     CapacityType::Reserved};
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

std::optional<CapacityType> capacity_type_of(std::string_view text) {
  for (const CapacityType each : kCapacities)
    if (plan::name_of(each) == text) return each;
  return std::nullopt;
}

/// One type's rows of one capacity type: by zone, and for every zone.
using Rows = std::map<std::tuple<std::string, CapacityType, std::string>, Money>;

std::optional<Money> price_of(const InstanceType& type, CapacityType capacity, const std::string& zone,
                              const Rows& rows) {
  for (const std::string& of : {zone, std::string()})
    if (const auto row = rows.find({type.name.str(), capacity, of}); row != rows.end()) return row->second;
  if (capacity == CapacityType::OnDemand) return type.on_demand;
  return capacity == CapacityType::Spot ? type.spot_price() : std::nullopt;
}

bool concerns(const UnavailablePool& pool, const std::string& type, const std::string& zone, CapacityType capacity) {
  return (pool.type.empty() || pool.type == type) && (pool.zone.empty() || pool.zone == zone) &&
         (!pool.capacity || *pool.capacity == capacity);
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

std::vector<plan::Offering> offerings_of(std::span<const InstanceType> types, std::span<const std::string> zones,
                                         const PlanningOptions& options) {
  Rows rows;
  for (const PriceRow& row : options.prices) rows.insert_or_assign({row.type, row.capacity, row.zone}, row.price);
  std::vector<plan::Offering> out;
  for (std::uint32_t t = 0; t < types.size(); ++t) {
    for (std::uint32_t z = 0; z < zones.size(); ++z) {
      for (const CapacityType capacity : kCapacities) {
        const auto price = price_of(types[t], capacity, zones[z], rows);
        const auto is_out = [&](const auto& pool) { return concerns(pool, types[t].name.str(), zones[z], capacity); };
        if (price && std::ranges::none_of(options.unavailable, is_out)) out.push_back({t, z, capacity, *price});
      }
    }
  }
  return out;
}

Result<std::vector<PriceRow>> parse_prices(std::string_view csv, std::string_view file) {
  constexpr std::string_view kHeader = "instance_type,zone,capacity_type,usd_per_hour";
  std::vector<PriceRow> out;
  bool headed = false;
  std::size_t number = 0;
  for (std::string_view line : split(csv, '\n')) {
    ++number;
    line = trim(line);
    if (line.empty() || line.starts_with('#')) continue;
    const auto refuse = [&](std::string_view what) {
      return fail(ErrorCode::InvalidInput, fmt::format("{}:{}: {}", file, number, what));
    };
    if (!headed) {
      if (line != kHeader) return refuse(fmt::format("expected the header {}", kHeader));
      headed = true;
      continue;
    }
    const auto cells = split(line, ',');
    if (cells.size() != 4) return refuse(fmt::format("expected 4 cells, got {}", cells.size()));
    const auto capacity = capacity_type_of(trim(cells[2]));
    if (!capacity) return refuse(quote(cells[2]) + " is not one of on-demand, spot, reserved");
    const auto price = Money::parse(trim(cells[3]));
    if (!price) return refuse(price.error().message);
    if (trim(cells[0]).empty()) return refuse("no instance type");
    out.push_back({std::string(trim(cells[0])), std::string(trim(cells[1])), *capacity, *price});
  }
  if (!headed) return fail(ErrorCode::InvalidInput, fmt::format("{}: empty", file));
  return out;
}

Result<UnavailablePool> parse_unavailable(std::string_view text) {
  const auto parts = split(text, ':');
  const auto part = [&](std::size_t i) {
    const std::string_view found = i < parts.size() ? parts[i] : std::string_view();
    return std::string(found == "*" ? std::string_view() : found);
  };
  UnavailablePool out{part(0), part(1), {}};
  out.capacity = capacity_type_of(part(2));
  const bool known = part(2).empty() || out.capacity;
  if (text.empty() || parts.size() > 3 || !known)
    return fail(ErrorCode::InvalidInput,
                quote(text) + " is not TYPE, TYPE:ZONE or TYPE:ZONE:CAPACITY-TYPE (* is every one)");
  return out;
}

}  // namespace spotkeeper::control
