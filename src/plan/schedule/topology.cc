#include "plan/schedule/topology.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "plan/schedule/node_match.h"

namespace spotkeeper::plan {

KeyId Topology::key_of(const std::string& key) {
  const auto [at, added] = key_ids_.try_emplace(key, static_cast<KeyId>(keys_.size()));
  if (added) {
    keys_.push_back(key);
    values_.emplace_back();
    next_value_.push_back(0);
  }
  return at->second;
}

ValueId Topology::value_of(KeyId key, const std::string& value) {
  const auto [at, added] = values_[key].try_emplace(value, next_value_[key]);
  if (added) ++next_value_[key];
  return at->second;
}

// ---- Nodes and domains

DomainsOfNode Topology::domains_of(const Labels& labels, std::span<const Taint> taints, std::string_view name,
                                   bool fresh_host) {
  DomainsOfNode out;
  out.values.reserve(keys_.size());
  for (KeyId key = 0; key < keys_.size(); ++key) {
    const std::string* const value = labels.find(keys_[key]);
    if (key == host_key_ && fresh_host) {
      out.values.push_back(kFresh);
    } else {
      out.values.push_back(value == nullptr ? kAbsent : value_of(key, *value));
    }
  }
  out.eligible.reserve(eligibilities_.size());
  for (const Eligibility& each : eligibilities_) {
    const bool has_keys = std::ranges::none_of(each.keys, [&](KeyId key) { return out.values[key] == kAbsent; });
    const bool selected = each.spec == nullptr || selects(*each.spec, labels, name);
    const bool tolerated = each.tolerations == nullptr || untolerated(*each.tolerations, taints) == nullptr;
    out.eligible.push_back(has_keys && selected && tolerated);
  }
  return out;
}

void Topology::grow(Counter& counter, ValueId value) {
  if (value < counter.pods.size()) return;
  const std::size_t size = std::max<std::size_t>(value + 1, counter.pods.size() * 2);
  counter.pods.resize(size, 0);
  if (!counter.spread) return;
  counter.nodes.resize(size, 0);
  counter.expected.resize(size, 0);
}

void Topology::add_domain(Counter& counter, ValueId value) {
  ++counter.domains;
  ++counter.domains_by_pods[counter.pods[value]];
}

void Topology::remove_domain(Counter& counter, ValueId value) {
  --counter.domains;
  const auto at = counter.domains_by_pods.find(counter.pods[value]);
  if (--at->second == 0) counter.domains_by_pods.erase(at);
}

void Topology::add_node(DomainsOfNode& node) {
  for (KeyId key = 0; key < keys_.size(); ++key)
    if (node.values[key] == kFresh) node.values[key] = next_value_[key]++;
  for (Counter& counter : counters_) {
    const ValueId value = node.values[counter.key];
    if (!counter.spread || value == kAbsent || !node.eligible[counter.eligibility]) continue;
    grow(counter, value);
    if (counter.nodes[value]++ == 0 && counter.expected[value] == 0) add_domain(counter, value);
  }
}

void Topology::add_nodes(std::span<const DomainsOfNode> nodes) {
  std::map<std::pair<KeyId, std::uint32_t>, std::vector<std::int32_t>> by_value;  // how many nodes have each
  for (Counter& counter : counters_) {
    if (!counter.spread) continue;
    const auto [at, added] = by_value.try_emplace({counter.key, counter.eligibility});
    for (std::size_t i = 0; added && i < nodes.size(); ++i) {
      const ValueId value = nodes[i].values[counter.key];
      if (value == kAbsent || !nodes[i].eligible[counter.eligibility]) continue;
      if (value >= at->second.size()) at->second.resize(value + 1, 0);
      ++at->second[value];
    }
    counter.nodes = at->second;
    counter.pods.assign(counter.nodes.size(), 0);
    counter.expected.assign(counter.nodes.size(), 0);
    counter.domains =
        static_cast<std::int32_t>(std::ranges::count_if(counter.nodes, [](auto each) { return each > 0; }));
    if (counter.domains > 0) counter.domains_by_pods[0] = counter.domains;
  }
}

void Topology::remove_node(const DomainsOfNode& node) {
  for (Counter& counter : counters_) {
    const ValueId value = node.values[counter.key];
    if (!counter.spread || value == kAbsent || !node.eligible[counter.eligibility]) continue;
    if (--counter.nodes[value] == 0 && counter.expected[value] == 0) remove_domain(counter, value);
  }
}

void Topology::expect(ShapeId shape, const DomainsOfNode& node) {
  for (const Spread& spread : rules_[shape].spreads) {
    if (spread.trivial) continue;
    Counter& counter = counters_[spread.counter];
    if (node.values[counter.key] == kAbsent || !node.eligible[counter.eligibility]) continue;
    // All hosts that do not exist yet are one domain: the next one, which is always empty.
    const ValueId value = counter.key == host_key_ ? expected_host() : node.values[counter.key];
    grow(counter, value);
    if (std::exchange(counter.expected[value], 1) == 0 && counter.nodes[value] == 0) add_domain(counter, value);
  }
}

bool Topology::may_open(const DomainsOfNode& node, std::span<const ShapeId> coming) const {
  for (CounterId id = 0; id < counters_.size(); ++id) {
    const Counter& counter = counters_[id];
    const ValueId value = node.values[counter.key];
    if (!counter.spread || value == kAbsent || !node.eligible[counter.eligibility]) continue;
    const bool is_domain = value < counter.nodes.size() && (counter.nodes[value] != 0 || counter.expected[value] != 0);
    const bool has_empty = !counter.domains_by_pods.empty() && counter.domains_by_pods.begin()->first == 0;
    if (is_domain || has_empty) continue;
    const auto comes_early = [&](ShapeId shape) { return counted_of(id, {&shape, 1}) > 0 && !waits(shape, node); };
    if (!may_have_domain(counter, std::ranges::any_of(coming, comes_early) ? 1 : 0)) return false;
  }
  return true;
}

/// For others that it has to be near, and that were not there before anything was placed.
bool Topology::waits(ShapeId shape, const DomainsOfNode& node) const {
  const Rules& rules = rules_[shape];
  const auto nobody = [&](CounterId id) { return counters_[id].total == 0; };
  if (rules.affinity_self && std::ranges::all_of(rules.affinity, nobody)) return false;
  return std::ranges::any_of(rules.affinity, [&](CounterId id) {
    const Counter& counter = counters_[id];
    const ValueId value = node.values[counter.key];
    return value >= counter.bound.size() || counter.bound[value] == 0;
  });
}

/// Those whose skew is least come first, and who reads no spread comes last, but for one that may be waited for.
bool Topology::may_have_domain(const Counter& counter, std::int32_t least) {
  ValueId at = kAbsent;
  std::int32_t there = 0;
  for (const auto& [key, pods] : counter.kept) {
    const auto& [value, max_skew, self] = key;
    if (value != at) there = value < counter.bound.size() ? counter.bound[value] : 0;
    at = value;
    if (self) there += pods;
    const std::int32_t waited_for = counter.awaits && pods_at(counter, value) > there ? 1 : 0;
    if (there + waited_for - least > max_skew) return false;
  }
  return true;
}

void Topology::begin() {
  for (Counter& counter : counters_) {
    counter.bound = counter.pods;
    counter.kept.clear();
  }
}

void Topology::forget_expected() {
  for (Counter& counter : counters_) {
    for (ValueId value = 0; value < counter.expected.size(); ++value) {
      if (std::exchange(counter.expected[value], 0) != 0 && counter.nodes[value] == 0) remove_domain(counter, value);
    }
  }
}

/// A hostname that no node ever has.
ValueId Topology::expected_host() {
  if (!expected_host_) expected_host_ = next_value_[host_key_]++;
  return *expected_host_;
}

// ---- Pods

void Topology::shift(Counter& counter, ValueId value, std::int32_t by) {
  std::int32_t& pods = counter.pods[value];
  if (counter.spread && (counter.nodes[value] != 0 || counter.expected[value] != 0)) {
    const auto at = counter.domains_by_pods.find(pods);
    if (--at->second == 0) counter.domains_by_pods.erase(at);
    ++counter.domains_by_pods[pods + by];
  }
  pods += by;
  counter.total += by;
}

void Topology::count(ShapeId shape, const DomainsOfNode& node, bool terminating, std::int32_t by, Scope scope) {
  for (const CounterId id : rules_[shape].counted) {
    Counter& counter = counters_[id];
    if (!in_scope(counter.key, scope) || (counter.spread && terminating)) continue;
    const ValueId value = node.values[counter.key];
    if (value == kAbsent || (counter.spread && !node.eligible[counter.eligibility])) continue;
    grow(counter, value);
    shift(counter, value, by);
  }
  for (const Spread& spread : rules_[shape].spreads) {
    if (spread.trivial || !in_scope(spread.key, scope)) continue;
    Counter& counter = counters_[spread.counter];
    const std::tuple key(node.values[spread.key], spread.max_skew, spread.self != 0);
    std::int32_t& pods = counter.kept[key];
    pods += by;
    if (pods == 0) counter.kept.erase(key);
  }
}

std::int32_t Topology::least(const Counter& counter, std::int32_t min_domains) {
  if (counter.domains < min_domains || counter.domains_by_pods.empty()) return 0;
  return counter.domains_by_pods.begin()->first;
}

std::int32_t Topology::counted_of(CounterId counter, std::span<const ShapeId> shapes) const {
  return static_cast<std::int32_t>(std::ranges::count_if(shapes, [&](ShapeId shape) {
    return std::ranges::find(rules_[shape].counted, counter) != rules_[shape].counted.end();
  }));
}

Refusal Topology::allows_spread(const Rules& rules, const DomainsOfNode& node, Scope scope,
                                std::span<const ShapeId> there) const {
  for (const Spread& spread : rules.spreads) {
    if (!in_scope(spread.key, scope)) continue;
    const ValueId value = node.values[spread.key];
    if (value == kAbsent) return Refusal::Spread;
    if (spread.trivial) continue;
    const Counter& counter = counters_[spread.counter];
    const bool eligible = node.eligible[counter.eligibility];
    const bool new_domain =
        eligible && (value >= counter.nodes.size() || (counter.nodes[value] == 0 && counter.expected[value] == 0));
    const std::int32_t more = counted_of(spread.counter, there);
    const std::int32_t here = eligible ? pods_at(counter, value) + more : 0;
    // A machine that would be bought for it is a domain of its own, without pods but those that come with it.
    const std::int32_t lowest =
        new_domain ? std::min(more, least(counter, spread.min_domains)) : least(counter, spread.min_domains);
    if (here + spread.self - lowest > spread.max_skew) return Refusal::Spread;
  }
  return Refusal::None;
}

Refusal Topology::allows(ShapeId shape, const DomainsOfNode& node, Scope scope, std::span<const ShapeId> there) const {
  const Rules& rules = rules_[shape];
  if (const Refusal refusal = allows_spread(rules, node, scope, there); refusal != Refusal::None) return refusal;
  const auto nobody = [&](CounterId id) { return counters_[id].total == 0 && counted_of(id, there) == 0; };
  const auto is_there = [&](CounterId id) {
    const ValueId value = node.values[counters_[id].key];
    return value != kAbsent && (pods_at(counters_[id], value) > 0 || counted_of(id, there) > 0);
  };
  const bool first = rules.affinity_self && std::ranges::all_of(rules.affinity, nobody);
  for (const CounterId id : rules.affinity) {
    if (!in_scope(counters_[id].key, scope)) continue;
    if (node.values[counters_[id].key] == kAbsent || (!first && !is_there(id))) return Refusal::Affinity;
  }
  const auto keeps_away = [&](CounterId id) { return in_scope(counters_[id].key, scope) && is_there(id); };
  if (std::ranges::any_of(rules.anti, keeps_away)) return Refusal::AntiAffinity;
  return std::ranges::any_of(rules.repelled, keeps_away) ? Refusal::Repelled : Refusal::None;
}

bool Topology::minds(ShapeId shape, std::span<const ShapeId> others) const {
  const Rules& rules = rules_[shape];
  const auto counts = [&](CounterId id) { return counted_of(id, others) > 0; };
  return std::ranges::any_of(rules.spreads,
                             [&](const Spread& each) { return !each.trivial && counts(each.counter); }) ||
         std::ranges::any_of(rules.affinity, counts) || std::ranges::any_of(rules.anti, counts) ||
         std::ranges::any_of(rules.repelled, counts);
}

std::vector<Topology::HostLimit> Topology::host_limits(ShapeId shape) const {
  const Rules& rules = rules_[shape];
  std::vector<HostLimit> out;
  for (const Spread& spread : rules.spreads)
    if (!spread.trivial && spread.key == host_key_) out.push_back({spread.counter, spread.max_skew - spread.self});
  for (const auto* list : {&rules.anti, &rules.repelled})
    for (const CounterId id : *list)
      if (counters_[id].key == host_key_) out.push_back({id, 0});
  return out;
}

std::vector<std::uint32_t> Topology::host_counters(ShapeId shape) const {
  std::vector<std::uint32_t> out;
  for (const CounterId id : rules_[shape].counted)
    if (counters_[id].key == host_key_) out.push_back(id);
  return out;
}

std::vector<std::uint32_t> Topology::counters_of_loner(ShapeId shape) const {
  std::vector<std::uint32_t> out;
  for (const CounterId id : rules_[shape].anti)
    if (std::ranges::find(rules_[shape].counted, id) != rules_[shape].counted.end()) out.push_back(id);
  return out;
}

bool Topology::are_alike(ShapeId shape, const DomainsOfNode& a, const DomainsOfNode& b) const {
  const auto same = [&](CounterId id) {
    const Counter& counter = counters_[id];
    return a.values[counter.key] == b.values[counter.key] &&
           (!counter.spread || a.eligible[counter.eligibility] == b.eligible[counter.eligibility]);
  };
  const auto same_spread = [&](const Spread& spread) {
    return a.values[spread.key] == b.values[spread.key] && (spread.trivial || same(spread.counter));
  };
  const Rules& rules = rules_[shape];
  return std::ranges::all_of(rules.spreads, same_spread) && std::ranges::all_of(rules.affinity, same) &&
         std::ranges::all_of(rules.anti, same) && std::ranges::all_of(rules.repelled, same) &&
         std::ranges::all_of(rules.counted, same);
}

bool Topology::wants_company(ShapeId shape) const {
  const auto over_hosts = [&](CounterId id) { return counters_[id].key == host_key_; };
  return std::ranges::any_of(rules_[shape].affinity, over_hosts);
}

std::string Topology::describe_spread(ShapeId shape) const {
  for (const Spread& spread : rules_[shape].spreads) {
    if (spread.trivial) continue;
    const Counter& counter = counters_[spread.counter];
    if (counter.domains >= spread.min_domains) continue;
    return fmt::format("needs {} values of {} for minDomains, {} exist{}", spread.min_domains, keys_[spread.key],
                       counter.domains, counter.domains == 1 ? "s" : "");
  }
  return {};
}

}  // namespace spotkeeper::plan
