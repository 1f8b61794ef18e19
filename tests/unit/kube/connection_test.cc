// The client over real sockets and TLS, against our own HTTP server.
#include "kube/connection.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "net/certificate.h"
#include "net/http_server.h"

namespace spotkeeper::kube {
namespace {

using ::testing::HasSubstr;

struct ConnectionTest : ::testing::Test {
  net::EventLoop loop;
  net::CertificatePem ca = net::make_ca("test", loop.now() - 1h, loop.now() + 24h).value();
  net::CertificatePem server_certificate = issue("127.0.0.1");
  std::vector<net::ServerRequest> requests;
  std::string client_name;
  net::HttpResponse answer{
      200, {{"Content-Type", "application/json"}}, R"({"gitVersion":"v1.34.3","major":"1","minor":"34+"})"};
  std::vector<std::string> stream;  // pieces of a watch's body
  int silent = 0;                   // so many requests more are never answered
  std::unique_ptr<net::HttpServer> server;

  net::CertificatePem issue(const std::string& host) {
    return net::issue_certificate(ca, {.common_name = "somebody",
                                       .organizations = {"group"},
                                       .hosts = {host},
                                       .not_before = loop.now() - 1h,
                                       .not_after = loop.now() + 24h})
        .value();
  }
  static net::Task<void> handle(ConnectionTest* test, const net::ServerRequest& request, net::ResponseWriter& out) {
    test->requests.push_back(request);
    if (request.client) test->client_name = request.client->common_name;
    if (test->silent > 0) {
      --test->silent;
      net::Signal never(test->loop);
      co_await never.wait();
    }
    if (request.target.find("watch=1") == std::string::npos) {
      auto sent = co_await out.send(test->answer);
      EXPECT_TRUE(sent);
      co_return;
    }
    net::HttpHeaders headers;
    headers.set("Content-Type", "application/json;stream=watch");
    auto started = co_await out.start(200, std::move(headers));
    for (const std::string& piece : test->stream) {
      auto written = co_await out.write(piece);
      if (!written) co_return;
    }
    if (!started) co_return;
    net::Signal never(test->loop);
    co_await never.wait();
  }
  ClientConfig config() {
    ClientConfig out;
    out.origin = "test";
    out.server = "https://" + server->address().text() + "/clusters/a";
    out.authority.data = ca.certificate_pem;
    out.token = "secret";
    return out;
  }
  void SetUp() override {
    net::HttpServerOptions options;
    options.tls =
        net::TlsServerConfig{server_certificate.certificate_pem, server_certificate.key_pem, ca.certificate_pem, false};
    server =
        net::HttpServer::listen(
            loop, *net::SocketAddress::parse("127.0.0.1", 0),
            [this](const net::ServerRequest& request, net::ResponseWriter& out) { return handle(this, request, out); },
            options)
            .value();
  }
};

TEST_F(ConnectionTest, SpeaksToAServerBehindAPathOverOneConnection) {
  const auto connection = connect(loop, config(), {}).value();
  for (int i = 0; i < 3; ++i) {
    const auto version = loop.run_until(connection->client().version());
    ASSERT_TRUE(version) << version.error().message;
    EXPECT_EQ(version->minor, 34);
  }
  EXPECT_EQ(requests[0].target, "/clusters/a/version");
  EXPECT_EQ(requests[0].headers.find("Authorization"), "Bearer secret");
  EXPECT_EQ(server->connections(), 1u);
}

TEST_F(ConnectionTest, ShowsItsCertificate) {
  const net::CertificatePem mine = issue("client");
  ClientConfig as = config();
  as.token.clear();
  as.certificate.data = mine.certificate_pem;
  as.key.data = mine.key_pem;
  const auto connection = connect(loop, as, {}).value();
  ASSERT_TRUE(loop.run_until(connection->client().version()));
  EXPECT_EQ(client_name, "somebody");
}

TEST_F(ConnectionTest, SendsNothingToAServerItCannotVerify) {
  ClientConfig other = config();
  other.authority.data = net::make_ca("another", loop.now() - 1h, loop.now() + 24h)->certificate_pem;
  const auto connection = connect(loop, other, {}).value();
  const auto refused = loop.run_until(connection->client().version());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::Unauthorized);
  EXPECT_TRUE(requests.empty());
}

TEST_F(ConnectionTest, ReadsTheFileOfItsAuthorityAgainAndKeepsTheOldOneWithoutIt) {
  const std::string file = ::testing::TempDir() + "authority-" + std::to_string(::getpid());
  std::ofstream(file) << net::make_ca("another", loop.now() - 1h, loop.now() + 24h)->certificate_pem;
  ClientConfig from_file = config();
  from_file.authority.data.clear();
  from_file.authority.file = file;
  ConnectOptions options;
  options.authority_age = 1ms;
  const auto connection = connect(loop, from_file, options).value();
  ASSERT_FALSE(loop.run_until(connection->client().version()));
  std::ofstream(file) << ca.certificate_pem;
  bool trusts = false;
  for (int tries = 0; tries < 1000 && !trusts; ++tries)
    trusts = loop.run_until(connection->client().version()).has_value();
  EXPECT_TRUE(trusts);
  std::filesystem::remove(file);
  for (int tries = 0; tries < 5; ++tries) EXPECT_TRUE(loop.run_until(connection->client().version()));
}

TEST_F(ConnectionTest, SendsNoCredentialsInTheClear) {
  ClientConfig plain = config();
  plain.server = "http://127.0.0.1:1";
  const auto refused = connect(loop, plain, {});
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("https"));
}

