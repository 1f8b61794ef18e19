// Which pods of a dying node are moved, when at the earliest, and which are left: kubectl drain's filters restated for
// a machine that goes in any case (kubectl pkg/drain/filters.go with --force, --ignore-daemonsets and
// --delete-emptydir-data). Rules: docs/drain.md.
#pragma once

#include <optional>
#include <string>

#include "plan/drain/drain.h"

namespace spotkeeper::plan::drain {

enum class Handling {
  Ignore,  // completed: nothing is lost with it, and nothing is said about it
  Leave,   // never ended by us
  Last,    // a DaemonSet pod: when everything else has left the node, or at its last safe start
  Late,    // at its last safe start
  Early,   // as soon as budgets, pace and room allow
};

struct Verdict {
  Handling handling = Handling::Early;
  WaitReason reason = WaitReason::Never;  // of Leave, Last and Late
  std::string detail;
};

/// When the machine is gone: the notice's deadline, or what stands for it where a Kill has none. None: no such instant.
[[nodiscard]] std::optional<Deadline> end_of(const Interruption& interruption, const DrainPolicy& policy);

/// As of which instant the pod's last safe start is reckoned: the notice, or its creation if that is later.
[[nodiscard]] Instant known_since(const Pod& pod, const Interruption& interruption);

/// `node` may be null (unknown). Kinds that do not drain are the caller's business.
[[nodiscard]] Verdict judge(const Pod& pod, const Node* node, const Interruption& interruption,
                            const DrainPolicy& policy);

/// Somebody makes it anew elsewhere when it goes.
[[nodiscard]] bool has_successor(const Pod& pod);

}  // namespace spotkeeper::plan::drain
