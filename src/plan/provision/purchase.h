// The nodes of a plan in the making: those that are there, and those that are bought for it.
//
// Beside the scheduler's rules (schedule/board.h) it keeps those of buying: NodePool limits and minValues, a workload's
// share of one Spot pool and of one node, on-demand for what takes long to end.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "plan/provision/candidates.h"
#include "plan/provision/shares.h"
#include "plan/schedule/board.h"

namespace spotkeeper::plan {

using CandidateId = std::uint32_t;
using SpotPoolId = std::uint32_t;
/// Candidates whose nodes are one domain in every rule between pods but those over hosts.
using CellId = std::uint32_t;

/// What is given up, one after the other, before a pod is left out.
struct Leniency {
  bool node_share = false;  // a workload's share of a new node
  bool pool_share = false;  // and of a Spot pool
  bool steady = false;      // on-demand for what takes long to end
  [[nodiscard]] bool gives_up_anything() const { return node_share || pool_share || steady; }
};
inline constexpr Leniency kAnything{.node_share = true, .pool_share = true, .steady = true};

class Purchase {
 public:
  /// Later: nothing is bought, and no candidate asked about, before look_up_machines.
  enum class Machines { Now, Later };
  /// `problem` outlives this object, and so does `like`: a purchase for a problem that differs in its pods alone, of
  /// which it may use what it has looked up; or none.
  explicit Purchase(const Problem& problem, Machines machines = Machines::Now, const Purchase* like = nullptr);
  /// What can be bought; there is nothing for who finds room on the nodes that are there.
  void look_up_machines();

  [[nodiscard]] Board& board() { return board_; }
  [[nodiscard]] const Board& board() const { return board_; }
  [[nodiscard]] const Workloads& workloads() const { return workloads_; }
  [[nodiscard]] const std::vector<Candidate>& candidates() const { return candidates_; }
  /// By candidate.
  [[nodiscard]] const std::vector<CellId>& cells() const { return cells_; }
  /// By candidate: those with one number have the same room.
  [[nodiscard]] const std::vector<std::uint32_t>& rooms() const { return rooms_; }
  /// The candidate that the node is of; none of one that was there.
  [[nodiscard]] std::optional<CandidateId> bought_as(NodeId node) const;
  [[nodiscard]] const std::map<ShapeId, std::int64_t>& pods_on(NodeId node) const { return on_node_[node]; }

  /// Shapes of one class are suited by the same candidates.
  [[nodiscard]] std::uint32_t class_of(ShapeId shape) const { return class_of_[shape]; }
  /// By candidate: its labels, taints and place suit the shape; its size is not looked at.
  [[nodiscard]] const std::vector<char>& suited(ShapeId shape) const { return suited_[class_of_[shape]]; }
  /// Whether it takes long to end, so that on-demand is its place.
  [[nodiscard]] bool is_steady(ShapeId shape) const { return steady_[shape] != 0; }

  [[nodiscard]] Refusal allows(ShapeId shape, NodeId node, Leniency leniency, Scope scope = Scope::All) const;
  [[nodiscard]] Refusal allows_new(ShapeId shape, CandidateId candidate, Leniency leniency) const;
  NodeId open(CandidateId candidate);
  /// So many more nodes will be opened.
  void reserve(std::size_t more);
  /// With less than the whole scope, the rest of the rules between pods has been counted for it elsewhere.
  void place(ShapeId shape, NodeId node, Scope scope = Scope::All);
  void remove(ShapeId shape, NodeId node, Scope scope = Scope::All);
  /// A node that was there is lost, as Board::lose has it.
  void lose(NodeId node);
  void nodes_have_moved() { board_.nodes_have_moved(); }
  /// A bought machine that has no pods is not bought after all.
  void give_back(NodeId node);

  /// What the NodePool may still have of each thing that it limits, and what such a machine is of it.
  [[nodiscard]] std::vector<std::int64_t> limits_left(std::uint32_t pool) const;
  [[nodiscard]] std::vector<std::int64_t> spends(CandidateId candidate) const;
  /// None: not Spot.
  [[nodiscard]] std::optional<SpotPool> spot_pool_of(CandidateId candidate) const;
  [[nodiscard]] bool is_spot_offer(CandidateId candidate) const {
    return problem_.offerings[candidates_[candidate].offering].capacity == CapacityType::Spot;
  }
  [[nodiscard]] bool is_spot(NodeId node) const { return spot_[node].has_value(); }
  [[nodiscard]] std::int64_t in_pool(WorkloadId workload, const SpotPool& pool) const;
  [[nodiscard]] bool has_min_values(std::uint32_t pool) const;
  /// For the NodePool of these candidates, which can be launched for one node, its minValues are met.
  [[nodiscard]] bool are_enough(const std::vector<CandidateId>& candidates) const;

  /// Other candidates that would do for what is on a bought node and cost at most so much, cheapest first.
  [[nodiscard]] std::vector<CandidateId> stand_ins(NodeId node, Money most) const;

 private:
  void classify();
  void find_cells();
  void find_rooms();
  [[nodiscard]] std::optional<SpotPoolId> id_of(const std::optional<SpotPool>& pool);
  [[nodiscard]] std::int64_t in_pool(WorkloadId workload, SpotPoolId pool) const;
  void count_limits(const ExistingNode& existing, std::int64_t by);
  void count_shares(NodeId node, std::int64_t by);
  [[nodiscard]] Refusal allows_share(ShapeId shape, NodeId node, Leniency leniency) const;
  [[nodiscard]] bool within_limits(const Candidate& candidate) const;
  [[nodiscard]] std::int64_t capacity(const Candidate& candidate, const std::string& resource) const;
  [[nodiscard]] bool keeps_min_values(CandidateId candidate, const std::map<ShapeId, std::int64_t>& pods) const;
  [[nodiscard]] bool would_do(CandidateId other, CandidateId chosen, const std::map<ShapeId, std::int64_t>& pods,
                              const Amounts& used) const;
  [[nodiscard]] Amounts used_by(const std::map<ShapeId, std::int64_t>& pods) const;

  const Problem& problem_;
  const Purchase* like_;
  Board board_;
  Workloads workloads_;
  std::vector<Candidate> candidates_;
  std::vector<CellId> cells_;                             // by candidate
  std::vector<std::uint32_t> rooms_;                      // by candidate
  std::vector<std::uint32_t> class_of_;                   // by shape
  std::vector<std::vector<char>> suited_;                 // by class, then candidate
  std::vector<char> steady_;                              // by shape
  std::vector<std::optional<CandidateId>> bought_;        // by node
  std::vector<std::map<ShapeId, std::int64_t>> on_node_;  // pods placed by this plan, by node
  std::map<SpotPool, SpotPoolId> spot_ids_;
  std::vector<std::optional<SpotPoolId>> spot_;             // by node
  std::vector<std::map<std::string, std::int64_t>> spent_;  // of each pool's limits
  std::map<std::pair<WorkloadId, SpotPoolId>, std::int64_t> in_pool_;
};

}  // namespace spotkeeper::plan
