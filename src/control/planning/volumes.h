// Claims, volumes and storage classes, and what they ask of the node of a pod that uses them.
//
// Rules: kube-scheduler's VolumeBinding, VolumeZone, NodeVolumeLimits and VolumeRestrictions (ReadWriteOncePod).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "format/json.h"
#include "plan/schedule/problem.h"

namespace spotkeeper::control {

/// A claim as a pod names it. `made_from`: the volumeClaimTemplate of a StatefulSet, from which the claim is made where
/// it does not exist yet.
struct ClaimUse {
  std::string name;
  std::optional<format::JsonField> made_from;
};

class Volumes {
 public:
  Result<void> add_claim(const format::JsonField& claim);
  Result<void> add_volume(const format::JsonField& volume);
  Result<void> add_class(const format::JsonField& storage_class);
  /// So many pods use the claim. Called for every use before the first `needs_of`.
  void count_use(const std::string& ns, const std::string& claim, std::int64_t pods);

  /// An error says which claim can't be bound on any node, and why.
  Result<plan::VolumeNeeds> needs_of(const std::string& ns, std::span<const ClaimUse> claims);

  /// The zones that volumes are bound to.
  [[nodiscard]] const std::set<std::string>& zones() const { return zones_; }

 private:
  struct Claim {
    std::string storage_class;
    bool names_class = false;  // false: the default class
    std::string volume;        // the bound one's name; empty: not bound
    std::string selected_node;
    std::string fault;  // why nothing can use it
    bool exclusive = false;
    std::int64_t bytes = 0;
    std::set<std::string> modes;
  };
  struct Volume {
    std::string driver;
    std::string handle;
    std::string storage_class;
    std::string claimed_by;  // "namespace/name"
    std::int64_t bytes = 0;
    std::set<std::string> modes;
    std::vector<std::vector<NodeSelectorTerm>> where;
    bool available = true;
  };
  struct Class {
    std::string provisioner;
    bool waits = false;  // volumeBindingMode: WaitForFirstConsumer
    std::vector<NodeSelectorTerm> where;
  };
  static Result<Claim> read_claim(const format::JsonField& claim);
  Result<void> bind(const std::string& full_name, const Claim& claim, plan::VolumeNeeds& needs);
  Result<void> bind_new(const std::string& full_name, const Claim& claim, plan::VolumeNeeds& needs);
  void attach(const std::string& full_name, const std::string& driver, const std::string& handle,
              plan::VolumeNeeds& needs);
  Volume* available_for(const std::string& full_name, const Claim& claim);
  Result<std::vector<std::vector<NodeSelectorTerm>>> places_of(const format::JsonField& volume);

  std::map<std::string, Claim> claims_;  // "namespace/name"
  std::map<std::string, Volume> volumes_;
  std::map<std::string, Class> classes_;
  std::string default_class_;
  std::map<std::string, std::int64_t> uses_;
  std::set<std::string> zones_;
};

/// Terms of a NodeSelector (nodeSelectorTerms).
Result<std::vector<NodeSelectorTerm>> node_terms(const format::JsonField& terms);

}  // namespace spotkeeper::control