const PodRef kPod{{NamespaceName("shop"), "web-1"}, Uid("u-1")};

ConnectOptions impatient() {
  ConnectOptions options;
  options.client.limits.urgent_try = 100ms;
  return options;
}

TEST_F(ConnectionTest, ADeleteThatHangsIsMadeAgainOnAnotherConnection) {
  answer.body = "{}";
  const auto connection = connect(loop, config(), impatient()).value();
  ASSERT_TRUE(loop.run_until(connection->client().get("/version")));
  ASSERT_EQ(server->connections(), 1U);
  silent = 2;
  const auto deleted = loop.run_until(connection->client().delete_pod(kPod, GracePeriod(5s)));
  ASSERT_TRUE(deleted) << deleted.error().message;
  EXPECT_EQ(*deleted, DeleteOutcome::Accepted);
  ASSERT_EQ(requests.size(), 4U);
  for (std::size_t i = 1; i < 4; ++i) {
    EXPECT_EQ(requests[i].method, "DELETE");
    EXPECT_EQ(requests[i].body, requests[1].body) << "the same grace twice is the same end";
  }
  EXPECT_EQ(connection->pipeline().stats().retried, 2U);
}

TEST_F(ConnectionTest, ANodesPatchThatHangsIsMadeAgain) {
  answer.body = R"({"kind":"Node","apiVersion":"v1","metadata":{"name":"n1","resourceVersion":"7"}})";
  const auto connection = connect(loop, config(), impatient()).value();
  silent = 1;
  NodeChange change;
  change.node = NodeName("n1");
  change.unschedulable = true;
  const auto patched = loop.run_until(connection->client().patch_node(change));
  ASSERT_TRUE(patched) << patched.error().message;
  EXPECT_EQ(patched->name.str(), "n1");
  EXPECT_EQ(requests.size(), 2U);
}

