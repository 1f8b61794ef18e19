#include "cli/config_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace spotkeeper::cli {
namespace {

using testing::IsEmpty;

std::string error_of(std::string_view text) {
  const auto settings = parse_config(text, "c.yaml");
  return settings ? "no error" : settings.error().message;
}

std::string text_of(std::string_view yaml) {
  const auto settings = parse_config(yaml, "c.yaml");
  if (!settings) return settings.error().message;
  return settings->size() == 1 ? settings->front().text : "not one setting";
}

TEST(ConfigFileText, GivesEachKeyItsPlace) {
  const auto settings = parse_config("# comment\nnode-name: n1\npoll-interval: 500ms\n", "c.yaml");
  ASSERT_TRUE(settings.has_value()) << settings.error().message;
  ASSERT_EQ(settings->size(), 2U);
  EXPECT_EQ((*settings)[1].option, find_option("poll-interval"));
  EXPECT_EQ((*settings)[1].text, "500ms");
  EXPECT_EQ((*settings)[1].place, "c.yaml:3:1: poll-interval");
}

TEST(ConfigFileText, MayBeEmpty) {
  EXPECT_THAT(*parse_config("", "c.yaml"), IsEmpty());
  EXPECT_THAT(*parse_config("# nothing\n", "c.yaml"), IsEmpty());
}

TEST(ConfigFileText, KeepsTheTypesOfYaml) {
  EXPECT_EQ(text_of("dry-run: true"), "true");
  EXPECT_EQ(text_of("seed: 7"), "7");
  EXPECT_EQ(text_of("speed: 2.5"), "2.5");
  EXPECT_EQ(text_of("speed: 10"), "10");
  EXPECT_EQ(text_of("listen: \":9464\""), ":9464");
  EXPECT_EQ(text_of("log-level: off"), "off") << "which YAML 1.1 takes for false";
}

TEST(ConfigFileError, NamesFileLineColumnKeyAndWhatIsAllowed) {
  EXPECT_EQ(error_of("a: 1\n"), "c.yaml:1:1: unknown key 'a'");
  EXPECT_EQ(error_of("node-name: n1\npol-interval: 1s\n"),
            "c.yaml:2:1: unknown key 'pol-interval'; did you mean 'poll-interval'?");
  EXPECT_EQ(error_of("poll-interval: 5m"), "c.yaml:1:1: poll-interval: '5m' is out of range; allowed: 100ms to 1m");
  EXPECT_EQ(error_of("poll-interval: 5"),
            "c.yaml:1:1: poll-interval: expected a duration with its unit, such as 1.5s or 2m, got a number; allowed: "
            "100ms to 1m");
  EXPECT_EQ(error_of("dry-run: \"yes\""),
            "c.yaml:1:1: dry-run: expected a truth value, got a string; allowed: true, false");
  EXPECT_EQ(error_of("node-name: 12"), "c.yaml:1:1: node-name: expected text, got a number");
  EXPECT_EQ(error_of("node-name:"), "c.yaml:1:1: node-name: expected text, got null");
  EXPECT_EQ(error_of("seed: 1.5"), "c.yaml:1:1: seed: '1.5' is not a whole number; allowed: 0 to 9223372036854775807");
}

TEST(ConfigFileError, NamesAllOfThem) {
  EXPECT_EQ(error_of("x: 1\nspeed: 1000\n"),
            "c.yaml:1:1: unknown key 'x'\nc.yaml:2:1: speed: '1000' is out of range; allowed: 0.1 to 100");
}

TEST(ConfigFileError, RefusesKeysThatOnlyTheCommandLineHas) {
  EXPECT_EQ(error_of("config: other.yaml"), "c.yaml:1:1: unknown key 'config'");
  EXPECT_EQ(error_of("scenario: one-node"), "c.yaml:1:1: unknown key 'scenario'");
}

TEST(ConfigFileError, RefusesWhatIsNoMapping) {
  EXPECT_EQ(error_of("- a\n"), "c.yaml:1:1: expected a mapping of options, got an array");
  EXPECT_EQ(error_of("seed: 1\nseed: 2\n"), "c.yaml:2:1: duplicate key 'seed'");
  EXPECT_TRUE(error_of("seed: 1\n b: [2").starts_with("c.yaml:2:")) << error_of("seed: 1\n b: [2");
  EXPECT_EQ(error_of("seed: 1\n---\nseed: 2\n"), "c.yaml:3:1: a second document where one is expected");
}

}  // namespace
}  // namespace spotkeeper::cli
