#include <gmock/gmock.h>

#include "tests/unit/sim/small_world.h"

#include "cloud/aws/imds.h"
#include "format/json.h"
#include "net/http_date.h"

namespace spotkeeper::sim {
namespace {

class Metadata : public SmallWorld {
 protected:
  Metadata() { nodes(1); }

  net::HttpResponse ask(const net::HttpRequest& request) {
    auto answer = world.metadata(NodeName("n1"), request);
    EXPECT_TRUE(answer);
    return answer ? *answer : net::HttpResponse{};
  }
  std::string token(const std::string& life = "60") {
    net::HttpRequest request;
    request.method = "PUT";
    request.target = "/latest/api/token";
    request.headers.add("X-aws-ec2-metadata-token-ttl-seconds", life);
    return ask(request).body;
  }
  net::HttpResponse get(const std::string& path, const std::string& with) {
    net::HttpRequest request;
    request.target = "/latest/" + path;
    request.headers.add("X-aws-ec2-metadata-token", with);
    return ask(request);
  }
};

TEST_F(Metadata, WantsATokenThatHasNotEnded) {
  EXPECT_EQ(get("meta-data/instance-id", "nonsense").status, 401);
  const std::string good = token();
  EXPECT_EQ(get("meta-data/instance-id", good).status, 200);
  pass(61s);
  EXPECT_EQ(get("meta-data/instance-id", good).status, 401);
}

TEST_F(Metadata, RefusesATokenRequestWithoutAGoodLife) {
  net::HttpRequest request;
  request.method = "PUT";
  request.target = "/latest/api/token";
  EXPECT_EQ(ask(request).status, 400);
  for (const char* life : {"0", "21601", "x", "-1", ""}) {
    request.headers.set("X-aws-ec2-metadata-token-ttl-seconds", life);
    EXPECT_EQ(ask(request).status, 400) << life;
  }
  request.headers.set("X-aws-ec2-metadata-token-ttl-seconds", "21600");
  request.headers.add("X-Forwarded-For", "10.0.0.9");
  EXPECT_EQ(ask(request).status, 403);
}

TEST_F(Metadata, SaysNothingOfAnEndUntilThereIsOne) {
  const std::string good = token();
  EXPECT_EQ(get("meta-data/spot/instance-action", good).status, 404);
  EXPECT_EQ(get("meta-data/events/recommendations/rebalance", good).status, 404);
  EXPECT_EQ(get("meta-data/events/maintenance/scheduled", good).body, "[]");
  EXPECT_EQ(get("meta-data/autoscaling/target-lifecycle-state", good).body, "InService");
}

TEST_F(Metadata, GivesEachNoticeAsTheClientReadsIt) {
  Notice notice;
  const Instant at = world.now() + 120s;
  notice.at = at;
  world.notice(NodeName("n1"), notice);
  notice.kind = InterruptionKind::Maintenance;
  world.notice(NodeName("n1"), notice);
  notice.kind = InterruptionKind::Maybe;
  world.notice(NodeName("n1"), notice);
  notice.kind = InterruptionKind::Retire;
  world.notice(NodeName("n1"), notice);
  const std::string good = token();
  const auto spot = aws::parse_spot_action(get("meta-data/spot/instance-action", good).body);
  ASSERT_TRUE(spot);
  EXPECT_EQ(spot->at, at);
  EXPECT_EQ(spot->effect, InterruptionEffect::Terminate);
  const auto events = aws::parse_scheduled_events(get("meta-data/events/maintenance/scheduled", good).body);
  ASSERT_TRUE(events);
  ASSERT_EQ(events->events.size(), 1U);
  EXPECT_EQ(events->events[0].not_before, at);
  EXPECT_TRUE(aws::parse_rebalance(get("meta-data/events/recommendations/rebalance", good).body));
  EXPECT_EQ(get("meta-data/autoscaling/target-lifecycle-state", good).body, "Terminated");
}

TEST_F(Metadata, KeepsACancelledEventAsCancelled) {
  Notice notice;
  notice.kind = InterruptionKind::Maintenance;
  notice.at = world.now() + 1h;
  world.notice(NodeName("n1"), notice);
  world.withdraw(NodeName("n1"), InterruptionKind::Maintenance);
  const auto events = aws::parse_scheduled_events(get("meta-data/events/maintenance/scheduled", token()).body);
  ASSERT_TRUE(events);
  ASSERT_EQ(events->events.size(), 1U);
  EXPECT_EQ(events->events[0].state, aws::ScheduledEvent::State::Canceled);
}

TEST_F(Metadata, HasACompletedEventInTheHistoryAlone) {
  Notice notice;
  notice.kind = InterruptionKind::Maintenance;
  notice.at = world.now() + 1h;
  world.notice(NodeName("n1"), notice);
  EXPECT_EQ(get("meta-data/events/maintenance/history", token()).body, "[]");
  world.complete_maintenance(NodeName("n1"));
  EXPECT_EQ(get("meta-data/events/maintenance/scheduled", token()).body, "[]");
  const auto events = aws::parse_scheduled_events(get("meta-data/events/maintenance/history", token()).body);
  ASSERT_TRUE(events);
  ASSERT_EQ(events->events.size(), 1U);
  EXPECT_EQ(events->events[0].state, aws::ScheduledEvent::State::Completed);
  EXPECT_THAT(events->events[0].description, testing::StartsWith("[Completed]"));
}

TEST_F(Metadata, HasTheMachinesEntriesWithAndWithoutASlashAtTheEnd) {
  const std::string good = token();
  EXPECT_EQ(get("meta-data/placement/availability-zone", good).body, "us-east-1a");
  EXPECT_EQ(get("meta-data/placement/availability-zone/", good).body, "us-east-1a");
  const std::string mac = get("meta-data/mac", good).body;
  EXPECT_EQ(get("meta-data/network/interfaces/macs/", good).body, mac + "/");
  EXPECT_EQ(get("meta-data/network/interfaces/macs/" + mac + "/local-ipv4s", good).body,
            get("meta-data/local-ipv4", good).body);
  EXPECT_EQ(get("meta-data/nonsense", good).status, 404);
  EXPECT_EQ(get("meta-data/network/interfaces/macs/" + mac + "/nonsense", good).status, 404);
}

TEST_F(Metadata, HasCredentialsOfTheRoleThatItNames) {
  const std::string good = token();
  const std::string role = get("meta-data/iam/security-credentials/", good).body;
  const auto credentials = format::parse_json(get("meta-data/iam/security-credentials/" + role, good).body);
  ASSERT_TRUE(credentials);
  const auto expiry = format::JsonField(*credentials)["Expiration"].as<Instant>();
  ASSERT_TRUE(expiry);
  EXPECT_GT(*expiry, world.now() + 1h);
  EXPECT_EQ(get("meta-data/iam/security-credentials/another", good).status, 404);
  const auto info = format::parse_json(get("meta-data/iam/info", good).body);
  ASSERT_TRUE(info);
  EXPECT_THAT(*format::JsonField(*info)["InstanceProfileArn"].as<std::string>(), testing::EndsWith("/" + role));
}

TEST_F(Metadata, CallsAMachineWhatItWasToldTo) {
  NodeSpec own;
  own.name = "own";
  own.instance_id = "i-0feedfacecafebeef";
  own.private_ip = "10.77.0.21";
  world.add_node(own);
  net::HttpRequest request;
  request.method = "PUT";
  request.target = "/latest/api/token";
  request.headers.add("X-aws-ec2-metadata-token-ttl-seconds", "60");
  request.headers.add("X-aws-ec2-metadata-token", world.metadata(NodeName("own"), request)->body);
  request.method = "GET";
  request.target = "/latest/dynamic/instance-identity/document";
  const auto identity = aws::parse_identity(world.metadata(NodeName("own"), request)->body);
  ASSERT_TRUE(identity);
  EXPECT_EQ(identity->instance_id, "i-0feedfacecafebeef");
  EXPECT_EQ(identity->private_ip, "10.77.0.21");
}

TEST_F(Metadata, HasADateAndAnIdentityThatTheClientReads) {
  const auto answer = get("dynamic/instance-identity/document", token());
  const auto identity = aws::parse_identity(answer.body);
  ASSERT_TRUE(identity);
  EXPECT_EQ(identity->zone, "us-east-1a");
  EXPECT_EQ(identity->instance_type, "m5.large");
  const auto date = net::parse_http_date(*answer.headers.find("Date"));
  ASSERT_TRUE(date);
  EXPECT_LE(world.now() - *date, 1s);
}

TEST_F(Metadata, IsSilentOnADeadMachine) {
  world.kill_machine(NodeName("n1"));
  EXPECT_FALSE(world.metadata(NodeName("n1"), {}));
}

}  // namespace
}  // namespace spotkeeper::sim
