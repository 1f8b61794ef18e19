#include "cli/program.h"

#include <fmt/format.h>

#include "base/log.h"
#include "cli/arguments.h"
#include "cli/help.h"
#include "cli/nth_agent.h"
#include "cli/terminal.h"

namespace spotkeeper::cli {
namespace {

int bad_usage(Streams streams, std::optional<Command> command, std::string_view problem) {
  const std::string program = command ? fmt::format("spotkeeper {}", info_of(*command).name) : "spotkeeper";
  print(streams.err, fmt::format("{}\n`{} --help` shows what can be given.\n", problem, program));
  return kBadUsage;
}

/// For the hint behind an error, where the rest of the line could not be read.
std::optional<Command> command_named_first(std::span<const std::string> arguments) {
  for (const CommandInfo& command : command_table()) {
    if (!arguments.empty() && arguments.front() == command.name) return command.id;
  }
  return std::nullopt;
}

/// Data that could not be written (a full disk) is not done, whatever the command says.
int flushed(Streams streams, int code) {
  const bool written = std::fflush(streams.out) == 0 && std::ferror(streams.out) == 0;
  if (written || code != kDone) return code;
  log::error("standard output could not be written");
  return kFound;
}

}  // namespace

int run(std::span<const std::string> arguments, const kube::Environment& environment, Streams streams) {
  if (const auto theirs = nth_arguments(arguments, environment)) {
    const Result<Options> options = settle_nth(*theirs, environment);
    if (!options) return bad_usage(streams, Command::Agent, options.error().message);
    log::configure(options->log.level, options->log.format);
    return flushed(streams, info_of(Command::Agent).run(*options, streams));
  }
  const Result<Invocation> invocation = parse_arguments(arguments);
  if (!invocation) return bad_usage(streams, command_named_first(arguments), invocation.error().message);
  if (!invocation->command) {
    print(invocation->help ? streams.out : streams.err, program_help());
    return invocation->help ? flushed(streams, kDone) : kBadUsage;
  }
  const Command command = *invocation->command;
  if (invocation->help) {
    print(streams.out, command_help(command));
    return flushed(streams, kDone);
  }
  const Result<Options> options = settle(command, invocation->given, environment);
  if (!options) return bad_usage(streams, command, options.error().message);
  if (options->agent.compat && command == Command::Agent) {
    return bad_usage(streams, command, "compat: it is given as --compat=nth or SPOTKEEPER_COMPAT=nth, not in a file");
  }
  log::configure(options->log.level, options->log.format);
  return flushed(streams, info_of(command).run(*options, streams));
}

}  // namespace spotkeeper::cli
