#include "sim/market/group.h"

#include <algorithm>
#include <tuple>
#include <utility>

namespace spotkeeper::sim::market {

std::vector<Offer> offers(const GroupSettings& group, std::span<const PoolView> views) {
  std::vector<PoolView> order(views.begin(), views.end());
  const bool by_price = group.policy == GroupPolicy::Price;
  std::sort(order.begin(), order.end(), [&](const PoolView& a, const PoolView& b) {
    return by_price ? std::tuple(a.price, a.machines, a.pool) < std::tuple(b.price, b.machines, b.pool)
                    : std::tuple(a.machines, a.price, a.pool) < std::tuple(b.machines, b.price, b.pool);
  });
  if (group.policy == GroupPolicy::OnDemand) return {{order.front().pool, true}};
  std::vector<Offer> ways;
  for (const PoolView& view : order) {
    ways.push_back({view.pool, false});
    if (!group.fall_back_to_pools) break;
  }
  if (group.fall_back_to_on_demand) ways.push_back({order.front().pool, true});
  return ways;
}

GroupRun::GroupRun(const GroupSettings& settings, Random random, Instant begin)
    : settings_(&settings), random_(random), ready_(settings.size), ready_since_(begin) {
  report_.name = settings.name;
  report_.size = report_.ready_least = settings.size;
}

std::string GroupRun::next_name() { return settings_->name + "-" + std::to_string(next_number_++); }

Duration GroupRun::missing_since(Instant until) const {
  const auto lacking = static_cast<std::int64_t>(settings_->size) - static_cast<std::int64_t>(ready_);
  return std::max<std::int64_t>(lacking, 0) * std::max<Duration>(until - ready_since_, 0s);
}

void GroupRun::count_ready(int change, Instant now) {
  report_.missing += missing_since(now);
  ready_since_ = now;
  ready_ = static_cast<std::uint32_t>(static_cast<int>(ready_) + change);
  report_.ready_least = std::min(report_.ready_least, ready_);
}

GroupReport GroupRun::report(Instant until) const {
  GroupReport made = report_;
  made.missing += missing_since(until);
  return made;
}

NodeSpec node_of(const GroupSettings& group, const PoolSettings& pool, bool on_demand, Money price, std::string name) {
  NodeSpec spec;
  spec.name = std::move(name);
  spec.instance_type = pool.type.name.str();
  spec.zone = pool.zone;
  spec.capacity_type = on_demand ? "on-demand" : "spot";
  spec.price = static_cast<double>(price.micros) / 1e6;
  spec.on_demand_price = static_cast<double>(pool.type.on_demand.micros) / 1e6;
  spec.allocatable = {.cpu = pool.type.allocatable_cpu, .memory = pool.type.allocatable_memory, .other = {}};
  spec.max_pods = pool.type.max_pods;
  spec.labels = group.labels;
  spec.labels.set("kubernetes.io/arch", spotkeeper::name_of(pool.type.arch));
  spec.taints = group.taints;
  return spec;
}

std::vector<Offer> first_machines(const MarketSettings& market, const GroupSettings& group) {
  std::vector<PoolView> views;
  views.reserve(group.pools.size());
  for (const std::size_t pool : group.pools) views.push_back({pool, market.pools[pool].mean_price, 0});
  std::vector<Offer> placed;
  for (std::uint32_t i = 0; i < group.size; ++i) {
    const Offer first = offers(group, views).front();
    placed.push_back(first);
    const auto view = std::find_if(views.begin(), views.end(), [&](const PoolView& v) { return v.pool == first.pool; });
    ++view->machines;
  }
  return placed;
}

}  // namespace spotkeeper::sim::market
