// The subcommands: one function each, in a file of its own (agent_command.cc, …), and the table that names them.
#pragma once

#include <cstdio>
#include <span>
#include <string_view>

#include "cli/options.h"

namespace spotkeeper::cli {

/// Exit codes, the same for every command.
enum ExitCode : int {
  kDone = 0,
  kFound = 1,     // found what it looks for, or failed
  kBadUsage = 2,  // wrong flags, wrong configuration, wrong input files
};

/// Data goes to `out`; logs, progress and errors to `err`.
struct Streams {
  std::FILE* out;
  std::FILE* err;
};

int run_agent(const Options& options, Streams streams);
int run_simulate(const Options& options, Streams streams);
int run_plan(const Options& options, Streams streams);
int run_catalog(const Options& options, Streams streams);
int run_migrate(const Options& options, Streams streams);
int run_version(const Options& options, Streams streams);
int run_completion(const Options& options, Streams streams);
int run_docs(const Options& options, Streams streams);

/// "0.1.0".
[[nodiscard]] std::string_view version_text();

struct Example {
  std::string_view line;  // as typed
  std::string_view what;
};

struct CommandInfo {
  Command id;
  std::string_view name;
  std::string_view summary;      // one line, for the list of commands
  std::string_view description;  // paragraphs, separated by empty lines
  std::span<const Example> examples;
  int (*run)(const Options&, Streams);
};

/// Every command, in the order in which help lists them.
[[nodiscard]] std::span<const CommandInfo> command_table();
[[nodiscard]] const CommandInfo& info_of(Command command);

}  // namespace spotkeeper::cli
