#include "tests/tools/web_server/service.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>

#include "base/text.h"
#include "net/http_client.h"
#include "net/task_group.h"
#include "net/virtual_runtime.h"

namespace spotkeeper::tools {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

/// What was written to a pipe.
class Pipe {
 public:
  Pipe() { EXPECT_EQ(::pipe2(ends_, O_NONBLOCK | O_CLOEXEC), 0); }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  ~Pipe() {
    ::close(ends_[0]);
    ::close(ends_[1]);
  }
  [[nodiscard]] int fd() const { return ends_[1]; }
  /// The words and ids of the lines so far, without their times.
  std::vector<std::string> lines() {
    char buffer[65536];
    const ssize_t got = ::read(ends_[0], buffer, sizeof buffer);
    if (got > 0) text_.append(buffer, static_cast<std::size_t>(got));
    std::vector<std::string> out;
    for (const std::string_view line : split(text_, '\n')) {
      if (const auto parts = split_once(line, ' ')) out.emplace_back(parts->second);
    }
    return out;
  }

 private:
  int ends_[2] = {-1, -1};
  std::string text_;
};

struct WebServerTest : testing::Test {
  void start(const ServiceConfig& config) {
    auto started = Service::start(loop, *net::SocketAddress::parse("127.0.0.1", 0), config, log.fd());
    ASSERT_TRUE(started) << started.error().message;
    service = std::move(*started);
    client = *net::make_http_transport(loop, {.host = "127.0.0.1", .port = service->address().port()}, {});
  }
  Result<net::HttpResponse> ask(const std::string& target, net::HttpHeaders headers = {}) {
    return loop.run_until(client->send({.target = target, .headers = std::move(headers), .body = {}}, 10s));
  }
  Pipe log;
  net::EventLoop loop;
  std::unique_ptr<Service> service;
  std::unique_ptr<net::HttpClient> client;
};

TEST_F(WebServerTest, AnswersWithTheRequestsIdAndItsOwnName) {
  start({.name = "web-1"});
  const auto answer = ask("/work", {{"X-Request-Id", "r1"}, {"X-Takes", "1ms"}});
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->status, 200);
  EXPECT_EQ(answer->headers.find("X-Request-Id"), "r1");
  EXPECT_EQ(answer->headers.find("X-Served-By"), "web-1");
  EXPECT_EQ(answer->body, "r1\n");
}

TEST_F(WebServerTest, StreamsTheSameAnswer) {
  start({.name = "web-1"});
  const auto answer = ask("/work", {{"X-Request-Id", "r1"}, {"X-Streams", "yes"}});
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->headers.find("X-Request-Id"), "r1");
  EXPECT_EQ(answer->body, "r1\n");
}

TEST_F(WebServerTest, LogsWhatCameAndWhatWasAnswered) {
  start({.name = "web-1"});
  ASSERT_TRUE(ask("/work", {{"X-Request-Id", "r1"}}));
  ASSERT_TRUE(ask("/work", {{"X-Request-Id", "r2"}, {"X-Takes", "30s"}}));
  ASSERT_TRUE(ask("/work"));
  ASSERT_TRUE(ask("/ready"));
  service.reset();
  EXPECT_THAT(log.lines(), ElementsAre("received r1", "answered r1")) << "r2 asked for too much and was refused";
}

TEST_F(WebServerTest, DoesNotLogAnAnswerThatNobodyWaitedFor) {
  start({.name = "web-1"});
  net::TaskGroup group(loop);
  group.start([](net::HttpTransport& to) -> net::Task<void> {
    net::HttpRequest request{.headers = {{"X-Request-Id", "r1"}, {"X-Takes", "1s"}}, .body = {}};
    (void)(co_await to.send(std::move(request), 10s));
  }(*client));
  loop.run_until([](net::EventLoop& on, Pipe& lines) -> net::Task<void> {
    while (lines.lines().empty()) co_await net::sleep_for(on, 1ms);
  }(loop, log));
  group.cancel_all();
  ASSERT_TRUE(ask("/work", {{"X-Request-Id", "r2"}, {"X-Takes", "1s"}}));
  service.reset();
  EXPECT_THAT(log.lines(), ElementsAre("received r1", "received r2", "answered r2"));
}

