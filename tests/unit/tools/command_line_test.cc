#include "tests/tools/command_line.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace spotkeeper::tools {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

struct CommandLineTest : testing::Test {
  CommandLineTest() : line("tool", "Does something.") {
    line.value("listen", "ADDRESS", "where", &listen);
    line.value("linger", "how long", &linger);
    line.value("slots", "N", "how many", &slots);
    line.values("target", "TARGET", "where to", &targets);
    line.flag("abrupt", "at once", &abrupt);
  }
  std::string refusal_of(const std::vector<std::string>& arguments) const {
    const auto read = line.parse(arguments);
    return read ? "none" : read.error().message;
  }
  CommandLine line;
  std::string listen = "default";
  Duration linger = 15s;
  std::uint64_t slots = 0;
  std::vector<std::string> targets;
  bool abrupt = false;
};

TEST_F(CommandLineTest, ReadsValuesInBothForms) {
  ASSERT_EQ(refusal_of({"--listen", "a:1", "--linger=2s", "--slots", "7", "--target", "x", "--target=y", "--abrupt"}),
            "none");
  EXPECT_EQ(listen, "a:1");
  EXPECT_EQ(linger, 2s);
  EXPECT_EQ(slots, 7U);
  EXPECT_THAT(targets, ElementsAre("x", "y"));
  EXPECT_TRUE(abrupt);
}

TEST_F(CommandLineTest, LeavesDefaultsAlone) {
  ASSERT_EQ(refusal_of({}), "none");
  EXPECT_EQ(listen, "default");
  EXPECT_EQ(linger, 15s);
  EXPECT_FALSE(abrupt);
}

TEST_F(CommandLineTest, NamesTheArgumentThatIsWrong) {
  EXPECT_THAT(refusal_of({"--lisen", "a"}), HasSubstr("did you mean 'listen'"));
  EXPECT_THAT(refusal_of({"--listen"}), HasSubstr("--listen needs a value"));
  EXPECT_THAT(refusal_of({"--abrupt=yes"}), HasSubstr("--abrupt takes no value"));
  EXPECT_THAT(refusal_of({"listen"}), HasSubstr("unexpected argument"));
  EXPECT_THAT(refusal_of({"--linger", "soon"}), HasSubstr("--linger"));
  EXPECT_THAT(refusal_of({"--linger", "-1s"}), HasSubstr("negative"));
  EXPECT_THAT(refusal_of({"--slots", "many"}), HasSubstr("--slots"));
}

TEST_F(CommandLineTest, NamesEveryOptionInItsHelp) {
  for (const char* name : {"--listen ADDRESS", "--linger DURATION", "--slots N", "--abrupt"}) {
    EXPECT_THAT(line.help(), HasSubstr(name));
  }
}

TEST(HostAndPort, IsSplitAtTheLastColon) {
  const auto four = parse_host_and_port("127.0.0.1:80");
  ASSERT_TRUE(four);
  EXPECT_EQ(four->host, "127.0.0.1");
  EXPECT_EQ(four->port, 80);
  const auto six = parse_host_and_port("[::1]:0");
  ASSERT_TRUE(six);
  EXPECT_EQ(six->host, "[::1]");
  for (const char* text : {"127.0.0.1", ":80", "a:b", "a:70000", ""}) EXPECT_FALSE(parse_host_and_port(text)) << text;
}

TEST(DurationRange, IsOneLengthOrTwo) {
  const auto one = parse_duration_range("3s");
  ASSERT_TRUE(one);
  EXPECT_EQ(one->least, 3s);
  EXPECT_EQ(one->most, 3s);
  const auto two = parse_duration_range("500ms-2s");
  ASSERT_TRUE(two);
  EXPECT_EQ(two->least, 500ms);
  EXPECT_EQ(two->most, 2s);
  for (const char* text : {"", "2s-1s", "1s-", "-1s", "soon"}) EXPECT_FALSE(parse_duration_range(text)) << text;
}

}  // namespace
}  // namespace spotkeeper::tools
