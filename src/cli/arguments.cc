// The one file that includes CLI11. It does the splitting; types, ranges, help and suggestions are ours, because they
// are the same for the environment and the configuration file.
#include "cli/arguments.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>

#include "base/text.h"
#include "cli/commands.h"

namespace spotkeeper::cli {
namespace {

/// An option of a command beside what CLI11 knows of it.
struct Bound {
  const Option* option;
  CLI::Option* parsed;
};

CLI::Option* bind(CLI::App& app, const Option& option) {
  const std::string name(option.name);
  if (option.placement == Placement::Positional) return app.add_option(name)->expected(1);
  const std::string names = option.short_name != 0 ? fmt::format("-{},--{}", option.short_name, name) : "--" + name;
  const bool alone = std::holds_alternative<FlagType>(option.type);
  const int most = option.takes_many() ? 10'000 : 1;
  CLI::Option* bound = alone ? app.add_flag(names) : app.add_option(names)->expected(1, most);
  return bound->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
}

/// A list's flag may stand alone, which CLI11 can't tell from one that takes the next argument: so the value is put
/// behind an equals sign where the next argument is one.
std::vector<std::string> with_lists_joined(std::span<const std::string> arguments) {
  std::vector<std::string> joined;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    joined.push_back(arguments[i]);
    if (arguments[i] == "--") {
      joined.insert(joined.end(), arguments.begin() + static_cast<std::ptrdiff_t>(i) + 1, arguments.end());
      break;
    }
    const Option* option = arguments[i].starts_with("--") ? find_option(arguments[i].substr(2)) : nullptr;
    if (option == nullptr || !std::holds_alternative<ListType>(option->type)) continue;
    Options scratch;
    // A comma says that a list is meant, so that a wrong one is refused as a list and not as a stray word.
    const bool takes_next = i + 1 < arguments.size() &&
                            (store(*option, arguments[i + 1], scratch).has_value() ||
                             (!arguments[i + 1].starts_with("-") && arguments[i + 1].find(',') != std::string::npos));
    joined.back() += takes_next ? "=" + arguments[++i] : "=true";
  }
  return joined;
}

std::string unknown_argument(const std::string& argument, Command command) {
  if (!argument.starts_with("-")) return fmt::format("unexpected argument {}", quote(argument));
  std::vector<std::string> names = {"--help"};
  for (const Option& option : option_table()) {
    if (option.commands.has(command) && option.placement != Placement::Positional) {
      names.push_back(fmt::format("--{}", option.name));
    }
  }
  const std::string flag = argument.substr(0, argument.find('='));
  const std::vector<std::string_view> candidates(names.begin(), names.end());
  return fmt::format("unknown flag {}{}", flag, did_you_mean(flag, candidates));
}

std::string unknown_command(const std::string& argument) {
  if (argument.starts_with("-")) return fmt::format("unknown flag {}", argument);
  std::vector<std::string_view> names;
  for (const CommandInfo& command : command_table()) names.push_back(command.name);
  return fmt::format("unknown command {}{}", quote(argument), did_you_mean(argument, names));
}

Result<std::vector<Given>> collect(const std::vector<Bound>& bounds) {
  std::vector<Given> given;
  for (const Bound& bound : bounds) {
    const std::vector<std::string>& values = bound.parsed->results();
    if (values.empty()) continue;
    if (bound.option->takes_many()) {
      given.push_back({bound.option, join(values, "\n")});
      continue;
    }
    if (values.size() > 1) return fail(ErrorCode::InvalidInput, fmt::format("--{} is given twice", bound.option->name));
    given.push_back({bound.option, values.front()});
  }
  return given;
}

}  // namespace

Result<Invocation> parse_arguments(std::span<const std::string> arguments) {
  if (!arguments.empty() && arguments.front() == "help") {  // `help agent` is `agent --help`
    std::vector<std::string> asked(arguments.begin() + 1, arguments.end());
    asked.insert(asked.begin() + (asked.empty() ? 0 : 1), "--help");
    return parse_arguments(asked);
  }
  CLI::App program;
  program.set_help_flag();
  program.allow_extras();
  const CLI::Option* top_help = program.add_flag("-h,--help");
  const CLI::Option* top_version = program.add_flag("--version");

  std::vector<CLI::App*> apps;
  std::vector<const CLI::Option*> helps;
  std::vector<std::vector<Bound>> bounds;
  for (const CommandInfo& command : command_table()) {
    CLI::App* app = program.add_subcommand(std::string(command.name));
    app->set_help_flag();
    app->allow_extras();
    app->fallthrough(false);
    apps.push_back(app);
    helps.push_back(app->add_flag("-h,--help"));
    std::vector<Bound>& bound = bounds.emplace_back();
    for (const Option& option : option_table()) {
      if (option.commands.has(command.id)) bound.push_back({&option, bind(*app, option)});
    }
  }

  try {
    std::vector<std::string> joined = with_lists_joined(arguments);
    std::reverse(joined.begin(), joined.end());
    program.parse(std::move(joined));
  } catch (const CLI::ArgumentMismatch& error) {
    const std::string_view text = error.what();  // "--name: …"
    return fail(ErrorCode::InvalidInput, fmt::format("{} needs a value", text.substr(0, text.find(':'))));
  } catch (const CLI::ParseError& error) {
    return fail(ErrorCode::InvalidInput, error.what());
  }

  Invocation invocation;
  const auto chosen = std::find_if(apps.begin(), apps.end(), [](const CLI::App* app) { return app->parsed(); });
  if (chosen == apps.end()) {
    invocation.help = top_help->count() > 0;
    if (const std::vector<std::string> rest = program.remaining(); !rest.empty()) {
      return fail(ErrorCode::InvalidInput, unknown_command(rest.front()));
    }
    if (top_version->count() > 0) invocation.command = Command::Version;
    return invocation;
  }
  const auto index = static_cast<std::size_t>(chosen - apps.begin());
  invocation.command = command_table()[index].id;
  invocation.help = helps[index]->count() > 0;
  std::vector<std::string> rest = program.remaining(true);
  std::erase(rest, "--");  // CLI11 has obeyed it, and reports it all the same
  if (!rest.empty()) {
    return fail(ErrorCode::InvalidInput, unknown_argument(rest.front(), *invocation.command));
  }
  SK_TRY(invocation.given, collect(bounds[index]));
  return invocation;
}

}  // namespace spotkeeper::cli