// What a machine without a running process behind its port, or one that is lost in the network, looks like.
TEST_F(ConnectionTest, AServerThatNeverShakesHandsCostsADeleteItsLimitAndNotMore) {
  const auto deaf = net::Listener::open(loop, *net::SocketAddress::parse("127.0.0.1", 0)).value();
  ClientConfig to = config();
  to.server = "https://" + deaf->address().text();
  ConnectOptions options = impatient();
  options.client.limits.eviction = 700ms;
  const auto connection = connect(loop, to, options).value();
  const Steady begun = loop.steady();
  const auto deleted = loop.run_until(connection->client().delete_pod(kPod, GracePeriod(5s)));
  ASSERT_FALSE(deleted);
  EXPECT_EQ(deleted.error().code, ErrorCode::Timeout);
  EXPECT_GE(connection->pipeline().stats().retried, 1U);
  EXPECT_LT(loop.steady() - begun, 5s);
}

TEST_F(ConnectionTest, ListsThatHangBlockNeitherEvictionsNorDeletes) {
  const auto connection = connect(loop, config(), {}).value();
  constexpr int kMoreThanTheirWindow = 40;
  silent = kMoreThanTheirWindow;
  net::TaskGroup lists(loop);
  for (int i = 0; i < kMoreThanTheirWindow; ++i) {
    lists.start([](Client& client) -> net::Task<void> {
      WatchScope everywhere;
      std::function<Result<void>(const WireObject&)> ignore = [](const WireObject&) { return Result<void>(); };
      auto listed = co_await client.list(kPods, std::move(everywhere), std::move(ignore));
      EXPECT_FALSE(listed);
    }(connection->client()));
  }
  const auto window = static_cast<std::size_t>(connection->pipeline().limit_of(Lane::Normal).window());
  loop.run_until([](ConnectionTest& test, std::size_t many) -> net::Task<void> {
    while (test.requests.size() < many) co_await net::sleep_for(test.loop, 1ms);
  }(*this, window));
  EXPECT_GT(connection->pipeline().limit_of(Lane::Normal).waiting(), 0U) << "lists wait for lists";
  silent = 0;
  answer.status = 201;
  answer.body = R"({"kind":"Status","status":"Success","code":201})";
  EXPECT_EQ(loop.run_until(connection->client().evict(kPod, std::nullopt)).outcome, EvictOutcome::Accepted);
  EXPECT_EQ(requests.back().target, "/clusters/a/api/v1/namespaces/shop/pods/web-1/eviction");
  answer.status = 200;
  const auto deleted = loop.run_until(connection->client().delete_pod(kPod, GracePeriod(5s)));
  EXPECT_TRUE(deleted) << deleted.error().message;
}

TEST_F(ConnectionTest, WatchesUntilTheReflectorIsDropped) {
  struct Names final : ReflectorSink {
    std::vector<std::string> names;
    void begin_list() override {}
    Result<void> stage(const WireObject&, const WireMeta& meta) override {
      names.push_back(meta.name);
      return {};
    }
    void commit() override {}
    Result<void> apply(WatchType, const WireObject&, const WireMeta& meta) override {
      names.push_back(meta.name);
      return {};
    }
  } sink;
  stream = {R"({"type":"ADDED","object":{"metadata":{"name":"a","resourceVersion":"1"}}})"
            "\n"
            R"({"type":"BOOKM)",
            R"(ARK","object":{"metadata":{"resourceVersion":"5","annotations":{"k8s.io/initial-events-end":"true"}}}})"
            "\n",
            R"({"type":"ADDED","object":{"metadata":{"name":"b","resourceVersion":"6"}}})"
            "\n"};
  const auto connection = connect(loop, config(), {}).value();
  Reflector reflector(connection->pipeline(), kPods, {}, sink, {}, Random(1));
  {
    net::TaskGroup group(loop);
    group.start(reflector.run());
    loop.run_until([](net::EventLoop& on, Reflector& of) -> net::Task<void> {
      const Steady until = on.steady() + 20s;
      while (of.position() != "6" && on.steady() < until) co_await net::sleep_for(on, 1ms);
    }(loop, reflector));
  }
  EXPECT_THAT(sink.names, ::testing::ElementsAre("a", "b"));
  EXPECT_EQ(reflector.stats().lists, 1u);
}

}  // namespace
}  // namespace spotkeeper::kube
