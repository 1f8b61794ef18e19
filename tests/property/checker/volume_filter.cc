// Claims, volumes, zones and attach limits.
#include <algorithm>

#include "base/text.h"
#include "tests/property/checker/filters.h"
#include "tests/property/checker/selectors.h"

namespace spotkeeper::checker {
namespace {

// Zone and region labels of an old volume, several values with "__" between them.
bool zone_labels_agree(const Volume& volume, const Host& host) {
  for (const std::string key : {"topology.kubernetes.io/zone", "topology.kubernetes.io/region",
                                "failure-domain.beta.kubernetes.io/zone", "failure-domain.beta.kubernetes.io/region"}) {
    const auto wanted = volume.labels.find(key);
    const auto there = host.labels.find(key);
    if (wanted == volume.labels.end() || there == host.labels.end()) continue;
    const std::string padded = "__" + wanted->second + "__";
    if (padded.find("__" + there->second + "__") == std::string::npos) return false;
  }
  return true;
}

bool volume_reaches(const Volume& volume, const Host& host) {
  return (!volume.node_terms || matches_any(*volume.node_terms, host.name, host.labels)) &&
         zone_labels_agree(volume, host);
}

// An available volume that the claim could be bound to; each serves one claim.
bool satisfies(const Volume& volume, const std::string& of_class, const Claim& claim) {
  return volume.available && volume.storage_class == of_class && volume.bytes >= claim.bytes &&
         std::includes(volume.modes.begin(), volume.modes.end(), claim.modes.begin(), claim.modes.end());
}

bool provisionable(const StorageClass& kind, const Host& host) {
  if (kind.provisioner == "kubernetes.io/no-provisioner") return false;
  return kind.allowed.empty() || matches_any(kind.allowed, host.name, host.labels);
}

Refusal claim_refusal(const Problem& problem, const std::string& name, const Host& host, std::set<std::string>& taken) {
  const auto found = problem.claims.find(name);
  if (found == problem.claims.end()) return "claim " + name + " does not exist";
  const Claim& claim = found->second;
  if (claim.lost || claim.terminating) return "claim " + name + " is lost or being deleted";
  if (!claim.volume.empty()) {
    const auto volume = problem.volumes.find(claim.volume);
    if (volume == problem.volumes.end()) return "volume " + claim.volume + " does not exist";
    return volume_reaches(volume->second, host) ? Refusal() : "volume " + claim.volume + " can't be reached from here";
  }
  const auto kind = problem.classes.find(claim.storage_class);
  if (kind == problem.classes.end()) return "claim " + name + " has no StorageClass that exists";
  if (!kind->second.waits) return "claim " + name + " is unbound, and its class binds at once";
  if (!claim.selected_node.empty() && claim.selected_node != host.name) return "claim " + name + " goes elsewhere";
  for (const auto& [volume_name, volume] : problem.volumes) {
    if (taken.contains(volume_name) || !satisfies(volume, claim.storage_class, claim)) continue;
    if (!volume_reaches(volume, host)) continue;
    taken.insert(volume_name);
    return std::nullopt;
  }
  return provisionable(kind->second, host) ? Refusal() : "claim " + name + " can't be provisioned here";
}

// Driver and handle of what a claim attaches; no driver: nothing that is limited.
std::pair<std::string, std::string> attachment(const Problem& problem, const std::string& name) {
  const auto claim = problem.claims.find(name);
  if (claim == problem.claims.end()) return {};
  if (const auto volume = problem.volumes.find(claim->second.volume); volume != problem.volumes.end()) {
    return {volume->second.driver, volume->second.handle};
  }
  const auto kind = problem.classes.find(claim->second.storage_class);
  return {kind != problem.classes.end() ? kind->second.provisioner : "", "claim " + name};
}

Refusal attach_refusal(const State& state, const Pod& pod, const Host& host) {
  for (const auto& [driver, limit] : host.attach_limits) {
    std::set<std::string> handles;
    for (const Pod* other : host.pods) {
      for (const std::string& claim : other->claims) {
        const auto [of, handle] = attachment(*state.problem, claim);
        if (of == driver) handles.insert(handle);
      }
    }
    const std::size_t before = handles.size();
    for (const std::string& claim : pod.claims) {
      const auto [of, handle] = attachment(*state.problem, claim);
      if (of == driver) handles.insert(handle);
    }
    if (handles.size() > before && static_cast<std::int64_t>(handles.size()) > limit) {
      return "more volumes of " + driver + " than can be attached";
    }
  }
  return std::nullopt;
}

Refusal once_refusal(const State& state, const Pod& pod) {
  for (const std::string& name : pod.claims) {
    const auto claim = state.problem->claims.find(name);
    if (claim == state.problem->claims.end() || !claim->second.once_per_pod) continue;
    for (const Host& host : state.hosts) {
      for (const Pod* other : host.pods) {
        if (std::count(other->claims.begin(), other->claims.end(), name) != 0) {
          return "claim " + name + " is ReadWriteOncePod and in use by " + other->name;
        }
      }
    }
  }
  return std::nullopt;
}

}  // namespace

Refusal volume_refusal(const State& state, const Pod& pod, const Host& host) {
  if (pod.claims.empty()) return std::nullopt;
  std::set<std::string> taken;
  for (const std::string& claim : pod.claims) {
    if (auto why = claim_refusal(*state.problem, claim, host, taken)) return why;
  }
  if (auto why = once_refusal(state, pod)) return why;
  return attach_refusal(state, pod, host);
}

}  // namespace spotkeeper::checker
