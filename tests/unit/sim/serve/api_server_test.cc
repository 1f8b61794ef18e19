#include "sim/serve/api_server.h"

#include <gtest/gtest.h>

#include "format/json.h"
#include "sim/serve/api_call.h"

namespace spotkeeper::sim::serve {
namespace {

using format::JsonField;
using format::JsonValue;

// A world of two nodes and a deployment of three, its pods running, asked as a client asks.
class ApiServerTest : public testing::Test {
 protected:
  ApiServerTest() : world_(WorldConfig{}), server_(world_, "secret") {
    world_.add_namespace("shop");
    for (const char* name : {"n1", "n2"}) {
      NodeSpec node;
      node.name = name;
      world_.add_node(node);
    }
    EXPECT_EQ(post("/apis/apps/v1/namespaces/shop/deployments", kDeployment).status, 201);
    EXPECT_EQ(post("/apis/policy/v1/namespaces/shop/poddisruptionbudgets", kBudget).status, 201);
    while (!world_.settled() && world_.next_due()) world_.advance_to(*world_.next_due());
  }

  net::HttpResponse ask(net::HttpRequest request) {
    request.headers.set("Authorization", "Bearer secret");
    auto reply = server_.handle(request);
    EXPECT_TRUE(std::holds_alternative<net::HttpResponse>(reply)) << request.target;
    return std::get<net::HttpResponse>(std::move(reply));
  }
  net::HttpResponse get(std::string target, std::string accept = "application/json") {
    return ask({"GET", std::move(target), {{"Accept", std::move(accept)}}, ""});
  }
  net::HttpResponse post(std::string target, std::string_view body) {
    return ask({"POST", std::move(target), {{"Content-Type", "application/json"}}, std::string(body)});
  }
  net::HttpResponse patch(std::string target, std::string_view type, std::string_view body) {
    return ask({"PATCH", std::move(target), {{"Content-Type", std::string(type)}}, std::string(body)});
  }
  static JsonValue parsed(const net::HttpResponse& response) { return format::parse_json(response.body).value(); }
  std::string pod_name() {
    const JsonValue list = parsed(get("/api/v1/namespaces/shop/pods"));
    return JsonField(list)["items"].elements().value().front()["metadata"]["name"].as<std::string>().value();
  }
  std::string evict(const std::string& pod) {
    return R"({"apiVersion":"policy/v1","kind":"Eviction","metadata":{"name":")" + pod + R"("}})";
  }

  static constexpr std::string_view kMerge = "application/merge-patch+json";
  static constexpr std::string_view kDeployment = R"({"metadata":{"name":"web"},"spec":{"replicas":3,
    "selector":{"matchLabels":{"app":"web"}},"template":{"metadata":{"labels":{"app":"web"}},
    "spec":{"terminationGracePeriodSeconds":20,"containers":[{"name":"c","image":"i","resources":{"requests":{"cpu":"100m"}}}]}}}})";
  static constexpr std::string_view kBudget =
      R"({"metadata":{"name":"web"},"spec":{"minAvailable":3,"selector":{"matchLabels":{"app":"web"}}}})";

  World world_;
  ApiServer server_;
};

TEST_F(ApiServerTest, KeepsWebhookConfigurationsOfBothKinds) {
  for (const std::string kind : {"validating", "mutating"}) {
    const std::string path = "/apis/admissionregistration.k8s.io/v1/" + kind + "webhookconfigurations";
    const JsonValue none = parsed(get(path + "?limit=20"));
    EXPECT_TRUE(JsonField(none)["items"].elements().value().empty());
    EXPECT_EQ(post(path, R"({"metadata":{"name":"gate"},"webhooks":[{"name":"gate.example.com","failurePolicy":"Fail",
      "clientConfig":{"service":{"namespace":"shop","name":"gate"}}}]})")
                  .status,
              201);
    const JsonValue stored = parsed(get(path + "/gate"));
    EXPECT_EQ(JsonField(stored)["apiVersion"].as<std::string>().value(), "admissionregistration.k8s.io/v1");
    const auto webhooks = JsonField(stored)["webhooks"].elements().value();
    ASSERT_EQ(webhooks.size(), 1U);
    EXPECT_EQ(webhooks.front()["clientConfig"]["service"]["name"].as<std::string>().value(), "gate");
    EXPECT_EQ(post(path, R"({"metadata":{"name":"gate"}})").status, 409);
    EXPECT_EQ(post(path, R"({"metadata":{"name":"bad"},"webhooks":[7]})").status, 400);
    EXPECT_EQ(ask({"DELETE", path + "/gate", {}, ""}).status, 200);
    EXPECT_EQ(get(path + "/gate").status, 404);
    EXPECT_EQ(ask({"DELETE", path + "/gate", {}, ""}).status, 404);
  }
}

