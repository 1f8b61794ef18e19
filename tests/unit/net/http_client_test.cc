#include "net/http_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/net/scripted_peer.h"

namespace spotkeeper::net {
namespace {

using testing::HasSubstr;
using testing::SizeIs;
using testing::StartsWith;

constexpr const char* kOk = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

struct HttpClientTest : testing::Test {
  std::unique_ptr<HttpClient> client_of(std::uint16_t port, HttpClientOptions options = {}) {
    return std::move(*make_http_transport(loop, Origin{"http", "127.0.0.1", port}, std::move(options)));
  }
  Result<HttpResponse> get(HttpTransport& client, std::string target = "/", Duration limit = 10s) {
    HttpRequest request;
    request.target = std::move(target);
    return loop.run_until(client.send(std::move(request), limit));
  }
  Result<HttpResponse> post(HttpTransport& client, std::string body, Duration limit = 10s) {
    HttpRequest request;
    request.method = "POST";
    request.body = std::move(body);
    return loop.run_until(client.send(std::move(request), limit));
  }

  EventLoop loop;
};

TEST_F(HttpClientTest, SendsARequestAndReadsItsAnswer) {
  ScriptedPeer peer(loop, {"HTTP/1.1 404 Not Found\r\nX-A: b\r\nContent-Length: 3\r\n\r\nabc"});
  const auto client = client_of(peer.port());
  const auto response = get(*client, "/x?y=1");
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->status, 404);
  EXPECT_EQ(response->body, "abc");
  EXPECT_EQ(response->headers.find("x-a"), "b");
  ASSERT_THAT(peer.requests(), SizeIs(1));
  EXPECT_EQ(peer.requests()[0], "GET /x?y=1 HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(peer.port()) +
                                    "\r\nUser-Agent: spotkeeper\r\n\r\n");
}

TEST_F(HttpClientTest, ReusesAConnection) {
  ScriptedPeer peer(loop, {kOk, kOk, kOk});
  const auto client = client_of(peer.port());
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(get(*client));
  EXPECT_EQ(peer.connections(), 1);
}

TEST_F(HttpClientTest, ConnectsAgainWhenTheIdleConnectionWasClosed) {
  ScriptedPeer peer(loop, {kOk});
  const auto client = client_of(peer.port());
  for (int i = 0; i < 3; ++i) {
    const auto response = get(*client);
    ASSERT_TRUE(response) << response.error().message;
  }
  EXPECT_EQ(peer.connections(), 3);
}

TEST_F(HttpClientTest, ReadsChunkedAndUntilCloseBodies) {
  ScriptedPeer peer(loop, {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n",
                           "HTTP/1.1 200 OK\r\n\r\nuntil the end"});
  const auto client = client_of(peer.port());
  EXPECT_EQ(get(*client)->body, "abcde");
  EXPECT_EQ(get(*client)->body, "until the end");
}

TEST_F(HttpClientTest, SkipsInterimAnswers) {
  ScriptedPeer peer(loop,
                    {std::string("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n") + kOk});
  const auto client = client_of(peer.port());
  EXPECT_EQ(get(*client)->status, 200);
}

TEST_F(HttpClientTest, SaysWhatIsWrongWithAnAnswer) {
  const std::vector<std::pair<std::string, ErrorCode>> cases = {
      {"", ErrorCode::Unavailable},
      {"HTTP/1.1 200 OK\r\nContent-Le", ErrorCode::Unavailable},
      {"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", ErrorCode::Unavailable},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab", ErrorCode::Unavailable},
      {"\x16\x03\x01 this is not HTTP\r\n\r\n", ErrorCode::InvalidInput},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", ErrorCode::InvalidInput},
      {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nabc", ErrorCode::InvalidInput},
      {"HTTP/1.1 200 OK\r\nX: " + std::string(70'000, 'x') + "\r\n\r\n", ErrorCode::InvalidInput},
      {"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n", ErrorCode::InvalidInput},
  };
  for (const auto& [answer, code] : cases) {
    ScriptedPeer peer(loop, {answer});
    const auto client = client_of(peer.port());
    const auto response = get(*client, "/some?secret=1");
    ASSERT_FALSE(response) << answer.substr(0, 60);
    EXPECT_EQ(response.error().code, code) << answer.substr(0, 60) << response.error().message;
    EXPECT_THAT(response.error().message, StartsWith("GET http://127.0.0.1:"));
    EXPECT_THAT(response.error().message, testing::Not(HasSubstr("secret")));
    EXPECT_EQ(client->connections(), 0U);
  }
}

TEST_F(HttpClientTest, GivesUpAtItsLimit) {
  ScriptedPeer peer(loop, {"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"});
  peer.keep_open();
  const auto client = client_of(peer.port());
  const auto response = get(*client, "/", 20ms);
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, ErrorCode::Timeout);
  EXPECT_EQ(client->connections(), 0U);
}

TEST_F(HttpClientTest, SaysThatNobodyListens) {
  std::uint16_t port = 0;
  {
    ScriptedPeer gone(loop, {});
    port = gone.port();
  }
  const auto client = client_of(port);
  const auto response = get(*client);
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, ErrorCode::Unavailable);
  EXPECT_THAT(response.error().message, HasSubstr("Connection refused"));
}

TEST_F(HttpClientTest, StreamsABody) {
  ScriptedPeer peer(loop, {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"});
  peer.keep_open();
  const auto client = client_of(peer.port());
  auto stream = loop.run_until(client->open(HttpRequest{}, 10s));
  ASSERT_TRUE(stream) << stream.error().message;
  EXPECT_EQ((*stream)->status(), 200);
  EXPECT_EQ(loop.run_until((*stream)->read(10s)), "abc");
  const auto silence = loop.run_until((*stream)->read(10ms));
  ASSERT_FALSE(silence);
  EXPECT_EQ(silence.error().code, ErrorCode::Timeout);
  EXPECT_EQ(client->connections(), 0U);
}

TEST_F(HttpClientTest, TellsAStreamsEndFromItsBeingCut) {
  ScriptedPeer peer(loop, {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
                           "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"});
  const auto client = client_of(peer.port());
  auto whole = loop.run_until(client->open(HttpRequest{}, 10s));
  EXPECT_EQ(loop.run_until((*whole)->read(10s)), "abc");
  EXPECT_EQ(loop.run_until((*whole)->read(10s)), "");
  EXPECT_EQ(loop.run_until((*whole)->read(10s)), "");
  auto cut = loop.run_until(client->open(HttpRequest{}, 10s));
  EXPECT_EQ(peer.connections(), 1);
  EXPECT_EQ(loop.run_until((*cut)->read(10s)), "abc");
  const auto end = loop.run_until((*cut)->read(10s));
  ASSERT_FALSE(end);
  EXPECT_EQ(end.error().code, ErrorCode::Unavailable);
}

TEST_F(HttpClientTest, RefusesToSendWhatWouldBreakOutOfItsLine) {
  ScriptedPeer peer(loop, {kOk});
  const auto client = client_of(peer.port());
  EXPECT_EQ(get(*client, "/a b").error().code, ErrorCode::InvalidInput);
  HttpRequest request;
  request.headers.add("X", "a\r\nEvil: 1");
  EXPECT_EQ(loop.run_until(client->send(request, 10s)).error().code, ErrorCode::InvalidInput);
  EXPECT_EQ(peer.connections(), 0);
}

TEST_F(HttpClientTest, SendsAbsoluteTargetsToAProxy) {
  ScriptedPeer proxy(loop, {kOk});
  HttpClientOptions options;
  options.proxy = *parse_url("http://u:p@127.0.0.1:" + std::to_string(proxy.port()));
  const auto client = std::move(*make_http_transport(loop, Origin{"http", "imds.example", 80}, options));
  const auto response = get(*client, "/x");
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_THAT(proxy.requests()[0], StartsWith("GET http://imds.example/x HTTP/1.1\r\nHost: imds.example\r\n"
                                              "Proxy-Authorization: Basic dTpw\r\n"));
}

TEST_F(HttpClientTest, HasATunnelRefusedByAProxy) {
  ScriptedPeer proxy(loop, {"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n"});
  HttpClientOptions options;
  options.proxy = *parse_url("http://127.0.0.1:" + std::to_string(proxy.port()));
  const auto client = std::move(*make_http_transport(loop, Origin{"https", "api.example", 6443}, options));
  const auto response = get(*client);
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, ErrorCode::Unauthorized);
  EXPECT_THAT(proxy.requests()[0], StartsWith("CONNECT api.example:6443 HTTP/1.1\r\nHost: api.example:6443\r\n"));
}

}  // namespace
}  // namespace spotkeeper::net
