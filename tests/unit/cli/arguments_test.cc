#include "cli/arguments.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

namespace spotkeeper::cli {
namespace {

using testing::ElementsAre;
using testing::Pair;

Result<Invocation> parse(std::vector<std::string> arguments) { return parse_arguments(arguments); }

std::map<std::string, std::string> given(std::vector<std::string> arguments) {
  std::map<std::string, std::string> out;
  const Result<Invocation> invocation = parse(std::move(arguments));
  if (!invocation) return {{"error", invocation.error().message}};
  for (const Given& one : invocation->given) out.emplace(one.option->name, one.text);
  return out;
}

std::string error_of(std::vector<std::string> arguments) {
  const Result<Invocation> invocation = parse(std::move(arguments));
  return invocation ? "no error" : invocation.error().message;
}

TEST(Arguments, NameACommandAndItsOptions) {
  EXPECT_EQ(parse({"agent"})->command, Command::Agent);
  EXPECT_THAT(given({"agent", "--node-name", "n1", "--poll-interval=2s", "--dry-run"}),
              ElementsAre(Pair("dry-run", "true"), Pair("node-name", "n1"), Pair("poll-interval", "2s")));
}

TEST(Arguments, MayStandInAnyOrderAroundTheArgument) {
  EXPECT_THAT(given({"simulate", "--seed", "7", "one-node", "-o", "json"}),
              ElementsAre(Pair("output", "json"), Pair("scenario", "one-node"), Pair("seed", "7")));
}

TEST(Arguments, AFlagTakesAValueOnlyBehindAnEqualsSign) {
  EXPECT_THAT(given({"simulate", "--serve", "one-node"}),
              ElementsAre(Pair("scenario", "one-node"), Pair("serve", "true")));
  EXPECT_THAT(given({"simulate", "--serve=false", "x"}), ElementsAre(Pair("scenario", "x"), Pair("serve", "false")));
}

TEST(Arguments, AListMayFollowItsFlagOrBeLeftOut) {
  EXPECT_THAT(given({"simulate", "x", "--compare", "none,spotkeeper", "--seed", "7"}),
              ElementsAre(Pair("compare", "none,spotkeeper"), Pair("scenario", "x"), Pair("seed", "7")));
  EXPECT_THAT(given({"simulate", "--compare=none", "x"}), ElementsAre(Pair("compare", "none"), Pair("scenario", "x")));
  EXPECT_THAT(given({"simulate", "--compare", "x"}), ElementsAre(Pair("compare", "true"), Pair("scenario", "x")));
  EXPECT_THAT(given({"simulate", "x", "--compare"}), ElementsAre(Pair("compare", "true"), Pair("scenario", "x")));
  EXPECT_THAT(given({"simulate", "x", "--compare", "none,none"}),
              ElementsAre(Pair("compare", "none,none"), Pair("scenario", "x")))
      << "a list that is wrong is refused as one";
}

TEST(Arguments, PathsMayBeMany) {
  EXPECT_THAT(given({"simulate", "--from", "a.yaml", "b.yaml", "-o", "json"}),
              ElementsAre(Pair("from", "a.yaml\nb.yaml"), Pair("output", "json")));
  EXPECT_THAT(given({"simulate", "--from", "a.yaml", "--seed", "1", "--from", "-"}),
              ElementsAre(Pair("from", "a.yaml\n-"), Pair("seed", "1")));
}

TEST(Arguments, BehindTwoHyphensAreNoFlags) {
  EXPECT_THAT(given({"simulate", "--", "--odd-name"}), ElementsAre(Pair("scenario", "--odd-name")));
}

TEST(Arguments, MayHoldAnything) {
  EXPECT_THAT(given({"agent", "--node-name", "a b=c", "--kubeconfig", ""}),
              ElementsAre(Pair("kubeconfig", ""), Pair("node-name", "a b=c")));
}

TEST(Arguments, AskForHelpAtEveryLevel) {
  EXPECT_TRUE(parse({"--help"})->help);
  EXPECT_EQ(parse({"--help"})->command, std::nullopt);
  EXPECT_TRUE(parse({"simulate", "-h"})->help);
  EXPECT_TRUE(parse({"agent", "--poll-interval", "nonsense", "--help"})->help) << "nothing is checked before help";
  EXPECT_TRUE(parse({"help"})->help);
  EXPECT_TRUE(parse({"help", "simulate"})->help);
  EXPECT_EQ(parse({"help", "simulate"})->command, Command::Simulate);
  EXPECT_EQ(error_of({"help", "agnet"}), "unknown command 'agnet'; did you mean 'agent'?");
  EXPECT_EQ(parse({})->command, std::nullopt);
  EXPECT_EQ(parse({"--version"})->command, Command::Version);
}

TEST(ArgumentError, NamesTheNearestRightWord) {
  EXPECT_EQ(error_of({"agnet"}), "unknown command 'agnet'; did you mean 'agent'?");
  EXPECT_EQ(error_of({"agent", "--pol-interval", "1s"}),
            "unknown flag --pol-interval; did you mean '--poll-interval'?");
  EXPECT_EQ(error_of({"agent", "--seed", "1"}), "unknown flag --seed") << "belongs to another command";
  EXPECT_EQ(error_of({"--frob"}), "unknown flag --frob");
}

TEST(ArgumentError, FindsWhatIsTooMuchOrTooLittle) {
  EXPECT_EQ(error_of({"simulate", "a", "b"}), "unexpected argument 'b'");
  EXPECT_EQ(error_of({"agent", "--poll-interval"}), "--poll-interval needs a value");
  EXPECT_EQ(error_of({"agent", "--dry-run", "--dry-run"}), "--dry-run is given twice");
  EXPECT_EQ(error_of({"agent", "--node-name", "a", "--node-name=b"}), "--node-name is given twice");
}

}  // namespace
}  // namespace spotkeeper::cli
