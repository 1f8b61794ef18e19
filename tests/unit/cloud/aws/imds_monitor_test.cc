#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <memory>

#include "base/log.h"
#include "cloud/aws/imds.h"
#include "net/cut_short.h"
#include "net/task_group.h"
#include "tests/unit/support/fake_imds.h"
#include "tests/unit/support/virtual_runtime.h"

namespace spotkeeper::aws {
namespace {

using ::spotkeeper::testing::FakeImds;
using ::spotkeeper::testing::VirtualRuntime;
using ::testing::HasSubstr;

class Monitored : public ::testing::Test {
 public:
  ~Monitored() override {
    group.cancel_all();
    log::capture(nullptr);
  }

 protected:
  Monitored() { log::capture(&logged); }

  void start(MonitorConfig config = {}) {
    monitor = std::make_unique<ImdsMonitor>(runtime, imds, config, [this](std::string_view what, AnswerKind kind) {
      ++counts[std::string(what) + " " + std::string(name_of(kind))];
    });
    group.start(monitor->run());
  }
  [[nodiscard]] const MetadataNotice* only() const {
    return monitor->notices().size() == 1 ? &monitor->notices().begin()->second : nullptr;
  }
  [[nodiscard]] std::size_t lines_with(std::string_view text) const {
    std::size_t times = 0;
    for (std::size_t from = logged.find(text); from != std::string::npos; from = logged.find(text, from + 1)) ++times;
    return times;
  }

  VirtualRuntime runtime;
  FakeImds imds{runtime};
  std::map<std::string, int> counts;
  std::string logged;
  std::unique_ptr<ImdsMonitor> monitor;
  net::TaskGroup group{runtime};
};

TEST_F(Monitored, SeesNothingWhereThereIsNothing) {
  start();
  runtime.advance(30s);
  EXPECT_TRUE(monitor->notices().empty());
  for (const MetadataTopic topic : kMetadataTopics) EXPECT_TRUE(monitor->answered(topic));
  EXPECT_GE(counts["spot none"], 29);
  EXPECT_LE(counts["spot none"], 36);
  EXPECT_EQ(counts["token found"], 1);
  EXPECT_EQ(logged, "");
}

TEST_F(Monitored, SeesASpotNoticeWithinOneInterval) {
  start();
  runtime.advance(10s);
  imds.spot("stop", runtime.now() + 120s);
  const Instant visible = runtime.now();
  ASSERT_TRUE(runtime.run_until([&] { return !monitor->notices().empty(); }, 2s));
  EXPECT_LE(runtime.now() - visible, 1s + 10ms);
  EXPECT_EQ(only()->kind, InterruptionKind::Kill);
  EXPECT_EQ(only()->effect, InterruptionEffect::Stop);
  EXPECT_EQ(only()->source, "imds/spot");
  EXPECT_EQ(only()->announced, visible + 120s);
  EXPECT_EQ(only()->received, runtime.steady());
}

TEST_F(Monitored, GivesTheSameNoticeTheSameIdInEveryPollAndAfterARestart) {
  imds.spot("terminate", runtime.now() + 120s);
  imds.put(FakeImds::kLifecycle, "Terminated");
  start();
  runtime.advance(1s);
  const auto first = monitor->notices();
  EXPECT_EQ(first.size(), 2U);
  runtime.advance(60s);
  EXPECT_EQ(monitor->notices(), first);
  group.cancel_all();
  start();
  runtime.advance(1s);
  ASSERT_EQ(monitor->notices().size(), first.size());
  for (const auto& [id, notice] : first) EXPECT_TRUE(monitor->notices().contains(id)) << id;
}

TEST_F(Monitored, KeepsTheFirstTimeOfANoticeThatMovesWithEveryPoll) {
  const Instant first = runtime.now() + 120s;
  imds.hook = [&](const net::HttpRequest& request) -> std::optional<FakeImds::Reply> {
    if (request.target == FakeImds::kSpot) imds.spot("terminate", runtime.now() + 120s);
    return std::nullopt;
  };
  start();
  runtime.advance(1s);
  ASSERT_NE(only(), nullptr);
  const MetadataNotice notice = *only();
  EXPECT_LE(*notice.announced - first, 10ms);
  runtime.advance(20s);
  ASSERT_NE(only(), nullptr);
  EXPECT_EQ(*only(), notice);
}

TEST_F(Monitored, FollowsANoticeWhoseTimeComesNearer) {
  imds.spot("terminate", runtime.now() + 120s);
  start();
  runtime.advance(1s);
  const std::string id = only()->id;
  imds.spot("terminate", runtime.now() + 30s);
  const Instant nearer = runtime.now() + 30s;
  runtime.advance(2s);
  ASSERT_NE(only(), nullptr);
  EXPECT_EQ(only()->announced, nearer);
  EXPECT_EQ(only()->id, id);
}

TEST_F(Monitored, LooksMoreOftenOnceARebalanceIsRecommended) {
  start();
  runtime.advance(10s);
  const int before = counts["spot none"];
  imds.rebalance(runtime.now());
  runtime.advance(2s);
  ASSERT_NE(only(), nullptr);
  EXPECT_EQ(only()->kind, InterruptionKind::Maybe);
  const int between = counts["spot none"];
  runtime.advance(10s);
  EXPECT_GE(counts["spot none"] - between, 2 * 9);
  EXPECT_LT(between - before, 6);
}

TEST_F(Monitored, ReportsOnlyActiveScheduledEventsAndForgetsCancelledOnes) {
  const auto event = [](const char* id, const char* state) {
    return std::string(
               R"({"NotBefore":"21 Jan 2030 09:00:43 GMT","Code":"instance-reboot","Description":"d","EventId":")") +
           id + R"(","State":")" + state + R"("})";
  };
  imds.put(FakeImds::kScheduled,
           "[" + event("a", "active") + "," + event("b", "completed") + "," + event("c", "active") + "]");
  start();
  runtime.advance(1s);
  ASSERT_EQ(monitor->notices().size(), 2U);
  EXPECT_EQ(monitor->notices().at("a").effect, InterruptionEffect::Reboot);
  EXPECT_EQ(monitor->notices().at("a").kind, InterruptionKind::Maintenance);
  imds.put(FakeImds::kScheduled, "[" + event("a", "canceled") + "," + event("c", "active") + "]");
  runtime.advance(11s);
  EXPECT_FALSE(monitor->notices().contains("a"));
  EXPECT_TRUE(monitor->notices().contains("c"));
  imds.pages.erase(FakeImds::kScheduled);
  runtime.advance(11s);
  EXPECT_TRUE(monitor->notices().empty());
}

