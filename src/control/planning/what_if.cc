#include "control/planning/what_if.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "base/text.h"
#include "control/planning/pools.h"
#include "plan/schedule/node_match.h"

namespace spotkeeper::control {
namespace {

constexpr double kMostFactor = 1'000;
constexpr std::string_view kFamilyLabel = "karpenter.k8s.aws/instance-family";
constexpr std::array<std::string_view, 3> kFamilyLabels = {kFamilyLabel, "karpenter.k8s.aws/instance-category",
                                                           "karpenter.k8s.aws/instance-generation"};
constexpr std::string_view kKinds =
    "zone-gone=ZONE, zone-added=ZONE, prices=[MACHINES=]FACTOR, withdraw=MACHINES, "
    "families=FAMILY,…, nodepool=FILE";

// ---- Reading

Result<double> factor_in(std::string_view text) {
  for (const std::string_view sign : {"×", "x"}) {
    if (!text.starts_with(sign)) continue;
    text.remove_prefix(sign.size());
    break;
  }
  const auto factor = parse_double(text);
  if (!factor || !(*factor > 0) || *factor > kMostFactor)
    return fail(ErrorCode::InvalidInput, quote(text) + " is not a factor above 0, such as ×1.5");
  return *factor;
}

/// A pattern; or a capacity type, of which every machine is meant.
Result<MachinePattern> machines_in(std::string_view text) {
  if (const auto capacity = capacity_type_of(text); capacity) return MachinePattern{"", "", capacity};
  return parse_machines(text);
}

Result<PricesTimes> prices_in(std::string_view text) {
  const std::size_t at = text.rfind('=');
  PricesTimes out;
  if (at != text.npos) {
    SK_TRY(out.of, machines_in(text.substr(0, at)));
  }
  SK_TRY(out.factor, factor_in(at == text.npos ? text : text.substr(at + 1)));
  return out;
}

Families families_in(std::string_view text) {
  Families out;
  if (text == "*") return out;
  for (const std::string_view each : split(text, ','))
    if (!trim(each).empty()) out.names.emplace_back(trim(each));
  return out;
}

Result<PoolInstead> pool_in(const std::string& path, const DocumentReader& read) {
  SK_TRY(const auto document, read(path));
  const format::JsonField object(document);
  SK_TRY(const auto kind, object["kind"].get_or(""));
  if (kind != "NodePool") return fail(object["kind"].error("expected a NodePool").within(path));
  auto pool = read_node_pool(object);
  if (!pool) return fail(pool.error().within(path));
  return PoolInstead{*std::move(pool)};
}

// ---- Doing

class Changer {
 public:
  Changer(plan::Problem problem, const PlanningOptions& options) : problem_(std::move(problem)), options_(options) {}

  Result<plan::Problem> make(std::span<const Change> changes) {
    // First what there is to buy, then what can't be had of it, then at what price.
    SK_CHECK(all<PoolInstead>(changes));
    SK_CHECK(all<ZoneAdded>(changes));
    SK_CHECK(all<Families>(changes));
    if (!problem_.pools.empty()) problem_.offerings = offerings_of(problem_.types, problem_.zones, options_.market);
    SK_CHECK(all<ZoneGone>(changes));
    SK_CHECK(all<Withdrawn>(changes));
    SK_CHECK(all<PricesTimes>(changes));
    return std::move(problem_);
  }

 private:
  template <class Kind>
  Result<void> all(std::span<const Change> changes) {
    for (const Change& change : changes)
      if (const auto* const what = std::get_if<Kind>(&change.what); what != nullptr)
        SK_CHECK(apply(*what).within(change.text));
    return {};
  }

  Result<void> apply(const PoolInstead& change) {
    const auto same = std::ranges::find(problem_.pools, change.pool.name, &NodePool::name);
    if (same == problem_.pools.end()) {
      problem_.pools.push_back(change.pool);
    } else {
      *same = change.pool;
    }
    std::ranges::sort(problem_.pools, {}, &NodePool::name);
    if (options_.zones.empty())
      for (const std::string& zone : zones_of(change.pool)) add_zone(zone);
    return {};
  }

  /// Offerings are made anew after this. False: it is there already.
  bool add_zone(const std::string& zone) {
    const auto at = std::ranges::lower_bound(problem_.zones, zone);
    if (at != problem_.zones.end() && *at == zone) return false;
    problem_.zones.insert(at, zone);
    return true;
  }

  Result<void> apply(const ZoneAdded& change) {
    if (problem_.pools.empty()) return fail(ErrorCode::InvalidInput, "no NodePool can buy a machine there");
    if (!add_zone(change.zone)) return fail(ErrorCode::InvalidInput, "it is there already");
    for (NodePool& pool : problem_.pools)
      for (PoolRequirement& each : pool.requirements)
        if (each.key == plan::kZoneLabel && each.op == PoolOperator::In) each.values.push_back(change.zone);
    return {};
  }

