// What must hold for every row of the table, so that a new row can't break a rule unseen.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "cli/commands.h"
#include "cli/options.h"

namespace spotkeeper::cli {
namespace {

using testing::EndsWith;
using testing::Not;
using testing::StartsWith;

TEST(OptionTable, HasEachNameOnce) {
  std::set<std::string_view> names;
  for (const Option& option : option_table()) EXPECT_TRUE(names.insert(option.name).second) << option.name;
}

TEST(OptionTable, NamesAreLowerCaseWordsWithHyphens) {
  for (const Option& option : option_table()) {
    EXPECT_EQ(option.name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-"), std::string_view::npos)
        << option.name;
  }
}

TEST(OptionTable, EveryDefaultIsAllowed) {
  for (const Option& option : option_table()) {
    Options options;
    if (option.fallback.empty()) continue;
    const Result<void> stored = store(option, option.fallback, options);
    EXPECT_TRUE(stored.has_value()) << option.name << ": " << (stored ? "" : stored.error().message);
  }
}

// For a Service named spotkeeper the kubelet sets SPOTKEEPER_PORT, SPOTKEEPER_PORT_80_TCP, SPOTKEEPER_SERVICE_HOST…
TEST(OptionTable, NoVariableIsOneThatKubernetesSetsForAService) {
  for (const Option& option : option_table()) {
    EXPECT_THAT(option.environment(), Not(StartsWith("SPOTKEEPER_PORT"))) << option.name;
    EXPECT_THAT(option.environment(), Not(StartsWith("SPOTKEEPER_SERVICE_"))) << option.name;
  }
}

TEST(OptionTable, HelpSaysWhatItDoesWithoutAFullStop) {
  for (const Option& option : option_table()) {
    EXPECT_GT(option.help.size(), 10U) << option.name;
    EXPECT_THAT(std::string(option.help), Not(EndsWith("."))) << option.name;
    EXPECT_FALSE(option.group.empty()) << option.name;
  }
}

// Arguments have no names: only their order tells them apart, and one that may be left out can only be the last.
TEST(OptionTable, ArgumentsThatAreRequiredComeFirstAndAShortNameIsUsedOnce) {
  for (const CommandInfo& command : command_table()) {
    bool optional_before = false;
    std::set<char> short_names = {'h'};
    for (const Option& option : option_table()) {
      if (!option.commands.has(command.id)) continue;
      if (option.placement == Placement::Positional) {
        EXPECT_FALSE(optional_before) << command.name << " " << option.name;
        optional_before = optional_before || !option.required;
      }
      EXPECT_TRUE(option.short_name == 0 || short_names.insert(option.short_name).second) << option.name;
    }
  }
}

TEST(CommandTable, IsInTheOrderOfTheEnumeratorsAndEachHasAnExample) {
  ASSERT_EQ(command_table().size(), command_count);
  for (std::size_t i = 0; i < command_count; ++i) {
    EXPECT_EQ(static_cast<std::size_t>(command_table()[i].id), i);
    EXPECT_FALSE(command_table()[i].examples.empty()) << command_table()[i].name;
  }
}

}  // namespace
}  // namespace spotkeeper::cli
