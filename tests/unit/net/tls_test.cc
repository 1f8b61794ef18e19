#include "net/tls.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "net/certificate.h"
#include "net/http_client.h"
#include "net/http_server.h"
#include "tests/unit/net/scripted_peer.h"

namespace spotkeeper::net {
namespace {

using testing::HasSubstr;

Task<void> who_is_it(const ServerRequest& request, ResponseWriter& writer) {
  HttpResponse response;
  response.status = 200;
  response.body = request.client ? request.client->common_name : "nobody";
  if (request.client) {
    for (const std::string& group : request.client->organizations) response.body += "," + group;
  }
  if (request.target == "/large") response.body.assign(5'000'000, 'y');
  auto sent = co_await writer.send(std::move(response));
  if (!sent) co_return;
}

struct TlsTest : testing::Test {
  CertificatePem issue(const std::string& name, std::vector<std::string> hosts, const CertificatePem& by,
                       Duration from = -1h, Duration to = 1h) {
    return *issue_certificate(by, {name, {"system:masters"}, std::move(hosts), loop.now() + from, loop.now() + to});
  }
  std::unique_ptr<HttpServer> serve(const CertificatePem& certificate, bool clients = false) {
    HttpServerOptions options;
    options.tls.emplace(TlsServerConfig{certificate.certificate_pem, certificate.key_pem, std::nullopt, clients});
    if (clients) options.tls->client_ca_pem = ca.certificate_pem;
    auto server = HttpServer::listen(loop, *SocketAddress::parse("127.0.0.1", 0), who_is_it, std::move(options));
    EXPECT_TRUE(server) << server.error().message;
    return std::move(*server);
  }
  TlsClientConfig trusting() {
    TlsClientConfig config;
    config.ca_pem = ca.certificate_pem;
    return config;
  }
  Result<HttpResponse> get(std::uint16_t port, TlsClientConfig tls, std::string target = "/") {
    const auto client = client_of(port, std::move(tls));
    HttpRequest request;
    request.target = std::move(target);
    return loop.run_until(client->send(std::move(request), 10s));
  }
  std::unique_ptr<HttpClient> client_of(std::uint16_t port, TlsClientConfig tls) {
    HttpClientOptions options;
    options.tls = std::move(tls);
    return std::move(*make_http_transport(loop, Origin{"https", "127.0.0.1", port}, std::move(options)));
  }

  EventLoop loop;
  CertificatePem ca = *make_ca("test authority", loop.now() - 1h, loop.now() + 1h);
};

TEST_F(TlsTest, SpeaksToAServerThatItsAuthorityVouchesFor) {
  const auto server = serve(issue("api", {"127.0.0.1", "api.example"}, ca));
  const auto response = get(server->address().port(), trusting(), "/large");
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->body, std::string(5'000'000, 'y'));
}

TEST_F(TlsTest, KeepsItsConnection) {
  const auto server = serve(issue("api", {"127.0.0.1"}, ca));
  const auto client = client_of(server->address().port(), trusting());
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(loop.run_until(client->send(HttpRequest{}, 10s)));
  EXPECT_EQ(server->connections(), 1U);
}

TEST_F(TlsTest, VerifiesANameGivenInsteadOfTheHost) {
  const auto server = serve(issue("api", {"api.example"}, ca));
  const auto wrong = get(server->address().port(), trusting());
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().code, ErrorCode::Unauthorized);
  EXPECT_THAT(wrong.error().message, HasSubstr("IP address mismatch"));
  TlsClientConfig config = trusting();
  config.server_name = "api.example";
  const auto right = get(server->address().port(), config);
  EXPECT_TRUE(right) << right.error().message;
  config.server_name = "other.example";
  EXPECT_THAT(get(server->address().port(), config).error().message, HasSubstr("ostname mismatch"));
}

