#include "tests/tools/imds_server/server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "cloud/aws/imds.h"
#include "net/http_client.h"
#include "net/http_date.h"

namespace spotkeeper::tools {
namespace {

using testing::HasSubstr;

struct ImdsServerTest : testing::Test {
  ImdsServerTest() {
    char directory[] = "/tmp/imds_server_test.XXXXXX";
    EXPECT_NE(::mkdtemp(directory), nullptr);
    folder = directory;
    config.node.name = "rn1";
    config.node.instance_id = "i-0feed";
    start(config);
  }
  ~ImdsServerTest() override {
    server.reset();
    ::rmdir(folder.c_str());
  }
  void start(const ImdsServerConfig& with) {
    auto started = ImdsServer::start(loop, *net::SocketAddress::parse("127.0.0.1", 0), folder + "/s", with);
    ASSERT_TRUE(started) << started.error().message;
    server = std::move(*started);
    client = *net::make_http_transport(loop, {.host = "127.0.0.1", .port = server->address().port()}, {});
    token = ask("PUT", "/latest/api/token", {{"X-aws-ec2-metadata-token-ttl-seconds", "600"}})->body;
  }
  Result<net::HttpResponse> ask(const std::string& method, const std::string& target, net::HttpHeaders headers,
                                Duration limit = 10s) {
    return loop.run_until(
        client->send({.method = method, .target = target, .headers = std::move(headers), .body = {}}, limit));
  }
  Result<net::HttpResponse> get(const std::string& path, Duration limit = 10s) {
    return ask("GET", "/latest/meta-data/" + path, {{"X-aws-ec2-metadata-token", token}}, limit);
  }
  int status_of(const std::string& path) {
    const auto answer = get(path);
    return answer ? answer->status : 0;
  }
  format::JsonValue status() { return *format::parse_json(server->control("status")); }