TEST_F(Monitored, KeepsWhatStoodWhileAnswersAreErrorsOrGarbage) {
  imds.spot("terminate", runtime.now() + 120s);
  start();
  runtime.advance(1s);
  const MetadataNotice notice = *only();
  for (const FakeImds::Reply& bad : {FakeImds::Reply{503, "busy"}, FakeImds::Reply{200, "{"}, FakeImds::Reply{200, ""},
                                     FakeImds::Reply{0, "", ErrorCode::Unavailable}}) {
    imds.pages[FakeImds::kSpot] = bad;
    runtime.advance(5s);
    ASSERT_NE(only(), nullptr);
    EXPECT_EQ(*only(), notice);
  }
}

TEST_F(Monitored, LogsGarbageOnceWithTheBytesAndCountsEveryTime) {
  imds.put(FakeImds::kSpot, "{\"action\":\"explode\x01\",\"time\":\"2030-01-01T00:00:00Z\"}");
  start();
  runtime.advance(1h);
  EXPECT_GE(counts["spot garbage"], 3600);
  EXPECT_EQ(lines_with("can't be understood"), 1U);
  EXPECT_THAT(logged, HasSubstr("explode"));
  EXPECT_EQ(logged.find('\x01'), std::string::npos);
}

TEST_F(Monitored, TellsHalfAnswersFromGarbage) {
  imds.put(FakeImds::kSpot, R"({"action":"terminate","ti)");
  imds.put(FakeImds::kRebalance, "<html>");
  start();
  runtime.advance(10s);
  EXPECT_GE(counts["spot half"], 9);
  EXPECT_EQ(counts["spot garbage"], 0);
  EXPECT_GE(counts["rebalance garbage"], 9);
}

TEST_F(Monitored, CountsAnAnswerThatIsCutAsHalf) {
  imds.pages[FakeImds::kSpot] = FakeImds::Reply{0, std::string(net::kCutShort), ErrorCode::Unavailable};
  start();
  runtime.advance(10s);
  EXPECT_GE(counts["spot half"], 9);
  EXPECT_EQ(counts["spot unreachable"], 0);
}

TEST_F(Monitored, DoesNotLogMoreThanALittleHoweverManyDifferentBytesCome) {
  int n = 0;
  imds.hook = [&](const net::HttpRequest& request) -> std::optional<FakeImds::Reply> {
    if (request.target != FakeImds::kSpot) return std::nullopt;
    return FakeImds::Reply{200, "garbage " + std::to_string(++n)};
  };
  start();
  runtime.advance(30s);
  EXPECT_EQ(lines_with("can't be understood"), 1U);
  runtime.advance(1h);
  EXPECT_LE(lines_with("can't be understood"), 62U);
  EXPECT_GE(lines_with("can't be understood"), 50U) << "new bytes are told of, however many came before";
}