TEST_F(ApiServerTest, AsksForTheToken) {
  auto reply = server_.handle({"GET", "/api/v1/nodes", {}, ""});
  EXPECT_EQ(std::get<net::HttpResponse>(reply).status, 401);
  reply = server_.handle({"GET", "/readyz", {}, ""});
  EXPECT_EQ(std::get<net::HttpResponse>(reply).status, 200);
}

TEST_F(ApiServerTest, ListsInPagesOfOneVersion) {
  const JsonValue first = parsed(get("/api/v1/namespaces/shop/pods?limit=2"));
  const auto token = JsonField(first)["metadata"]["continue"].as<std::string>().value();
  EXPECT_EQ(JsonField(first)["items"].elements().value().size(), 2U);
  const JsonValue second = parsed(get("/api/v1/namespaces/shop/pods?limit=2&continue=" + token));
  EXPECT_EQ(JsonField(second)["items"].elements().value().size(), 1U);
  EXPECT_EQ(*JsonField(first)["metadata"]["resourceVersion"].value(),
            *JsonField(second)["metadata"]["resourceVersion"].value());
  EXPECT_FALSE(JsonField(second)["metadata"]["continue"].present());
}

TEST_F(ApiServerTest, SelectsByLabelAndField) {
  EXPECT_EQ(JsonField(parsed(get("/api/v1/pods?labelSelector=app%3Dapi")))["items"].elements().value().size(), 0U);
  const JsonValue on_n1 = parsed(get("/api/v1/pods?fieldSelector=spec.nodeName%3Dn1"));
  const auto pods = JsonField(on_n1)["items"].elements().value();
  for (const JsonField& pod : pods) EXPECT_EQ(pod["spec"]["nodeName"].as<std::string>().value(), "n1");
  EXPECT_EQ(get("/api/v1/pods?fieldSelector=spec.nonsense%3D1").status, 400);
}

TEST_F(ApiServerTest, CordonsByAnyKindOfPatch) {
  EXPECT_EQ(
      patch("/api/v1/nodes/n1", "application/strategic-merge-patch+json", R"({"spec":{"unschedulable":true}})").status,
      200);
  EXPECT_TRUE(world_.store().get<NodeObject>({{}, "n1"})->node.unschedulable);
  EXPECT_EQ(
      patch("/api/v1/nodes/n1", "application/json-patch+json", R"([{"op":"remove","path":"/spec/unschedulable"}])")
          .status,
      200);
  EXPECT_FALSE(world_.store().get<NodeObject>({{}, "n1"})->node.unschedulable);
  EXPECT_EQ(patch("/api/v1/nodes/n1", "application/yaml", "{}").status, 415);
}

TEST_F(ApiServerTest, GuardsAPatchByTheVersionItNames) {
  EXPECT_EQ(patch("/api/v1/nodes/n1", kMerge, R"({"metadata":{"resourceVersion":"1","labels":{"a":"b"}}})").status,
            409);
  EXPECT_EQ(patch("/api/v1/nodes/n1", kMerge, R"({"metadata":{"labels":{"a":"b"}}})").status, 200);
  EXPECT_EQ(*world_.store().get<NodeObject>({{}, "n1"})->node.labels.find("a"), "b");
  EXPECT_EQ(patch("/api/v1/nodes/n1", "application/json-patch+json",
                  R"([{"op":"test","path":"/metadata/resourceVersion","value":"1"}])")
                .status,
            422);
}