  std::string folder;
  ImdsServerConfig config;
  net::EventLoop loop;
  std::unique_ptr<ImdsServer> server;
  std::unique_ptr<net::HttpClient> client;
  std::string token;
};

TEST_F(ImdsServerTest, GivesANoticeFromWhenItIsToldUntilItIsCancelled) {
  EXPECT_EQ(status_of("spot/instance-action"), 404);
  ASSERT_EQ(server->control("notice stop in 60s"), "ok");
  const auto answer = get("spot/instance-action");
  ASSERT_TRUE(answer);
  const auto action = aws::parse_spot_action(answer->body);
  ASSERT_TRUE(action) << action.error().message;
  EXPECT_EQ(action->effect, InterruptionEffect::Stop);
  EXPECT_GT(action->at, loop.now() + 50s);
  EXPECT_LE(action->at, loop.now() + 60s);
  ASSERT_EQ(server->control("notice cancel"), "ok");
  EXPECT_EQ(status_of("spot/instance-action"), 404);
}

TEST_F(ImdsServerTest, SaysWhenANoticeWasFirstServed) {
  server->control("notice terminate");
  EXPECT_FALSE(format::JsonField(status())["spot"]["served"].present());
  ASSERT_TRUE(get("spot/instance-action"));
  const format::JsonValue now = status();
  const auto since = format::JsonField(now)["spot"]["since"].as<Instant>();
  const auto served = format::JsonField(now)["spot"]["served"].as<Instant>();
  ASSERT_TRUE(since);
  ASSERT_TRUE(served);
  EXPECT_GE(*served, *since);
  ASSERT_TRUE(get("spot/instance-action"));
  EXPECT_EQ(*format::JsonField(status())["spot"]["served"].as<Instant>(), *served) << "the first time counts";
  EXPECT_EQ(*format::JsonField(status())["requests"]["spot"].as<std::uint64_t>(), 2U);
}

TEST_F(ImdsServerTest, GivesEveryOtherSignal) {
  server->control("rebalance");
  server->control("maintenance instance-retirement in 1h");
  server->control("lifecycle Terminated");
  EXPECT_TRUE(aws::parse_rebalance(get("events/recommendations/rebalance")->body));
  const auto events = aws::parse_scheduled_events(get("events/maintenance/scheduled")->body);
  ASSERT_TRUE(events);
  ASSERT_EQ(events->events.size(), 1U);
  EXPECT_EQ(events->events.front().code, "instance-retirement");
  EXPECT_EQ(get("autoscaling/target-lifecycle-state")->body, "Terminated");
  server->control("lifecycle none");
  EXPECT_EQ(status_of("autoscaling/target-lifecycle-state"), 404);
}

TEST_F(ImdsServerTest, TellsACancelledMaintenanceFromACompletedOne) {
  server->control("maintenance system-reboot");
  server->control("maintenance cancel");
  server->control("maintenance system-reboot");
  server->control("maintenance complete");
  const auto scheduled = aws::parse_scheduled_events(get("events/maintenance/scheduled")->body);
  const auto history = aws::parse_scheduled_events(get("events/maintenance/history")->body);
  ASSERT_TRUE(scheduled && history);
  ASSERT_EQ(scheduled->events.size(), 1U);
  EXPECT_EQ(scheduled->events.front().state, aws::ScheduledEvent::State::Canceled);
  ASSERT_EQ(history->events.size(), 2U);
  EXPECT_EQ(history->events.back().state, aws::ScheduledEvent::State::Completed);
  EXPECT_NE(history->events.front().id, history->events.back().id);
}

TEST_F(ImdsServerTest, DoesLaterWhatItIsToldToDoLater) {
  ASSERT_EQ(server->control("after 20ms notice terminate"), "ok");
  EXPECT_EQ(*format::JsonField(status())["waiting"].as<std::uint64_t>(), 1U);
  EXPECT_EQ(status_of("spot/instance-action"), 404);
  loop.run_until([](net::EventLoop& on, ImdsServer& imds) -> net::Task<void> {
    while (imds.control("status").find("\"waiting\":0") == std::string::npos) co_await net::sleep_for(on, 1ms);
  }(loop, *server));
  EXPECT_EQ(status_of("spot/instance-action"), 200);
}

TEST_F(ImdsServerTest, RefusesTokensThatHaveExpired) {
  EXPECT_EQ(status_of("instance-id"), 200);
  server->control("tokens expire");
  EXPECT_EQ(status_of("instance-id"), 401);
}

TEST_F(ImdsServerTest, FailsAsItIsTold) {
  server->control("errors 503 times 1");
  EXPECT_EQ(status_of("instance-id"), 503);
  server->control("no-events for 1h");
  server->control("notice terminate");
  EXPECT_EQ(status_of("spot/instance-action"), 404);
  EXPECT_EQ(status_of("events/maintenance/scheduled"), 404);
  EXPECT_EQ(status_of("instance-id"), 200);
  server->control("no-events off");
  server->control("garbage times 1");
  const auto garbage = get("spot/instance-action");
  ASSERT_TRUE(garbage);
  EXPECT_EQ(garbage->status, 200);
  EXPECT_FALSE(aws::parse_spot_action(garbage->body));
  EXPECT_EQ(status_of("spot/instance-action"), 200);
}

TEST_F(ImdsServerTest, BreaksOffAnAnswer) {
  // The client asks a second time, on a fresh connection, what a reused one did not answer.
  server->control("half times 2");
  EXPECT_FALSE(get("spot/instance-action"));
  server->control("half off");
  EXPECT_EQ(status_of("instance-id"), 200);
}

TEST_F(ImdsServerTest, LetsOneConnectionHangAndServesTheOthers) {
  server->control("hang times 1");
  const auto hung = get("instance-id", 50ms);
  ASSERT_FALSE(hung);
  EXPECT_EQ(hung.error().code, ErrorCode::Timeout);
  EXPECT_EQ(status_of("instance-id"), 200);
}

TEST_F(ImdsServerTest, ForgetsEverythingAtAReset) {
  for (const char* line : {"notice terminate", "rebalance", "maintenance system-reboot", "lifecycle Terminated",
                           "errors 500 for 1h", "after 1h notice stop"}) {
    EXPECT_EQ(server->control(line), "ok") << line;
  }
  EXPECT_EQ(server->control("reset"), "ok");
  EXPECT_EQ(status_of("spot/instance-action"), 404);
  EXPECT_EQ(status_of("events/recommendations/rebalance"), 404);
  EXPECT_EQ(get("events/maintenance/scheduled")->body, "[]");
  EXPECT_EQ(get("autoscaling/target-lifecycle-state")->body, "InService");
  EXPECT_EQ(*format::JsonField(status())["waiting"].as<std::uint64_t>(), 0U);
}

TEST_F(ImdsServerTest, HasAClockAheadOfOursWhenToldTo) {
  server.reset();
  config.date_skew = 1h;
  start(config);
  const auto answer = get("instance-id");
  ASSERT_TRUE(answer);
  const auto date = net::parse_http_date(*answer->headers.find("Date"));
  ASSERT_TRUE(date);
  EXPECT_GT(*date, loop.now() + 59min);
}

TEST_F(ImdsServerTest, AnswersOverItsControlSocketLineByLine) {
  const auto said = loop.run_until([](net::EventLoop& on, std::string path) -> net::Task<std::vector<std::string>> {
    std::vector<std::string> lines;
    const auto stream = LineStream::connect(on, path);
    if (!stream) co_return std::move(lines);
    auto written = co_await (*stream)->write("notice terminate\nnonsense\nstatus\n");
    for (int i = 0; i < 3 && written; ++i) {
      auto line = co_await (*stream)->line();
      lines.push_back(line ? *line : line.error().message);
    }
    co_return std::move(lines);
  }(loop, folder + "/s"));
  ASSERT_EQ(said.size(), 3U);
  EXPECT_EQ(said[0], "ok");
  EXPECT_THAT(said[1], HasSubstr("error: unknown command"));
  EXPECT_THAT(said[2], HasSubstr(R"("node":"rn1","instance_id":"i-0feed")"));
}

}  // namespace
}  // namespace spotkeeper::tools
