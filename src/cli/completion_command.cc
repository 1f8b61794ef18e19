// Completion scripts carry the whole table as text: a shell asks it at every press of the tab key, and starting a
// program each time would be felt.
#include <fmt/format.h>

#include <algorithm>
#include <variant>

#include "cli/commands.h"
#include "cli/help.h"
#include "cli/terminal.h"

namespace spotkeeper::cli {
namespace {

std::string command_names() {
  std::string names;
  for (const CommandInfo& command : command_table())
    names += fmt::format("{}{}", names.empty() ? "" : " ", command.name);
  return names;
}

std::string flags_of(Command command) {
  std::string flags;
  for (const Option& option : option_table()) {
    if (!option.commands.has(command) || option.placement == Placement::Positional) continue;
    flags += fmt::format("--{} ", option.name);
    if (option.short_name != 0) flags += fmt::format("-{} ", option.short_name);
  }
  return flags + "--help -h";
}

/// The words that a positional argument may be; empty if they can't be listed.
std::string words_of(const Option& option) {
  if (const auto* choice = std::get_if<ChoiceType>(&option.type))
    return fmt::format("{}", fmt::join(choice->choices, " "));
  const auto* text = std::get_if<TextType>(&option.type);
  if (text != nullptr && text->names != nullptr) return fmt::format("{}", fmt::join(text->names(), " "));
  return {};
}

/// The words that a command's positional arguments may be.
std::string words_of(Command command) {
  std::string words;
  for (const Option& option : option_table()) {
    if (!option.commands.has(command) || option.placement != Placement::Positional) continue;
    const std::string more = words_of(option);
    if (!words.empty() && !more.empty()) words += ' ';
    words += more;
  }
  return words;
}

/// Also where some names mean something, and others are files: a scenario.
bool takes_paths(const Option& option) {
  if (const auto* text = std::get_if<TextType>(&option.type)) return text->names != nullptr;
  return std::holds_alternative<PathType>(option.type) || std::holds_alternative<PathsType>(option.type);
}

bool takes_path_arguments(Command command) {
  return std::ranges::any_of(option_table(), [&](const Option& option) {
    return option.commands.has(command) && option.placement == Placement::Positional && takes_paths(option);
  });
}

/// For shells whose strings end at a single quote.
std::string quoted(std::string_view text, std::string_view escaped_quote) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'') {
      out += escaped_quote;
    } else {
      out += c;
    }
  }
  return out + "'";
}

std::string bash_values() {
  std::string cases;
  for (const Option& option : option_table()) {
    if (option.placement == Placement::Positional || std::holds_alternative<FlagType>(option.type)) continue;
    const std::string short_flag = option.short_name != 0 ? fmt::format("-{}|", option.short_name) : "";
    std::string reply = ":";
    if (const auto* choice = std::get_if<ChoiceType>(&option.type)) {
      reply = fmt::format("COMPREPLY=($(compgen -W '{}' -- \"$word\"))", fmt::join(choice->choices, " "));
    } else if (takes_paths(option)) {
      reply = "COMPREPLY=($(compgen -f -- \"$word\"))";
    } else if (const auto* list = std::get_if<ListType>(&option.type)) {
      reply = fmt::format("COMPREPLY=($(compgen -W '{}' -- \"$word\"))", fmt::join(list->choices, " "));
    }
    cases += fmt::format("    {}--{}) {}; return ;;\n", short_flag, option.name, reply);
  }
  return cases;
}

std::string bash_script() {
  std::string commands;
  for (const CommandInfo& command : command_table()) {
    commands += fmt::format("    {}) flags='{}' words='{}' files={} ;;\n", command.name, flags_of(command.id),
                            words_of(command.id), takes_path_arguments(command.id) ? 1 : 0);
  }
  return fmt::format(R"(# bash completion for spotkeeper: source <(spotkeeper completion bash)
_spotkeeper() {{
  local word=${{COMP_WORDS[COMP_CWORD]}} before=${{COMP_WORDS[COMP_CWORD-1]}} flags='--help --version' words='' files=0
  COMPREPLY=()
  # bash takes --flag=value for three words.
  if [ "$word" = = ]; then
    word=''
  elif [ "$before" = = ]; then
    before=${{COMP_WORDS[COMP_CWORD-2]}}
  fi
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W '{} --help --version' -- "$word"))
    return
  fi
  case $before in
{}  esac
  case ${{COMP_WORDS[1]}} in
{}  esac
  case $word in
    -*) COMPREPLY=($(compgen -W "$flags" -- "$word")) ;;
    *)
      COMPREPLY=($(compgen -W "$words" -- "$word"))
      [ "$files" = 0 ] || COMPREPLY+=($(compgen -f -- "$word"))
      ;;
  esac
}}
complete -o filenames -F _spotkeeper spotkeeper
)",
                     command_names(), bash_values(), commands);
}

