// What a live cluster shows, read with GET requests alone.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cli/options.h"
#include "format/json.h"
#include "kube/resource.h"

namespace spotkeeper::cli {

inline constexpr kube::Resource kDeployments{"apps", "v1", "deployments", "Deployment", true};
inline constexpr kube::Resource kStatefulSets{"apps", "v1", "statefulsets", "StatefulSet", true};
inline constexpr kube::Resource kDaemonSets{"apps", "v1", "daemonsets", "DaemonSet", true};
inline constexpr kube::Resource kJobs{"batch", "v1", "jobs", "Job", true};
inline constexpr kube::Resource kPriorityClasses{"scheduling.k8s.io", "v1", "priorityclasses", "PriorityClass", false};

/// A kind that is listed; and, where the answer can be given without it, what could be otherwise then.
struct WantedList {
  kube::Resource resource;
  std::string_view without = {};
};

struct ListedPage {
  std::string name;  // for errors: "the cluster's nodes"
  format::JsonValue document;
};

struct ClusterLists {
  std::vector<ListedPage> pages;
  std::vector<std::string> unread;  // whole sentences: which kinds this user may not read, or the cluster has not
};

/// `program`: how it calls itself to the API server.
Result<ClusterLists> list_cluster(const KubernetesOptions& kubernetes, std::span<const WantedList> wanted,
                                  std::string_view program);

}  // namespace spotkeeper::cli
