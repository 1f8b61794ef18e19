// What the metadata service of a machine says of it whatever happens: instance data, network, and the credentials of
// its role, which are made up.
//
// Source: Amazon EC2 User Guide, "Instance metadata categories" and "Instance identity documents".
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"
#include "sim/state.h"

namespace spotkeeper::sim {

/// The text at /latest/meta-data/`path`, without slashes at either end; nothing: there is no such entry.
[[nodiscard]] std::optional<std::string> metadata_entry(const Machine& machine, std::string_view path, Instant now);

/// /latest/dynamic/instance-identity/document.
[[nodiscard]] std::string identity_document(const Machine& machine);

}  // namespace spotkeeper::sim
