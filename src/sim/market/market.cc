#include "sim/market/market.h"

#include <algorithm>
#include <cmath>
#include <string_view>
#include <utility>

#include "sim/market/agenda.h"
#include "sim/market/boot.h"
#include "sim/market/group.h"
#include "sim/market/hazard.h"
#include "sim/market/machines.h"

namespace spotkeeper::sim::market {
namespace {

/// What a machine's own stream decides.
enum Draw : std::uint64_t { kHazard = 1, kBoot, kNotice, kRumour, kFalseAlarm, kStrike, kLuck };

/// The stream of a name: FNV-1a, the same on every machine.
std::uint64_t stream_of(std::string_view name) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return hash;
}

Money dollars(double amount) { return Money{std::llround(amount * 1e6)}; }

}  // namespace

Money MarketReport::per_hour(Money sum) const {
  if (length <= 0s) return {};
  return dollars(static_cast<double>(sum.micros) / 1e6 * 3600 / seconds_of(length));
}

class Market::Impl {
 public:
  Impl(const MarketSettings& settings, std::uint64_t seed, Duration length, Ground& ground)
      : settings_(settings), random_(Random(seed).fork(stream_of("market"))), length_(length), ground_(ground) {}

  void begin(Instant now, std::span<const NodeSpec> nodes) {
    begin_ = now_ = now;
    open_pools();
    plan_what_is_written();
    for (std::size_t g = 0; g < settings_.groups.size(); ++g) add_group(g);
    for (const NodeSpec& node : nodes) add_bystander(node);
    for (std::size_t p = 0; p < pools_.size(); ++p) {
      enforce_bids(p);
      if (!pools_[p].capacity()) continue;
      for (const std::size_t id : above(p, *pools_[p].capacity())) interrupt(id);
    }
  }

  [[nodiscard]] std::optional<Instant> next_due() const { return agenda_.next_due(); }

  void advance_to(Instant now) {
    while (const auto next = agenda_.take(now)) {
      now_ = std::max(now_, next->when);
      happen(*next);
    }
    now_ = std::max(now_, now);
  }

  void noticed(const NodeName& node, Instant now) {
    Instance* instance = find(node);
    if (instance == nullptr || !instance->holds()) return;
    now_ = std::max(now_, now);
    instance->doomed = true;
    if (instance->group == kNowhere) return;
    if (group_of(*instance).settings().replace_on == ReplaceOn::Notice) replace(*instance);
  }

  void lost(const NodeName& node, Instant now) {
    Instance* instance = find(node);
    if (instance == nullptr || instance->ended) return;
    now_ = std::max(now_, now);
    end(*instance);
  }

  [[nodiscard]] MarketReport report(Instant until) const {
    MarketReport made = counts_;
    made.length = until - begin_;
    for (const Instance& instance : machines_) {
      const Duration time = time_of(instance, until);
      made.total += cost_of(instance, pools_, until);
      made.on_demand_total += instance.on_demand_price.over(time);
      if (instance.spot) made.spot_time += time;
    }
    for (const GroupRun& group : groups_) made.groups.push_back(group.report(until));
    for (const PoolSettings& pool : settings_.pools) {
      if (pool.trace) made.traces[pool.name()] = pool.trace_name;
    }
    return made;
  }

  [[nodiscard]] std::span<const Pool> pools() const { return pools_; }
  [[nodiscard]] std::span<const Instance> machines() const { return machines_; }

  [[nodiscard]] std::uint64_t holding(std::size_t pool) const {
    return static_cast<std::uint64_t>(std::count_if(
        machines_.begin(), machines_.end(), [&](const Instance& i) { return i.spot && i.pool == pool && i.holds(); }));
  }

  [[nodiscard]] std::map<NodeName, Money> costs(Instant until) const {
    std::map<NodeName, Money> by_name;
    for (const Instance& instance : machines_) by_name[instance.name] = cost_of(instance, pools_, until);
    return by_name;
  }

 private:
  // ---- The beginning

