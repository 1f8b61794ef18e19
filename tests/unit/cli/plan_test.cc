// `spotkeeper plan` as its caller sees it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "base/file.h"
#include "base/text.h"
#include "format/json.h"
#include "run_program.h"

namespace spotkeeper::cli {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr const char* kShop = SPOTKEEPER_SOURCE_DIR "/examples/plan";

Outcome plan_shop(std::vector<std::string> more) {
  std::vector<std::string> arguments = {"plan", "-f", kShop, "--steps", "5"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return run_with(std::move(arguments));
}

TEST(PlanCommand, ExplainsAPod) {
  const Outcome outcome = plan_shop({"--explain", "shop/db-1"});
  EXPECT_EQ(outcome.code, 0);
  EXPECT_THAT(outcome.out, HasSubstr("shop/db-1 goes to a new "));
  EXPECT_THAT(outcome.out, HasSubstr("Spot's short notice, and it takes longer to end or keeps data"));
}

TEST(PlanCommand, SaysHowToMakeTheSamePlanAgain) {
  EXPECT_THAT(plan_shop({"--seed", "7"}).out, HasSubstr("The same again: --steps 5 --seed 7.\n"));
}

TEST(PlanCommand, ExplainsSeveralPodsInTheDocument) {
  const Outcome outcome = plan_shop({"--explain", "shop/db-1", "shop/web-0", "-o", "json"});
  const auto document = format::parse_json(outcome.out).value();
  EXPECT_EQ(document.at("explanations").at(0).at("pod"), "shop/db-1");
  EXPECT_EQ(document.at("explanations").at(1).at("pod"), "shop/web-0");
}

TEST(PlanCommand, ExplainsOnlyPodsThatThereAre) {
  const Outcome outcome = plan_shop({"--explain", "shop/nobody-0"});
  EXPECT_EQ(outcome.code, 2);
  EXPECT_THAT(outcome.out, IsEmpty());
}

TEST(PlanCommand, SetsAChangedPlanBesideTheFirst) {
  const Outcome outcome = plan_shop({"--what-if", "zone-gone=us-east-1b", "prices=spot=×1.5"});
  EXPECT_THAT(outcome.out, HasSubstr("What if zone-gone=us-east-1b, prices=spot=×1.5:"));
  EXPECT_THAT(outcome.out, HasSubstr("pods without a place"));
  EXPECT_THAT(outcome.out, HasSubstr("Without a place then: shop/db-"));
}

TEST(PlanCommand, HasTheChangedPlanAndTheDifferenceInTheDocument) {
  const Outcome outcome = plan_shop({"--what-if", "prices=×2", "-o", "json"});
  EXPECT_EQ(outcome.code, 0);
  const auto document = format::parse_json(outcome.out).value();
  const auto& what_if = document.at("what_if");
  EXPECT_EQ(what_if.at("changes").at(0), "prices=×2");
  EXPECT_EQ(what_if.at("difference").at("cost_per_hour"), document.at("cost_per_hour"));
  EXPECT_EQ(what_if.at("difference").at("nodes"), 0);
  EXPECT_THAT(what_if.at("plan").at("nodes").as_array(), SizeIs(document.at("nodes").as_array().size()));
}

TEST(PlanCommand, RefusesAChangeThatItDoesNotUnderstand) { EXPECT_EQ(plan_shop({"--what-if", "weather=bad"}).code, 2); }

/// The commands in the comments of the files below examples/, as arguments.
std::vector<std::vector<std::string>> commands_of_examples() {
  constexpr std::string_view kBegin = "#   spotkeeper ";
  std::vector<std::vector<std::string>> out;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(SPOTKEEPER_SOURCE_DIR "/examples")) {
    if (!entry.is_regular_file()) continue;
    const std::string text = read_file(entry.path().string()).value();
    for (std::string_view line : split(text, '\n')) {
      if (!line.starts_with(kBegin)) continue;
      std::vector<std::string>& arguments = out.emplace_back();
      for (std::string_view word : split(line.substr(kBegin.size()), ' ')) {
        if (word.starts_with('\'') && word.ends_with('\'')) word = word.substr(1, word.size() - 2);
        std::string argument(word);
        if (const auto at = argument.find("examples/"); at != argument.npos)
          argument.insert(at, SPOTKEEPER_SOURCE_DIR "/");
        arguments.push_back(std::move(argument));
      }
    }
  }
  return out;
}

TEST(Examples, RunAsTheirCommentsSay) {
  const auto commands = commands_of_examples();
  EXPECT_GE(commands.size(), 5U);
  for (auto arguments : commands) {
    if (arguments.front() == "plan") arguments.insert(arguments.end(), {"--steps", "0"});
    EXPECT_NE(run_with(arguments).code, 2) << join(arguments, " ");
  }
}

}  // namespace
}  // namespace spotkeeper::cli
