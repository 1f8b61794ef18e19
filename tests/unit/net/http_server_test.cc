#include "net/http_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "net/http_client.h"
#include "net/server_sent_events.h"
#include "net/stream.h"

namespace spotkeeper::net {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

const SocketAddress kAnyPort = *SocketAddress::parse("127.0.0.1", 0);

/// What the handlers below share with the test.
struct Stage {
  explicit Stage(EventLoop& l) : loop(l), changed(l) {}
  EventLoop& loop;
  Signal changed;
  bool released = false;  // lets the handlers of /wait end
  int waiting = 0;
  int destroyed = 0;  // handlers that have ended or were destroyed
};

struct CountsItsEnd {
  explicit CountsItsEnd(Stage& s) : stage(s) {}
  CountsItsEnd(const CountsItsEnd&) = delete;
  CountsItsEnd& operator=(const CountsItsEnd&) = delete;
  ~CountsItsEnd() {
    ++stage.destroyed;
    stage.changed.notify();
  }
  Stage& stage;
};

Task<void> handle(Stage& stage, const ServerRequest& request, ResponseWriter& writer) {
  const CountsItsEnd ends(stage);
  HttpResponse response;
  response.status = 200;
  if (request.target == "/nothing") co_return;
  if (request.target == "/no-status") response.status = 0;
  if (request.target == "/half") {
    auto started = co_await writer.start(200, {});
    if (started) started = co_await writer.write("half");
    writer.abort();
    co_return;
  }
  if (request.target == "/stream") {
    auto started = co_await writer.start(200, {});
    for (int i = 0; i < 3 && started; ++i) started = co_await writer.write("part" + std::to_string(i));
    co_return;
  }
  if (request.target == "/events") {
    ServerSentEvents events(writer);
    auto sent = co_await events.start();
    if (sent) sent = co_await events.send("tick", "a\nb", "7");
    if (sent) sent = co_await events.ping();
    ++stage.waiting;
    stage.changed.notify();
    while (!stage.released) co_await stage.changed.wait();
    co_return;
  }
  if (request.target == "/wait") {
    ++stage.waiting;
    stage.changed.notify();
    while (!stage.released) co_await stage.changed.wait();
  }
  if (request.target == "/large") response.body.assign(3'000'000, 'x');
  if (request.target == "/echo") response.body = request.method + " " + request.body;
  auto sent = co_await writer.send(std::move(response));
  if (!sent) co_return;
}

struct HttpServerTest : testing::Test {
  std::unique_ptr<HttpServer> serve(HttpServerOptions options = {}) {
    auto server = HttpServer::listen(
        loop, kAnyPort,
        [this](const ServerRequest& request, ResponseWriter& writer) { return handle(stage, request, writer); },
        std::move(options));
    EXPECT_TRUE(server);
    return std::move(*server);
  }
  std::unique_ptr<HttpClient> client_of(const HttpServer& server, HttpClientOptions options = {}) {
    return std::move(
        *make_http_transport(loop, Origin{"http", "127.0.0.1", server.address().port()}, std::move(options)));
  }
  static HttpRequest to(std::string target, std::string method = "GET", std::string body = "") {
    HttpRequest request;
    request.method = std::move(method);
    request.target = std::move(target);
    request.body = std::move(body);
    return request;
  }
  /// What the server says, until it closes, to these bytes. `close_after`: our side is closed behind them.
  std::string says(const HttpServer& server, std::string bytes, bool close_after = false) {
    return loop.run_until(talk(loop, server.address().port(), std::move(bytes), close_after));
  }
  static Task<std::string> talk(EventLoop& loop, std::uint16_t port, std::string bytes, bool close_after) {
    auto connected = co_await connect_tcp(loop, "127.0.0.1", port, 10s);
    if (!connected) co_return "no connection";
    const auto stream = std::move(*connected);
    auto done = co_await stream->write_all(bytes);
    if (done && close_after) done = co_await stream->shutdown();
    std::string all;
    for (;;) {
      auto more = co_await stream->read_some(65536);
      if (!more || more->empty()) co_return all;
      all += *more;
    }
  }
  /// Works until `ready` holds.
  template <class Ready>
  void until(Ready ready) {
    loop.run_until(wait_for(stage, std::function<bool()>(ready)));
  }
  static Task<void> wait_for(Stage& stage, std::function<bool()> ready) {
    while (!ready()) co_await stage.changed.wait();
  }

