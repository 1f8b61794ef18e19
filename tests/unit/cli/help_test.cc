#include "cli/help.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cstdio>

#include "base/file.h"
#include "base/text.h"
#include "cli/arguments.h"
#include "cli/settle.h"
#include "sim/scenario.h"

namespace spotkeeper::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(Help, ListsEveryCommandWithAnExample) {
  for (const CommandInfo& command : command_table()) {
    EXPECT_THAT(program_help(), HasSubstr(std::string("  ") + std::string(command.name)));
    EXPECT_THAT(program_help(), HasSubstr(std::string(command.examples.front().line)));
  }
}

TEST(Help, OfACommandListsItsOptionsWithDefaultAndRange) {
  const std::string help = command_help(Command::Agent);
  EXPECT_THAT(help, HasSubstr("Usage: spotkeeper agent [flags]\n"));
  EXPECT_THAT(help, HasSubstr("--poll-interval DURATION"));
  EXPECT_THAT(help, HasSubstr("(default 1s; 100ms to 1m)"));
  for (const Option& option : option_table()) {
    if (!option.commands.has(Command::Agent)) continue;
    EXPECT_THAT(help, HasSubstr("--" + std::string(option.name)));
  }
}

TEST(Help, FitsOnATerminal) {
  for (const CommandInfo& command : command_table()) {
    const std::string help = command_help(command.id);
    for (const std::string_view line : split(help, '\n')) EXPECT_LE(line.size(), 100U) << line;
  }
}

TEST(Help, GivesExamplesThatWork) {
  for (const CommandInfo& command : command_table()) {
    for (const Example& example : command.examples) {
      // What the shell would put in or take away: $(…), redirections, the process substitution around it.
      std::string line(example.line.substr(example.line.find("spotkeeper ") + 11));
      line = line.substr(0, line.find_first_of(">)"));
      if (const std::size_t at = line.find("$(hostname"); at != std::string::npos) line = "agent --node-name x";
      std::vector<std::string> words;
      for (const std::string_view word : split(trim(line), ' ')) words.emplace_back(word);
      const Result<Invocation> invocation = parse_arguments(words);
      ASSERT_TRUE(invocation.has_value()) << example.line << ": " << invocation.error().message;
      EXPECT_EQ(invocation->command, command.id) << example.line;
      std::vector<Given> given;
      for (const Given& one : invocation->given) {
        if (one.option->name != "config") given.push_back(one);
      }
      const Result<Options> options = settle(command.id, given, {{"NODE_NAME", "n"}});
      EXPECT_TRUE(options.has_value()) << example.line << ": " << (options ? "" : options.error().message);
    }
  }
}

TEST(ConfigurationPage, IsTheCommittedOne) {
  const Result<std::string> committed = read_file(SPOTKEEPER_SOURCE_DIR "/docs/configuration.md");
  ASSERT_TRUE(committed.has_value()) << committed.error().message;
  EXPECT_EQ(*committed, configuration_page()) << "spotkeeper docs configuration > docs/configuration.md";
}

/// What bash offers for a command line whose last word is being typed.
std::vector<std::string> offered_by_bash(std::string_view words, std::size_t count) {
  const std::string path = testing::TempDir() + "spotkeeper-completion.bash";
  std::FILE* script = std::fopen(path.c_str(), "w");
  const std::string text = completion_script(Shell::Bash) + "COMP_WORDS=(" + std::string(words) +
                           ")\nCOMP_CWORD=" + std::to_string(count - 1) +
                           "\n_spotkeeper\nprintf '%s\\n' \"${COMPREPLY[@]}\"\n";
  std::fwrite(text.data(), 1, text.size(), script);
  std::fclose(script);
  std::FILE* bash = ::popen(("cd / && bash --norc " + path + " 2>&1").c_str(), "r");
  std::string output;
  std::array<char, 4096> buffer{};
  while (const std::size_t size = std::fread(buffer.data(), 1, buffer.size(), bash)) output.append(buffer.data(), size);
  ::pclose(bash);
  std::remove(path.c_str());
  std::vector<std::string> lines;
  for (const std::string_view line : split(trim(output), '\n')) lines.emplace_back(line);
  return lines;
}

TEST(BashCompletion, OffersCommandsFlagsAndValues) {
  EXPECT_THAT(offered_by_bash("spotkeeper sim", 2), ElementsAre("simulate"));
  EXPECT_THAT(offered_by_bash("spotkeeper agent --poll", 3), ElementsAre("--poll-interval"));
  EXPECT_THAT(offered_by_bash("spotkeeper simulate zone-storm --policy ''", 5),
              ElementsAre("none", "delete-all-now", "cordon-and-drain", "cordon-and-drain-controller", "spotkeeper"));
  EXPECT_THAT(offered_by_bash("spotkeeper simulate zone-storm -o j", 5), ElementsAre("json"));
  EXPECT_THAT(offered_by_bash("spotkeeper completion z", 3), ElementsAre("zsh"));
  EXPECT_THAT(offered_by_bash("spotkeeper simulate one", 3), ElementsAre("one-node"));
  EXPECT_THAT(offered_by_bash("spotkeeper agent --kubeconfig /et", 4), ElementsAre("/etc"));
  EXPECT_THAT(offered_by_bash("spotkeeper agent --compat ''", 4), ElementsAre("nth"));
  EXPECT_THAT(offered_by_bash("spotkeeper migrate nth", 3), ElementsAre("nth-values"));
  EXPECT_THAT(offered_by_bash("spotkeeper migrate nth-values /et", 4), ElementsAre("/etc"));
}

TEST(ShippedScenarios, AreAllNamedByHelpErrorAndCompletion) {
  const std::string help = command_help(Command::Simulate);
  const std::string zsh = completion_script(Shell::Zsh), fish = completion_script(Shell::Fish);
  for (const sim::ShippedScenario& shipped : sim::shipped_scenarios()) {
    const std::string name(shipped.name);
    EXPECT_THAT(help, HasSubstr(name));
    EXPECT_THAT(offered_by_bash("spotkeeper simulate " + name, 3), ElementsAre(name));
    EXPECT_THAT(zsh, HasSubstr(name));
    EXPECT_THAT(fish, HasSubstr(name));
  }
}

TEST(OtherCompletions, NameEveryFlag) {
  const std::string zsh = completion_script(Shell::Zsh), fish = completion_script(Shell::Fish);
  for (const Option& option : option_table()) {
    if (option.placement == Placement::Positional) continue;
    EXPECT_THAT(zsh, HasSubstr("'--" + std::string(option.name) + "["));
    EXPECT_THAT(fish, HasSubstr(" -l " + std::string(option.name) + " "));
  }
}

}  // namespace
}  // namespace spotkeeper::cli