TEST_F(TlsTest, RefusesAServerOfAnotherAuthority) {
  const auto other = *make_ca("other", loop.now() - 1h, loop.now() + 1h);
  const auto server = serve(issue("api", {"127.0.0.1"}, other));
  const auto response = get(server->address().port(), trusting());
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, ErrorCode::Unauthorized);
  EXPECT_THAT(response.error().message, HasSubstr("certificate is not accepted"));
  TlsClientConfig insecure;
  insecure.insecure = true;
  const auto anyway = get(server->address().port(), insecure);
  EXPECT_TRUE(anyway) << anyway.error().message;
}

TEST_F(TlsTest, RefusesAnExpiredCertificateByTheLoopsClock) {
  const auto server = serve(issue("api", {"127.0.0.1"}, ca, -2h, -1h));
  EXPECT_THAT(get(server->address().port(), trusting()).error().message, HasSubstr("expired"));
}

TEST_F(TlsTest, KnowsAClientByItsCertificate) {
  const auto server = serve(issue("api", {"127.0.0.1"}, ca), true);
  const auto me = issue("me", {}, ca);
  TlsClientConfig config = trusting();
  config.certificate_pem = me.certificate_pem;
  config.key_pem = me.key_pem;
  const auto known = get(server->address().port(), config);
  ASSERT_TRUE(known) << known.error().message;
  EXPECT_EQ(known->body, "me,system:masters");
}

TEST_F(TlsTest, RefusesAClientWithoutACertificateOrWithAStrangersOne) {
  const auto server = serve(issue("api", {"127.0.0.1"}, ca), true);
  const auto without = get(server->address().port(), trusting());
  ASSERT_FALSE(without);
  EXPECT_EQ(without.error().code, ErrorCode::Unauthorized) << without.error().message;
  const auto other = *make_ca("other", loop.now() - 1h, loop.now() + 1h);
  const auto stranger = issue("me", {}, other);
  TlsClientConfig config = trusting();
  config.certificate_pem = stranger.certificate_pem;
  config.key_pem = stranger.key_pem;
  const auto refused = get(server->address().port(), config);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::Unauthorized) << refused.error().message;
}

TEST_F(TlsTest, SaysWhatIsWrongWithItsSettings) {
  TlsClientConfig config;
  config.ca_pem = "nothing";
  EXPECT_EQ(TlsContext::client(config).error().code, ErrorCode::InvalidInput);
  config = trusting();
  config.certificate_pem = issue("me", {}, ca).certificate_pem;
  config.key_pem = issue("me", {}, ca).key_pem;  // of another certificate
  const auto mismatch = TlsContext::client(config);
  ASSERT_FALSE(mismatch);
  EXPECT_EQ(mismatch.error().code, ErrorCode::InvalidInput) << mismatch.error().message;
  config.key_pem = "-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----\n";
  EXPECT_EQ(TlsContext::client(config).error().code, ErrorCode::InvalidInput);
}

TEST_F(TlsTest, ReplacesItsSettingsForNewConnections) {
  const auto server = serve(issue("api", {"127.0.0.1"}, ca));
  const auto client = client_of(server->address().port(), trusting());
  ASSERT_TRUE(loop.run_until(client->send(HttpRequest{}, 10s)));
  EXPECT_EQ(client->connections(), 1U);
  TlsClientConfig other;
  other.ca_pem = make_ca("other", loop.now() - 1h, loop.now() + 1h)->certificate_pem;
  client->replace_tls(other);
  EXPECT_EQ(client->connections(), 0U);
  EXPECT_FALSE(loop.run_until(client->send(HttpRequest{}, 10s)));
  client->replace_tls(trusting());
  EXPECT_TRUE(loop.run_until(client->send(HttpRequest{}, 10s)));
}

TEST_F(TlsTest, FailsWithAPeerThatDoesNotSpeakIt) {
  ScriptedPeer peer(loop, {});
  const auto closed = get(peer.port(), trusting());
  ASSERT_FALSE(closed);
  EXPECT_EQ(closed.error().code, ErrorCode::Unavailable);
  const auto plain = HttpServer::listen(loop, *SocketAddress::parse("127.0.0.1", 0), who_is_it, {});
  const auto garbage = get((*plain)->address().port(), trusting());
  ASSERT_FALSE(garbage);
  EXPECT_EQ(garbage.error().code, ErrorCode::Unavailable);
}

