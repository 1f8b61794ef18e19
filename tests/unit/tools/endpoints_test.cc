#include "tests/tools/endpoint_feeder/endpoints.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/tools/endpoint_feeder/haproxy.h"

namespace spotkeeper::tools {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// An EndpointSlice whose endpoints have those conditions.
format::JsonValue slice(const std::vector<std::string>& conditions, const std::string& ports = R"([{"port":8080}])") {
  std::string endpoints;
  for (std::size_t i = 0; i < conditions.size(); ++i) {
    endpoints += fmt::format(R"({}{{"addresses":["10.98.1.{}"],"conditions":{{{}}},"nodeName":"rn1",)"
                             R"("targetRef":{{"kind":"Pod","name":"web-{}"}}}})",
                             i == 0 ? "" : ",", i, conditions[i], i);
  }
  return *format::parse_json(R"({"metadata":{"name":"web-x"},"addressType":"IPv4","endpoints":[)" + endpoints +
                             R"(],"ports":)" + ports + "}");
}

std::vector<std::string> pods_of(const Endpoints& endpoints) {
  std::vector<std::string> pods;
  for (const Endpoint& endpoint : endpoints) pods.push_back(endpoint.pod);
  return pods;
}

TEST(Endpoints, AreThoseThatAreReadyAndDoNotTerminate) {
  const auto document = slice({R"("ready":true)", R"("ready":false)", "", R"("ready":true,"terminating":true)",
                               R"("ready":false,"serving":true,"terminating":true)"});
  const auto endpoints = endpoints_of(kube::WireObject::of(document), "");
  ASSERT_TRUE(endpoints) << endpoints.error().message;
  EXPECT_THAT(pods_of(*endpoints), ElementsAre("web-0", "web-2")) << "unknown readiness counts as ready";
  EXPECT_EQ(endpoints->begin()->address, "10.98.1.0");
  EXPECT_EQ(endpoints->begin()->port, 8080);
  EXPECT_EQ(endpoints->begin()->node, "rn1");
}

TEST(Endpoints, HaveThePortThatWasNamed) {
  const auto document = slice({""}, R"([{"name":"metrics","port":9090},{"name":"http","port":8080}])");
  const auto endpoints = endpoints_of(kube::WireObject::of(document), "http");
  ASSERT_TRUE(endpoints);
  EXPECT_EQ(endpoints->begin()->port, 8080);
  EXPECT_FALSE(endpoints_of(kube::WireObject::of(document), "")) << "which of the two?";
  EXPECT_FALSE(endpoints_of(kube::WireObject::of(document), "grpc"));
}

struct EndpointSinkTest : testing::Test {
  EndpointSinkTest()
      : sink("", [this](const Endpoints& endpoints) {
          ++told;
          pods = pods_of(endpoints);
        }) {}
  static kube::WireMeta meta(const std::string& name) {
    return {.ns = "shop", .name = name, .uid = {}, .version = "1"};
  }
  Result<void> apply(kube::WatchType type, const std::string& name, const format::JsonValue& document) {
    auto applied = sink.apply(type, kube::WireObject::of(document), meta(name));
    sink.settled();
    return applied;
  }
  int told = 0;
  std::vector<std::string> pods;
  EndpointSink sink;
};

TEST_F(EndpointSinkTest, TellsOfAListWhenItIsWhole) {
  const auto document = slice({"", ""});
  sink.begin_list();
  ASSERT_TRUE(sink.stage(kube::WireObject::of(document), meta("web-x")));
  EXPECT_EQ(told, 0);
  sink.commit();
  EXPECT_EQ(told, 1);
  EXPECT_THAT(pods, ElementsAre("web-0", "web-1"));
}

TEST_F(EndpointSinkTest, AddsUpTheSlicesOfAService) {
  ASSERT_TRUE(apply(kube::WatchType::Added, "web-x", slice({R"("ready":false)", ""})));
  ASSERT_TRUE(apply(kube::WatchType::Added, "web-y", slice({""})));
  EXPECT_THAT(pods, ElementsAre("web-0", "web-1"));
  ASSERT_TRUE(apply(kube::WatchType::Modified, "web-x", slice({"", R"("ready":false)"})));
  EXPECT_THAT(pods, ElementsAre("web-0"));
  ASSERT_TRUE(apply(kube::WatchType::Deleted, "web-x", slice({})));
  ASSERT_TRUE(apply(kube::WatchType::Deleted, "web-y", slice({})));
  EXPECT_THAT(pods, IsEmpty());
}

TEST_F(EndpointSinkTest, ForgetsSlicesThatANewListHasNot) {
  ASSERT_TRUE(apply(kube::WatchType::Added, "web-x", slice({""})));
  sink.begin_list();
  sink.commit();
  EXPECT_THAT(pods, IsEmpty());
}

TEST(HaproxyConfig, HasTheSlotsAndTheSocketThatTheFeederUses) {
  const std::string text = haproxy_config({.bind = "10.77.0.1:81", .socket = "/tmp/x/ha.sock", .slots = 12});
  EXPECT_THAT(text, HasSubstr("stats socket /tmp/x/ha.sock mode 600 level admin"));
  EXPECT_THAT(text, HasSubstr("bind 10.77.0.1:81"));
  EXPECT_THAT(text, HasSubstr("server-template s 1-12 127.0.0.1:1 disabled"));
  EXPECT_THAT(text, HasSubstr("retries 0"));
  EXPECT_THAT(text, HasSubstr("http-request capture req.hdr(X-Request-Id)"));
}

}  // namespace
}  // namespace spotkeeper::tools
