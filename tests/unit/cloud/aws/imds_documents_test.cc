#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cloud/aws/imds.h"

namespace spotkeeper::aws {
namespace {

using ::testing::HasSubstr;

Instant at(const char* text) { return parse_rfc3339(text).value(); }

TEST(SpotActionDocument, TellsTheThreeActionsApart) {
  const auto read = [](const std::string& action) {
    return parse_spot_action(R"({"action":")" + action + R"(","time":"2020-09-15T21:15:41Z"})").value();
  };
  EXPECT_EQ(read("terminate").effect, InterruptionEffect::Terminate);
  EXPECT_EQ(read("stop").effect, InterruptionEffect::Stop);
  EXPECT_EQ(read("hibernate").effect, InterruptionEffect::Hibernate);
  EXPECT_EQ(read("stop").at, at("2020-09-15T21:15:41Z"));
}

TEST(SpotActionDocument, RefusesWhatIsNoneWithThePlace) {
  for (const char* body :
       {"", "null", "[]", "{", R"({"action":"terminate"})", R"({"time":"2020-09-15T21:15:41Z"})",
        R"({"action":"reboot","time":"2020-09-15T21:15:41Z"})", R"({"action":"terminate","time":"soon"})",
        R"({"action":5,"time":"2020-09-15T21:15:41Z"})", "<html></html>", "\xff\xfe"})
    EXPECT_FALSE(parse_spot_action(body)) << body;
  EXPECT_THAT(parse_spot_action(R"({"action":"terminate","time":"soon"})").error().message, HasSubstr("/time"));
}

TEST(RebalanceDocument, HasTheTimeOfTheNotice) {
  EXPECT_EQ(parse_rebalance(R"({"noticeTime":"2020-10-27T08:22:00Z"})").value().given, at("2020-10-27T08:22:00Z"));
  EXPECT_FALSE(parse_rebalance("{}"));
}

constexpr const char* kEvents = R"([
  {"NotBefore":"21 Jan 2019 09:00:43 GMT","Code":"system-reboot","Description":"scheduled reboot",
   "EventId":"instance-event-0d59937288b749b32","NotAfter":"21 Jan 2019 09:17:23 GMT","State":"active"},
  {"NotBefore":"1 Feb 2019 09:00:43 GMT","Code":"instance-stop","Description":"[Canceled] stop",
   "EventId":"instance-event-1","NotAfter":"","State":"canceled"},
  {"NotBefore":"01 Feb 2019 09:00:43 GMT","Code":"instance-retirement","EventId":"instance-event-2","State":"completed"}
])";

TEST(ScheduledEventsDocument, HasSeveralEventsWithTheirStates) {
  const ScheduledEvents found = parse_scheduled_events(kEvents).value();
  ASSERT_EQ(found.events.size(), 3U);
  EXPECT_TRUE(found.unreadable.empty());
  EXPECT_EQ(found.events[0].id, "instance-event-0d59937288b749b32");
  EXPECT_EQ(found.events[0].not_before, at("2019-01-21T09:00:43Z"));
  EXPECT_EQ(found.events[0].not_after, at("2019-01-21T09:17:23Z"));
  EXPECT_EQ(found.events[0].state, ScheduledEvent::State::Active);
  EXPECT_EQ(found.events[1].state, ScheduledEvent::State::Canceled);
  EXPECT_EQ(found.events[1].not_after, std::nullopt);
  EXPECT_EQ(found.events[2].state, ScheduledEvent::State::Completed);
  EXPECT_TRUE(parse_scheduled_events("[]").value().events.empty());
}

TEST(ScheduledEventsDocument, OneBadElementDoesNotHideTheOthers) {
  const ScheduledEvents found =
      parse_scheduled_events(R"([{"Code":"x"},7,{"NotBefore":"21 Jan 2019 09:00:43 GMT","Code":"instance-stop",
                              "EventId":"e","State":"active"}])")
          .value();
  ASSERT_EQ(found.events.size(), 1U);
  EXPECT_EQ(found.events[0].id, "e");
  EXPECT_EQ(found.unreadable.size(), 2U);
  EXPECT_FALSE(parse_scheduled_events("{}"));
}