  EventLoop loop;
  Stage stage{loop};
};

TEST_F(HttpServerTest, AnswersOverOneKeptConnection) {
  const auto server = serve();
  const auto client = client_of(*server);
  for (int i = 0; i < 3; ++i) {
    const auto response = loop.run_until(client->send(to("/echo", "POST", "body"), 10s));
    ASSERT_TRUE(response) << response.error().message;
    EXPECT_EQ(response->status, 200);
    EXPECT_EQ(response->body, "POST body");
    EXPECT_TRUE(response->headers.find("Date"));
  }
  EXPECT_EQ(server->connections(), 1U);
}

TEST_F(HttpServerTest, AnswersPipelinedRequestsInOrder) {
  const auto server = serve();
  const std::string get = "GET /echo HTTP/1.1\r\nHost: x\r\n\r\n";
  const std::string said = says(*server, "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nA" + get +
                                             "GET /echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(said, HasSubstr("\r\n\r\nPOST AHTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(said, EndsWith("\r\nConnection: close\r\n\r\nGET "));
}

TEST_F(HttpServerTest, SendsNoBodyToAHead) {
  const auto server = serve();
  const auto client = client_of(*server);
  const auto response = loop.run_until(client->send(to("/large", "HEAD"), 10s));
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->headers.find("Content-Length"), "3000000");
  EXPECT_EQ(response->body, "");
  EXPECT_TRUE(loop.run_until(client->send(to("/stream", "HEAD"), 10s)));
  EXPECT_EQ(loop.run_until(client->send(to("/large"), 10s))->body.size(), 3'000'000U);
  EXPECT_EQ(server->connections(), 1U);
}

TEST_F(HttpServerTest, StreamsInChunksAndWithoutThemToOldClients) {
  const auto server = serve();
  const auto client = client_of(*server);
  EXPECT_EQ(loop.run_until(client->send(to("/stream"), 10s))->body, "part0part1part2");
  const std::string said = says(*server, "GET /stream HTTP/1.0\r\n\r\n");
  EXPECT_THAT(said, EndsWith("\r\n\r\npart0part1part2"));
  EXPECT_THAT(said, Not(HasSubstr("chunked")));
}

TEST_F(HttpServerTest, SaysThatAHandlerGaveNoAnswer) {
  const auto server = serve();
  const auto client = client_of(*server);
  EXPECT_EQ(loop.run_until(client->send(to("/nothing"), 10s))->status, 500);
  EXPECT_EQ(loop.run_until(client->send(to("/no-status"), 10s))->status, 500);
  EXPECT_EQ(server->connections(), 1U);
}

TEST_F(HttpServerTest, LetsAHandlerBreakItsAnswer) {
  const auto server = serve();
  const auto client = client_of(*server);
  const auto response = loop.run_until(client->send(to("/half"), 10s));
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, ErrorCode::Unavailable);
}

TEST_F(HttpServerTest, WelcomesABodyThatWaitsForIt) {
  const auto server = serve();
  const std::string said = says(*server,
                                "POST /echo HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n"
                                "Connection: close\r\n\r\n",
                                true);
  EXPECT_EQ(said, "HTTP/1.1 100 Continue\r\n\r\n");
}

