// The parts of a pod that take more than copying: of codec/pod_decode.cc; a header so that each has its own file and
// test. The words of operators and effects are asked for elsewhere, too.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "kube/codec/objects.h"
#include "model/names.h"
#include "model/pod.h"
#include "model/scheduling.h"

namespace spotkeeper::kube {

enum class MissingRequests { AreZero, AreLimits };

/// What the scheduler counts for the pod (component-helpers resource/helpers.go, AggregateContainerRequests and
/// PodRequests): containers and sidecars together, or the largest moment of the init containers if that is more;
/// pod-level requests in place of that where given; and the overhead. With `status`, what the kubelet has allocated
/// counts where it is more (in-place resize).
Result<Resources> effective_requests(const wire::PodSpec& spec, const wire::PodStatus* status, MissingRequests missing);

/// Amounts as the scheduler counts them: whole units rounded up, CPU in thousandths. Names that it does not count
/// (without a domain, other than cpu, memory, ephemeral-storage, hugepages-… and attachable-volumes-…) are left out.
Result<Resources> resources_from(const wire::Quantities& amounts);

[[nodiscard]] std::optional<PreStop> longest_pre_stop(const wire::PodSpec& spec);

[[nodiscard]] PodWishes wishes_from(const wire::Map& annotations);

/// Who makes the pod anew, from its controller's reference and its labels.
[[nodiscard]] std::optional<WorkloadRef> workload_of(const wire::ObjectMeta& meta, const NamespaceName& ns);

/// Constraints whose operator or effect nobody knows match nothing; `unreadable` gets a line about each.
[[nodiscard]] Affinity affinity_from(const wire::Affinity& affinity, std::vector<std::string>& unreadable);
[[nodiscard]] std::vector<TopologySpread> spread_from(const std::vector<wire::TopologySpreadConstraint>& constraints);
[[nodiscard]] std::vector<Toleration> tolerations_from(const std::vector<wire::Toleration>& tolerations,
                                                       std::vector<std::string>& unreadable);
[[nodiscard]] std::optional<SelectorOperator> selector_operator_of(std::string_view text);
[[nodiscard]] std::optional<TaintEffect> taint_effect_of(std::string_view text);
[[nodiscard]] std::string_view text_of(TaintEffect effect);

}  // namespace spotkeeper::kube
