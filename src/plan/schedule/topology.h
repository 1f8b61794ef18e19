// The rules between pods: topology spread, affinity and anti-affinity, as counts of pods by domain.
//
// A domain is one value of one node label (a zone, a host). Every rule of every shape is worked out once into the
// counters that it reads; placing a pod changes the counters that it is counted in, and costs by their number.
// Sources: kube-scheduler's PodTopologySpread and InterPodAffinity (docs/plan.md).
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "plan/schedule/problem.h"
#include "plan/schedule/refusal.h"

namespace spotkeeper::plan {

using KeyId = std::uint32_t;
using ValueId = std::uint32_t;

inline constexpr ValueId kAbsent = static_cast<ValueId>(-1);  // the node has no such label
inline constexpr ValueId kFresh = static_cast<ValueId>(-2);   // a value that no node has yet

/// What the rules have to know of a node.
struct DomainsOfNode {
  std::vector<ValueId> values;  // by key
  std::vector<bool> eligible;   // by class of eligibility: whose pods there a spread counts
};

/// Which rules are looked at: those over the hostname, those over every other label, or both.
enum class Scope { All, AboveHosts, Hosts };

class Topology {
 public:
  /// `problem` outlives this object.
  explicit Topology(const Problem& problem);

  /// For a node that has these labels. With `fresh_host` its hostname is one that no other node has; else it must be
  /// among the labels.
  [[nodiscard]] DomainsOfNode domains_of(const Labels& labels, std::span<const Taint> taints, std::string_view name,
                                         bool fresh_host);
  /// The node is there from now on: its values are domains. Turns a fresh hostname into one of its own.
  void add_node(DomainsOfNode& node);
  /// As add_node with each of these, of which none has a fresh hostname, before anything else.
  void add_nodes(std::span<const DomainsOfNode> nodes);
  /// It is there no longer; no pod is on it.
  void remove_node(const DomainsOfNode& node);

  /// A domain that does not exist yet but would, as soon as a machine is bought that pods of this shape may use: none
  /// of them is put elsewhere beyond its skew against it.
  void expect(ShapeId shape, const DomainsOfNode& node);
  /// Only nodes that are there count from now on.
  void forget_expected();

  /// A domain that the node adds, which has no pods but one of `coming`, is one against which pods that are placed
  /// could still have come, one after the other. Those that were there before are not asked.
  [[nodiscard]] bool may_open(const DomainsOfNode& node, std::span<const ShapeId> coming) const;

  /// `there`: pods on the node that have not been placed, such as its DaemonSets' before it is bought.
  [[nodiscard]] Refusal allows(ShapeId shape, const DomainsOfNode& node, Scope scope = Scope::All,
                               std::span<const ShapeId> there = {}) const;
  /// What is placed until now was there before: nobody asks whether it keeps its own rules.
  void begin();
  /// `terminating` pods count for affinity, not for spread.
  void place(ShapeId shape, const DomainsOfNode& node, bool terminating = false, Scope scope = Scope::All) {
    count(shape, node, terminating, 1, scope);
  }
  void remove(ShapeId shape, const DomainsOfNode& node, Scope scope = Scope::All, bool terminating = false) {
    count(shape, node, terminating, -1, scope);
  }

  /// No rule between pods concerns it, neither its own nor another's.
  [[nodiscard]] bool is_unbound(ShapeId shape) const {
    const Rules& rules = rules_[shape];
    return rules.spreads.empty() && rules.affinity.empty() && rules.anti.empty() && rules.repelled.empty();
  }
  [[nodiscard]] bool is_spread(ShapeId shape) const { return !rules_[shape].spreads.empty(); }
  /// For the rules of the shape, and those that count its pods, the one node is as the other.
  [[nodiscard]] bool are_alike(ShapeId shape, const DomainsOfNode& a, const DomainsOfNode& b) const;
  /// It reads rules over other labels than the hostname, or is counted by some.
  [[nodiscard]] bool is_bound_above_hosts(ShapeId shape) const { return rules_[shape].above_hosts; }

  /// A rule over hosts, for a host that nothing has been on: one more pod of the shape may come while no more than
  /// `most_before` pods are there that the counter counts.
  struct HostLimit {
    std::uint32_t counter = 0;
    std::int32_t most_before = 0;
  };
  [[nodiscard]] std::vector<HostLimit> host_limits(ShapeId shape) const;
  /// The counters over hosts that count the shape's pods.
  [[nodiscard]] std::vector<std::uint32_t> host_counters(ShapeId shape) const;
  [[nodiscard]] std::size_t counters() const { return counters_.size(); }
  /// Counters of its own anti-affinity that count it, too: in a domain of such a counter there is at most one pod of
  /// all the shapes that have it among theirs.
  [[nodiscard]] std::vector<std::uint32_t> counters_of_loner(ShapeId shape) const;
  /// The node has a value of the label that the counter is over.
  [[nodiscard]] bool has_domain(std::uint32_t counter, const DomainsOfNode& node) const {
    return node.values[counters_[counter].key] != kAbsent;
  }
  /// Some rule of the shape, or against it, counts pods of one of these.
  [[nodiscard]] bool minds(ShapeId shape, std::span<const ShapeId> others) const;
  /// Its affinity asks for pods on the same host.
  [[nodiscard]] bool wants_company(ShapeId shape) const;

  /// Of the first spread that no node can meet, whatever is on it, why; empty where there is none.
  [[nodiscard]] std::string describe_spread(ShapeId shape) const;

 private:
  using CounterId = std::uint32_t;
  using MatcherId = std::uint32_t;

