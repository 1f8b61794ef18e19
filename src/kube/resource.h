// The paths of the API.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model/names.h"

namespace spotkeeper::kube {

/// One kind of object and where its objects live.
struct Resource {
  std::string_view group;  // empty: the core group
  std::string_view version;
  std::string_view plural;
  std::string_view kind;
  bool namespaced = true;

  [[nodiscard]] std::string api_version() const;
};

inline constexpr Resource kNodes{"", "v1", "nodes", "Node", false};
inline constexpr Resource kPods{"", "v1", "pods", "Pod", true};
inline constexpr Resource kServices{"", "v1", "services", "Service", true};
inline constexpr Resource kNamespaces{"", "v1", "namespaces", "Namespace", false};
inline constexpr Resource kDisruptionBudgets{"policy", "v1", "poddisruptionbudgets", "PodDisruptionBudget", true};
inline constexpr Resource kLeases{"coordination.k8s.io", "v1", "leases", "Lease", true};
inline constexpr Resource kEvents{"events.k8s.io", "v1", "events", "Event", true};

using Query = std::vector<std::pair<std::string_view, std::string>>;

/// "/api/v1/namespaces/a/pods/b/eviction?dryRun=All". An empty namespace means all namespaces (or none, for what is not
/// namespaced), an empty name the collection. Names and values are percent-encoded, so nothing that is put in can lead
/// anywhere else.
[[nodiscard]] std::string target_of(const Resource& resource, const NamespaceName& ns, std::string_view name = {},
                                    std::string_view subresource = {}, const Query& query = {});
[[nodiscard]] std::string with_query(std::string path, const Query& query);

}  // namespace spotkeeper::kube
