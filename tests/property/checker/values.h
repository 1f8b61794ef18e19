// What the referee of placements knows of a cluster, as plain values that are read from the documents a user gives.
//
// The referee restates the rules of kube-scheduler 1.34 (its filter plugins) and of Karpenter's NodePools for itself:
// it shares no code with what it judges, does everything the slow and obvious way, and takes nothing from the planner
// but its printed answer.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace spotkeeper::checker {

using Labels = std::map<std::string, std::string>;
/// By resource: CPU in thousandths of a core, everything else in whole units, both rounded up.
using Amounts = std::map<std::string, std::int64_t>;

struct Expression {
  std::string key;
  std::string op;  // In, NotIn, Exists, DoesNotExist; on nodes also Gt, Lt; in NodePools also Gte, Lte
  std::vector<std::string> values;
  std::int64_t min_values = 0;  // NodePools only
  auto operator<=>(const Expression&) const = default;
};
/// All expressions must hold; with none it matches everything. Absent altogether it matches nothing.
using Selector = std::optional<std::vector<Expression>>;

struct Taint {
  std::string key, value, effect;
};
struct Toleration {
  std::string key, op, value, effect;
  auto operator<=>(const Toleration&) const = default;
};
struct HostPort {
  std::string ip, protocol;
  std::int64_t port = 0;
};
struct NodeTerm {
  std::vector<Expression> labels, fields;
  auto operator<=>(const NodeTerm&) const = default;
};
struct Spread {
  std::int64_t max_skew = 0;
  std::int64_t min_domains = 1;
  std::string key;
  Selector selector;  // what matchLabelKeys add is in it
  bool honor_affinity = true;
  bool honor_taints = false;
  auto operator<=>(const Spread&) const = default;
};
struct PodTerm {
  std::string key;
  Selector selector;  // what matchLabelKeys and mismatchLabelKeys add is in it
  std::set<std::string> namespaces;
  Selector namespace_selector;
  auto operator<=>(const PodTerm&) const = default;
};

struct Pod {
  std::string name;  // namespace/name
  std::string space;
  std::string owner;  // "namespace/Deployment/web"; empty where nobody makes it anew
  Labels labels;
  Amounts requests;
  Labels node_selector;
  std::optional<std::vector<NodeTerm>> node_terms;  // required node affinity
  std::vector<Toleration> tolerations;
  std::vector<HostPort> ports;
  std::vector<Spread> spreads;  // DoNotSchedule only
  std::vector<PodTerm> affinity, anti_affinity;
  std::vector<std::string> claims;  // namespace/name
  std::int64_t priority = 0;
  std::string node;  // where it runs
  bool finished = false, terminating = false, gated = false, nominated = false;
  bool daemon = false;      // of a DaemonSet, which puts one on every node that it suits
  bool names_arch = false;  // says something about kubernetes.io/arch
  bool too_slow_for_spot =
      false;  // its grace or preStop is longer than the notice, or it is a StatefulSet's with volumes
  std::vector<std::string> broken;    // what the API server would refuse: the pod must be left out
  std::vector<std::string> doubtful;  // it may be left out
};

struct Claim {
  std::string volume, storage_class, selected_node;
  bool lost = false, terminating = false, once_per_pod = false;
  std::int64_t bytes = 0;
  std::set<std::string> modes;
};
struct Volume {
  std::optional<std::vector<NodeTerm>> node_terms;
  Labels labels;
  std::string driver, handle, storage_class, claim;
  std::int64_t bytes = 0;
  std::set<std::string> modes;
  bool available = false;
};
struct StorageClass {
  std::string provisioner;
  bool waits = false;  // WaitForFirstConsumer
  std::vector<NodeTerm> allowed;
};

struct NodePool {
  std::string name;
  Labels labels;
  std::vector<Expression> requirements;
  std::vector<Taint> taints;
  std::string node_class;
  std::map<std::string, std::int64_t> limits;  // cpu in thousandths, memory in bytes, nodes
};
struct Budget {
  std::string space;
  Selector selector;
  // Both rounded up where they are percentages; one of them is there.
  std::optional<std::int64_t> max_gone, max_gone_percent, least, least_percent;
};
struct DaemonSet {
  Pod pod;
};
/// How much of a workload may be on Spot, where its annotations say so.
struct SpotShare {
  std::int64_t base = 0;       // so many of its pods are not
  std::int64_t percent = 100;  // of those beyond, at most so many are
};

struct Machine {  // an instance type
  std::string name;
  Labels labels;  // those of the type alone
  Amounts allocatable;
  Amounts capacity;
};
struct Offering {
  std::string type, zone, capacity_type;
  std::int64_t micros = 0;  // US dollars an hour, in millionths
  bool available = true;
};

/// A machine that is there, or would be.
struct Host {
  std::string name;
  Labels labels;
  std::vector<Taint> taints;
  bool unschedulable = false;
  Amounts allocatable;
  std::map<std::string, std::int64_t> attach_limits;  // by CSI driver
  std::vector<const Pod*> pods;                       // by come and leave alone
  Amounts used;                                       // by them
  const NodePool* pool = nullptr;                     // of a new one, whose labels are not those of one Node alone
  Amounts capacity;
  std::string pool_name;  // the label karpenter.sh/nodepool

  void come(const Pod& pod) {
    pods.push_back(&pod);
    for (const auto& [resource, amount] : pod.requests) used[resource] += amount;
  }
  /// If it is there.
  void leave(const Pod& pod) {
    if (std::erase(pods, &pod) == 0) return;
    for (const auto& [resource, amount] : pod.requests) used[resource] -= amount;
  }
};

struct Problem {
  std::vector<Pod> pods;  // running and pending
  std::vector<Host> hosts;
  std::vector<NodePool> pools;
  std::vector<DaemonSet> daemons;
  std::vector<Budget> budgets;
  std::map<std::string, SpotShare> spot_shares;  // by owner
  std::map<std::string, Claim> claims;
  std::map<std::string, Volume> volumes;
  std::map<std::string, StorageClass> classes;
  std::map<std::string, Labels> namespaces;
  std::map<std::string, Machine> machines;
  std::vector<Offering> offerings;
  std::string default_arch = "amd64";
};

}  // namespace spotkeeper::checker
