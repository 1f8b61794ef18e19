// Pods by what rules between pods look at: a cluster has many pods and few kinds of them, so what such a rule answers
// for a kind is found once.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "tests/property/checker/values.h"

namespace spotkeeper::checker {

/// Hosts as a spread sees them: it counts what is on those that `example` says yes to (counts_for).
struct SpreadHosts {
  const Pod* example = nullptr;
  const Spread* spread = nullptr;
};
/// A spread of pods that count the same pods on the same hosts, and all count themselves or none does.
struct KindOfSpread {
  const Spread* spread = nullptr;
  std::size_t hosts = 0;  // index of SpreadHosts
  std::size_t key = 0;    // index of a key
  bool counts_self = false;
};
/// A term of anti-affinity.
struct KindOfAvoiding {
  const PodTerm* term = nullptr;
  std::size_t key = 0;
};
/// All terms of required affinity of a pod: they look for pods that all of them select.
struct KindOfSeeking {
  const std::vector<PodTerm>* terms = nullptr;
  std::vector<std::size_t> keys;  // of each
};
struct Kind {
  const Pod* example = nullptr;
  std::vector<std::size_t> spreads, avoids;  // indexes of its own rules
  std::optional<std::size_t> seeks;
  bool seeks_itself = false;
  std::vector<std::size_t> counted_by, avoided_by, sought_by;  // of whose rules, its own among them, it is the object
};

/// `problem` must outlive it, and its pods stay as they are.
class Kinds {
 public:
  explicit Kinds(const Problem& problem);

  /// Of one of the problem's pods, or a DaemonSet's.
  [[nodiscard]] const Kind& of(const Pod& pod) const { return kinds_[by_pod_.at(&pod)]; }

  /// Labels that rules between pods are over.
  [[nodiscard]] const std::vector<std::string>& keys() const { return keys_; }
  [[nodiscard]] const std::vector<SpreadHosts>& spread_hosts() const { return spread_hosts_; }
  [[nodiscard]] const std::vector<KindOfSpread>& spreads() const { return spreads_; }
  [[nodiscard]] const std::vector<KindOfAvoiding>& avoidings() const { return avoidings_; }
  [[nodiscard]] const std::vector<KindOfSeeking>& seekings() const { return seekings_; }

  /// Every rule between pods sees the one host as it sees the other.
  [[nodiscard]] bool alike(const Host& a, const Host& b) const;

 private:
  void find_objects(const Problem& problem, Kind& kind) const;

  std::vector<std::string> keys_;
  std::vector<SpreadHosts> spread_hosts_;
  std::vector<KindOfSpread> spreads_;
  std::vector<KindOfAvoiding> avoidings_;
  std::vector<KindOfSeeking> seekings_;
  std::vector<const Pod*> counting_;  // of each spread a pod that has it
  std::vector<Kind> kinds_;
  std::unordered_map<const Pod*, std::size_t> by_pod_;
};

}  // namespace spotkeeper::checker