  void open_pools() {
    const Duration trace_start = where_traces_begin();
    for (std::size_t p = 0; p < settings_.pools.size(); ++p) {
      pools_.emplace_back(settings_, p, random_.fork(stream_of(settings_.pools[p].name())), begin_, trace_start);
      plan(begin_ + settings_.prices.step, What::StepsPrice, p);
      plan_storm(pools_[p].draw_storm(begin_));
      plan_capacity(p);
    }
  }

  [[nodiscard]] Duration where_traces_begin() const {
    if (settings_.trace_start) return *settings_.trace_start;
    std::optional<Duration> shortest;
    for (const PoolSettings& pool : settings_.pools) {
      if (pool.trace) shortest = std::min(shortest.value_or(pool.trace->length()), pool.trace->length());
    }
    if (!shortest) return {};
    return random_.fork(stream_of("where traces begin")).between(0s, std::max<Duration>(*shortest - length_, 0s));
  }

  void plan_what_is_written() {
    for (const Spike& spike : settings_.spikes) {
      plan(begin_ + spike.at, What::Reprices, 0);
      plan(begin_ + spike.at + spike.length, What::Reprices, 0);
    }
    for (std::size_t i = 0; i < settings_.outages.size(); ++i) {
      plan(begin_ + settings_.outages[i].at, What::OutageBegins, i);
    }
    for (const Storm& wanted : settings_.storms) {
      for (std::size_t p = 0; p < pools_.size(); ++p) {
        if (!wanted.where.holds(settings_.pools[p].zone, settings_.pools[p].type.name.str())) continue;
        PlannedStorm storm;
        storm.pool = p;
        storm.at = begin_ + wanted.at;
        storm.rumour = std::max(begin_, storm.at - pools_[p].draw_lead());
        storm.takes = wanted.takes;
        storm.within = wanted.within;
        storm.out = wanted.out.value_or(pools_[p].draw_outage());
        storm.by_chance = false;
        plan_storm(storm);
      }
    }
  }

  void add_group(std::size_t index) {
    const GroupSettings& settings = settings_.groups[index];
    groups_.emplace_back(settings, random_.fork(stream_of("group " + settings.name)), begin_);
    for (const Offer& offer : first_machines(settings_, settings)) {
      const std::size_t id = add_machine(index, offer);
      machines_[id].ready = true;
      plan_fate(id, settings.age);
    }
  }

  void add_bystander(const NodeSpec& node) {
    if (by_name_.contains(NodeName(node.name))) return;
    Instance instance;
    instance.name = NodeName(node.name);
    instance.fixed_price = dollars(node.price);
    instance.on_demand_price = dollars(node.on_demand_price);
    instance.launched = begin_;
    instance.ready = true;
    remember(std::move(instance));
  }

  std::size_t remember(Instance instance) {
    by_name_[instance.name] = machines_.size();
    machines_.push_back(std::move(instance));
    return machines_.size() - 1;
  }

  std::size_t add_machine(std::size_t group, const Offer& offer) {
    const PoolSettings& pool = settings_.pools[offer.pool];
    Instance instance;
    instance.name = NodeName(groups_[group].next_name());
    instance.group = group;
    instance.pool = offer.pool;
    instance.spot = !offer.on_demand;
    instance.fixed_price = instance.on_demand_price = pool.type.on_demand;
    instance.launched = now_;
    instance.random = random_.fork(stream_of("machine " + instance.name.str()));
    return remember(std::move(instance));
  }

  // ---- What happens

  void plan(Instant when, What what, std::size_t a) { agenda_.plan(when, what, a); }

