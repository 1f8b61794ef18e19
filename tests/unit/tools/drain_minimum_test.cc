#include <gtest/gtest.h>

#include "tests/tools/drain_minimum/world.h"

namespace spotkeeper::tools {
namespace {

using oracle::fewest_requests_lost;
using oracle::FewestLost;
using oracle::RequestWorld;

// One pod of ten leaves; the balancer hears of it 20 s late and sends 10 requests a second.
RequestWorld one_of_ten() {
  return {.staying = 9,
          .leaving = 1,
          .desired = 8,
          .notice = 60,
          .until = 90,
          .ready_after = 2,
          .grace = 40,
          .answers = 35,
          .paths = {{.name = "l7", .rate = 10, .leaves = {20}, .joins = {20}}}};
}

TEST(DrainMinimum, IsNothingWhereAPodAnswersUntilItsEndpointIsGone) {
  const FewestLost found = fewest_requests_lost(one_of_ten());
  EXPECT_EQ(found.lost, 0);
  EXPECT_EQ(found.starts, std::vector<double>{0});
}

TEST(DrainMinimum, IsWhatADeadPodIsSentUntilItsEndpointIsGone) {
  RequestWorld world = one_of_ten();
  world.notice = 10;
  // From the machine's end at 10 s to 20 s: a tenth of 10 a second.
  EXPECT_NEAR(fewest_requests_lost(world).lost, 10, 1e-6);
}

TEST(DrainMinimum, BeginsWhenTheNoticeCanHaveBeenHeard) {
  RequestWorld world = one_of_ten();
  world.notice = 10;
  world.first = 1.5;
  const FewestLost found = fewest_requests_lost(world);
  EXPECT_NEAR(found.lost, 11.5, 1e-6);
  EXPECT_EQ(found.starts, std::vector<double>{1.5});
}

TEST(DrainMinimum, CountsFewerWhereTheSuccessorHasItsShareAlready) {
  RequestWorld world = one_of_ten();
  world.notice = 10;
  world.paths[0].joins = {8};
  EXPECT_NEAR(fewest_requests_lost(world).lost, 10.0 * 10 / 11, 1e-6);
}

TEST(DrainMinimum, HasWhatAnAbruptServiceLosesWhateverIsDone) {
  RequestWorld world = one_of_ten();
  world.answers = 15;
  EXPECT_NEAR(fewest_requests_lost(world).lost, 5, 1e-6);
}

TEST(DrainMinimum, IsTheGapOfASingleReplica) {
  RequestWorld world = one_of_ten();
  world.staying = 0;
  world.desired = 1;
  world.ready_after = 40;
  // The balancer has no endpoint from 20 s to 60 s after the start, whenever that is.
  EXPECT_NEAR(fewest_requests_lost(world).lost, 400, 1e-6);
}

TEST(DrainMinimum, LetsAProxyThatTakesPodsThatEndWaitForTheirLastAnswer) {
  RequestWorld world = one_of_ten();
  world.staying = 0;
  world.desired = 1;
  world.ready_after = 40;
  world.paths = {{.name = "l4", .rate = 10, .leaves = {1}, .joins = {1}, .terminating = true}};
  // It answers for 35 s, and the successor is there after 41.
  EXPECT_NEAR(fewest_requests_lost(world).lost, 60, 1e-6);
}

TEST(DrainMinimum, CutsALongRequestWithItsPodsGrace) {
  RequestWorld world = one_of_ten();
  world.paths[0].takes = 20;
  // Those that come until 20 s are answered by 40 s, when the grace ends; one later would be cut.
  EXPECT_EQ(fewest_requests_lost(world).lost, 0);
  world.paths[0].leaves = {25};
  world.paths[0].joins = {90};
  EXPECT_NEAR(fewest_requests_lost(world).lost, 5, 1e-6);
}

TEST(DrainMinimum, ObeysABudgetWhereThatLosesNothing) {
  RequestWorld world = one_of_ten();
  world.staying = 8;
  world.leaving = 2;
  world.desired = 9;
  world.ready_after = 5;
  const FewestLost found = fewest_requests_lost(world);
  EXPECT_EQ(found.lost, 0);
  EXPECT_EQ(found.starts, (std::vector<double>{0, 5}));
}

TEST(DrainMinimum, OverridesABudgetWhereObeyingItLosesSomething) {
  RequestWorld world = one_of_ten();
  world.staying = 0;
  world.leaving = 2;
  world.desired = 2;  // allows nothing
  world.ready_after = 30;
  world.paths[0].leaves = world.paths[0].joins = {1};
  // Obeyed, both would go at 18 s, the last safe start, and nobody would be there from 19 to 49. One at once is there
  // again at 31.
  const FewestLost found = fewest_requests_lost(world);
  EXPECT_NEAR(found.lost, 120, 1e-6);
  EXPECT_EQ(found.starts, (std::vector<double>{0, 18}));
}

Result<MinimumQuestion> read(std::string_view text) { return parse_minimum_question(format::parse_json(text).value()); }

TEST(DrainMinimum, ReadsItsWorldFromJson) {
  const auto question = read(
      R"({"staying": 9, "leaving": 1, "desired": 8, "notice": 10, "until": 90, "ready_after": 2.5, "grace": 40,
          "answers": 35, "starts": [1.5], "paths": [{"name": "l7", "rate": 10, "leaves": [20], "joins": [90]}]})");
  ASSERT_TRUE(question) << question.error().message;
  const format::JsonValue document = answer(*question);
  const format::JsonField found(document);
  EXPECT_NEAR(*found["lost"].as<double>(), 10, 1e-6);
  EXPECT_NEAR(*found["paths"]["l7"].as<double>(), 10, 1e-6);
  EXPECT_NEAR(*found["done"]["lost"].as<double>(), 11.5, 1e-6) << "it was begun 1.5 s late";
}

TEST(DrainMinimum, RefusesAWorldThatIsNone) {
  EXPECT_FALSE(read("[]"));
  EXPECT_FALSE(read(R"({"staying": 1})"));
  EXPECT_FALSE(read(R"({"staying": 1, "leaving": 9})"));
  EXPECT_FALSE(read(R"({"staying": 1, "leaving": 1, "notice": -1})"));
  EXPECT_FALSE(read(R"({"staying": 1, "leaving": 1, "starts": [1, 2]})"));
  EXPECT_FALSE(read(R"({"staying": 1, "leaving": 1, "paths": [{"name": "l7"}]})"));
  EXPECT_FALSE(read(R"({"staying": 1, "leaving": 1, "typo": 1})"));
}

}  // namespace
}  // namespace spotkeeper::tools
