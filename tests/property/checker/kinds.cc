#include "tests/property/checker/kinds.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "tests/property/checker/filters.h"
#include "tests/property/checker/selectors.h"

namespace spotkeeper::checker {
namespace {

// Numbers what it is shown, alike things alike.
template <typename Thing>
class Numbering {
 public:
  // The number, and whether it is a new one.
  std::pair<std::size_t, bool> of(const Thing& thing) {
    const auto [at, is_new] = numbers_.try_emplace(thing, numbers_.size());
    return {at->second, is_new};
  }

 private:
  std::map<Thing, std::size_t> numbers_;
};

// What counts_for looks at.
using HostsLooks =
    std::tuple<std::set<std::string>, std::optional<std::pair<Labels, std::optional<std::vector<NodeTerm>>>>,
               std::optional<std::vector<Toleration>>>;
HostsLooks hosts_looks(const Pod& pod, const Spread& spread) {
  HostsLooks out;
  for (const Spread& each : pod.spreads) std::get<0>(out).insert(each.key);
  if (spread.honor_affinity) std::get<1>(out) = {pod.node_selector, pod.node_terms};
  if (spread.honor_taints) std::get<2>(out) = pod.tolerations;
  return out;
}

auto looks_of(const Pod& pod) {
  return std::tie(pod.space, pod.labels, pod.terminating, pod.spreads, pod.affinity, pod.anti_affinity,
                  pod.node_selector, pod.node_terms, pod.tolerations);
}

using SpreadLooks = std::tuple<std::string, Spread, std::size_t, bool>;

struct Numberings {
  Numbering<decltype(looks_of(std::declval<const Pod&>()))> kinds;
  Numbering<std::string> keys;
  Numbering<HostsLooks> hosts;
  Numbering<SpreadLooks> spreads;
  Numbering<PodTerm> avoidings;
  Numbering<std::vector<PodTerm>> seekings;
};

}  // namespace

Kinds::Kinds(const Problem& problem) {
  Numberings numbers;
  const auto key = [&](const std::string& name) {
    const auto [number, is_new] = numbers.keys.of(name);
    if (is_new) keys_.push_back(name);
    return number;
  };
  const auto spread = [&](const Pod& pod, const Spread& each) {
    const auto [hosts, new_hosts] = numbers.hosts.of(hosts_looks(pod, each));
    if (new_hosts) spread_hosts_.push_back({&pod, &each});
    const bool self = matches(each.selector, pod.labels);
    const auto [number, is_new] = numbers.spreads.of({pod.space, each, hosts, self});
    if (is_new) {
      spreads_.push_back({&each, hosts, key(each.key), self});
      counting_.push_back(&pod);
    }
    return number;
  };
  const auto avoiding = [&](const PodTerm& term) {
    const auto [number, is_new] = numbers.avoidings.of(term);
    if (is_new) avoidings_.push_back({&term, key(term.key)});
    return number;
  };
  const auto seeking = [&](const std::vector<PodTerm>& terms) {
    const auto [number, is_new] = numbers.seekings.of(terms);
    if (!is_new) return number;
    seekings_.push_back({&terms, {}});
    for (const PodTerm& term : terms) seekings_.back().keys.push_back(key(term.key));
    return number;
  };
  const auto add = [&](const Pod& pod) {
    const auto [number, is_new] = numbers.kinds.of(looks_of(pod));
    by_pod_[&pod] = number;
    if (!is_new) return;
    Kind kind;
    kind.example = &pod;
    for (const Spread& each : pod.spreads) kind.spreads.push_back(spread(pod, each));
    for (const PodTerm& term : pod.anti_affinity) kind.avoids.push_back(avoiding(term));
    if (!pod.affinity.empty()) kind.seeks = seeking(pod.affinity);
    kinds_.push_back(std::move(kind));
  };
  for (const Pod& pod : problem.pods) add(pod);
  for (const DaemonSet& daemon : problem.daemons) add(daemon.pod);
  for (Kind& kind : kinds_) find_objects(problem, kind);
}

void Kinds::find_objects(const Problem& problem, Kind& kind) const {
  const Pod& pod = *kind.example;
  for (std::size_t i = 0; i < spreads_.size(); ++i) {
    if (counts_pod(*counting_[i], *spreads_[i].spread, pod)) kind.counted_by.push_back(i);
  }
  for (std::size_t i = 0; i < avoidings_.size(); ++i) {
    if (selects(problem, *avoidings_[i].term, pod)) kind.avoided_by.push_back(i);
  }
  for (std::size_t i = 0; i < seekings_.size(); ++i) {
    if (!selects_all(problem, *seekings_[i].terms, pod)) continue;
    kind.sought_by.push_back(i);
    if (kind.seeks == i) kind.seeks_itself = true;
  }
}

bool Kinds::alike(const Host& a, const Host& b) const {
  const auto same = [&](const std::string& key) {
    const std::string* left = value_at(a, key);
    const std::string* right = value_at(b, key);
    return (left == nullptr) == (right == nullptr) && (left == nullptr || *left == *right);
  };
  return std::all_of(keys_.begin(), keys_.end(), same) &&
         std::all_of(spread_hosts_.begin(), spread_hosts_.end(), [&](const SpreadHosts& hosts) {
           return counts_for(*hosts.example, *hosts.spread, a) == counts_for(*hosts.example, *hosts.spread, b);
         });
}

}  // namespace spotkeeper::checker
