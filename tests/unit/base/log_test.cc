#include "base/log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <limits>

namespace spotkeeper::log {
namespace {

using testing::EndsWith;
using testing::MatchesRegex;

class Log : public testing::Test {
 protected:
  void SetUp() override { capture(&lines_); }
  void TearDown() override {
    capture(nullptr);
    configure(Level::Info, Format::Text);
  }
  std::string lines_;
};

TEST_F(Log, WritesLevelMessageAndFieldsAsOneLineOfText) {
  configure(Level::Info, Format::Text);
  warn("node cordoned", {{"node", "ip-10-0-0-1"}, {"pods", 12}, {"share", 0.5}, {"dry", true}});
  EXPECT_EQ(lines_, "warn  node cordoned node=ip-10-0-0-1 pods=12 share=0.5 dry=true\n");
}

TEST_F(Log, QuotesTextThatWouldNotReadAsOneWord) {
  configure(Level::Info, Format::Text);
  info("m", {{"empty", ""}, {"spaced", "a b"}, {"quoted", "say \"x\""}, {"lines", "1\n2"}, {"pair", "a=b"}});
  EXPECT_EQ(lines_, R"(info  m empty="" spaced="a b" quoted="say \"x\"" lines="1\n2" pair="a=b")"
                    "\n");
}

TEST_F(Log, KeepsAMessageWithForeignControlBytesOnOneLine) {
  configure(Level::Info, Format::Text);
  info("bad \x1b[2Jbody\nforged line");
  EXPECT_EQ(lines_, "info  bad  [2Jbody forged line\n");
}

TEST_F(Log, WritesNumbersAndBooleansBareInJson) {
  configure(Level::Debug, Format::Json);
  debug("polled",
        {{"code", 404}, {"big", std::uint64_t{18446744073709551615U}}, {"fine", false}, {"url", "http://a/b"}});
  EXPECT_EQ(
      lines_,
      R"({"level":"debug","message":"polled","code":404,"big":18446744073709551615,"fine":false,"url":"http://a/b"})"
      "\n");
}

TEST_F(Log, WritesJsonThatParsesWhateverTheBytes) {
  configure(Level::Info, Format::Json);
  info("m", {{"body", std::string_view("\xff\xc3(\xe2\x82\xac\x01\xed\xa0\x80", 10)}});
  EXPECT_EQ(lines_,
            "{\"level\":\"info\",\"message\":\"m\",\"body\":\"\xEF\xBF\xBD\xEF\xBF\xBD(\xe2\x82\xac\\u0001"
            "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"}\n");
}

TEST_F(Log, WritesNumbersThatJsonLacksAsText) {
  configure(Level::Info, Format::Json);
  info("m", {{"x", std::numeric_limits<double>::infinity()}});
  EXPECT_EQ(lines_, "{\"level\":\"info\",\"message\":\"m\",\"x\":\"inf\"}\n");
}

TEST_F(Log, LeavesOutWhatIsBelowTheLeastLevel) {
  configure(Level::Warn, Format::Text);
  info("no");
  error("yes");
  EXPECT_EQ(lines_, "error yes\n");
  EXPECT_FALSE(enabled(Level::Info));
  EXPECT_TRUE(enabled(Level::Warn));
}

TEST_F(Log, WritesNothingWhenOff) {
  configure(Level::Off, Format::Text);
  error("no");
  write(Level::Off, "no");
  EXPECT_EQ(lines_, "");
}

TEST(LogToStandardError, StartsWithTheTimeInUtcAndHasNoColoursInAPipe) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe(ends.data()), 0);
  const int saved = ::dup(STDERR_FILENO);
  ASSERT_GE(::dup2(ends[1], STDERR_FILENO), 0);
  configure(Level::Info, Format::Text);
  info("started");
  ::dup2(saved, STDERR_FILENO);
  ::close(saved);
  ::close(ends[1]);
  std::array<char, 256> buffer{};
  const ssize_t size = ::read(ends[0], buffer.data(), buffer.size());
  ::close(ends[0]);
  ASSERT_GT(size, 0);
  const std::string line(buffer.data(), static_cast<std::size_t>(size));
  EXPECT_THAT(line, MatchesRegex("20[0-9]+-[0-9]+-[0-9]+T[0-9]+:[0-9]+:[0-9]+\\.[0-9]+Z info  started\n"));
  EXPECT_THAT(line, EndsWith("Z info  started\n"));
}

}  // namespace
}  // namespace spotkeeper::log
