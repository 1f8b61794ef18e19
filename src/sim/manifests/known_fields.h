// Which fields the objects of Kubernetes have that we read from, so that a misspelt one is an error and does not make
// another world of somebody's manifests: what `kubectl --validate=strict` asks of the API server.
//
// The names are those of Kubernetes 1.34. Objects that were read from a live API server need not be looked at: it has
// left out what it does not know, and may know more than this.
#pragma once

#include <string_view>

#include "base/result.h"
#include "format/json.h"

namespace spotkeeper::sim {

/// A row a type: "Probe= exec:ExecAction … periodSeconds". Behind a field's name and a colon stands the type of the
/// object, or of the objects in the list, that it holds; where none does, anything may be in it (scalars, maps of
/// somebody's own names, the status).
extern const std::string_view kKnownFields;

/// An error about the first field of `object`, or of what is in it, that `type` has not: "/spec/replicaz: unknown field
/// 'replicaz'; did you mean 'replicas'?". A type without a row has every field. Values of a wrong kind are not looked
/// at: reading them says so.
Result<void> only_known_fields(const format::JsonField& object, std::string_view type);

}  // namespace spotkeeper::sim
