#include "plan/drain/filters.h"

#include <algorithm>

#include "plan/drain/timing.h"
#include "plan/interruption/interruption.h"

namespace spotkeeper::plan::drain {
namespace {

bool tolerates(const Pod& pod, const Taint& taint) {
  return std::ranges::any_of(pod.spec->tolerations,
                             [&](const Toleration& toleration) { return toleration.tolerates(taint); });
}

// Neither our taint nor a cordon keeps its successor from coming back to the same machine.
bool comes_back(const Pod& pod, const Node* node) {
  if (pod.spec->tolerations.empty()) return false;
  const Taint cordon{"node.kubernetes.io/unschedulable", "", TaintEffect::NoSchedule, std::nullopt};
  const Taint mark{std::string(kTaintKey), "", TaintEffect::NoSchedule, std::nullopt};
  if (!tolerates(pod, cordon) || !tolerates(pod, mark)) return false;
  return node == nullptr || std::ranges::all_of(node->taints, [&](const Taint& taint) {
           return taint.effect == TaintEffect::PreferNoSchedule || tolerates(pod, taint);
         });
}

Verdict judge_comer_back(const Pod& pod, const Deadline& end, const Interruption& interruption,
                         const DrainPolicy& policy) {
  // One that was made after the last one's end would be ended and made again without end.
  if (pod.created > last_safe_start(pod, end, policy, interruption.noticed))
    return {Handling::Leave, WaitReason::Never,
            "it tolerates every taint and has come back to a machine that is going"};
  return {Handling::Late, WaitReason::NoSuccessor, "it tolerates every taint: its successor could come back here"};
}

/// No machine goes by itself, and nothing is gained by waiting.
Verdict judge_without_end(const Pod& pod, const Node* node, const DrainPolicy& policy) {
  // It would be ended and made again without end.
  if (comes_back(pod, node)) return {Handling::Leave, WaitReason::NoSuccessor, "its successor could come back here"};
  if (policy.keep_what_is_not_made_anew && !has_successor(pod))
    return {Handling::Leave, WaitReason::NoSuccessor, "nobody makes it anew, and no machine goes by itself"};
  return {};
}

}  // namespace

std::optional<Deadline> end_of(const Interruption& interruption, const DrainPolicy& policy) {
  if (interruption.deadline || interruption.kind != InterruptionKind::Kill) return interruption.deadline;
  return Deadline{interruption.noticed + policy.unstated_notice};
}

Instant known_since(const Pod& pod, const Interruption& interruption) {
  return std::max(interruption.noticed, pod.created);
}

bool has_successor(const Pod& pod) { return pod.owner != nullptr && pod.owner->kind != "Job"; }

Verdict judge(const Pod& pod, const Node* node, const Interruption& interruption, const DrainPolicy& policy) {
  if (policy.self && *policy.self == pod.name) return {Handling::Leave, WaitReason::Never, "this process itself"};
  if (pod.mirror) return {Handling::Leave, WaitReason::Never, "a static pod"};
  if (pod.completed()) return {Handling::Ignore, WaitReason::Never, {}};
  if (pod.terminating()) return {Handling::Leave, WaitReason::Terminating, {}};
  if (pod.is_daemon()) {
    if (!policy.evict_daemons) return {Handling::Leave, WaitReason::Never, "a DaemonSet pod"};
    return {Handling::Last, WaitReason::Order, "a DaemonSet pod goes last"};
  }
  if (pod.spec->wishes.do_not_disrupt && policy.obey_do_not_disrupt) {
    const bool retire = interruption.kind == InterruptionKind::Retire;
    return {retire ? Handling::Leave : Handling::Late, WaitReason::DoNotDisrupt, {}};
  }
  const std::optional<Deadline> end = end_of(interruption, policy);
  if (!end) return judge_without_end(pod, node, policy);
  if (pod.owner == nullptr) return {Handling::Late, WaitReason::NoSuccessor, "nobody makes it anew"};
  if (pod.owner->kind == "Job") return {Handling::Late, WaitReason::NoSuccessor, "it may reach its own end first"};
  if (comes_back(pod, node)) return judge_comer_back(pod, *end, interruption, policy);
  return {};
}

}  // namespace spotkeeper::plan::drain
