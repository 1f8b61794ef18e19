#include "kube/admission.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "net/task_group.h"
#include "tests/unit/kube/fake_server.h"

namespace spotkeeper::kube {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Result<std::vector<ObjectName>> services_in(std::string_view webhooks) {
  const auto list =
      format::parse_json(R"({"items":[{"metadata":{"name":"c"},"webhooks":[)" + std::string(webhooks) + "]}]}");
  EXPECT_TRUE(list);
  return services_of_webhooks(*list);
}

TEST(ServicesOfWebhooks, AreThoseWithoutWhichTheApiRefuses) {
  const auto services =
      services_in(R"({"failurePolicy":"Fail","clientConfig":{"service":{"namespace":"a","name":"fail"}}},)"
                  R"({"clientConfig":{"service":{"namespace":"a","name":"default"}}},)"
                  R"({"failurePolicy":"Ignore","clientConfig":{"service":{"namespace":"a","name":"ignore"}}},)"
                  R"({"failurePolicy":"Fail","clientConfig":{"url":"https://example.com"}})");
  ASSERT_TRUE(services);
  EXPECT_THAT(*services,
              ElementsAre(ObjectName{NamespaceName("a"), "fail"}, ObjectName{NamespaceName("a"), "default"}));
}

TEST(ServicesOfWebhooks, SaysWhatIsWrongWithAList) {
  const auto services = services_in(R"({"clientConfig":{"service":{"name":"x"}}})");
  ASSERT_FALSE(services);
  EXPECT_THAT(services.error().message, HasSubstr("namespace"));
  EXPECT_FALSE(services_of_webhooks(*format::parse_json(R"({"items":3})")));
  EXPECT_THAT(*services_of_webhooks(*format::parse_json("{}")), IsEmpty());
}

class AdmissionBackends : public ::testing::Test {
 protected:
  AdmissionBackends() {
    Pipeline::Parts parts;
    parts.transport = &server;
    parts.lease_transport = &server;
    parts.credentials = &credentials;
    pipeline.emplace(runtime, parts, Random(1));
    client.emplace(*pipeline);
  }
  void read() {
    tasks.start(keep());
    runtime.advance(5s);
  }
  net::Task<void> keep() { found = co_await read_admission_backends(*client); }

  testing::VirtualRuntime runtime;
  FakeServer server{runtime};
  FakeCredentials credentials;
  std::optional<Pipeline> pipeline;
  std::optional<Client> client;
  std::optional<Result<std::vector<AdmissionBackend>>> found;
  net::TaskGroup tasks{runtime};
};

constexpr const char* kOneOfTwoPages =
    R"({"metadata":{"continue":"more"},"items":[{"webhooks":[{"clientConfig":{"service":{"namespace":"p","name":"w"}}}]}]})";
constexpr const char* kLastPage =
    R"({"metadata":{},"items":[{"webhooks":[{"clientConfig":{"service":{"namespace":"p","name":"gone"}}}]}]})";

TEST_F(AdmissionBackends, AreTheServicesOfBothKindsWithTheirSelectors) {
  server.answer(200, kOneOfTwoPages);
  server.answer(200, kLastPage);
  server.answer(200, kLastPage);
  server.answer(404, R"({"kind":"Status","code":404,"reason":"NotFound"})");
  server.answer(200, R"({"kind":"Service","spec":{"selector":{"app":"guard"}}})");
  read();
  ASSERT_TRUE(found && *found);
  EXPECT_THAT(**found, ElementsAre(AdmissionBackend{{NamespaceName("p"), "w"}, Labels{{"app", "guard"}}}));
  ASSERT_EQ(server.requests.size(), 5U);
  EXPECT_THAT(server.requests[0].target,
              HasSubstr("/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations?limit=20"));
  EXPECT_THAT(server.requests[1].target, HasSubstr("continue=more"));
  EXPECT_THAT(server.requests[2].target, HasSubstr("mutatingwebhookconfigurations"));
  EXPECT_THAT(server.requests[3].target, HasSubstr("/api/v1/namespaces/p/services/gone"));
}

TEST_F(AdmissionBackends, AreUnknownWithoutTheRightToReadThem) {
  server.answer(403, R"({"kind":"Status","code":403,"reason":"Forbidden"})");
  read();
  ASSERT_TRUE(found);
  EXPECT_FALSE(*found);
}

}  // namespace
}  // namespace spotkeeper::kube
