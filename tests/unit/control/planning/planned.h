// A plan made of YAML, as tests write it.
#pragma once

#include <string>
#include <string_view>

#include "control/planning/documents.h"
#include "format/json.h"

namespace spotkeeper::control::testing {

/// Three types: small.large (2 CPU, 4 GiB) 0.1, wide.xlarge (4 CPU, 8 GiB) 0.18, arm.large (2 CPU, 4 GiB, arm64) 0.05
/// an hour; the amd64 ones have Spot at half the price.
[[nodiscard]] const Catalog& small_catalog();

/// A NodePool that buys anything in zones a, b and c.
inline constexpr std::string_view kAnyPool = R"(
---
apiVersion: karpenter.sh/v1
kind: NodePool
metadata: {name: any}
spec:
  template:
    spec:
      requirements:
      - {key: topology.kubernetes.io/zone, operator: In, values: [a, b, c]}
)";

/// A document of one Deployment in namespace shop; `spec` is more of the pod's spec in flow style ("nodeSelector:
/// {…}").
[[nodiscard]] std::string deployment(std::string_view name, int replicas, std::string_view cpu,
                                     std::string_view spec = {});

/// A document of one Node in the zone, with 8 GiB and room for ten pods.
[[nodiscard]] std::string node(std::string_view name, std::string_view zone, std::string_view cpu);

[[nodiscard]] plan::Problem problem_of(const std::string& yaml, const PlanningOptions& options = {});
/// The plan's document.
[[nodiscard]] format::JsonObject planned(const std::string& yaml, const PlanningOptions& options = {});

[[nodiscard]] format::JsonObject planned_with(const std::string& yaml, const Catalog& catalog);

/// How many pods a node of the document has, new nodes first, then existing ones.
[[nodiscard]] std::vector<std::size_t> pods_by_node(const format::JsonObject& plan);
/// The values of a field of its new nodes.
[[nodiscard]] std::vector<std::string> of_nodes(const format::JsonObject& plan, std::string_view field);
/// "pod: reason".
[[nodiscard]] std::vector<std::string> unplaced(const format::JsonObject& plan);

}  // namespace spotkeeper::control::testing
