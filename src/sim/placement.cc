#include "sim/placement.h"

#include <algorithm>

#include "plan/schedule/node_match.h"

namespace spotkeeper::sim {
namespace {

/// matchLabelKeys: the pods that have the same values there as this one.
bool same_values(const std::vector<std::string>& keys, const Labels& own, const Labels& other) {
  return std::all_of(keys.begin(), keys.end(), [&](const std::string& key) {
    const auto* mine = own.find(key);
    const auto* theirs = other.find(key);
    return mine == nullptr || (theirs != nullptr && *mine == *theirs);
  });
}

bool counts(const TopologySpread& rule, const Pod& whose, const Pod& other) {
  return rule.selector && rule.selector->matches(*other.labels) &&
         same_values(rule.match_label_keys, *whose.labels, *other.labels);
}

bool over_zone_or_node(const std::string& key) {
  return key == "topology.kubernetes.io/zone" || key == "kubernetes.io/hostname";
}

}  // namespace

bool selects(const PodTemplate& spec, const Node& node) { return plan::selects(spec, node.labels, node.name.str()); }

Placement::Placement(const World::State& world, const PodRun& run, const std::set<PodId>& without)
    : world_(world), run_(run) {
  const PodTemplate& spec = *run.pod().spec;
  for (const TopologySpread& rule : spec.spread) add_spread(rule);
  const Affinity& affinity = spec.affinity;
  for (const PodAffinityTerm& term : affinity.pod_required) near_.push_back({term.topology_key, {}, false});
  for (const PodAffinityTerm& term : affinity.anti_required) away_.push_back({term.topology_key, {}, false});
  for (const PreferredPodTerm& term : affinity.pod_preferred) liked_.push_back({term.term.topology_key, {}, false});
  for (const PreferredPodTerm& term : affinity.anti_preferred) liked_.push_back({term.term.topology_key, {}, false});
  const bool looks_around = !hard_.empty() || !soft_.empty() || !near_.empty() || !away_.empty() || !liked_.empty();
  if (!looks_around && !world.some_keep_others_away) return;
  for (const auto& [name, id] : world.pods_by_name) {
    const PodRun& other = world.pods[id];
    if (other.machine == kNone || other.pod().completed() || without.contains(id)) continue;
    look_at(other);
  }
  for (std::size_t i = 0; i < near_.size(); ++i) {
    // The first of a group that wants to be together has nobody to be near to.
    const bool nobody = std::all_of(near_.begin(), near_.end(), [](const Domains& d) { return d.weights.empty(); });
    near_[i].first = nobody && concerns(affinity.pod_required[i], run.pod(), run.pod());
  }
  for (Spread& spread : hard_) {
    const auto least = std::min_element(spread.counts.begin(), spread.counts.end(),
                                        [](const auto& a, const auto& b) { return a.second < b.second; });
    const auto domains = static_cast<std::int64_t>(spread.counts.size());
    const bool enough = !spread.rule->min_domains || domains >= *spread.rule->min_domains;
    spread.least = enough && least != spread.counts.end() ? least->second : 0;
  }
}

void Placement::add_spread(const TopologySpread& rule) {
  if (!rule.hard && over_zone_or_node(rule.topology_key)) return;
  Spread spread;
  spread.rule = &rule;
  spread.self = counts(rule, run_.pod(), run_.pod()) ? 1 : 0;
  for (const auto& [name, stored] : world_.store.all(Kind::Node)) {
    const Node& node = std::get<NodeObject>(*stored).node;
    const auto* domain = node.labels.find(rule.topology_key);
    if (domain == nullptr || (rule.honor_node_affinity && !selects(*run_.pod().spec, node))) continue;
    spread.counts.try_emplace(*domain, 0);
  }
  (rule.hard ? hard_ : soft_).push_back(std::move(spread));
}

const Node* Placement::node_of(const PodRun& run) const {
  const auto* object = world_.store.get<NodeObject>({{}, run.pod().node.str()});
  return object == nullptr ? nullptr : &object->node;
}

bool Placement::concerns(const PodAffinityTerm& term, const Pod& whose, const Pod& other) const {
  if (!term.selector || !term.selector->matches(*other.labels)) return false;
  if (!same_values(term.match_label_keys, *whose.labels, *other.labels)) return false;
  const bool listed = std::find(term.namespaces.begin(), term.namespaces.end(), other.name.ns) != term.namespaces.end();
  if (listed) return true;
  if (term.namespace_selector) {
    const auto* ns = world_.store.get<NamespaceObject>({{}, other.name.ns.str()});
    return ns != nullptr && term.namespace_selector->matches(ns->meta.labels);
  }
  return term.namespaces.empty() && other.name.ns == whose.name.ns;
}

void Placement::weigh(Domains& into, const PodAffinityTerm& term, const PodRun& other, std::int64_t weight) {
  if (!concerns(term, run_.pod(), other.pod())) return;
  const Node* node = node_of(other);
  const auto* domain = node == nullptr ? nullptr : node->labels.find(into.key);
  if (domain != nullptr) into.weights[*domain] += weight;
}

void Placement::look_at(const PodRun& other) {
  if (other.pod().name.ns == run_.pod().name.ns && other.active()) {
    for (std::vector<Spread>* spreads : {&hard_, &soft_}) {
      for (Spread& spread : *spreads) {
        if (!counts(*spread.rule, run_.pod(), other.pod())) continue;
        const Node* node = node_of(other);
        const auto* domain = node == nullptr ? nullptr : node->labels.find(spread.rule->topology_key);
        const auto place = domain == nullptr ? spread.counts.end() : spread.counts.find(*domain);
        if (place != spread.counts.end()) ++place->second;
      }
    }
  }
  const Affinity& affinity = run_.pod().spec->affinity;
  // Only a pod that matches all required terms at once counts for any of them.
  const bool matches_all =
      std::all_of(affinity.pod_required.begin(), affinity.pod_required.end(),
                  [&](const PodAffinityTerm& term) { return concerns(term, run_.pod(), other.pod()); });
  for (std::size_t i = 0; matches_all && i < near_.size(); ++i) weigh(near_[i], affinity.pod_required[i], other, 1);
  for (std::size_t i = 0; i < affinity.anti_required.size(); ++i) weigh(away_[i], affinity.anti_required[i], other, 1);
  const std::size_t wished = affinity.pod_preferred.size();
  for (std::size_t i = 0; i < wished; ++i) {
    weigh(liked_[i], affinity.pod_preferred[i].term, other, affinity.pod_preferred[i].weight);
  }
  for (std::size_t i = 0; i < affinity.anti_preferred.size(); ++i) {
    weigh(liked_[wished + i], affinity.anti_preferred[i].term, other, -affinity.anti_preferred[i].weight);
  }
  for (const PodAffinityTerm& term : other.pod().spec->affinity.anti_required) {
    if (!concerns(term, other.pod(), run_.pod())) continue;
    const Node* node = node_of(other);
    const auto* domain = node == nullptr ? nullptr : node->labels.find(term.topology_key);
    if (domain != nullptr) away_.push_back({term.topology_key, {{*domain, 1}}, false});
  }
}

bool Placement::allows(const Node& node) const {
  for (const Spread& spread : hard_) {
    const auto* here = node.labels.find(spread.rule->topology_key);
    if (here == nullptr || !spread.rule->selector) return false;
    const auto found = spread.counts.find(*here);
    const std::int64_t there = found == spread.counts.end() ? 0 : found->second;
    if (there + spread.self - spread.least > spread.rule->max_skew) return false;
  }
  for (const Domains& domains : near_) {
    const auto* here = node.labels.find(domains.key);
    if (here == nullptr || (!domains.first && !domains.weights.contains(*here))) return false;
  }
  return std::none_of(away_.begin(), away_.end(), [&](const Domains& domains) {
    const auto* here = node.labels.find(domains.key);
    return here != nullptr && domains.weights.contains(*here);
  });
}

std::int64_t Placement::likes(const Node& node) const {
  std::int64_t sum = 0;
  for (const PreferredNodeTerm& term : run_.pod().spec->affinity.node_preferred) {
    if (plan::matches(term.term, node.labels, node.name.str())) sum += term.weight;
  }
  for (const Domains& domains : liked_) {
    const auto* here = node.labels.find(domains.key);
    const auto found = here == nullptr ? domains.weights.end() : domains.weights.find(*here);
    if (found != domains.weights.end()) sum += found->second;
  }
  for (const Spread& spread : soft_) {
    const auto* here = node.labels.find(spread.rule->topology_key);
    const auto found = here == nullptr ? spread.counts.end() : spread.counts.find(*here);
    // A node without the label is the worst of all.
    sum -= found == spread.counts.end() ? static_cast<std::int64_t>(world_.pods_by_name.size()) : found->second;
  }
  return sum;
}

}  // namespace spotkeeper::sim
