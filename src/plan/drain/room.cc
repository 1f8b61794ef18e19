#include "plan/drain/room.h"

#include <algorithm>

#include "plan/schedule/node_match.h"

namespace spotkeeper::plan::drain {
namespace {

bool has(const Labels& labels, std::string_view key, const std::string& value) {
  const std::string* const present = labels.find(key);
  return present != nullptr && *present == value;
}

// `pod` does not want to share a host with `other`.
bool repels(const Pod& pod, const Pod& other) {
  return std::ranges::any_of(pod.spec->affinity.anti_required, [&](const PodAffinityTerm& term) {
    if (term.topology_key != kHostnameLabel || !term.selector || term.namespace_selector) return false;
    const bool here = term.namespaces.empty()
                          ? pod.name.ns == other.name.ns
                          : std::ranges::find(term.namespaces, other.name.ns) != term.namespaces.end();
    return here && term.selector->matches(*other.labels);
  });
}

bool picky(const PodTemplate& spec) { return !spec.host_ports.empty() || !spec.affinity.anti_required.empty(); }

}  // namespace

Room::Use& Room::use_of(const NodeName& node) {
  const auto [at, added] = uses_.try_emplace(node);
  if (added) {
    at->second.requested = cluster_.requested_on(node);
    at->second.pods = std::ranges::count_if(cluster_.pods_on(node), [](const Pod* pod) { return !pod->completed(); });
  }
  return at->second;
}

bool Room::fits(const Pod& pod, const Node& node) {
  const PodTemplate& spec = *pod.spec;
  if (!node.ready || node.unschedulable || node.deletion || going_.contains(node.name)) return false;
  if (untolerated(spec.tolerations, node.taints) != nullptr) return false;
  if (!selects(spec, node.labels, node.name.str())) return false;
  const Use& use = use_of(node.name);
  if (use.pods >= node.max_pods) return false;
  Resources together = use.requested;
  together += spec.requests;
  if (!together.fits(node.allocatable)) return false;
  if (!picky(spec)) return true;
  const auto stands_against = [&](const Pod* other) {
    return !other->completed() &&
           (ports_clash(spec.host_ports, other->spec->host_ports) || repels(pod, *other) || repels(*other, pod));
  };
  return std::ranges::none_of(cluster_.pods_on(node.name), stands_against) &&
         std::ranges::none_of(use.claimed, stands_against);
}

Room::Cursor& Room::find(const Pod& pod) {
  Cursor& at = cursors_.try_emplace(pod.spec.get(), cluster_.nodes().begin()).first->second;
  while (at != cluster_.nodes().end() && !fits(pod, at->second)) ++at;
  return at;
}

bool Room::exists_for(const Pod& pod) { return find(pod) != cluster_.nodes().end(); }

bool Room::may_land_beside(const NodeName& node) {
  const Node* const here = cluster_.find_node(node);
  if (here == nullptr) return false;
  const std::string zone = here->zone();
  const std::string type = here->instance_type();
  if (zone.empty() || type.empty()) return false;
  const auto [pool, added] = pools_.try_emplace({zone, type}, false);
  if (!added) return pool->second;
  pool->second = std::ranges::any_of(cluster_.nodes(), [&](const auto& entry) {
    const Node& other = entry.second;
    return other.ready && !other.unschedulable && !other.deletion && has(other.labels, kZoneLabel, zone) &&
           has(other.labels, kTypeLabel, type) && !going_.contains(other.name);
  });
  return pool->second;
}

bool Room::claim(const Pod& pod) {
  const Cursor at = find(pod);
  if (at == cluster_.nodes().end()) return false;
  Use& use = use_of(at->first);
  use.requested += pod.spec->requests;
  ++use.pods;
  use.claimed.push_back(&pod);
  return true;
}

}  // namespace spotkeeper::plan::drain