  struct Counter {
    KeyId key = 0;
    std::uint32_t eligibility = 0;  // of spread: which nodes count
    bool spread = false;
    bool awaits = false;              // of spread: who reads it comes after others, by its affinity
    std::vector<std::int32_t> pods;   // by value
    std::vector<std::int32_t> nodes;  // by value, of spread: eligible nodes that have it
    std::vector<char> expected;       // by value, of spread
    std::map<std::int32_t, std::int32_t> domains_by_pods;  // of spread: how many domains have so many pods
    std::int64_t total = 0;
    std::int32_t domains = 0;
    std::vector<std::int32_t> bound;  // by value: pods that were there before anything was placed
    /// Of spread: how many placed pods read it, by value, maxSkew and whether it counts them, too.
    std::map<std::tuple<ValueId, std::int32_t, bool>, std::int32_t> kept;
  };
  struct Spread {
    CounterId counter = 0;
    KeyId key = 0;
    bool trivial = false;  // met wherever the key is: a selector that is nil or empty
    std::int32_t max_skew = 1;
    std::int32_t min_domains = 1;
    std::int32_t self = 0;
  };
  struct Rules {
    std::vector<Spread> spreads;
    std::vector<CounterId> affinity;  // one for each required term
    bool affinity_self = false;
    std::vector<CounterId> anti;      // of its own required terms
    std::vector<CounterId> repelled;  // owners of anti-affinity terms that match this shape
    std::vector<CounterId> counted;   // that count pods of this shape
    bool above_hosts = false;         // some of these are over another label than the hostname
    bool hosts = false;               // some are over the hostname
  };
  struct Eligibility {
    const PodTemplate* spec = nullptr;  // whose node selector and affinity are honoured; nullptr: nobody's
    const std::vector<Toleration>* tolerations = nullptr;
    std::vector<KeyId> keys;  // a node without one of them is no domain
  };
  using Matcher = std::vector<ShapeId>;  // those that it matches, sorted

  KeyId key_of(const std::string& key);
  ValueId value_of(KeyId key, const std::string& value);
  CounterId counter_for(KeyId key, MatcherId matcher, bool owners, std::optional<std::uint32_t> eligibility);
  MatcherId matcher_for(const std::vector<NamespaceName>& namespaces, const LabelSelector& selector);
  [[nodiscard]] bool matches(MatcherId matcher, ShapeId shape) const {
    return std::ranges::binary_search(matchers_[matcher], shape);
  }
  void index_labels();
  [[nodiscard]] const std::vector<ShapeId>& possible_matches(const LabelSelector& selector) const;
  MatcherId matcher_of_all(const std::vector<MatcherId>& terms);
  std::optional<MatcherId> matcher_of(const PodAffinityTerm& term, const Shape& owner);
  std::uint32_t eligibility_of(const TopologySpread& spread, const Shape& shape, const std::vector<KeyId>& keys);
  void compile(ShapeId shape);
  void compile_spreads(ShapeId shape);
  void compile_affinity(ShapeId shape);
  void compile_anti(ShapeId shape);
  void compile_counted();
  ValueId expected_host();
  void count(ShapeId shape, const DomainsOfNode& node, bool terminating, std::int32_t by, Scope scope);
  void grow(Counter& counter, ValueId value);
  [[nodiscard]] static bool may_have_domain(const Counter& counter, std::int32_t least);
  [[nodiscard]] bool waits(ShapeId shape, const DomainsOfNode& node) const;
  static void shift(Counter& counter, ValueId value, std::int32_t by);
  static void add_domain(Counter& counter, ValueId value);
  static void remove_domain(Counter& counter, ValueId value);
  [[nodiscard]] static std::int32_t least(const Counter& counter, std::int32_t min_domains);
  [[nodiscard]] Refusal allows_spread(const Rules& rules, const DomainsOfNode& node, Scope scope,
                                      std::span<const ShapeId> there) const;
  /// How many of these a counter counts.
  [[nodiscard]] std::int32_t counted_of(CounterId counter, std::span<const ShapeId> shapes) const;
  [[nodiscard]] bool in_scope(KeyId key, Scope scope) const {
    return scope == Scope::All || (key == host_key_) == (scope == Scope::Hosts);
  }
  [[nodiscard]] static std::int32_t pods_at(const Counter& counter, ValueId value) {
    return value < counter.pods.size() ? counter.pods[value] : 0;
  }

  const Problem& problem_;
  KeyId host_key_ = 0;
  std::optional<ValueId> expected_host_;
  std::vector<std::string> keys_;
  std::map<std::string, KeyId> key_ids_;
  std::vector<std::map<std::string, ValueId>> values_;  // by key
  std::vector<ValueId> next_value_;                     // by key
  std::vector<Counter> counters_;
  struct CounterKey {
    KeyId key;
    MatcherId matcher;
    bool owners;
    std::uint32_t eligibility;
    friend auto operator<=>(const CounterKey&, const CounterKey&) = default;
  };
  std::map<CounterKey, CounterId> counter_ids_;
  std::vector<Matcher> matchers_;
  std::vector<ShapeId> all_shapes_;
  std::map<std::pair<std::string_view, std::string_view>, std::vector<ShapeId>> by_label_;  // sorted
  std::map<std::pair<std::vector<NamespaceName>, LabelSelector>, MatcherId> matcher_ids_;
  std::map<std::vector<MatcherId>, MatcherId> combined_ids_;
  std::vector<Eligibility> eligibilities_;
  std::map<std::tuple<Labels, bool, std::vector<NodeSelectorTerm>, bool, std::vector<Toleration>, std::vector<KeyId>>,
           std::uint32_t>
      eligibility_ids_;
  std::vector<std::vector<ShapeId>> owners_;  // by counter: shapes that have the anti-affinity term
  std::vector<Rules> rules_;                  // by shape
};

}  // namespace spotkeeper::plan
