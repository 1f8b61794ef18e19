#include "control/pod_complaints.h"

#include <string>

#include "base/log.h"
#include "base/text.h"
#include "control/event_notes.h"
#include "control/hard_kills.h"

namespace spotkeeper::control {

void PodComplaints::look(const Snapshot& cluster, const NodeName& node) {
  for (const Pod* pod : cluster.pods_on(node)) {
    const auto& unreadable = pod->spec->wishes.unreadable;
    if (unreadable.empty() || !is_moved(*pod, policy_) || !told_.insert(pod->uid).second) continue;
    metrics_.on_not_understood();
    const std::string problems = join(unreadable, "; ");
    log::warn("a pod is not understood", {{"pod", pod->name.str()}, {"problem", problems}});
    cluster_.emit(event_on(pod->ref(), kube::EventNote::Type::Warning, "PodNotUnderstood", "Drain",
                           "taken as absent, because it can't be read: " + problems));
  }
}

}  // namespace spotkeeper::control
