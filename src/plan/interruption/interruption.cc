#include "plan/interruption/interruption.h"

#include <algorithm>
#include <functional>
#include <map>
#include <tuple>

namespace spotkeeper::plan {

Deadline settle_deadline(Instant announced, Instant received, Duration length) {
  return Deadline{std::min(announced, received + length)};
}

namespace {

std::optional<Deadline> earlier(const std::optional<Deadline>& a, const std::optional<Deadline>& b) {
  if (!a) return b;
  if (!b) return a;
  return std::min(*a, *b);
}

// What decides which signal names the merged record: only fields that the record keeps together, so that merging is
// associative.
auto strength(const Interruption& signal) {
  return std::make_tuple(-static_cast<int>(signal.kind), static_cast<int>(signal.effect),
                         std::string_view(signal.source), std::string_view(signal.id));
}

}  // namespace

Interruption merge(const Interruption& a, const Interruption& b) {
  Interruption merged = strength(a) <= strength(b) ? a : b;
  merged.deadline = earlier(a.deadline, b.deadline);
  merged.noticed = std::min(a.noticed, b.noticed);
  merged.confidence = std::max(a.confidence, b.confidence);
  return merged;
}

std::vector<Interruption> merge_all(std::span<const Interruption> signals) {
  std::map<NodeName, Interruption> by_node;
  for (const Interruption& signal : signals) {
    const auto [place, added] = by_node.try_emplace(signal.node, signal);
    if (!added) place->second = merge(place->second, signal);
  }
  std::vector<Interruption> merged;
  merged.reserve(by_node.size());
  for (auto& [node, signal] : by_node) merged.push_back(std::move(signal));
  std::ranges::sort(merged, {}, [](const Interruption& signal) {
    return std::make_tuple(!signal.deadline, signal.deadline, std::cref(signal.node));
  });
  return merged;
}

std::string_view name_of(UndoReason reason) {
  switch (reason) {
    case UndoReason::NothingFollowed: return "nothing-followed";
    case UndoReason::Cancelled: return "cancelled";
    case UndoReason::CameBack: return "came-back";
  }
  return "unknown";
}

Undo undo_of(const NodeMark& mark, std::string_view boot_id, bool withdrawn, Duration hold, Instant now) {
  if (!boot_id.empty() && !mark.boot_id.empty() && boot_id != mark.boot_id) return {UndoReason::CameBack, std::nullopt};
  const InterruptionKind kind = mark.interruption.kind;
  const bool undoable = kind == InterruptionKind::Maybe || kind == InterruptionKind::Maintenance;
  if (undoable && withdrawn) return {UndoReason::Cancelled, std::nullopt};
  if (kind != InterruptionKind::Maybe) return {};
  const Instant over = mark.interruption.noticed + hold;
  if (now >= over) return {UndoReason::NothingFollowed, std::nullopt};
  return {std::nullopt, over};
}

}  // namespace spotkeeper::plan