TEST_F(ApiServerTest, RefusesMoreReplicasThanItCouldHold) {
  const auto scale = [&](const std::string& replicas) {
    return patch("/apis/apps/v1/namespaces/shop/deployments/web/scale", kMerge,
                 R"({"spec":{"replicas":)" + replicas + "}}")
        .status;
  };
  EXPECT_EQ(scale("2147483647"), 422);
  EXPECT_EQ(scale("-1"), 422);
  EXPECT_EQ(scale("4"), 200);
  std::string large(kDeployment);
  large.replace(large.find("\"replicas\":3"), 12, R"("replicas":2147483647)");
  large.replace(large.find(R"("name":"web")"), 12, R"("name":"big")");
  EXPECT_EQ(post("/apis/apps/v1/namespaces/shop/deployments", large).status, 400);
}

TEST_F(ApiServerTest, RefusesAnEvictionThatTheBudgetForbids) {
  const std::string pod = pod_name();
  const auto refused = post("/api/v1/namespaces/shop/pods/" + pod + "/eviction", evict(pod));
  EXPECT_EQ(refused.status, 429);
  EXPECT_FALSE(refused.headers.find("Retry-After"));
  EXPECT_NE(refused.body.find("DisruptionBudget"), std::string::npos);
  EXPECT_EQ(post("/api/v1/namespaces/shop/pods/" + pod + "/eviction", evict("other")).status, 400);
  EXPECT_EQ(post("/api/v1/namespaces/shop/pods/gone/eviction", evict("gone")).status, 404);
}

TEST_F(ApiServerTest, DeletesAPodWithTheGraceAsked) {
  const std::string pod = pod_name();
  const auto gone = ask({"DELETE", "/api/v1/namespaces/shop/pods/" + pod, {}, R"({"gracePeriodSeconds":7})"});
  EXPECT_EQ(gone.status, 200);
  EXPECT_EQ(JsonField(parsed(gone))["metadata"]["deletionGracePeriodSeconds"].as<std::int64_t>().value(), 7);
  EXPECT_EQ(ask({"DELETE",
                 "/api/v1/namespaces/shop/pods/" + pod,
                 {},
                 R"({"preconditions":{"uid":"00000000-0000-0000-0000-000000000000"}})"})
                .status,
            409);
}

TEST_F(ApiServerTest, ScalesThroughTheSubresource) {
  const std::string scale = "/apis/apps/v1/namespaces/shop/deployments/web/scale";
  EXPECT_EQ(JsonField(parsed(get(scale)))["spec"]["replicas"].as<std::int32_t>().value(), 3);
  EXPECT_EQ(patch(scale, kMerge, R"({"spec":{"replicas":1}})").status, 200);
  EXPECT_EQ(world_.store().get<DeploymentObject>({NamespaceName("shop"), "web"})->replicas, 1);
  EXPECT_EQ(patch(scale, kMerge, R"({"spec":{"replicas":-1}})").status, 422);
}

TEST_F(ApiServerTest, WatchesFromAVersionAndFromTheStart) {
  const auto version = JsonField(parsed(get("/api/v1/nodes")))["metadata"]["resourceVersion"].as<std::string>().value();
  net::HttpRequest request{
      "GET", "/api/v1/nodes?watch=1&resourceVersion=" + version, {{"Authorization", "Bearer secret"}}, ""};
  auto reply = server_.handle(request);
  auto& later = std::get<WatchReply>(reply);
  EXPECT_EQ(later.session->poll(world_.now()), "");
  ASSERT_EQ(patch("/api/v1/nodes/n2", kMerge, R"({"spec":{"unschedulable":true}})").status, 200);
  const std::string event = later.session->poll(world_.now());
  EXPECT_NE(event.find(R"("type":"MODIFIED")"), std::string::npos);
  EXPECT_NE(event.find(R"("unschedulable":true)"), std::string::npos);

  request.target =
      "/api/v1/nodes?watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true";
  auto from_start = server_.handle(request);
  const std::string initial = std::get<WatchReply>(from_start).session->poll(world_.now());
  EXPECT_NE(initial.find(R"("name":"n1")"), std::string::npos);
  EXPECT_NE(initial.find("k8s.io/initial-events-end"), std::string::npos);

  request.target = "/api/v1/nodes?watch=1&sendInitialEvents=true";
  auto refused = server_.handle(request);
  EXPECT_EQ(std::get<net::HttpResponse>(refused).status, 422);
}

