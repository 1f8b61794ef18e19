// What the rules of each shape come to: which counters they read, and which count its pods.
#include <algorithm>
#include <utility>

#include "plan/schedule/node_match.h"
#include "plan/schedule/topology.h"

namespace spotkeeper::plan {
namespace {

constexpr std::uint32_t kEveryNode = 0;  // the eligibility of rules that are not about spread

/// The selector with what matchLabelKeys and mismatchLabelKeys add to it for this very pod.
LabelSelector merged(LabelSelector selector, const Labels& own, const std::vector<std::string>& match,
                     const std::vector<std::string>& mismatch) {
  const auto add = [&](const std::vector<std::string>& keys, SelectorOperator op) {
    for (const std::string& key : keys)
      if (const std::string* value = own.find(key); value != nullptr)
        selector.requirements.push_back({key, op, {*value}});
  };
  add(match, SelectorOperator::In);
  add(mismatch, SelectorOperator::NotIn);
  std::ranges::sort(selector.requirements);
  const auto again = std::ranges::unique(selector.requirements);
  selector.requirements.erase(again.begin(), again.end());
  return selector;
}

}  // namespace

Topology::Topology(const Problem& problem) : problem_(problem), rules_(problem.shapes.size()) {
  host_key_ = key_of(std::string(kHostnameLabel));
  eligibilities_.emplace_back();
  index_labels();
  // What can't be understood is never placed, and its rules are nobody's.
  for (ShapeId shape = 0; shape < problem.shapes.size(); ++shape)
    if (problem.shapes[shape].refused.empty()) compile(shape);
  compile_counted();
}

Topology::MatcherId Topology::matcher_for(const std::vector<NamespaceName>& namespaces, const LabelSelector& selector) {
  const auto [at, added] = matcher_ids_.try_emplace({namespaces, selector}, static_cast<MatcherId>(matchers_.size()));
  if (!added) return at->second;
  Matcher matcher;
  for (const ShapeId id : possible_matches(selector)) {
    const Shape& shape = problem_.shapes[id];
    if (std::ranges::binary_search(namespaces, shape.ns) && selector.matches(*shape.labels)) matcher.push_back(id);
  }
  matchers_.push_back(std::move(matcher));
  return at->second;
}

void Topology::index_labels() {
  for (ShapeId id = 0; id < problem_.shapes.size(); ++id) {
    all_shapes_.push_back(id);
    for (const auto& [key, value] : *problem_.shapes[id].labels) by_label_[{key, value}].push_back(id);
  }
}

/// Those with a label that the selector asks for with one value; all, where it asks for none so.
const std::vector<ShapeId>& Topology::possible_matches(const LabelSelector& selector) const {
  static const std::vector<ShapeId> none;
  for (const SelectorRequirement& each : selector.requirements) {
    if (each.op != SelectorOperator::In || each.values.size() != 1) continue;
    const auto found = by_label_.find({each.key, each.values.front()});
    return found == by_label_.end() ? none : found->second;
  }
  return all_shapes_;
}

Topology::MatcherId Topology::matcher_of_all(const std::vector<MatcherId>& terms) {
  if (terms.size() == 1) return terms.front();
  const auto [at, added] = combined_ids_.try_emplace(terms, static_cast<MatcherId>(matchers_.size()));
  if (!added) return at->second;
  Matcher matcher = matchers_[terms.front()];
  for (const MatcherId each : terms) std::erase_if(matcher, [&](ShapeId shape) { return !matches(each, shape); });
  matchers_.push_back(std::move(matcher));
  return at->second;
}

/// None: a term without a selector, which matches no pod.
std::optional<Topology::MatcherId> Topology::matcher_of(const PodAffinityTerm& term, const Shape& owner) {
  if (!term.selector) return std::nullopt;
  std::vector<NamespaceName> namespaces = term.namespaces;
  if (term.namespace_selector) {
    for (const auto& [name, labels] : problem_.namespaces)
      if (term.namespace_selector->matches(labels)) namespaces.push_back(name);
  } else if (namespaces.empty()) {
    namespaces.push_back(owner.ns);
  }
  std::ranges::sort(namespaces);
  const auto again = std::ranges::unique(namespaces);
  namespaces.erase(again.begin(), again.end());
  return matcher_for(namespaces,
                     merged(*term.selector, *owner.labels, term.match_label_keys, term.mismatch_label_keys));
}

std::uint32_t Topology::eligibility_of(const TopologySpread& spread, const Shape& shape,
                                       const std::vector<KeyId>& keys) {
  const PodTemplate& spec = *shape.spec;
  const bool picky = spread.honor_node_affinity && (!spec.node_selector.empty() || spec.affinity.has_node_required);
  const auto [at, added] = eligibility_ids_.try_emplace(
      {picky ? spec.node_selector : Labels(), picky && spec.affinity.has_node_required,
       picky ? spec.affinity.node_required : std::vector<NodeSelectorTerm>(), spread.honor_node_taints,
       spread.honor_node_taints ? spec.tolerations : std::vector<Toleration>(), keys},
      static_cast<std::uint32_t>(eligibilities_.size()));
  if (added) {
    Eligibility eligibility;
    if (picky) eligibility.spec = &spec;
    if (spread.honor_node_taints) eligibility.tolerations = &spec.tolerations;
    eligibility.keys = keys;
    eligibilities_.push_back(std::move(eligibility));
  }
  return at->second;
}

Topology::CounterId Topology::counter_for(KeyId key, MatcherId matcher, bool owners,
                                          std::optional<std::uint32_t> eligibility) {
  const CounterKey id{key, matcher, owners, eligibility.value_or(kEveryNode)};
  const auto [at, added] = counter_ids_.try_emplace(id, static_cast<CounterId>(counters_.size()));
  if (added) {
    Counter counter;
    counter.key = key;
    counter.spread = eligibility.has_value();
    counter.eligibility = eligibility.value_or(kEveryNode);
    counters_.push_back(std::move(counter));
    owners_.emplace_back();
  }
  return at->second;
}

void Topology::compile_spreads(ShapeId id) {
  const Shape& shape = problem_.shapes[id];
  std::vector<KeyId> keys;
  for (const TopologySpread& spread : shape.spec->spread)
    if (spread.hard) keys.push_back(key_of(spread.topology_key));
  std::ranges::sort(keys);
  for (const TopologySpread& spread : shape.spec->spread) {
    if (!spread.hard) continue;
    Spread rule;
    rule.key = key_of(spread.topology_key);
    rule.max_skew = spread.max_skew;
    rule.min_domains = spread.min_domains.value_or(1);
    std::optional<LabelSelector> selector = spread.selector;
    if (selector) selector = merged(*selector, *shape.labels, spread.match_label_keys, {});
    rule.trivial = !selector || selector->requirements.empty();
    if (!rule.trivial) {
      const MatcherId matcher = matcher_for({shape.ns}, *selector);
      rule.self = matches(matcher, id) ? 1 : 0;
      rule.counter = counter_for(rule.key, matcher, false, eligibility_of(spread, shape, keys));
    }
    rules_[id].spreads.push_back(rule);
  }
}

void Topology::compile_affinity(ShapeId id) {
  const Shape& shape = problem_.shapes[id];
  const auto& terms = shape.spec->affinity.pod_required;
  if (terms.empty()) return;
  std::vector<MatcherId> matchers;
  for (const PodAffinityTerm& term : terms) {
    const auto matcher = matcher_of(term, shape);
    matchers.push_back(matcher ? *matcher : matcher_for({}, {}));
  }
  const MatcherId all = matcher_of_all(matchers);
  for (const PodAffinityTerm& term : terms)
    rules_[id].affinity.push_back(counter_for(key_of(term.topology_key), all, false, std::nullopt));
  rules_[id].affinity_self = matches(all, id);
}

void Topology::compile_anti(ShapeId id) {
  const Shape& shape = problem_.shapes[id];
  for (const PodAffinityTerm& term : shape.spec->affinity.anti_required) {
    const auto matcher = matcher_of(term, shape);
    if (!matcher) continue;
    const KeyId key = key_of(term.topology_key);
    rules_[id].anti.push_back(counter_for(key, *matcher, false, std::nullopt));
    owners_[counter_for(key, *matcher, true, std::nullopt)].push_back(id);
  }
}

void Topology::compile(ShapeId shape) {
  compile_spreads(shape);
  compile_affinity(shape);
  compile_anti(shape);
  if (rules_[shape].affinity.empty()) return;
  for (const Spread& spread : rules_[shape].spreads)
    if (!spread.trivial) counters_[spread.counter].awaits = true;
}

/// Which counters count a shape's pods, and which owners of anti-affinity it has to look out for.
void Topology::compile_counted() {
  for (const auto& [id, counter] : counter_ids_) {
    if (id.owners) {
      for (const ShapeId owner : owners_[counter]) {
        auto& counted = rules_[owner].counted;
        if (std::ranges::find(counted, counter) == counted.end()) counted.push_back(counter);
      }
    }
    for (const ShapeId shape : matchers_[id.matcher])
      (id.owners ? rules_[shape].repelled : rules_[shape].counted).push_back(counter);
  }
  for (Rules& rules : rules_) {
    const auto note = [&](KeyId key) { rules.above_hosts = rules.above_hosts || key != host_key_; };
    for (const Spread& spread : rules.spreads) note(spread.key);
    for (const auto* list : {&rules.affinity, &rules.anti, &rules.repelled, &rules.counted})
      for (const CounterId counter : *list) note(counters_[counter].key);
  }
}

}  // namespace spotkeeper::plan