TEST_F(WebServerTest, IsNotReadyBeforeItsTimeButLives) {
  start({.name = "web-1", .ready_after = 1h});
  EXPECT_EQ(ask("/ready")->status, 503);
  EXPECT_EQ(ask("/live")->status, 200);
  service.reset();
  start({.name = "web-1"});
  EXPECT_EQ(ask("/ready")->status, 200);
}

TEST_F(WebServerTest, GoesOnAnsweringForAWhileEachAnswerTheLastOfItsConnection) {
  start({.name = "web-1", .linger = 1h});
  const auto before = ask("/work");
  ASSERT_TRUE(before);
  EXPECT_FALSE(before->headers.find("Connection"));
  net::TaskGroup group(loop);
  group.start(service->end());
  for (const char* connection : {"kept", "new"}) {
    const auto answer = ask("/work", {{"X-Request-Id", "r1"}});
    ASSERT_TRUE(answer) << connection << ": " << answer.error().message;
    EXPECT_EQ(answer->status, 200);
    EXPECT_EQ(answer->headers.find("Connection"), "close") << connection;
  }
}

TEST_F(WebServerTest, EndsWhenItsTimeIsOverAndWhatWasUnderWayIsAnswered) {
  start({.name = "web-1", .linger = 1ms});
  std::optional<Result<net::HttpResponse>> answer;
  net::TaskGroup group(loop);
  group.start([](net::HttpTransport& to, std::optional<Result<net::HttpResponse>>& out) -> net::Task<void> {
    net::HttpRequest request{.headers = {{"X-Request-Id", "r1"}, {"X-Takes", "300ms"}}, .body = {}};
    out.emplace(co_await to.send(std::move(request), 10s));
  }(*client, answer));
  loop.run_until([](net::EventLoop& on, Pipe& lines) -> net::Task<void> {
    while (lines.lines().empty()) co_await net::sleep_for(on, 1ms);
  }(loop, log));
  loop.run_until(service->end());
  loop.run_until(group.join());
  ASSERT_TRUE(answer && *answer) << "cut";
  EXPECT_EQ((*answer)->status, 200);
  EXPECT_FALSE(ask("/work")) << "nobody listens any more";
  EXPECT_EQ(std::ranges::count(log.lines(), "ending SIGTERM"), 1);
}

TEST(Order, RefusesWhatItCantUnderstand) {
  EXPECT_FALSE(parse_order({{"X-Takes", "soon"}}));
  EXPECT_FALSE(parse_order({{"X-Takes", "-1s"}}));
  EXPECT_FALSE(parse_order({{"X-Takes", "21s"}}));
  EXPECT_FALSE(parse_order({{"X-Request-Id", "two words"}}));
  EXPECT_FALSE(parse_order({{"X-Request-Id", std::string(201, 'x')}}));
  const auto longest = parse_order({{"X-Takes", "20s"}, {"X-Request-Id", "r"}});
  ASSERT_TRUE(longest);
  EXPECT_EQ(longest->takes, 20s);
}

TEST(RequestLog, WritesALittleLaterInOnePieceAndAtTheEnd) {
  Pipe pipe;
  net::VirtualRuntime runtime;
  {
    RequestLog log(runtime, pipe.fd());
    log.add("received", "a");
    log.add("received", "");
    EXPECT_THAT(pipe.lines(), IsEmpty());
    runtime.advance(RequestLog::kFlushAfter);
    EXPECT_THAT(pipe.lines(), ElementsAre("received a"));
    log.add("answered", "a");
  }
  EXPECT_THAT(pipe.lines(), ElementsAre("received a", "answered a"));
}

}  // namespace
}  // namespace spotkeeper::tools
