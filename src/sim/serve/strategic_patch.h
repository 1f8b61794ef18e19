// Strategic merge patches, as the API server applies them to its own kinds.
#pragma once

#include "format/json.h"

namespace spotkeeper::sim::serve {

/// Like a JSON merge patch (RFC 7386), but lists whose elements have a merge key in Kubernetes' types (containers,
/// conditions, ownerReferences…) are merged element by element; one with "$patch": "delete" is removed. Other lists are
/// replaced. Directives about order are not heeded: they change no meaning.
void apply_strategic_patch(format::JsonValue& target, const format::JsonValue& patch);

}  // namespace spotkeeper::sim::serve
