// The machines that could be bought: NodePool × instance type × zone × capacity type, with what their nodes would be.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "plan/schedule/board.h"
#include "plan/schedule/problem.h"

namespace spotkeeper::plan {

struct Candidate {
  std::uint32_t pool = 0;
  std::uint32_t offering = 0;
  std::uint32_t variant = 0;  // of the labels that the pool leaves open
  NodeFacts facts;
  DomainsOfNode domains;
  Amounts room;  // for pods, beside its DaemonSets'
  Money price;
};

/// A label under karpenter.k8s.aws/ whose value follows from the instance type and is known.
[[nodiscard]] bool is_known_type_label(std::string_view key);

/// What the node of such a machine carries of labels by its type, zone and capacity type alone.
[[nodiscard]] Labels machine_labels(const InstanceType& type, std::string_view zone, CapacityType capacity);

/// By price, then pool (weight, then name), then offering. A label that a NodePool leaves open (In with several values,
/// Exists) makes a candidate for each value that some pod names, or for one where none does. `known`: those of a
/// problem that differs in its pods alone, whose labels are shared where they are the same; or none.
[[nodiscard]] std::vector<Candidate> candidates_of(Board& board, std::span<const Candidate> known = {});

}  // namespace spotkeeper::plan
