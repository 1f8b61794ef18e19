// From every place where an option can be set to the one value that counts: flag, else environment, else file, else
// default.
#pragma once

#include <span>

#include "base/result.h"
#include "cli/arguments.h"
#include "cli/options.h"
#include "kube/config.h"

namespace spotkeeper::cli {

/// The options of `command`, checked. The error (InvalidInput) has one line for each thing that is wrong, each naming
/// its place ("--poll-interval", "SPOTKEEPER_POLL_INTERVAL", "FILE:LINE:COLUMN: poll-interval") and what is allowed.
///
/// An empty variable counts as none, as it does for most programs. Unknown variables are no error: Kubernetes itself
/// sets SPOTKEEPER_SERVICE_HOST and others in the pods of a namespace that has a Service named spotkeeper.
Result<Options> settle(Command command, std::span<const Given> flags, const kube::Environment& environment);

}  // namespace spotkeeper::cli
