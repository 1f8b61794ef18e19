// Marking a Node and taking the mark back: what we set is ours, what stood there before is not.
#include <algorithm>
#include <map>
#include <string>

#include "plan/interruption/interruption.h"

namespace spotkeeper::plan {
namespace {

/// The one of that key and effect, whatever its value.
auto find_taint(const std::vector<Taint>& taints, const Taint& like) {
  return std::ranges::find_if(taints,
                              [&](const Taint& taint) { return taint.key == like.key && taint.effect == like.effect; });
}

/// As much of it as a label's value may hold.
std::string label_value(std::string_view text) {
  const auto alphanumeric = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  };
  std::string value(text.substr(0, 63));
  for (char& c : value)
    if (!alphanumeric(c) && c != '_' && c != '.') c = '-';
  while (!value.empty() && !alphanumeric(value.back())) value.pop_back();
  while (!value.empty() && !alphanumeric(value.front())) value.erase(0, 1);
  return value;
}

/// The taint of a node that is marked because of it.
Taint taint_of(const Interruption& what, const MarkPolicy& policy) {
  const auto own = policy.taint_keys.find(what.source);
  if (own == policy.taint_keys.end())
    return {policy.taint_key, std::string(name_of(what.kind)), policy.taint_effect, std::nullopt};
  return {own->second, label_value(what.id), policy.taint_effect, std::nullopt};
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

/// The labels that a Maintenance has while it stands; of anything else none.
std::map<std::string, std::string> labels_of(const Interruption& what, const MarkPolicy& policy) {
  if (!policy.maintenance_labels || what.kind != InterruptionKind::Maintenance) return {};
  const auto& labels = *policy.maintenance_labels;
  const auto noticed = std::chrono::floor<std::chrono::seconds>(what.noticed.time_since_epoch());
  return {{labels.id_key, label_value(what.id)},
          {labels.time_key, std::to_string(noticed.count())},
          {labels.action_key, labels.action}};
}

bool has_label(const Node& node, const std::string& key, const std::string& value) {
  const std::string* const present = node.labels.find(key);
  return present != nullptr && *present == value;
}

/// What stands there already is somebody else's, or ours.
void set_labels(const Node& node, const std::optional<NodeMark>& present, const MarkPolicy& policy, Marking& marking) {
  const auto wanted = labels_of(marking.mark.interruption, policy);
  if (present)
    for (const auto& [key, value] : labels_of(present->interruption, policy))
      if (!wanted.contains(key) && has_label(node, key, value)) marking.change.labels[key] = std::nullopt;
  for (const auto& [key, value] : wanted)
    if (!node.labels.contains(key)) marking.change.labels[key] = value;
}

void set_taint(const Node& node, const std::optional<NodeMark>& present, const MarkPolicy& policy, Marking& marking) {
  if (!policy.taint) return;
  const Taint wanted = taint_of(marking.mark.interruption, policy);
  std::vector<Taint> taints = node.taints;
  if (present && present->tainted) {  // another source's notice may have another key
    const Taint before = taint_of(present->interruption, policy);
    if (before.key != wanted.key) std::erase(taints, before);
  }
  const auto at = taints.begin() + (find_taint(taints, wanted) - taints.cbegin());
  if (at == taints.end()) {
    taints.push_back(wanted);
  } else if (marking.mark.tainted && at->value != wanted.value) {
    at->value = wanted.value;
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
  set_taint(node, present, policy, marking);
  set_labels(node, present, policy, marking);
  const bool kill = marking.mark.interruption.kind == InterruptionKind::Kill;
  if ((kill || policy.cordon_always) && !node.unschedulable) {
    marking.change.unschedulable = true;
    marking.mark.cordoned = true;
  }
  const bool leaves = leaves_load_balancers(marking.mark.interruption.kind, policy);
  if (leaves && may_exclude && !node.labels.contains(kExcludeLabel)) {
    marking.change.labels[std::string(kExcludeLabel)] = policy.exclude_value;
    marking.mark.excluded = true;
  }
  return marking;
}

NodeChange unmark_node(const Node& node, const NodeMark& mark, const MarkPolicy& policy) {
  NodeChange change;
  change.node = node.name;
  const Taint ours = taint_of(mark.interruption, policy);
  const auto at = find_taint(node.taints, ours);
  if (mark.tainted && at != node.taints.end() && at->value == ours.value) {
    std::vector<Taint> taints = node.taints;
    taints.erase(taints.begin() + (at - node.taints.begin()));
    change.taints = std::move(taints);
    change.version = node.version;
  }
  if (mark.cordoned && node.unschedulable) change.unschedulable = false;
  const auto* excluded = node.labels.find(kExcludeLabel);
  if (mark.excluded && excluded != nullptr && *excluded == policy.exclude_value)
    change.labels[std::string(kExcludeLabel)] = std::nullopt;
  for (const auto& [key, value] : labels_of(mark.interruption, policy))
    if (has_label(node, key, value)) change.labels[key] = std::nullopt;
  return change;
}

}  // namespace spotkeeper::plan
