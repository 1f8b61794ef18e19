#include "tests/property/checker/neighbours.h"

#include <algorithm>
#include <limits>
#include <map>

namespace spotkeeper::checker {

Neighbours::Neighbours(const State& state) : kinds_(state.kinds) {
  const std::size_t hosts = state.hosts.size();
  for (const std::string& key : kinds_->keys()) {
    std::map<std::string, std::size_t> numbers;
    std::vector<Domain>& domains = domains_.emplace_back(hosts);
    for (std::size_t i = 0; i < hosts; ++i) {
      const std::string* value = value_at(state.hosts[i], key);
      if (value != nullptr) domains[i] = numbers.try_emplace(*value, numbers.size()).first->second;
    }
    domains_of_key_.push_back(numbers.size());
  }
  for (const SpreadHosts& each : kinds_->spread_hosts()) {
    std::vector<bool>& counts = spread_hosts_.emplace_back(hosts);
    for (std::size_t i = 0; i < hosts; ++i) counts[i] = counts_for(*each.example, *each.spread, state.hosts[i]);
  }
  for (const KindOfSpread& each : kinds_->spreads()) {
    const Counts none(domains_of_key_[each.key]);
    spreads_.push_back({none, none, none, none});
    std::vector<bool>& counted = counted_.emplace_back(none.size());
    for (std::size_t i = 0; i < hosts; ++i) {
      if (spread_hosts_[each.hosts][i]) counted[domains_[each.key][i].value()] = true;
    }
    how_many_counted_.push_back(std::count(counted.begin(), counted.end(), true));
  }
  for (const KindOfAvoiding& each : kinds_->avoidings()) {
    const Counts none(domains_of_key_[each.key]);
    avoidings_.push_back({none, none});
  }
  for (const KindOfSeeking& each : kinds_->seekings()) {
    Seeking& seeking = seekings_.emplace_back();
    for (const std::size_t key : each.keys) seeking.near.emplace_back(domains_of_key_[key]);
  }
  for (std::size_t i = 0; i < hosts; ++i) {
    for (const Pod* pod : state.hosts[i].pods) come(*pod, i);
  }
}

void Neighbours::come(const Pod& pod, std::size_t host) {
  const Kind& kind = kinds_->of(pod);
  for (const std::size_t i : kind.counted_by) {
    const KindOfSpread& spread = kinds_->spreads()[i];
    if (!spread_hosts_[spread.hosts][host]) continue;
    const std::size_t domain = domains_[spread.key][host].value();
    ++spreads_[i].there[domain];
    ++spreads_[i].in_the_end[domain];
  }
  for (const std::size_t i : kind.avoided_by) {
    if (const Domain domain = domains_[kinds_->avoidings()[i].key][host]) ++avoidings_[i].avoided[*domain];
  }
  for (const std::size_t i : kind.avoids) {
    if (const Domain domain = domains_[kinds_->avoidings()[i].key][host]) ++avoidings_[i].avoiding[*domain];
  }
  for (const std::size_t i : kind.sought_by) {
    const std::vector<std::size_t>& keys = kinds_->seekings()[i].keys;
    for (std::size_t k = 0; k < keys.size(); ++k) {
      const Domain domain = domains_[keys[k]][host];
      if (!domain) continue;
      ++seekings_[i].near[k][*domain];
      ++seekings_[i].anywhere;
    }
  }
}

bool Neighbours::refuse(const Pod& pod, std::size_t host) const {
  const Kind& kind = kinds_->of(pod);
  return spreads_refuse(kind, host) || is_avoided(kind, host) || seeks_elsewhere(kind, host);
}

// One of the spread's pods comes to a domain where so many are that it counts.
bool Neighbours::exceeded(std::size_t spread, std::int64_t here, const Counts& counts) const {
  const KindOfSpread& kind = kinds_->spreads()[spread];
  std::int64_t least = std::numeric_limits<std::int64_t>::max();
  for (std::size_t i = 0; i < counts.size(); ++i) {
    if (counted_[spread][i]) least = std::min(least, counts[i]);
  }
  if (how_many_counted_[spread] < kind.spread->min_domains || how_many_counted_[spread] == 0) least = 0;
  return here + (kind.counts_self ? 1 : 0) - least > kind.spread->max_skew;
}

bool Neighbours::spreads_refuse(const Kind& kind, std::size_t host) const {
  return std::any_of(kind.spreads.begin(), kind.spreads.end(), [&](std::size_t i) {
    const Domain domain = domains_[kinds_->spreads()[i].key][host];
    return !domain || exceeded(i, spreads_[i].there[*domain], spreads_[i].there);
  });
}

bool Neighbours::is_avoided(const Kind& kind, std::size_t host) const {
  const auto some = [&](std::size_t i, Counts Avoiding::* counts) {
    const Domain domain = domains_[kinds_->avoidings()[i].key][host];
    return domain && (avoidings_[i].*counts)[*domain] > 0;
  };
  return std::any_of(kind.avoids.begin(), kind.avoids.end(),
                     [&](std::size_t i) { return some(i, &Avoiding::avoided); }) ||
         std::any_of(kind.avoided_by.begin(), kind.avoided_by.end(),
                     [&](std::size_t i) { return some(i, &Avoiding::avoiding); });
}

bool Neighbours::seeks_elsewhere(const Kind& kind, std::size_t host) const {
  if (!kind.seeks) return false;
  const Seeking& seeking = seekings_[*kind.seeks];
  const std::vector<std::size_t>& keys = kinds_->seekings()[*kind.seeks].keys;
  bool near = true;
  for (std::size_t k = 0; k < keys.size(); ++k) {
    const Domain domain = domains_[keys[k]][host];
    if (!domain) return true;
    near = near && seeking.near[k][*domain] > 0;
  }
  const bool first_of_its_kind = seeking.anywhere == 0 && kind.seeks_itself;
  return !near && !first_of_its_kind;
}

void Neighbours::expect(const Pod& pod, std::size_t host, int more) {
  const Kind& kind = kinds_->of(pod);
  for (const std::size_t i : kind.spreads) {
    if (const Domain domain = domains_[kinds_->spreads()[i].key][host]) spreads_[i].waiting[*domain] += more;
  }
  for (const std::size_t i : kind.counted_by) {
    const KindOfSpread& spread = kinds_->spreads()[i];
    if (spread_hosts_[spread.hosts][host]) spreads_[i].in_the_end[domains_[spread.key][host].value()] += more;
  }
}

bool Neighbours::is_hurried(const Pod& pod, std::size_t host) const {
  const std::vector<std::size_t>& spreads = kinds_->of(pod).spreads;
  return std::any_of(spreads.begin(), spreads.end(), [&](std::size_t i) {
    const Domain domain = domains_[kinds_->spreads()[i].key][host];
    return domain && exceeded(i, spreads_[i].in_the_end[*domain], spreads_[i].in_the_end);
  });
}

void Neighbours::hurry(const Pod& pod, std::size_t host, int more) {
  for (const std::size_t i : kinds_->of(pod).counted_by) {
    const KindOfSpread& spread = kinds_->spreads()[i];
    if (spread_hosts_[spread.hosts][host]) spreads_[i].hurried[domains_[spread.key][host].value()] += more;
  }
}

std::int64_t Neighbours::harm(const Pod& pod, std::size_t host) const {
  std::int64_t out = 0;
  const Kind& kind = kinds_->of(pod);
  const bool hurried = is_hurried(pod, host);
  for (const std::size_t i : kind.counted_by) {
    const KindOfSpread& spread = kinds_->spreads()[i];
    if (!spread_hosts_[spread.hosts][host]) continue;
    const std::size_t domain = domains_[spread.key][host].value();
    const std::int64_t waiting = spreads_[i].waiting[domain] - std::count(kind.spreads.begin(), kind.spreads.end(), i);
    const std::int64_t here = spreads_[i].there[domain] + 1 + (hurried ? 0 : spreads_[i].hurried[domain]);
    if (waiting > 0 && exceeded(i, here, spreads_[i].in_the_end)) out += waiting;
  }
  return out;
}

}  // namespace spotkeeper::checker
