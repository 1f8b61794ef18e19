#include "sim/market/reader.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

#include "model/hazard.h"
#include "sim/market/group.h"
#include "sim/scenario_fields.h"

namespace spotkeeper::sim::market {
namespace {

using format::JsonField;

constexpr double kMostPerHour = 1000;  // of anything that happens at a rate
constexpr std::int64_t kMostNodes = 10'000;
constexpr std::size_t kMostPools = 1000;

Result<std::optional<Money>> maybe_money_in(const JsonField& field) {
  note(field, "number", "more than 0, up to 1000");
  SK_TRY(const auto dollars, field.maybe<double>());
  if (!dollars) return std::optional<Money>();
  if (*dollars <= 0 || *dollars > 1000) return fail(field.error("out of range: more than 0, up to 1000 USD an hour"));
  return std::optional(Money{std::llround(*dollars * 1e6)});
}

// ---- market

Result<void> read_rules(const JsonField& field, MarketSettings& into) {
  const JsonField prices = field["prices"];
  SK_CHECK(keys_in(prices, {"step", "half-life", "spread"}));
  SK_TRY(into.prices.step, duration_in(prices["step"], into.prices.step, 1s, 24h));
  SK_TRY(into.prices.half_life, duration_in(prices["half-life"], into.prices.half_life, 1s, 24h * 365));
  SK_TRY(into.prices.spread, share_in(prices["spread"], into.prices.spread));
  const JsonField risk = field["interruptions"];
  SK_CHECK(keys_in(risk, {"times", "together", "takes", "within"}));
  SK_TRY(into.risk.times, number_in(risk["times"], into.risk.times, 0.0, 1e6));
  SK_TRY(into.risk.together, share_in(risk["together"], into.risk.together));
  SK_TRY(into.risk.takes, share_in(risk["takes"], into.risk.takes));
  SK_TRY(into.risk.within, duration_in(risk["within"], into.risk.within));
  const JsonField notice = field["notice"];
  SK_CHECK(keys_in(notice, {"length", "short", "short-length", "none"}));
  SK_TRY(into.notice.length, duration_in(notice["length"], into.notice.length, 1s));
  SK_TRY(into.notice.short_share, share_in(notice["short"], into.notice.short_share));
  SK_TRY(into.notice.short_length, duration_in(notice["short-length"], into.notice.short_length, 1s));
  SK_TRY(into.notice.none_share, share_in(notice["none"], into.notice.none_share));
  if (into.notice.short_share + into.notice.none_share > 1) {
    return fail(notice.error("short and none are more than 100% together"));
  }
  const JsonField rebalance = field["rebalance"];
  SK_CHECK(keys_in(rebalance, {"before", "lead", "lead-sigma", "false-per-hour"}));
  SK_TRY(into.rebalance.before, share_in(rebalance["before"], into.rebalance.before));
  SK_TRY(into.rebalance.lead, duration_in(rebalance["lead"], into.rebalance.lead));
  SK_TRY(into.rebalance.lead_sigma, number_in(rebalance["lead-sigma"], into.rebalance.lead_sigma, 0.0, 3.0));
  SK_TRY(into.rebalance.false_per_hour,
         number_in(rebalance["false-per-hour"], into.rebalance.false_per_hour, 0.0, kMostPerHour));
  const JsonField capacity = field["capacity"];
  SK_CHECK(keys_in(capacity, {"out", "out-sigma", "refused"}));
  SK_TRY(into.capacity.out, duration_in(capacity["out"], into.capacity.out));
  SK_TRY(into.capacity.out_sigma, number_in(capacity["out-sigma"], into.capacity.out_sigma, 0.0, 3.0));
  SK_TRY(into.capacity.refused, share_in(capacity["refused"], into.capacity.refused));
  const JsonField trace = field["trace"];
  SK_CHECK(keys_in(trace, {"machines", "start"}));
  SK_TRY(into.machines_per_unit, number_in<std::uint32_t>(trace["machines"], into.machines_per_unit, 1, 10'000));
  SK_TRY(into.trace_start, maybe_duration_in(trace["start"], 0s, 24h * 365));
  return {};
}

/// Zone and type of what a scenario wants to happen; one that no pool has is a mistake.
Result<Where> where_in(const JsonField& field, const MarketSettings& market) {
  if (market.pools.empty()) return fail(field.error("there is no group whose pools this could be about"));
  Where where;
  SK_TRY(where.zone, text_in(field["zone"], ""));
  SK_TRY(where.type, text_in(field["type"], ""));
  const auto matches = [&](const Where& wanted) {
    return std::any_of(market.pools.begin(), market.pools.end(),
                       [&](const PoolSettings& pool) { return wanted.holds(pool.zone, pool.type.name.str()); });
  };
  if (matches(where)) return where;
  std::vector<std::string_view> zones;
  std::vector<std::string_view> types;
  zones.reserve(market.pools.size());
  types.reserve(market.pools.size());
  for (const PoolSettings& pool : market.pools) {
    zones.push_back(pool.zone);
    types.push_back(pool.type.name.str());
  }
  if (!matches({where.zone, ""})) {
    return fail(
        field["zone"].error("no group has a pool in zone " + quote(where.zone) + did_you_mean(where.zone, zones)));
  }
  return fail(field["type"].error("no group has a pool of type " + quote(where.type) + " there" +
                                  did_you_mean(where.type, types)));
}

Result<void> read_storm(const JsonField& field, MarketSettings& into) {
  SK_CHECK(field.is_object());
  SK_CHECK(keys_in(field, {"at", "zone", "type", "takes", "within", "out"}));
  Storm storm;
  SK_TRY(storm.at, duration_in(field["at"], 0s));
  SK_TRY(storm.where, where_in(field, into));
  SK_TRY(storm.takes, share_in(field["takes"], storm.takes));
  SK_TRY(storm.within, duration_in(field["within"], storm.within));
  SK_TRY(storm.out, maybe_duration_in(field["out"]));
  into.storms.push_back(std::move(storm));
  return {};
}

/// Required.
Result<Duration> length_in(const JsonField& field, const std::string& of_what) {
  note(field, "duration", "1s to 24h", {}, true);
  SK_TRY(const auto length, maybe_duration_in(field, 1s, 24h));
  if (!length) return fail(field.error("missing: " + of_what));
  return *length;
}

Result<void> read_outage(const JsonField& field, MarketSettings& into) {
  SK_CHECK(field.is_object());
  SK_CHECK(keys_in(field, {"at", "for", "zone", "type"}));
  Outage outage;
  SK_TRY(outage.at, duration_in(field["at"], 0s));
  SK_TRY(outage.length, length_in(field["for"], "how long launches are refused"));
  SK_TRY(outage.where, where_in(field, into));
  into.outages.push_back(std::move(outage));
  return {};
}

Result<void> read_spike(const JsonField& field, MarketSettings& into) {
  SK_CHECK(field.is_object());
  SK_CHECK(keys_in(field, {"at", "for", "zone", "type", "to"}));
  Spike spike;
  SK_TRY(spike.at, duration_in(field["at"], 0s));
  SK_TRY(spike.length, length_in(field["for"], "how long the price is high"));
  SK_TRY(spike.of_on_demand, share_in(field["to"], spike.of_on_demand));
  SK_TRY(spike.where, where_in(field, into));
  into.spikes.push_back(std::move(spike));
  return {};
}

/// Figures of one pool, or of several, in place of the catalogue's.
Result<void> read_pool(const JsonField& field, MarketSettings& into) {
  SK_CHECK(field.is_object());
  SK_CHECK(keys_in(field, {"zone", "type", "price", "interruptions-per-hour"}));
  SK_TRY(const auto where, where_in(field, into));
  SK_TRY(const auto price, maybe_money_in(field["price"]));
  SK_TRY(const auto per_hour, maybe_number_in(field["interruptions-per-hour"], 0.0, kMostPerHour));
  for (PoolSettings& pool : into.pools) {
    if (!where.holds(pool.zone, pool.type.name.str())) continue;
    if (price && *price > pool.type.on_demand) {
      return fail(field["price"].error("above on-demand, which is " + pool.type.on_demand.str() + " for " +
                                       pool.type.name.str()));
    }
    pool.mean_price = price.value_or(pool.mean_price);
    pool.per_hour = per_hour.value_or(pool.per_hour);
  }
  return {};
}

// ---- groups

std::size_t pool_of(MarketSettings& market, const std::string& zone, const InstanceType& type) {
  const auto known = std::find_if(market.pools.begin(), market.pools.end(), [&](const PoolSettings& pool) {
    return pool.zone == zone && pool.type.name == type.name;
  });
  if (known != market.pools.end()) return static_cast<std::size_t>(known - market.pools.begin());
  PoolSettings pool;
  pool.zone = zone;
  pool.type = type;
  pool.mean_price = type.spot_price().value_or(type.on_demand);
  pool.per_hour = interruptions_per_hour(type.spot ? type.spot->rate : InterruptionRate::Above20);
  market.pools.push_back(std::move(pool));
  return market.pools.size() - 1;
}

/// Every type in every zone.
Result<void> read_pools_of(const JsonField& field, const Catalog& catalog, MarketSettings& market,
                           GroupSettings& group) {
  SK_TRY(const auto zones, field["zones"].elements());
  SK_TRY(const auto types, field["types"].elements());
  if (zones.empty()) return fail(field["zones"].error("expected at least one zone"));
  if (types.empty()) return fail(field["types"].error("expected at least one instance type"));
  std::set<std::size_t> known;
  for (const JsonField& zone_field : zones) {
    SK_TRY(const auto zone, zone_in(zone_field, ""));
    for (const JsonField& type_field : types) {
      SK_TRY(const InstanceType* type, type_in(type_field, "", catalog));
      const std::size_t pool = pool_of(market, zone, *type);
      if (market.pools.size() > kMostPools) return fail(type_field.error("more than 1000 pools in all groups"));
      if (!known.insert(pool).second) {
        return fail(type_field.error("a second time: " + market.pools[pool].name()));
      }
      group.pools.push_back(pool);
    }
  }
  return {};
}

Result<void> read_fallback(const JsonField& field, GroupSettings& group) {
  if (!field.present()) return {};
  group.fall_back_to_pools = group.fall_back_to_on_demand = false;
  SK_TRY(const auto ways, field.elements());
  for (const JsonField& way : ways) {
    SK_TRY(const bool pools, one_of<bool>(way, true, {{"other-pool", true}, {"on-demand", false}}));
    (pools ? group.fall_back_to_pools : group.fall_back_to_on_demand) = true;
  }
  return {};
}

Result<void> read_group(const JsonField& field, const Catalog& catalog, MarketSettings& into) {
  SK_CHECK(field.is_object());
  SK_CHECK(keys_in(field, {"name", "size", "zones", "types", "policy", "fallback", "max-price", "replace-on",
                           "request-delay", "retry", "ami", "boot", "age", "labels", "taints"}));
  GroupSettings group;
  SK_TRY(group.name, name_in(field["name"]));
  for (const GroupSettings& known : into.groups) {
    if (known.name == group.name) return fail(field["name"].error("a second group called " + quote(group.name)));
  }
  note(field["size"], "whole number", "1 to " + written(kMostNodes), {}, true);
  SK_TRY(const auto said, number_or_none<std::int64_t>(field["size"], "1 to " + written(kMostNodes)));
  if (!said) return fail(field["size"].error("is required and missing"));
  const std::int64_t size = *said;
  if (size < 1 || size > kMostNodes) return fail(field["size"].error("out of range: 1 to 10000"));
  group.size = static_cast<std::uint32_t>(size);
  std::int64_t all = size;
  for (const GroupSettings& known : into.groups) all += known.size;
  if (all > kMostNodes) return fail(field["size"].error("more than 10000 nodes in all groups"));
  SK_CHECK(read_pools_of(field, catalog, into, group));
  SK_TRY(group.policy,
         one_of<GroupPolicy>(
             field["policy"], group.policy,
             {{"price", GroupPolicy::Price}, {"spread", GroupPolicy::Spread}, {"on-demand", GroupPolicy::OnDemand}}));
  SK_CHECK(read_fallback(field["fallback"], group));
  SK_TRY(group.max_price, maybe_money_in(field["max-price"]));
  SK_TRY(group.replace_on, one_of<ReplaceOn>(field["replace-on"], group.replace_on,
                                             {{"notice", ReplaceOn::Notice}, {"death", ReplaceOn::Death}}));
  SK_TRY(group.request_delay, duration_in(field["request-delay"], group.request_delay));
  SK_TRY(group.retry, duration_in(field["retry"], group.retry, 1s));
  SK_TRY(group.boot.family,
         one_of<AmiFamily>(
             field["ami"], group.boot.family,
             {{"AL2", AmiFamily::AL2}, {"AL2023", AmiFamily::AL2023}, {"Bottlerocket", AmiFamily::Bottlerocket}}));
  const JsonField boot = field["boot"];
  SK_CHECK(keys_in(boot, {"median", "sigma"}));
  SK_TRY(group.boot.median, maybe_duration_in(boot["median"], 1s));
  SK_TRY(group.boot.sigma, number_in(boot["sigma"], group.boot.sigma, 0.0, 3.0));
  SK_TRY(group.age, duration_in(field["age"], group.age, 0s, 24h * 365));
  SK_TRY(group.labels, labels_in(field["labels"]));
  SK_TRY(group.taints, taints_in(field["taints"]));
  into.groups.push_back(std::move(group));
  return {};
}

template <class Read>
Result<void> read_each(const JsonField& field, Read read) {
  SK_TRY(const auto elements, field.elements());
  for (const JsonField& element : elements) SK_CHECK(read(element));
  return {};
}

}  // namespace

Result<MarketSettings> read_market(const JsonField& market, const JsonField& groups, const Catalog& catalog) {
  MarketSettings read;
  SK_CHECK(read_each(groups, [&](const JsonField& group) { return read_group(group, catalog, read); }));
  if (market.present() && read.groups.empty()) {
    return fail(market.error("there is no group that could buy machines in it: add groups"));
  }
  SK_CHECK(keys_in(market, {"prices", "interruptions", "notice", "rebalance", "capacity", "trace", "pools", "storms",
                            "outages", "spikes"}));
  SK_CHECK(read_rules(market, read));
  SK_CHECK(read_each(market["pools"], [&](const JsonField& pool) { return read_pool(pool, read); }));
  SK_CHECK(read_each(market["storms"], [&](const JsonField& storm) { return read_storm(storm, read); }));
  SK_CHECK(read_each(market["outages"], [&](const JsonField& outage) { return read_outage(outage, read); }));
  SK_CHECK(read_each(market["spikes"], [&](const JsonField& spike) { return read_spike(spike, read); }));
  return read;
}

std::vector<NodeSpec> first_nodes(const MarketSettings& market) {
  std::vector<NodeSpec> nodes;
  for (const GroupSettings& group : market.groups) {
    std::uint32_t number = 1;
    for (const Offer& offer : first_machines(market, group)) {
      const PoolSettings& pool = market.pools[offer.pool];
      const Money price = offer.on_demand ? pool.type.on_demand : pool.mean_price;
      nodes.push_back(node_of(group, pool, offer.on_demand, price, group.name + "-" + std::to_string(number++)));
    }
  }
  return nodes;
}

}  // namespace spotkeeper::sim::market