  Result<void> apply(const Families& change) {
    for (const std::string& name : change.names)
      if (std::ranges::find(problem_.types, name, &InstanceType::family) == problem_.types.end())
        return fail(ErrorCode::InvalidInput, "the catalogue has no family " + quote(name));
    for (NodePool& pool : problem_.pools) {
      std::erase_if(pool.requirements, [](const PoolRequirement& each) {
        return std::ranges::find(kFamilyLabels, each.key) != kFamilyLabels.end();
      });
      if (!change.names.empty())
        pool.requirements.push_back({std::string(kFamilyLabel), PoolOperator::In, change.names, {}});
    }
    return {};
  }

  Result<void> apply(const ZoneGone& change) {
    const auto zone = std::ranges::find(problem_.zones, change.zone);
    const auto is_there = [&](const plan::ExistingNode& each) {
      const std::string* const label = each.node.labels.find(plan::kZoneLabel);
      return label != nullptr && *label == change.zone;
    };
    if (zone == problem_.zones.end() && std::ranges::none_of(problem_.nodes, is_there))
      return fail(ErrorCode::InvalidInput, "no node is there, and nothing can be bought there");
    const auto index = static_cast<std::uint32_t>(zone - problem_.zones.begin());
    std::erase_if(problem_.offerings, [&](const plan::Offering& each) { return each.zone == index; });
    std::size_t lost = 0;
    for (const plan::ExistingNode& each : problem_.nodes)
      if (is_there(each)) lost += make_pending(each);
    std::erase_if(problem_.nodes, is_there);
    if (lost != 0)
      problem_.remarks.push_back(
          fmt::format("{} pods in {} that nobody makes anew are lost with it.", lost, change.zone));
    return {};
  }

  /// How many of its pods nobody makes anew.
  std::size_t make_pending(const plan::ExistingNode& node) {
    std::size_t lost = 0;
    for (const plan::BoundPod& pod : node.pods) {
      const auto& workload = problem_.shapes[pod.shape].workload;
      if (pod.terminating || (workload && workload->kind == "DaemonSet")) continue;
      if (workload) {
        problem_.pods.push_back({pod.name, pod.shape});
      } else {
        ++lost;
      }
    }
    return lost;
  }

  [[nodiscard]] bool concerns(const MachinePattern& machines, const plan::Offering& offering) const {
    return machines.matches(problem_.types[offering.type].name.str(), problem_.zones[offering.zone], offering.capacity);
  }

  Result<void> apply(const Withdrawn& change) {
    const auto gone =
        std::erase_if(problem_.offerings, [&](const plan::Offering& each) { return concerns(change.machines, each); });
    return gone == 0 ? nothing_so() : Result<void>();
  }

  Result<void> apply(const PricesTimes& change) {
    bool some = false;
    for (plan::Offering& each : problem_.offerings) {
      if (!concerns(change.of, each)) continue;
      each.price = Money{std::llround(static_cast<double>(each.price.micros) * change.factor)};
      some = true;
    }
    return some ? Result<void>() : nothing_so();
  }

  static Result<void> nothing_so() { return fail(ErrorCode::InvalidInput, "no such machine can be bought"); }

  plan::Problem problem_;
  const PlanningOptions& options_;
};

}  // namespace

Result<Change> parse_change(std::string_view text, const DocumentReader& read) {
  const auto parts = split_once(text, '=');
  if (!parts || parts->second.empty())
    return fail(ErrorCode::InvalidInput, fmt::format("{} is not one of {}", quote(text), kKinds));
  const auto [kind, value] = *parts;
  Change out{std::string(text), ZoneGone{std::string(value)}};
  if (kind == "zone-gone") return out;
  if (kind == "zone-added") {
    out.what = ZoneAdded{std::string(value)};
  } else if (kind == "prices") {
    SK_TRY(out.what, prices_in(value).within(std::string(text)));
  } else if (kind == "withdraw") {
    SK_TRY(auto machines, machines_in(value).within(std::string(text)));
    out.what = Withdrawn{std::move(machines)};
  } else if (kind == "families") {
    out.what = families_in(value);
  } else if (kind == "nodepool") {
    SK_TRY(out.what, pool_in(std::string(value), read));
  } else {
    return fail(ErrorCode::InvalidInput, fmt::format("{} is not one of {}", quote(text), kKinds));
  }
  return out;
}

Result<plan::Problem> changed(plan::Problem problem, std::span<const Change> changes, const PlanningOptions& options) {
  return Changer(std::move(problem), options).make(changes);
}

}  // namespace spotkeeper::control