TEST_F(HttpServerTest, RefusesWhatIsNotARequest) {
  HttpServerOptions options;
  options.limits.body_bytes = 10;
  const auto server = serve(std::move(options));
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"garbage\r\n\r\n", "HTTP/1.1 400 "},
      {"GET / HTTP/2.0\r\n\r\n", "HTTP/1.1 400 "},
      {"GET / HTTP/1.1\r\n\r\n", "HTTP/1.1 400 "},  // no Host
      {"GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\nabc", "HTTP/1.1 400 "},
      {"GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: identity\r\n\r\n", "HTTP/1.1 400 "},
      {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 11\r\n\r\nabcdefghijk", "HTTP/1.1 413 "},
      {"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nb\r\nabcdefghijk\r\n", "HTTP/1.1 413 "},
      {"GET / HTTP/1.1\r\nHost: x\r\nX: " + std::string(70'000, 'x') + "\r\n\r\n", "HTTP/1.1 431 "},
  };
  for (const auto& [request, answer] : cases) {
    EXPECT_THAT(says(*server, request, true), StartsWith(answer)) << request.substr(0, 60);
  }
  std::string many = "GET / HTTP/1.1\r\nHost: x\r\n";
  for (int i = 0; i < 300; ++i) many += "X: y\r\n";
  EXPECT_THAT(says(*server, many + "\r\n", true), StartsWith("HTTP/1.1 431 "));
  EXPECT_EQ(stage.destroyed, 0) << "no handler ran";
}

TEST_F(HttpServerTest, ClosesConnectionsThatSayNothingOrTooSlowly) {
  HttpServerOptions options;
  options.idle_limit = 20ms;
  options.head_limit = 20ms;
  options.read_limit = 20ms;
  const auto server = serve(std::move(options));
  EXPECT_EQ(says(*server, ""), "");
  EXPECT_THAT(says(*server, "GET / HT"), StartsWith("HTTP/1.1 408 "));
  EXPECT_THAT(says(*server, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nab"), StartsWith("HTTP/1.1 408 "));
}

TEST_F(HttpServerTest, EndsAStreamWhosePeerHasGone) {
  const auto server = serve();
  const auto client = client_of(*server);
  auto stream = loop.run_until(client->open(to("/events"), 10s));
  ASSERT_TRUE(stream) << stream.error().message;
  EXPECT_EQ((*stream)->headers().find("Content-Type"), "text/event-stream");
  until([&] { return stage.waiting == 1; });
  EXPECT_EQ(stage.destroyed, 0);
  stream->reset();
  until([&] { return stage.destroyed == 1; });
}

TEST_F(HttpServerTest, WritesServerSentEvents) {
  const auto server = serve();
  const auto client = client_of(*server);
  stage.released = true;
  EXPECT_EQ(loop.run_until(client->send(to("/events"), 10s))->body, "event: tick\nid: 7\ndata: a\ndata: b\n\n:\n\n");
}

TEST_F(HttpServerTest, ClosesEachConnectionAfterItsNextAnswerWhenToldTo) {
  const auto server = serve();
  const auto kept = client_of(*server);
  ASSERT_TRUE(loop.run_until(kept->send(to("/echo"), 10s)));
  server->close_after_answers();
  EXPECT_EQ(server->connections(), 1U) << "an idle connection stays";
  for (const char* connection : {"kept", "new"}) {
    const auto answer = loop.run_until(kept->send(to("/echo"), 10s));
    ASSERT_TRUE(answer) << connection << ": " << answer.error().message;
    EXPECT_EQ(answer->headers.find("Connection"), "close") << connection;
  }
}

TEST_F(HttpServerTest, StopsAfterWhatRunsHasEnded) {
  const auto server = serve();
  const auto busy = client_of(*server);
  const auto idle = client_of(*server);
  ASSERT_TRUE(loop.run_until(idle->send(to("/echo"), 10s)));
  Result<HttpResponse> response;
  TaskGroup group(loop);
  group.start([](HttpTransport& client, Result<HttpResponse>& out) -> Task<void> {
    out = co_await client.send(to("/wait"), 10s);
  }(*busy, response));
  until([&] { return stage.waiting == 1; });
  EXPECT_EQ(server->connections(), 2U);
  group.start(server->stop(10s));
  group.start([](HttpServer& stopping, Stage& s) -> Task<void> {
    while (stopping.connections() != 1) co_await sleep_for(s.loop, 1ms);
    s.released = true;
    s.changed.notify();
  }(*server, stage));
  loop.run_until(group.join());
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->headers.find("Connection"), "close");
  EXPECT_EQ(server->connections(), 0U);
  EXPECT_FALSE(loop.run_until(idle->send(to("/echo"), 10s))) << "nobody listens any more";
}

TEST_F(HttpServerTest, CutsWhatOutlivesAGracefulStop) {
  const auto server = serve();
  const auto client = client_of(*server);
  auto stream = loop.run_until(client->open(to("/events"), 10s));
  until([&] { return stage.waiting == 1; });
  loop.run_until(server->stop(10ms));
  EXPECT_EQ(stage.destroyed, 1);
  EXPECT_EQ(server->connections(), 0U);
}

TEST_F(HttpServerTest, ServesAThousandRequestsAtOnce) {
  const auto server = serve();
  HttpClientOptions options;
  options.max_connections = 1000;
  const auto client = client_of(*server, std::move(options));
  int answered = 0;
  TaskGroup group(loop);
  for (int i = 0; i < 1000; ++i) {
    group.start([](HttpTransport& to_server, int& count) -> Task<void> {
      auto response = co_await to_server.send(to("/wait"), 60s);
      if (response && response->status == 200) ++count;
    }(*client, answered));
  }
  until([&] { return stage.waiting == 1000; });
  EXPECT_EQ(server->connections(), 1000U);
  stage.released = true;
  stage.changed.notify();
  loop.run_until(group.join());
  EXPECT_EQ(answered, 1000);
}

TEST_F(HttpServerTest, QueuesRequestsForAFewConnections) {
  const auto server = serve();
  HttpClientOptions options;
  options.max_connections = 4;
  const auto client = client_of(*server, std::move(options));
  int answered = 0;
  TaskGroup group(loop);
  for (int i = 0; i < 1000; ++i) {
    group.start([](HttpTransport& to_server, int& count) -> Task<void> {
      auto response = co_await to_server.send(to("/echo"), 60s);
      if (response) ++count;
    }(*client, answered));
  }
  loop.run_until(group.join());
  EXPECT_EQ(answered, 1000);
  EXPECT_LE(server->connections(), 4U);
}

TEST_F(HttpServerTest, IsLeftCleanByRequestsThatAreCancelled) {
  const auto server = serve();
  HttpClientOptions options;
  options.max_connections = 2;
  const auto client = client_of(*server, std::move(options));
  {
    TaskGroup group(loop);
    for (int i = 0; i < 5; ++i) {  // two wait for their answers, three for a connection
      group.start([](HttpTransport& to_server) -> Task<void> {
        auto response = co_await to_server.send(to("/wait"), 60s);
        EXPECT_FALSE(response);
      }(*client));
    }
    until([&] { return stage.waiting == 2; });
  }
  EXPECT_EQ(client->connections(), 0U);
  const auto response = loop.run_until(client->send(to("/echo"), 10s));
  ASSERT_TRUE(response) << response.error().message;
}

TEST_F(HttpServerTest, GivesUpOnAPeerThatDoesNotRead) {
  HttpServerOptions options;
  options.write_limit = 20ms;
  const auto server = serve(std::move(options));
  auto stream = loop.run_until(connect_tcp(loop, "127.0.0.1", server->address().port(), 10s));
  ASSERT_TRUE(stream);
  std::string requests;
  for (int i = 0; i < 20; ++i) requests += "GET /large HTTP/1.1\r\nHost: x\r\n\r\n";
  ASSERT_TRUE(loop.run_until((*stream)->write_all(requests)));
  loop.run_until([](HttpServer& s, EventLoop& l) -> Task<void> {
    while (s.connections() == 0) co_await sleep_for(l, 1ms);
    while (s.connections() > 0) co_await sleep_for(l, 1ms);
  }(*server, loop));
  EXPECT_LT(stage.destroyed, 20);
}

}  // namespace
}  // namespace spotkeeper::net
