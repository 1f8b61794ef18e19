#include "plan/provision/reasons.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "base/text.h"

namespace spotkeeper::plan {
namespace {

using Tally = std::map<Refusal, std::int64_t>;

/// "3 have too little CPU, 1 has a taint …", the most frequent first.
std::string text_of(const Tally& tally) {
  std::vector<std::pair<std::int64_t, Refusal>> sorted;
  for (const auto& [refusal, count] : tally) sorted.emplace_back(-count, refusal);
  std::ranges::sort(sorted);
  std::vector<std::string> parts;
  parts.reserve(sorted.size());
  for (const auto& [count, refusal] : sorted) parts.push_back(refused_text(-count, refusal));
  return join(parts, ", ");
}

}  // namespace

std::string refused_text(std::int64_t count, Refusal refusal) {
  const bool is_state = refusal == Refusal::Cordoned || refusal == Refusal::VolumePlace;
  const std::string_view verb = is_state ? (count == 1 ? "is" : "are") : (count == 1 ? "has" : "have");
  return fmt::format("{} {} {}", count, verb, text_of(refusal));
}

std::string reason_of(const Purchase& purchase, ShapeId shape) {
  const Problem& problem = purchase.board().problem();
  if (!problem.shapes[shape].refused.empty()) return problem.shapes[shape].refused;
  Tally nodes;
  for (NodeId node = 0; node < problem.nodes.size(); ++node) ++nodes[purchase.allows(shape, node, kAnything)];
  Tally machines;
  for (CandidateId id = 0; id < purchase.candidates().size(); ++id)
    ++machines[purchase.allows_new(shape, id, kAnything)];
  nodes.erase(Refusal::None);
  machines.erase(Refusal::None);
  std::vector<std::string> parts;
  if (std::string spread = purchase.board().topology().describe_spread(shape); !spread.empty())
    parts.push_back(std::move(spread));
  parts.push_back(nodes.empty() ? "no node is there that would take it"
                                : fmt::format("of {} nodes, {}", problem.nodes.size(), text_of(nodes)));
  if (purchase.candidates().empty()) {
    parts.emplace_back("no NodePool can buy a machine");
  } else {
    parts.push_back(
        fmt::format("of {} machines that NodePools can buy, {}", purchase.candidates().size(), text_of(machines)));
  }
  return join(parts, "; ");
}

}  // namespace spotkeeper::plan