/// "[text]" of an _arguments specification: brackets and colons would end it.
std::string zsh_text(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '[' || c == ']' || c == ':' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

std::string zsh_value(const Option& option) {
  if (const auto* choice = std::get_if<ChoiceType>(&option.type)) {
    return fmt::format(":{}:({})", option.name, fmt::join(choice->choices, " "));
  }
  if (std::holds_alternative<FlagType>(option.type)) return "";
  if (const auto* list = std::get_if<ListType>(&option.type)) {
    return fmt::format("::{}:_sequence compadd - {}", option.name, fmt::join(list->choices, " "));
  }
  return fmt::format(":{}:{}", option.name, takes_paths(option) ? "_files" : "");
}

std::string zsh_argument(const Option& option) {
  const std::string words = words_of(option);
  if (!takes_paths(option)) return fmt::format("({})", words);
  return words.empty() ? "_files"
                       : fmt::format("{{_alternative \"words:{}:({})\" \"files:file:_files\"}}", option.name, words);
}

std::string zsh_script() {
  std::string described, cases;
  for (const CommandInfo& command : command_table()) {
    described +=
        fmt::format("    {}\n", quoted(fmt::format("{}:{}", command.name, zsh_text(command.summary)), "'\\''"));
    cases += fmt::format("    {})\n      _arguments", command.name);
    int arguments = 0;
    for (const Option& option : option_table()) {
      if (!option.commands.has(command.id)) continue;
      const bool positional = option.placement == Placement::Positional;
      const std::string spec = positional
                                   ? fmt::format("{}:{}:{}", ++arguments, option.name, zsh_argument(option))
                                   : fmt::format("--{}[{}]{}", option.name, zsh_text(option.help), zsh_value(option));
      cases += fmt::format(" \\\n        {}", quoted(spec, "'\\''"));
      if (option.short_name == 0) continue;
      const std::string brief = fmt::format("-{}[{}]{}", option.short_name, zsh_text(option.help), zsh_value(option));
      cases += fmt::format(" \\\n        {}", quoted(brief, "'\\''"));
    }
    cases += " \\\n        '--help[show help]' ;;\n";
  }
  return fmt::format(R"(#compdef spotkeeper
# zsh completion for spotkeeper: put this in a folder of $fpath as _spotkeeper
_spotkeeper() {{
  local -a commands=(
{}  )
  if (( CURRENT == 2 )); then
    _describe command commands
    return
  fi
  shift words
  (( CURRENT-- ))
  case $words[1] in
{}  esac
}}
# Loaded by its name, this file is the function's first run.
if [ "$funcstack[1]" = _spotkeeper ]; then
  _spotkeeper "$@"
else
  compdef _spotkeeper spotkeeper
fi
)",
                     described, cases);
}

std::string fish_script() {
  std::string out = "# fish completion for spotkeeper\ncomplete -c spotkeeper -f\n";
  for (const CommandInfo& command : command_table()) {
    out += fmt::format("complete -c spotkeeper -n __fish_use_subcommand -a {} -d {}\n", command.name,
                       quoted(command.summary, "\\'"));
    const std::string seen = fmt::format("'__fish_seen_subcommand_from {}'", command.name);
    if (const std::string words = words_of(command.id); !words.empty()) {
      out += fmt::format("complete -c spotkeeper -n {} -a '{}'\n", seen, words);
    }
    for (const Option& option : option_table()) {
      if (!option.commands.has(command.id)) continue;
      if (option.placement == Placement::Positional) {
        if (takes_paths(option)) out += fmt::format("complete -c spotkeeper -n {} -F\n", seen);
        continue;
      }
      const std::string short_flag = option.short_name != 0 ? fmt::format(" -s {}", option.short_name) : "";
      std::string value = std::holds_alternative<FlagType>(option.type) ? "" : " -x";
      if (const auto* choice = std::get_if<ChoiceType>(&option.type)) {
        value += fmt::format(" -a '{}'", fmt::join(choice->choices, " "));
      } else if (takes_paths(option)) {
        value = " -r -F";
      } else if (const auto* list = std::get_if<ListType>(&option.type)) {
        value = fmt::format(" -a '{}'", fmt::join(list->choices, " "));
      }
      out += fmt::format("complete -c spotkeeper -n {} -l {}{}{} -d {}\n", seen, option.name, short_flag, value,
                         quoted(option.help, "\\'"));
    }
  }
  return out;
}

}  // namespace

std::string completion_script(Shell shell) {
  switch (shell) {
    case Shell::Bash: return bash_script();
    case Shell::Zsh: return zsh_script();
    case Shell::Fish: break;
  }
  return fish_script();
}

int run_completion(const Options& options, Streams streams) {
  print(streams.out, completion_script(options.shell));
  return kDone;
}

}  // namespace spotkeeper::cli
