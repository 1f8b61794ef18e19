// The program from its arguments to its exit code.
#pragma once

#include <span>
#include <string>

#include "cli/commands.h"
#include "cli/settle.h"

namespace spotkeeper::cli {

/// Finds the command, settles its options, sets logging up and runs it. `arguments` without the program's name.
int run(std::span<const std::string> arguments, const kube::Environment& environment, Streams streams);

}  // namespace spotkeeper::cli