  void happen(const Planned& event) {
    switch (event.what) {
      case What::StepsPrice:
        pools_[event.a].step(now_);
        plan(now_ + settings_.prices.step, What::StepsPrice, event.a);
        return enforce_bids(event.a);
      case What::Reprices: return reprice();
      case What::StormIsRumoured: return rumour_of(storms_[event.a], event.a);
      case What::StormStrikes: return strike(event.a);
      case What::OutageBegins: return begin_outage(settings_.outages[event.a]);
      case What::DropIsRumoured: return rumour_of_drop(event.a);
      case What::CapacityChanges: return change_capacity(event.a);
      case What::Recommends: (void)recommend(machines_[event.a]); return;
      case What::AlarmsFalsely:
        if (recommend(machines_[event.a])) ++counts_.falsely_recommended;
        return;
      case What::Interrupts: return interrupt(event.a);
      case What::Dies: return die(machines_[event.a]);
      case What::Requests: return request(event.a);
      case What::Boots: return join(event.a);
    }
  }

  void reprice() {
    for (std::size_t p = 0; p < pools_.size(); ++p) {
      pools_[p].reprice(now_);
      enforce_bids(p);
    }
  }

  /// The old market: who bids less than the price loses the machine.
  void enforce_bids(std::size_t pool) {
    for (const std::size_t id : holders(pool)) {
      const auto& most = group_of(machines_[id]).settings().max_price;
      if (!most || pools_[pool].price() <= *most) continue;
      ++counts_.outbid;
      interrupt(id);
    }
  }

  void begin_outage(const Outage& outage) {
    for (std::size_t p = 0; p < pools_.size(); ++p) {
      const PoolSettings& pool = settings_.pools[p];
      if (outage.where.holds(pool.zone, pool.type.name.str())) pools_[p].close(now_ + outage.length);
    }
  }

  // ---- Storms

  void plan_storm(const std::optional<PlannedStorm>& storm) {
    if (!storm) return;
    storms_.push_back(*storm);
    plan(storm->rumour, What::StormIsRumoured, storms_.size() - 1);
    plan(storm->at, What::StormStrikes, storms_.size() - 1);
  }

  /// Whether that storm takes that machine, if it is there when the storm comes.
  [[nodiscard]] static bool takes(const PlannedStorm& storm, std::size_t number, const Instance& machine) {
    return machine.random.fork(kStrike).fork(number).unit() < storm.takes;
  }

  void rumour_of(const PlannedStorm& storm, std::size_t number) {
    for (const std::size_t id : holders(storm.pool)) {
      if (takes(storm, number, machines_[id])) hint(id, number, storm.at);
    }
  }

  void strike(std::size_t number) {
    const PlannedStorm storm = storms_[number];
    pools_[storm.pool].close(now_ + storm.within + storm.out);
    for (const std::size_t id : holders(storm.pool)) {
      if (!takes(storm, number, machines_[id])) continue;
      Random when = machines_[id].random.fork(kStrike).fork(~std::uint64_t{number});
      plan(now_ + when.between(0s, storm.within), What::Interrupts, id);
    }
    if (storm.by_chance) plan_storm(pools_[storm.pool].draw_storm(now_));
  }

  // ---- Traces

  void plan_capacity(std::size_t pool) {
    const auto change = pools_[pool].next_capacity();
    if (!change) return;
    if (change->machines < *pools_[pool].capacity()) {
      plan(std::max(now_, change->at - pools_[pool].draw_lead()), What::DropIsRumoured, pool);
    }
    plan(change->at, What::CapacityChanges, pool);
  }

  /// Whom a capacity of so many machines leaves no place, in an order that is drawn for each figure of the trace.
  [[nodiscard]] std::vector<std::size_t> above(std::size_t pool, std::uint64_t capacity) const {
    std::vector<std::size_t> there = holders(pool);
    const auto luck = [&](std::size_t id) { return machines_[id].random.fork(kLuck).fork(pools_[pool].tick()).next(); };
    std::sort(there.begin(), there.end(),
              [&](std::size_t a, std::size_t b) { return std::pair(luck(a), a) < std::pair(luck(b), b); });
    there.resize(there.size() > capacity ? there.size() - capacity : 0);
    return there;
  }

  void rumour_of_drop(std::size_t pool) {
    const auto change = pools_[pool].next_capacity();
    if (!change) return;
    for (const std::size_t id : above(pool, change->machines)) hint(id, pools_[pool].tick(), change->at);
  }

