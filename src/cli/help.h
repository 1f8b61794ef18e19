// Text about commands and options for people: --help, the reference page, and shell completion scripts. All of it comes
// from the tables in options.h and commands.h.
#pragma once

#include <string>

#include "cli/commands.h"
#include "cli/options.h"

namespace spotkeeper::cli {

/// `spotkeeper --help`.
[[nodiscard]] std::string program_help();
/// `spotkeeper COMMAND --help`.
[[nodiscard]] std::string command_help(Command command);
/// "spotkeeper simulate SCENARIO [flags]".
[[nodiscard]] std::string usage_line(const CommandInfo& command);

/// docs/configuration.md, in Markdown.
[[nodiscard]] std::string configuration_page();
/// What `source <(spotkeeper completion bash)` reads.
[[nodiscard]] std::string completion_script(Shell shell);

}  // namespace spotkeeper::cli
