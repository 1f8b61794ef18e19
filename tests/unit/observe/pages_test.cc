#include "observe/pages.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "net/http_client.h"

namespace spotkeeper::observe {
namespace {

using ::testing::HasSubstr;

TEST(Pages, MetricsAreTheRegistrysText) {
  MetricsRegistry metrics;
  Gauge& gauge = metrics.gauge("spotkeeper_test", "For this test.");
  PageSources sources{.metrics = &metrics, .unhealthy = {}, .unready = {}, .before_metrics = [&] { gauge.set(7); }};
  const auto page = answer_page(sources, "GET", "/metrics?x=1");
  EXPECT_EQ(page.status, 200);
  EXPECT_EQ(page.headers.find("Content-Type"), MetricsRegistry::kContentType);
  EXPECT_THAT(page.body, HasSubstr("spotkeeper_test 7\n"));
}

TEST(Pages, HealthAndReadinessSayWhatIsWrong) {
  Problems problems;
  const PageSources sources{.metrics = nullptr,
                            .unhealthy = [&] { return problems; },
                            .unready = [] { return Problems{"not synced"}; },
                            .before_metrics = {}};
  EXPECT_EQ(answer_page(sources, "GET", "/healthz").status, 200);
  EXPECT_EQ(answer_page(sources, "GET", "/readyz").status, 503);
  problems = {"the poller is stuck", "so is the watch"};
  const auto page = answer_page(sources, "GET", "/healthz");
  EXPECT_EQ(page.status, 503);
  EXPECT_EQ(page.body, "the poller is stuck\nso is the watch\n");
}

TEST(Pages, HealthMayHaveAPlaceAndAWordOfItsOwn) {
  PageSources sources;
  sources.health_path = "/livez";
  sources.health_body = R"({"health":"OK"})";
  EXPECT_EQ(answer_page(sources, "GET", "/livez").body, R"({"health":"OK"})");
  EXPECT_EQ(answer_page(sources, "GET", "/healthz").status, 404);
  sources.unhealthy = [] { return Problems{"stuck"}; };
  EXPECT_EQ(answer_page(sources, "GET", "/livez").body, "stuck\n");
}

TEST(Pages, RefuseOtherPlacesAndMethods) {
  const PageSources sources;
  EXPECT_EQ(answer_page(sources, "GET", "/").status, 404);
  EXPECT_EQ(answer_page(sources, "GET", "/metricsx").status, 404);
  EXPECT_EQ(answer_page(sources, "POST", "/metrics").status, 405);
  EXPECT_EQ(answer_page(sources, "HEAD", "/healthz").status, 200);
}

TEST(Pages, AreServedOverRealSockets) {
  net::EventLoop loop;
  MetricsRegistry metrics;
  metrics.counter("spotkeeper_served_total", "For this test.").add(3);
  auto server = serve_pages(loop, *net::SocketAddress::parse("127.0.0.1", 0),
                            {.metrics = &metrics, .unhealthy = {}, .unready = {}, .before_metrics = {}});
  ASSERT_TRUE(server) << server.error().message;
  const net::Origin origin{"http", "127.0.0.1", (*server)->address().port()};
  auto client = net::make_http_transport(loop, origin, {});
  ASSERT_TRUE(client);
  net::HttpRequest request;
  request.target = "/metrics";
  const auto response = loop.run_until((*client)->send(request, 10s));
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->status, 200);
  EXPECT_THAT(response->body, HasSubstr("spotkeeper_served_total 3"));
}

}  // namespace
}  // namespace spotkeeper::observe