  void change_capacity(std::size_t pool) {
    const auto change = pools_[pool].next_capacity();
    for (const std::size_t id : above(pool, change->machines)) interrupt(id);
    pools_[pool].advance_capacity();
    plan_capacity(pool);
  }

  // ---- Machines

  /// What the market will do to that machine alone; `age` is how old it is now.
  void plan_fate(std::size_t id, Duration age) {
    const Instance& machine = machines_[id];
    if (!machine.spot) return;
    Random random = machine.random.fork(kHazard);
    const double exponential = -std::log1p(-random.unit());
    const Duration left = until_interruption(pools_[machine.pool].alone_per_hour(), age, exponential);
    if (left < kNever) {
      if (random.chance(settings_.rebalance.before)) {
        const Duration lead = random.lognormal(settings_.rebalance.lead, settings_.rebalance.lead_sigma);
        plan(now_ + std::max<Duration>(left - lead, 0s), What::Recommends, id);
      }
      plan(now_ + left, What::Interrupts, id);
    }
    if (settings_.rebalance.false_per_hour <= 0) return;
    Random alarms = machine.random.fork(kFalseAlarm);
    const Duration mean = duration_of_seconds(3600 / settings_.rebalance.false_per_hour);
    plan(now_ + std::min(alarms.exponential(mean), kNever), What::AlarmsFalsely, id);
  }

  /// A recommendation to a machine that goes at `before`, if this is one of those that get one.
  void hint(std::size_t id, std::uint64_t occasion, Instant before) {
    Random random = machines_[id].random.fork(kRumour).fork(occasion);
    if (!random.chance(settings_.rebalance.before)) return;
    plan(now_ + random.between(0s, std::min(settings_.risk.within, before - now_)), What::Recommends, id);
  }

  bool recommend(Instance& machine) {
    if (!machine.ready || !machine.holds() || machine.recommended) return false;
    machine.recommended = true;
    ++counts_.recommended;
    Notice notice;
    notice.kind = InterruptionKind::Maybe;
    notice.at = now_;
    ground_.notice(machine.name, notice);
    return true;
  }

  void interrupt(std::size_t id) {
    Instance& machine = machines_[id];
    if (!machine.holds()) return;
    machine.doomed = true;
    ++counts_.interrupted;
    if (!machine.ready) return end(machine);
    const NoticeRules& rules = settings_.notice;
    const double kind = machine.random.fork(kNotice).unit();
    if (kind < rules.none_share) {
      ++counts_.unannounced;
      return die(machine);
    }
    const bool brief = kind < rules.none_share + rules.short_share;
    if (brief) ++counts_.short_notices;
    Notice notice;
    notice.at = now_ + (brief ? rules.short_length : rules.length);
    plan(*notice.at, What::Dies, id);
    if (group_of(machine).settings().replace_on == ReplaceOn::Notice) replace(machine);
    ground_.notice(machine.name, notice);
  }

  void die(Instance& machine) {
    if (machine.ended) return;
    end(machine);
    ground_.kill(machine.name);
  }

  void end(Instance& machine) {
    machine.ended = now_;
    machine.doomed = true;
    if (machine.group == kNowhere) return;
    if (std::exchange(machine.ready, false)) group_of(machine).count_ready(-1, now_);
    replace(machine);
  }

  // ---- Groups

  GroupRun& group_of(const Instance& machine) { return groups_[machine.group]; }

  void replace(Instance& machine) {
    if (std::exchange(machine.replaced, true)) return;
    GroupRun& group = group_of(machine);
    plan(now_ + group.random().lognormal(group.settings().request_delay, 0.3), What::Requests, machine.group);
  }

  void request(std::size_t index) {
    GroupRun& group = groups_[index];
    std::vector<PoolView> views;
    views.reserve(group.settings().pools.size());
    for (const std::size_t p : group.settings().pools) views.push_back({p, pools_[p].price(), of_group(index, p)});
    for (const Offer& offer : offers(group.settings(), views)) {
      if (!offer.on_demand && refused(group, offer.pool)) continue;
      return launch(index, offer);
    }
    plan(now_ + group.settings().retry, What::Requests, index);
  }

