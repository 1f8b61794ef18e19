// Events about the objects that an agent acts on.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "kube/answers.h"
#include "kube/event_recorder.h"
#include "model/node.h"
#include "model/snapshot.h"

namespace spotkeeper::control {

[[nodiscard]] inline kube::EventNote event_on(const PodRef& pod, kube::EventNote::Type type, std::string_view reason,
                                              std::string_view action, std::string note) {
  kube::EventNote event;
  event.type = type;
  event.kind = "Pod";
  event.ns = pod.name.ns;
  event.name = pod.name.name;
  event.uid = pod.uid;
  event.reason = reason;
  event.action = action;
  event.note = std::move(note);
  return event;
}

/// `uid` may be empty: not known.
[[nodiscard]] inline kube::EventNote event_on(const NodeName& node, const Uid& uid, kube::EventNote::Type type,
                                              std::string_view reason, std::string_view action, std::string note) {
  kube::EventNote event;
  event.type = type;
  event.kind = "Node";
  event.name = node.str();
  event.uid = uid;
  event.reason = reason;
  event.action = action;
  event.note = std::move(note);
  return event;
}

}  // namespace spotkeeper::control
