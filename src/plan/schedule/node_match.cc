#include "plan/schedule/node_match.h"

#include <algorithm>
#include <string>

namespace spotkeeper::plan {

bool matches(const NodeSelectorTerm& term, const Labels& labels, std::string_view name) {
  if (term.labels.empty() && term.fields.empty()) return false;
  if (!std::ranges::all_of(term.labels, [&](const auto& wanted) { return wanted.matches(labels); })) return false;
  if (term.fields.empty()) return true;
  const Labels fields{{"metadata.name", std::string(name)}};
  return std::ranges::all_of(term.fields, [&](const auto& wanted) { return wanted.matches(fields); });
}

bool matches_any(std::span<const NodeSelectorTerm> terms, const Labels& labels, std::string_view name) {
  return std::ranges::any_of(terms, [&](const auto& term) { return matches(term, labels, name); });
}

bool selects(const PodTemplate& spec, const Labels& labels, std::string_view name) {
  for (const auto& [key, value] : spec.node_selector) {
    const std::string* const present = labels.find(key);
    if (present == nullptr || *present != value) return false;
  }
  return !spec.affinity.has_node_required || matches_any(spec.affinity.node_required, labels, name);
}

const Taint* untolerated(std::span<const Toleration> tolerations, std::span<const Taint> taints) {
  const auto repels = [&](const Taint& taint) {
    return taint.effect != TaintEffect::PreferNoSchedule &&
           std::ranges::none_of(tolerations, [&](const Toleration& each) { return each.tolerates(taint); });
  };
  const auto found = std::ranges::find_if(taints, repels);
  return found == taints.end() ? nullptr : &*found;
}

bool tolerates_cordon(std::span<const Toleration> tolerations) {
  const Taint cordon{"node.kubernetes.io/unschedulable", "", TaintEffect::NoSchedule, {}};
  return untolerated(tolerations, std::span(&cordon, 1)) == nullptr;
}

bool ports_clash(std::span<const HostPort> mine, std::span<const HostPort> theirs) {
  return std::ranges::any_of(mine, [&](const HostPort& a) {
    return std::ranges::any_of(theirs, [&](const HostPort& b) {
      const bool same_address = a.ip == b.ip || a.ip.empty() || b.ip.empty();
      return same_address && a.port == b.port && a.protocol == b.protocol;
    });
  });
}

}  // namespace spotkeeper::plan