TEST_F(Monitored, GoesOnThroughAnHourOfEachErrorAndThenSeesTheNotice) {
  for (const FakeImds::Reply& bad :
       {FakeImds::Reply{404, ""}, FakeImds::Reply{401, ""}, FakeImds::Reply{403, ""}, FakeImds::Reply{429, ""},
        FakeImds::Reply{500, ""}, FakeImds::Reply{503, ""}, FakeImds::Reply{302, ""}, FakeImds::Reply{200, "?"},
        FakeImds::Reply{0, "", ErrorCode::Unavailable}, FakeImds::Reply{0, "", ErrorCode::InvalidInput},
        FakeImds::Reply{200, "", std::nullopt, 10s}}) {
    imds.pages.clear();
    imds.hook = [&](const net::HttpRequest& request) -> std::optional<FakeImds::Reply> {
      if (request.method == "PUT") return std::nullopt;
      return bad;
    };
    start();
    const auto begun = runtime.steady();
    runtime.advance(1h);
    EXPECT_LE(runtime.steady() - monitor->last_activity(), 3s);
    EXPECT_GE(runtime.steady() - begun, 1h);
    imds.hook = nullptr;
    imds.spot("terminate", runtime.now() + 120s);
    runtime.advance(3s);
    EXPECT_NE(only(), nullptr) << bad.status;
    group.cancel_all();
  }
  EXPECT_LE(lines_with("did not answer"), 60U);  // an hour each: not one a poll
}

TEST_F(Monitored, OnePlaceThatHangsDoesNotHoldUpTheOthers) {
  imds.pages[FakeImds::kSpot] = {200, "", std::nullopt, 1h};
  start();
  runtime.advance(10s);
  imds.put(FakeImds::kLifecycle, "Terminated");
  imds.rebalance(runtime.now());
  runtime.advance(4s);
  EXPECT_EQ(monitor->notices().size(), 2U);
  EXPECT_GE(counts["spot timeout"], 5);
}

TEST_F(Monitored, UsesOneTokenUntilItIsAlmostOverAndRenewsItInTime) {
  MonitorConfig config;
  config.client.token_ttl = 60s;
  start(config);
  runtime.advance(10min);
  EXPECT_GE(imds.tokens_given(), 10U);
  EXPECT_LE(imds.tokens_given(), 25U);
  EXPECT_EQ(counts["spot unauthorized"], 0);
}

TEST_F(Monitored, AsksForOneFreshTokenWhenTheOldOneIsRefused) {
  start();
  runtime.advance(5s);
  ASSERT_EQ(imds.tokens_given(), 1U);
  imds.forget_tokens();  // the service was restarted
  imds.spot("terminate", runtime.now() + 120s);
  runtime.advance(1100ms);
  EXPECT_NE(only(), nullptr);
  EXPECT_EQ(imds.tokens_given(), 2U);
}

TEST_F(Monitored, KeepsAValidTokenWhenANewOneCanNotBeHad) {
  MonitorConfig config;
  config.client.token_ttl = 100s;
  config.client.token_reserve = 50s;
  start(config);
  runtime.advance(10s);
  imds.hook = [](const net::HttpRequest& request) -> std::optional<FakeImds::Reply> {
    if (request.method != "PUT") return std::nullopt;
    return FakeImds::Reply{503, ""};
  };
  runtime.advance(60s);
  EXPECT_GT(counts["token server-error"], 0);
  imds.spot("terminate", runtime.now() + 120s);
  runtime.advance(2s);
  EXPECT_NE(only(), nullptr);
}

TEST_F(Monitored, NeverAsksWithoutATokenUnlessAllowed) {
  imds.has_tokens = false;
  imds.require_tokens = false;
  imds.spot("terminate", runtime.now() + 120s);
  start();
  runtime.advance(10s);
  EXPECT_TRUE(monitor->notices().empty());
  EXPECT_FALSE(monitor->answered(MetadataTopic::Spot));
  EXPECT_EQ(imds.asked(FakeImds::kSpot), 0U);
  group.cancel_all();

  MonitorConfig config;
  config.client.allow_v1 = true;
  start(config);
  runtime.advance(2s);
  EXPECT_NE(only(), nullptr);
}

TEST_F(Monitored, EstimatesTheSkewFromTheDateOfAnswers) {
  imds.date_behind = 5s;  // this machine is ahead
  start();
  runtime.advance(1min);
  EXPECT_NEAR(seconds_of(monitor->skew().value()), 5.0, 0.2);
}

TEST_F(Monitored, IdentityFallsBackToTheSingleEntries) {
  ImdsClient client(runtime, imds, {});
  EXPECT_FALSE(runtime.run(client.identity()));
  imds.put("/latest/meta-data/instance-id", "i-7");
  imds.put("/latest/meta-data/instance-type", "m5.large\n");
  imds.put("/latest/meta-data/instance-life-cycle", "spot");
  const auto pieces = runtime.run(client.identity());
  ASSERT_TRUE(pieces);
  EXPECT_EQ(pieces->instance_id, "i-7");
  EXPECT_EQ(pieces->instance_type, "m5.large");
  EXPECT_EQ(pieces->life_cycle, "spot");
  imds.put("/latest/dynamic/instance-identity/document", R"({"instanceId":"i-8","region":"r"})");
  EXPECT_EQ(runtime.run(client.identity())->instance_id, "i-8");
}

}  // namespace
}  // namespace spotkeeper::aws
