// `spotkeeper plan` as its caller sees it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "format/json.h"
#include "run_program.h"

namespace spotkeeper::cli {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

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

}  // namespace
}  // namespace spotkeeper::cli
