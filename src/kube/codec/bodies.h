// What we send: bodies of PATCH, POST and DELETE, as JSON.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"
#include "kube/answers.h"
#include "model/names.h"
#include "model/node.h"

namespace spotkeeper::kube {

/// A merge patch. With a version it carries metadata.resourceVersion, which makes the server answer 409 when the Node
/// has changed since.
[[nodiscard]] std::string node_patch(const NodeChange& change);

/// policy/v1 Eviction of that pod and no other.
[[nodiscard]] std::string eviction_body(const PodRef& pod, std::optional<GracePeriod> grace, bool dry_run = false);

/// DeleteOptions. A grace of 0 would remove the object while its containers still run (and break a StatefulSet's
/// at-most-one), so the least is 1 s.
[[nodiscard]] std::string delete_body(const Uid& uid, GracePeriod grace, bool dry_run = false);

/// Who reports an event.
struct EventSource {
  std::string_view controller;  // a qualified name: "spotkeeper.dev/agent"
  std::string_view instance;    // this process: the pod's or the host's name; cut at 128 bytes
};
/// Where an event goes: the namespace of what it is about; "default" for what has none (older API servers:
/// kube-system).
[[nodiscard]] NamespaceName event_namespace(const EventNote& note);
/// events.k8s.io/v1 Event. `serial` makes its name differ from others of the same moment.
[[nodiscard]] std::string event_body(const EventNote& note, const EventSource& source, Instant now,
                                     std::uint32_t serial);

}  // namespace spotkeeper::kube
