// Marking a Node and taking the mark back: what we set is ours, what stood there before is not.
#include <algorithm>

#include "plan/interruption/interruption.h"

namespace spotkeeper::plan {
namespace {

auto find_taint(const std::vector<Taint>& taints, std::string_view key) {
  return std::ranges::find_if(
      taints, [&](const Taint& taint) { return taint.key == key && taint.effect == TaintEffect::NoSchedule; });
}

// What the record says after this signal. Another boot has ended what was known of the last one.
NodeMark next_mark(const Node& node, const std::optional<NodeMark>& present, const Interruption& signal) {
  if (!present) return {.interruption = signal, .boot_id = node.boot_id};
  NodeMark mark = *present;
  const bool same_boot = mark.boot_id.empty() || node.boot_id.empty() || mark.boot_id == node.boot_id;
  mark.interruption = same_boot ? merge(mark.interruption, signal) : signal;
  if (!same_boot || mark.boot_id.empty()) mark.boot_id = node.boot_id;
  return mark;
}

void set_taint(const Node& node, const MarkPolicy& policy, Marking& marking) {
  const std::string value(name_of(marking.mark.interruption.kind));
  std::vector<Taint> taints = node.taints;
  const auto at = taints.begin() + (find_taint(taints, policy.taint_key) - taints.cbegin());
  if (at == taints.end()) {
    taints.push_back({policy.taint_key, value, TaintEffect::NoSchedule, std::nullopt});
  } else if (marking.mark.tainted && at->value != value) {
    at->value = value;
  } else {
    return;  // as it should be, or somebody else's
  }
  marking.mark.tainted = true;
  marking.change.taints = std::move(taints);
  marking.change.version = node.version;
}

}  // namespace

Marking mark_node(const Node& node, const std::optional<NodeMark>& present, const Interruption& signal,
                  const MarkPolicy& policy, bool may_exclude) {
  Marking marking;
  marking.change.node = node.name;
  marking.mark = next_mark(node, present, signal);
  set_taint(node, policy, marking);
  if (marking.mark.interruption.kind != InterruptionKind::Kill) return marking;
  if (!node.unschedulable) {
    marking.change.unschedulable = true;
    marking.mark.cordoned = true;
  }
  if (policy.exclude_from_load_balancers && may_exclude && !node.labels.contains(kExcludeLabel)) {
    marking.change.labels[std::string(kExcludeLabel)] = std::string(kExcludeValue);
    marking.mark.excluded = true;
  }
  return marking;
}

NodeChange unmark_node(const Node& node, const NodeMark& mark, const MarkPolicy& policy) {
  NodeChange change;
  change.node = node.name;
  const auto at = find_taint(node.taints, policy.taint_key);
  if (mark.tainted && at != node.taints.end() && at->value == name_of(mark.interruption.kind)) {
    std::vector<Taint> taints = node.taints;
    taints.erase(taints.begin() + (at - node.taints.begin()));
    change.taints = std::move(taints);
    change.version = node.version;
  }
  if (mark.cordoned && node.unschedulable) change.unschedulable = false;
  const auto* excluded = node.labels.find(kExcludeLabel);
  if (mark.excluded && excluded != nullptr && *excluded == kExcludeValue)
    change.labels[std::string(kExcludeLabel)] = std::nullopt;
  return change;
}

}  // namespace spotkeeper::plan
