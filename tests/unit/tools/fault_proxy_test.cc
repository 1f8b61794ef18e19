#include "tests/tools/fault_proxy/proxy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "format/json.h"
#include "net/certificate.h"
#include "net/task_group.h"

namespace spotkeeper::tools {
namespace {

using testing::HasSubstr;

struct FaultProxyTest : testing::Test {
  FaultProxyTest() {
    char directory[] = "/tmp/fault_proxy_test.XXXXXX";
    EXPECT_NE(::mkdtemp(directory), nullptr);
    folder = directory;
    const auto serving = issue("server", {"127.0.0.1"});
    const net::TlsServerConfig tls{serving.certificate_pem, serving.key_pem, ca.certificate_pem, true};
    net::HttpServerOptions options;
    options.tls = tls;
    server = *net::HttpServer::listen(
        loop, loopback(),
        [this](const net::ServerRequest& request, net::ResponseWriter& writer) { return serve(request, writer); },
        options);
    const auto agent = issue("agent", {});
    FaultProxyConfig config;
    config.server = {.scheme = "https", .host = "127.0.0.1", .port = server->address().port()};
    config.as_client = {ca.certificate_pem, agent.certificate_pem, agent.key_pem, {}, false};
    config.as_server = net::TlsServerConfig{serving.certificate_pem, serving.key_pem, {}, false};
    auto started = FaultProxy::start(loop, loopback(), folder + "/s", config);
    EXPECT_TRUE(started) << started.error().message;
    proxy = std::move(*started);
    net::HttpClientOptions to_proxy;
    to_proxy.tls.ca_pem = ca.certificate_pem;
    client = *net::make_http_transport(loop, {"https", "127.0.0.1", proxy->address().port()}, to_proxy);
  }
  ~FaultProxyTest() override {
    client.reset();
    proxy.reset();
    ::rmdir(folder.c_str());
  }

  static net::SocketAddress loopback() { return *net::SocketAddress::parse("127.0.0.1", 0); }
  net::CertificatePem issue(const std::string& name, std::vector<std::string> hosts) {
    return *net::issue_certificate(ca, {name, {}, std::move(hosts), loop.now() - 1h, loop.now() + 1h});
  }

  net::Task<void> serve(const net::ServerRequest& request, net::ResponseWriter& writer) {
    asked.push_back(request.method + " " + request.target + " " + request.body);
    user = request.client ? request.client->common_name : "nobody";
    if (request.target.find("watch=true") == std::string::npos) {
      net::HttpResponse answer{.status = 201, .headers = {{"X-Kind", "answer"}}, .body = "0123456789"};
      (void)(co_await writer.send(std::move(answer)));
      co_return;
    }
    (void)(co_await writer.start(200, {}));
    (void)(co_await writer.write("first"));
    while (!writer.peer_gone()) co_await net::sleep_for(loop, 10ms);
  }

  Result<net::HttpResponse> send(const std::string& method, const std::string& target, Duration limit = 10s) {
    return loop.run_until(client->send({.method = method, .target = target, .headers = {}, .body = "ask"}, limit));
  }
  format::JsonValue status() { return *format::parse_json(proxy->control("status")); }

  std::string folder;
  net::EventLoop loop;
  net::CertificatePem ca = *net::make_ca("authority", loop.now() - 1h, loop.now() + 1h);
  std::vector<std::string> asked;
  std::string user;
  std::unique_ptr<net::HttpServer> server;
  std::unique_ptr<FaultProxy> proxy;
  std::unique_ptr<net::HttpClient> client;
};

const std::string kEvict = "/api/v1/namespaces/a/pods/b/eviction";

TEST_F(FaultProxyTest, PassesCallsOnAsTheUserOfItsCertificate) {
  const auto answer = send("POST", kEvict);
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->status, 201);
  EXPECT_EQ(answer->body, "0123456789");
  EXPECT_EQ(answer->headers.find("X-Kind"), "answer");
  EXPECT_EQ(user, "agent");
  EXPECT_THAT(asked, testing::ElementsAre("POST " + kEvict + " ask"));
  EXPECT_EQ(*format::JsonField(status())["calls"]["evict"].as<std::uint64_t>(), 1U);
}

TEST_F(FaultProxyTest, AnswersItselfAsAnApiServerWould) {
  ASSERT_EQ(proxy->control("answer 429 retry-after 3 of evict times 1"), "ok");
  const auto answer = send("POST", kEvict);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 429);
  EXPECT_EQ(answer->headers.find("Retry-After"), "3");
  const format::JsonValue body = *format::parse_json(answer->body);
  EXPECT_EQ(*format::JsonField(body)["reason"].as<std::string>(), "TooManyRequests");
  EXPECT_TRUE(asked.empty()) << "the server is not asked";
  EXPECT_EQ(send("POST", kEvict)->status, 201);
  const format::JsonValue told = status();
  EXPECT_EQ(*format::JsonField(told)["met"]["answer"].as<std::uint64_t>(), 1U);
  EXPECT_EQ(*format::JsonField(told)["disturbed"]["evict"].as<std::uint64_t>(), 1U);
  EXPECT_EQ(*format::JsonField(told)["disturbed"]["read"].as<std::uint64_t>(), 0U);
}

