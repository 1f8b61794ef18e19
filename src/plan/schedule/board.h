// The nodes of a plan in the making, with what is on each: every hard rule is asked here before a pod is placed.
//
// Holds the nodes that are there and those that would be bought. Answers are exact at every moment (kube-scheduler's
// filters), so what was placed one after the other could be scheduled one after the other.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "plan/schedule/problem.h"
#include "plan/schedule/refusal.h"
#include "plan/schedule/topology.h"

namespace spotkeeper::plan {

using NodeId = std::uint32_t;

/// Amounts by resource, in the order of ResourceNames. CPU in thousandths, memory in bytes, pods, then the others.
using Amounts = std::vector<std::int64_t>;

/// Of everything that is wanted there is enough; what is not wanted may be lacking.
[[nodiscard]] bool fits(const Amounts& wanted, const Amounts& room);

/// Every resource that some pod or node names.
class ResourceNames {
 public:
  static constexpr std::size_t kCpu = 0;
  static constexpr std::size_t kMemory = 1;
  static constexpr std::size_t kPods = 2;

  explicit ResourceNames(const Problem& problem);
  [[nodiscard]] std::size_t size() const { return others_.size() + 3; }
  /// With one pod.
  [[nodiscard]] Amounts amounts_of(const Resources& requests) const;
  /// A resource that nobody requests is left out.
  [[nodiscard]] Amounts amounts_of(const Resources& allocatable, std::int64_t pods) const;
  /// For people: "1.5 CPU", "3 GiB of memory", "2 of nvidia.com/gpu".
  [[nodiscard]] std::string text_of(std::size_t resource, std::int64_t amount) const;

 private:
  std::vector<std::string> others_;  // sorted
};

/// What a node is by itself.
struct NodeFacts {
  std::string name;                      // empty: of a machine that has not been bought
  std::shared_ptr<const Labels> labels;  // never null
  std::vector<Taint> taints;
  bool cordoned = false;
  Amounts allocatable;
  std::vector<std::pair<std::string, std::int64_t>> attach_limits;  // by driver
};

/// What one machine can give of volumes where nobody says it: AWS's EBS driver on Nitro, whose 28 slots are shared with
/// network interfaces.
inline constexpr std::int64_t kVolumesOfNewNode = 24;

class Board {
 public:
  /// With the nodes that are there and their pods. `problem` outlives this object.
  explicit Board(const Problem& problem);

  [[nodiscard]] const Problem& problem() const { return problem_; }
  [[nodiscard]] const ResourceNames& resources() const { return names_; }
  [[nodiscard]] const Amounts& requests_of(ShapeId shape) const { return requests_[shape]; }
  [[nodiscard]] Topology& topology() { return topology_; }
  [[nodiscard]] const Topology& topology() const { return topology_; }

  [[nodiscard]] std::size_t nodes() const { return nodes_.size(); }
  [[nodiscard]] const NodeFacts& facts_of(NodeId node) const { return nodes_[node].facts; }
  [[nodiscard]] const DomainsOfNode& domains_of(NodeId node) const { return nodes_[node].domains; }
  [[nodiscard]] std::int64_t free(NodeId node, std::size_t resource) const { return nodes_[node].free[resource]; }

  /// Adds a bought machine with the pods of the DaemonSets that run on it.
  NodeId open(NodeFacts facts, DomainsOfNode domains);
  /// There will be so many nodes.
  void reserve(std::size_t nodes) { nodes_.reserve(nodes); }
  /// A bought machine without pods but its DaemonSets' is not bought after all. Its NodeId takes no pod any more.
  void close(NodeId node);
  /// Its DaemonSets' pods, which every such node has: those that its labels, taints and size let run there.
  [[nodiscard]] std::vector<ShapeId> daemons_of(const NodeFacts& facts) const;

  /// Rules that hold whatever else is on the node.
  [[nodiscard]] Refusal suits(ShapeId shape, const NodeFacts& facts) const;
  /// All rules.
  [[nodiscard]] Refusal allows(ShapeId shape, NodeId node, Scope scope = Scope::All) const;
  /// All rules but those of `suits`.
  [[nodiscard]] Refusal allows_suited(ShapeId shape, NodeId node, Scope scope = Scope::All) const;
  /// The same, of a machine that has nothing on it but its DaemonSets' pods.
  [[nodiscard]] Refusal allows_on_fresh(ShapeId shape, const NodeFacts& facts, const DomainsOfNode& domains) const;

  void place(ShapeId shape, NodeId node, bool terminating = false, Scope scope = Scope::All);
  void remove(ShapeId shape, NodeId node, Scope scope = Scope::All);

  /// A node that was there, is lost with all that was on it; those behind it move up by one. Before anything is placed
  /// or bought. The caller takes it from problem().nodes next, and then calls nodes_have_moved.
  void lose(NodeId node);
  void nodes_have_moved();

 private:
  struct Seat {
    NodeFacts facts;
    DomainsOfNode domains;
    Amounts free;
    std::vector<HostPort> ports;
    std::map<std::string, std::int64_t> attached;                                   // own volumes, by driver
    std::map<std::pair<std::string, std::string>, std::int64_t> attached_together;  // shared ones: how many pods
    std::vector<ShapeId> awaited;                                                   // its DaemonSets' missing pods
  };
  void take(ShapeId shape, NodeId node);
  void add_existing();
  void reserve_daemons(NodeId node, const std::set<WorkloadRef>& there);
  [[nodiscard]] Refusal refuses_amounts(ShapeId shape, const Amounts& free) const;
  [[nodiscard]] bool attaches(const VolumeNeeds& volumes, const Seat& seat) const;
  [[nodiscard]] bool in_use(const VolumeNeeds& volumes) const;

  const Problem& problem_;
  ResourceNames names_;
  Topology topology_;
  std::vector<Amounts> requests_;  // by shape
  std::vector<char> names_arch_;   // by shape: its constraints say an architecture
  std::vector<Seat> nodes_;
  std::map<std::string, std::int64_t> exclusive_;  // claims in use
};

}  // namespace spotkeeper::plan