TEST_F(ApiServerTest, TellsAWatchThatItsVersionIsCompacted) {
  world_.store().compact(world_.store().version());
  ASSERT_EQ(patch("/api/v1/nodes/n2", kMerge, R"({"metadata":{"labels":{"x":"y"}}})").status, 200);
  auto reply =
      server_.handle({"GET", "/api/v1/nodes?watch=1&resourceVersion=101", {{"Authorization", "Bearer secret"}}, ""});
  auto& watch = std::get<WatchReply>(reply);
  const std::string event = watch.session->poll(world_.now());
  EXPECT_NE(event.find(R"("type":"ERROR")"), std::string::npos);
  EXPECT_NE(event.find(R"("code":410)"), std::string::npos);
  EXPECT_TRUE(watch.session->ended());
}

TEST_F(ApiServerTest, SaysDeletedWhenAnObjectLeavesTheSelector) {
  const auto version = JsonField(parsed(get("/api/v1/nodes")))["metadata"]["resourceVersion"].as<std::string>().value();
  auto reply = server_.handle({"GET",
                               "/api/v1/nodes?watch=1&labelSelector=%21gone&resourceVersion=" + version,
                               {{"Authorization", "Bearer secret"}},
                               ""});
  auto& watch = std::get<WatchReply>(reply);
  ASSERT_EQ(patch("/api/v1/nodes/n2", kMerge, R"({"metadata":{"labels":{"gone":"yes"}}})").status, 200);
  const std::string event = watch.session->poll(world_.now());
  EXPECT_NE(event.find(R"("type":"DELETED")"), std::string::npos);
  EXPECT_EQ(event.find(R"("gone":"yes")"), std::string::npos) << "it carries the last state that matched";
}

TEST_F(ApiServerTest, AnswersInTablesAndProtobufWhereAsked) {
  const auto table = get("/api/v1/nodes", "application/json;as=Table;v=v1;g=meta.k8s.io,application/json");
  EXPECT_EQ(JsonField(parsed(table))["kind"].as<std::string>().value(), "Table");
  const auto binary = get("/api/v1/nodes", "application/vnd.kubernetes.protobuf,application/json");
  EXPECT_EQ(binary.body.substr(0, 4), std::string("k8s\0", 4));
  EXPECT_EQ(*binary.headers.find("Content-Type"), "application/vnd.kubernetes.protobuf");
}

TEST_F(ApiServerTest, KeepsLeasesUnderTheirVersion) {
  const std::string leases = "/apis/coordination.k8s.io/v1/namespaces/shop/leases";
  const auto made = post(leases, R"({"metadata":{"name":"l"},"spec":{"holderIdentity":"a"}})");
  EXPECT_EQ(made.status, 201);
  EXPECT_EQ(post(leases, R"({"metadata":{"name":"l"},"spec":{"holderIdentity":"b"}})").status, 409);
  JsonValue lease = parsed(made);
  lease.as_object()["spec"].as_object()["holderIdentity"] = "b";
  EXPECT_EQ(ask({"PUT", leases + "/l", {}, format::write_json(lease)}).status, 200);
  EXPECT_EQ(ask({"PUT", leases + "/l", {}, format::write_json(lease)}).status, 409) << "its version is old now";
}

TEST_F(ApiServerTest, RefusesWhatItDoesNotServe) {
  EXPECT_EQ(get("/api/v1/gizmos").status, 404);
  EXPECT_EQ(post("/api/v1/namespaces/shop/services", "{}").status, 405);
  EXPECT_EQ(post("/apis/apps/v1/namespaces/shop/deployments", "{").status, 400);
  EXPECT_EQ(ask({"DELETE", "/api/v1/nodes", {}, ""}).status, 405);
}

}  // namespace
}  // namespace spotkeeper::sim::serve