TEST_F(FaultProxyTest, CountsWhoDoesNotWaitAsLongAsItWasTold) {
  const auto early = [this] { return *format::JsonField(status())["early"].as<std::uint64_t>(); };
  proxy->control("answer 429 retry-after 3600 of evict times 1");
  ASSERT_EQ(send("POST", kEvict)->status, 429);
  ASSERT_TRUE(send("POST", kEvict + "?another"));
  EXPECT_EQ(early(), 0U) << "another call is not told to wait";
  ASSERT_TRUE(send("POST", kEvict));
  EXPECT_EQ(early(), 1U);
  proxy->control("answer 429 retry-after 0 of read times 1");
  ASSERT_EQ(send("GET", "/api/v1/pods")->status, 429);
  ASSERT_TRUE(send("GET", "/api/v1/pods"));
  EXPECT_EQ(early(), 1U) << "that wait was over";
}

TEST_F(FaultProxyTest, EndsTheConnectionBeforeTheServerIsAsked) {
  proxy->control("reset of evict times 1");
  EXPECT_FALSE(send("POST", kEvict));
  EXPECT_TRUE(asked.empty());
}

TEST_F(FaultProxyTest, LosesTheAnswerOfACallThatTheServerHasHeard) {
  proxy->control("lose of evict times 1");
  EXPECT_FALSE(send("POST", kEvict));
  EXPECT_EQ(asked.size(), 1U);
}

TEST_F(FaultProxyTest, EndsAnAnswerInItsMiddle) {
  proxy->control("half of evict times 1");
  const auto answer = send("POST", kEvict);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::Unavailable);
}

TEST_F(FaultProxyTest, LeavesACallWithoutAnAnswer) {
  proxy->control("hang of evict times 1");
  const auto answer = send("POST", kEvict, 200ms);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::Timeout);
  EXPECT_TRUE(asked.empty());
}

TEST_F(FaultProxyTest, AsksLater) {
  proxy->control("delay 50ms of evict times 1");
  const Steady begin = loop.steady();
  ASSERT_TRUE(send("POST", kEvict));
  EXPECT_GE(loop.steady() - begin, 50ms);
}

TEST_F(FaultProxyTest, PassesAWatchOnAsItComesAndCutsItWhenTold) {
  const auto read = [](FaultProxyTest& self) -> net::Task<std::string> {
    net::HttpRequest request{.target = "/api/v1/pods?watch=true", .headers = {}, .body = {}};
    auto opened = co_await self.client->open(std::move(request), 10s);
    if (!opened) co_return "not opened: " + opened.error().message;
    const std::unique_ptr<net::HttpStream> stream = std::move(*opened);
    const auto first = co_await stream->read(10s);
    if (!first) co_return "nothing came: " + first.error().message;
    self.proxy->control("cut");
    const auto rest = co_await stream->read(10s);
    co_return *first + ", then " + (rest ? "more" : std::string(name_of(rest.error().code)));
  };
  EXPECT_EQ(loop.run_until(read(*this)), "first, then unavailable");
}

TEST_F(FaultProxyTest, RefusesWhatItDoesNotUnderstand) {
  EXPECT_THAT(proxy->control("explode"), HasSubstr("error: unknown command"));
  EXPECT_THAT(proxy->control("help"), HasSubstr("retry-after"));
}

}  // namespace
}  // namespace spotkeeper::tools
