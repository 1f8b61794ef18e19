// Objects of the simulated store as the wire shows them: JSON, and protobuf where the real API server has it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "format/json.h"
#include "sim/objects.h"
#include "sim/serve/resources.h"
#include "sim/serve/watch_session.h"

namespace spotkeeper::sim::serve {

/// The object as that resource shows it (an event differs between "" and events.k8s.io), with kind and apiVersion.
/// `version` replaces its own resourceVersion where given.
[[nodiscard]] format::JsonValue to_json(const Object& object, const Resource& resource,
                                        std::optional<std::uint64_t> version = {});

/// The object in its protobuf envelope; none for kinds whose protobuf is not written here.
[[nodiscard]] std::optional<std::string> to_protobuf(const Object& object, std::optional<std::uint64_t> version = {});
[[nodiscard]] bool has_protobuf(Kind kind);

/// autoscaling/v1 Scale of a Deployment.
[[nodiscard]] format::JsonValue scale_json(const WorkloadObject& workload);

/// metav1.Status of an error.
struct StatusDetails {
  int code = 500;
  std::string reason;
  std::string message;
  std::string cause;
  std::string cause_message;
  std::optional<std::chrono::seconds> retry_after;
};
[[nodiscard]] format::JsonValue status_json(const StatusDetails& details);

enum class Encoding { Json, Protobuf, Table };
/// What the client would like best of what is served for that kind, from its Accept header.
[[nodiscard]] Encoding negotiate(std::string_view accept, Kind kind);
/// Content-Type of an answer, or of a watch.
[[nodiscard]] std::string_view content_type(Encoding encoding, bool watch);

/// A list of objects in that encoding.
struct ListPage {
  std::uint64_t version = 0;
  std::string continue_token;  // empty: the last page
  std::uint64_t remaining = 0;
};
[[nodiscard]] std::string write_list(Encoding encoding, const Resource& resource, std::span<const ObjectRef> objects,
                                     const ListPage& page, Instant now);

[[nodiscard]] std::unique_ptr<EventWriter> make_event_writer(Encoding encoding, const Resource& resource,
                                                             std::function<Instant()> now);

/// The kind of the store that a resource shows.
[[nodiscard]] Kind kind_of(const Resource& resource);

}  // namespace spotkeeper::sim::serve
