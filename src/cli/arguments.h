// The command line, taken apart but not yet understood: which command, and which text for which option.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "cli/options.h"

namespace spotkeeper::cli {

/// One option as it was given somewhere.
struct Given {
  const Option* option = nullptr;
  std::string text;
};

struct Invocation {
  std::optional<Command> command;  // none: only `spotkeeper`, or `spotkeeper --help`
  bool help = false;
  std::vector<Given> given;  // each option at most once
};

/// `arguments` without the program's name. Errors (InvalidInput) name the argument and, for a misspelt one, the nearest
/// right one. `--name value` and `--name=value` are the same; a flag takes a value only behind `=`, a list's
/// flag also as the next argument if that is such a list; `--` ends flags. `help COMMAND` is `COMMAND --help`.
Result<Invocation> parse_arguments(std::span<const std::string> arguments);

}  // namespace spotkeeper::cli