TEST(LifecycleDocument, IsOneWord) {
  EXPECT_EQ(parse_lifecycle_state("Terminated\n").value(), "Terminated");
  EXPECT_EQ(parse_lifecycle_state("Warmed:Stopped").value(), "Warmed:Stopped");
  for (const char* body : {"", " ", "In Service", "<html>", "Terminated\nInService"})
    EXPECT_FALSE(parse_lifecycle_state(body)) << body;
}

TEST(IdentityDocument, NeedsTheInstanceAndNothingElse) {
  const auto identity = parse_identity(R"({"accountId":"1","instanceId":"i-1","instanceType":"m5.large","region":"r",
                                          "privateIp":"10.0.0.1","availabilityZone":"ra","kernelId":null})")
                            .value();
  EXPECT_EQ(identity.instance_id, "i-1");
  EXPECT_EQ(identity.instance_type, "m5.large");
  EXPECT_EQ(identity.zone, "ra");
  EXPECT_TRUE(parse_identity(R"({"instanceId":"i-1"})"));
  EXPECT_FALSE(parse_identity(R"({"instanceId":""})"));
  EXPECT_FALSE(parse_identity(R"({"instanceType":"m5.large"})"));
}

TEST(EventTime, IsTheServicesOwnForm) {
  EXPECT_EQ(parse_event_time("21 Jan 2019 09:00:43 GMT").value(), at("2019-01-21T09:00:43Z"));
  EXPECT_EQ(parse_event_time("1 Jan 2019 09:00:43 GMT").value(), at("2019-01-01T09:00:43Z"));
  for (const char* text : {"", "1", "2019-01-21T09:00:43Z", "21 Foo 2019 09:00:43 GMT", "21 Jan 2019 09:00:43 CET",
                           "41 Jan 2019 09:00:43 GMT"})
    EXPECT_FALSE(parse_event_time(text)) << text;
}

Instant second(double seconds) { return Instant(duration_of_seconds(1'800'000'000 + seconds)); }

Steady after(double seconds) { return Steady(duration_of_seconds(seconds)); }

TEST(ClockSkew, IsZeroWhileThatIsPossible) {
  SkewEstimate estimate;
  EXPECT_EQ(estimate.skew(second(10), after(10)), std::nullopt);
  estimate.learn(second(10), after(10.4), after(10.41));  // the service may have read 10.4 as well
  EXPECT_EQ(estimate.skew(second(10.41), after(10.41)), Duration(0));
}

TEST(ClockSkew, IsNarrowedByEveryAnswer) {
  for (const double ahead : {5.0, -5.0, 1.3, -1.3}) {
    SkewEstimate estimate;
    for (int i = 0; i < 100; ++i) {
      const double served = i * 0.937;  // as polls with jitter fall on all parts of a second
      estimate.learn(second(std::floor(served)), after(served - 0.001), after(served + 0.001));
    }
    EXPECT_NEAR(seconds_of(estimate.skew(second(100 + ahead), after(100)).value()), ahead, 0.1) << ahead;
  }
}

TEST(ClockSkew, StartsAnewWhenTheServicesClockJumps) {
  SkewEstimate estimate;
  for (int i = 0; i < 10; ++i) estimate.learn(second(i), after(i + 0.5), after(i + 0.5));
  EXPECT_EQ(estimate.skew(second(10), after(10)), Duration(0));
  estimate.learn(second(11), after(71.5), after(71.5));
  EXPECT_NEAR(seconds_of(estimate.skew(second(71.5), after(71.5)).value()), 60, 1);
}

TEST(ClockSkew, FollowsAWallClockThatIsSetWithoutBeingAskedAnew) {
  SkewEstimate estimate;
  for (int i = 0; i < 10; ++i) estimate.learn(second(i), after(i + 0.01 * i), after(i + 0.01 * i + 0.001));
  EXPECT_EQ(estimate.skew(second(20), after(20)), Duration(0));
  EXPECT_NEAR(seconds_of(estimate.skew(second(620), after(20)).value()), 600, 1);
  EXPECT_NEAR(seconds_of(estimate.skew(second(-580), after(20)).value()), -600, 1);
}

}  // namespace
}  // namespace spotkeeper::aws
