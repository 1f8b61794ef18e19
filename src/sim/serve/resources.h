// The kinds of Kubernetes objects that the served world answers for, and the discovery documents that name them.
//
// Enough for our own client and for what people type every day: kubectl get, describe, cordon, drain, delete, scale.
// Shapes: meta.k8s.io/v1 APIResourceList, APIGroupList, APIVersions.
#pragma once

#include <optional>
#include <string_view>

#include <boost/json/value.hpp>

namespace spotkeeper::sim::serve {

/// One served resource. All texts are constants.
struct Resource {
  std::string_view group;    // "" for the core group
  std::string_view version;  // "v1"
  std::string_view plural;   // "pods", as in the path
  std::string_view singular;
  std::string_view kind;  // "Pod"
  bool namespaced = true;
  std::string_view short_name;  // "po", or empty
  std::string_view verbs;       // separated by spaces, as in RBAC

  /// "v1" or "apps/v1".
  [[nodiscard]] std::string_view api_version() const;
};

/// A path below /api or /apis, taken apart.
struct ResourcePath {
  const Resource* resource = nullptr;  // never null in a parsed path
  std::string_view ns;                 // empty: all namespaces, or a resource without one
  std::string_view name;               // empty: the collection
  std::string_view subresource;        // "eviction", "scale", "status", or empty
};

/// What a path such as /apis/apps/v1/namespaces/shop/deployments/web/scale names; none where nothing is served there.
/// The result points into `path` (which has no query).
[[nodiscard]] std::optional<ResourcePath> parse_resource_path(std::string_view path);

/// The discovery document of `path` ("/api", "/apis", "/api/v1", "/apis/apps/v1", "/apis/apps", "/version"); none where
/// there is no such document.
[[nodiscard]] std::optional<boost::json::value> discovery_document(std::string_view path);

}  // namespace spotkeeper::sim::serve