  bool refused(GroupRun& group, std::size_t p) {
    const Pool& pool = pools_[p];
    if (group.settings().max_price && pool.price() > *group.settings().max_price) {
      ++counts_.outbid;
      return true;
    }
    const bool full = pool.capacity() && holding(p) >= *pool.capacity();
    const bool by_chance = group.random().chance(settings_.capacity.refused);
    if (!full && !by_chance && !pool.closed(now_)) return false;
    ++counts_.capacity_errors;
    return true;
  }

  void launch(std::size_t index, const Offer& offer) {
    const std::size_t id = add_machine(index, offer);
    ++counts_.launched;
    if (offer.on_demand) ++counts_.launched_on_demand;
    Random boot = machines_[id].random.fork(kBoot);
    const GroupSettings& group = groups_[index].settings();
    plan(now_ + draw_boot(group.boot, settings_.pools[offer.pool].type, boot), What::Boots, id);
    plan_fate(id, 0s);
  }

  void join(std::size_t id) {
    Instance& machine = machines_[id];
    if (!machine.holds()) return;
    machine.ready = true;
    GroupRun& group = group_of(machine);
    group.count_ready(+1, now_);
    const PoolSettings& pool = settings_.pools[machine.pool];
    const Money price = machine.spot ? pools_[machine.pool].price() : pool.type.on_demand;
    ground_.join(node_of(group.settings(), pool, !machine.spot, price, machine.name.str()));
  }

  [[nodiscard]] std::vector<std::size_t> holders(std::size_t pool) const {
    std::vector<std::size_t> found;
    for (std::size_t id = 0; id < machines_.size(); ++id) {
      if (machines_[id].spot && machines_[id].pool == pool && machines_[id].holds()) found.push_back(id);
    }
    return found;
  }

  [[nodiscard]] std::uint64_t of_group(std::size_t group, std::size_t pool) const {
    return static_cast<std::uint64_t>(std::count_if(machines_.begin(), machines_.end(), [&](const Instance& i) {
      return i.group == group && i.pool == pool && i.holds();
    }));
  }

  Instance* find(const NodeName& name) {
    const auto at = by_name_.find(name);
    return at == by_name_.end() ? nullptr : &machines_[at->second];
  }

  const MarketSettings& settings_;
  Random random_;
  Duration length_;
  Ground& ground_;
  Instant begin_;
  Instant now_;
  Agenda agenda_;
  std::vector<Pool> pools_;
  std::vector<PlannedStorm> storms_;
  std::vector<GroupRun> groups_;
  std::vector<Instance> machines_;
  std::map<NodeName, std::size_t> by_name_;
  MarketReport counts_;
};

Market::Market(const MarketSettings& settings, std::uint64_t seed, Duration length, Ground& ground)
    : impl_(std::make_unique<Impl>(settings, seed, length, ground)) {}
Market::~Market() = default;
void Market::begin(Instant now, std::span<const NodeSpec> nodes) { impl_->begin(now, nodes); }
std::optional<Instant> Market::next_due() const { return impl_->next_due(); }
void Market::advance_to(Instant now) { impl_->advance_to(now); }
void Market::noticed(const NodeName& node, Instant now) { impl_->noticed(node, now); }
void Market::lost(const NodeName& node, Instant now) { impl_->lost(node, now); }
MarketReport Market::report(Instant until) const { return impl_->report(until); }
std::span<const Pool> Market::pools() const { return impl_->pools(); }
std::span<const Instance> Market::machines() const { return impl_->machines(); }
std::uint64_t Market::holding(std::size_t pool) const { return impl_->holding(pool); }
std::map<NodeName, Money> Market::costs(Instant until) const { return impl_->costs(until); }

}  // namespace spotkeeper::sim::market