TEST_F(TlsTest, TunnelsThroughAProxy) {
  const auto server = serve(issue("api", {"127.0.0.1"}, ca));
  // A proxy of one connection: answers CONNECT, then carries bytes both ways.
  auto listener = std::move(*Listener::open(loop, *SocketAddress::parse("127.0.0.1", 0)));
  TaskGroup group(loop);
  group.start([](EventLoop& l, Listener& at, std::uint16_t target, TaskGroup& tasks) -> Task<void> {
    auto accepted = co_await at.accept();
    auto down = std::shared_ptr<ByteStream>(std::move(*accepted));
    auto head = co_await down->read_some(65536);
    EXPECT_THAT(*head, testing::StartsWith("CONNECT 127.0.0.1:"));
    auto connected = co_await connect_tcp(l, "127.0.0.1", target, 10s);
    auto up = std::shared_ptr<ByteStream>(std::move(*connected));
    auto said = co_await down->write_all("HTTP/1.1 200 Connection established\r\n\r\n");
    EXPECT_TRUE(said);
    const auto carry = [](std::shared_ptr<ByteStream> from, std::shared_ptr<ByteStream> into) -> Task<void> {
      for (;;) {
        auto bytes = co_await from->read_some(65536);
        if (!bytes || bytes->empty()) co_return;
        auto written = co_await into->write_all(*bytes);
        if (!written) co_return;
      }
    };
    tasks.start(carry(up, down));
    tasks.start(carry(down, up));
  }(loop, *listener, server->address().port(), group));
  HttpClientOptions options;
  options.tls = trusting();
  options.proxy = *parse_url("http://" + listener->address().text());
  const auto client =
      std::move(*make_http_transport(loop, Origin{"https", "127.0.0.1", server->address().port()}, std::move(options)));
  const auto response = loop.run_until(client->send(HttpRequest{}, 10s));
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->body, "nobody");
}

TEST_F(TlsTest, TellsATruncatedStreamFromItsEnd) {
  // Bytes that end without TLS's own end (close_notify) may have been cut by somebody in between.
  const auto certificate = issue("api", {"127.0.0.1"}, ca);
  const auto context = TlsContext::server({certificate.certificate_pem, certificate.key_pem, std::nullopt, false});
  auto listener = std::move(*Listener::open(loop, *SocketAddress::parse("127.0.0.1", 0)));
  TaskGroup group(loop);
  group.start([](EventLoop& l, Listener& at, TlsContext tls) -> Task<void> {
    for (const bool properly : {true, false}) {
      auto accepted = co_await at.accept();
      auto secured = co_await tls_accept(l, tls, std::move(*accepted));
      const auto stream = std::move(*secured);
      auto request = co_await stream->read_some(65536);
      auto said = co_await stream->write_all("HTTP/1.1 200 OK\r\n\r\nuntil the end");
      if (properly) said = co_await stream->shutdown();
      EXPECT_TRUE(said);
    }
  }(loop, *listener, *context));
  const auto whole = get(listener->address().port(), trusting());
  ASSERT_TRUE(whole) << whole.error().message;
  EXPECT_EQ(whole->body, "until the end");
  const auto cut = get(listener->address().port(), trusting());
  ASSERT_FALSE(cut);
  EXPECT_EQ(cut.error().code, ErrorCode::Unavailable);
}

TEST(Certificate, HoldsItsNames) {
  const EventLoop loop;
  const auto ca = *make_ca("ca", loop.now(), loop.now() + 1h);
  EXPECT_THAT(ca.certificate_pem, testing::StartsWith("-----BEGIN CERTIFICATE-----\n"));
  const auto bad = issue_certificate(ca, {"x", {}, {"a,DNS:evil"}, loop.now(), loop.now() + 1h});
  ASSERT_FALSE(bad);
  EXPECT_EQ(bad.error().code, ErrorCode::InvalidInput);
  const auto no_ca = issue_certificate({"", ""}, {"x", {}, {}, loop.now(), loop.now() + 1h});
  EXPECT_FALSE(no_ca);
}

}  // namespace
}  // namespace spotkeeper::net
