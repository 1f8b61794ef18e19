// What clients make for themselves, who may do it, and how a test makes the world forget.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "format/json.h"
#include "sim/serve/api_call.h"
#include "sim/serve/identity.h"
#include "sim/serve/store_port.h"
#include "sim/serve/strategic_patch.h"

namespace spotkeeper::sim::serve {
namespace {

using format::JsonField;
using format::JsonValue;
using testing::Test;

constexpr std::string_view kMerge = "application/merge-patch+json";
constexpr std::string_view kStrategic = "application/strategic-merge-patch+json";

// A world of one machine, asked as an administrator asks.
class ClientObjects : public Test {
 protected:
  ClientObjects() : world_(WorldConfig{}), server_(world_, "secret") {
    NodeSpec node;
    node.name = "machine";
    world_.add_node(node);
    EXPECT_EQ(post("/api/v1/namespaces", R"({"metadata":{"name":"a"}})").status, 201);
  }

  net::HttpResponse ask(net::HttpRequest request) {
    if (!request.headers.find("Authorization")) request.headers.set("Authorization", "Bearer secret");
    auto reply = server_.handle(request);
    EXPECT_TRUE(std::holds_alternative<net::HttpResponse>(reply)) << request.target;
    return std::get<net::HttpResponse>(std::move(reply));
  }
  net::HttpResponse get(std::string target) { return ask({"GET", std::move(target), {}, ""}); }
  net::HttpResponse post(std::string target, std::string_view body) {
    return ask({"POST", std::move(target), {{"Content-Type", "application/json"}}, std::string(body)});
  }
  net::HttpResponse patch(std::string target, std::string_view body, std::string_view type = kMerge) {
    return ask({"PATCH", std::move(target), {{"Content-Type", std::string(type)}}, std::string(body)});
  }
  static JsonValue parsed(const net::HttpResponse& response) { return format::parse_json(response.body).value(); }
  static std::string pod(std::string_view name, std::string_view node) {
    return fmt::format(R"({{"metadata":{{"name":"{}","labels":{{"app":"web"}}}},"spec":{{"nodeName":"{}",
      "containers":[{{"name":"c","image":"i:1","resources":{{"requests":{{"cpu":"100m"}}}}}}]}}}})",
                       name, node);
  }
  const Pod& stored(const std::string& name) { return world_.store().get<PodObject>({NamespaceName("a"), name})->pod; }
  void make_node(const std::string& name) {
    EXPECT_EQ(post("/api/v1/nodes", R"({"metadata":{"name":")" + name + R"("}})").status, 201);
  }
  void pass(Duration time) { world_.advance_to(world_.now() + time); }

  World world_;
  ApiServer server_;
};

TEST_F(ClientObjects, ANodeIsNotReadyUntilItsStatusSaysSo) {
  make_node("made");
  EXPECT_EQ(post("/api/v1/nodes", R"({"metadata":{"name":"made"}})").status, 409);
  const auto* node = world_.store().get<NodeObject>({{}, "made"});
  EXPECT_FALSE(node->node.ready);
  ASSERT_EQ(node->node.taints.size(), 1U);
  EXPECT_EQ(node->node.taints[0].key, "node.kubernetes.io/not-ready");
  const auto answer = patch("/api/v1/nodes/made/status",
                            R"({"status":{"capacity":{"cpu":"8","pods":"20"},"allocatable":{"cpu":"4","pods":"20"},
                               "conditions":[{"type":"Ready","status":"True"}]}})");
  EXPECT_EQ(answer.status, 200);
  node = world_.store().get<NodeObject>({{}, "made"});
  EXPECT_TRUE(node->node.ready);
  EXPECT_EQ(node->node.allocatable.cpu.value, 4000);
  EXPECT_EQ(node->capacity.cpu.value, 8000);
  EXPECT_EQ(node->node.max_pods, 20);
  EXPECT_EQ(ask({"DELETE", "/api/v1/nodes/made", {}, ""}).status, 200);
  EXPECT_EQ(get("/api/v1/nodes/made").status, 404);
}

TEST_F(ClientObjects, APodOnANodeWithoutAMachineIsAsItsStatusSays) {
  make_node("made");
  EXPECT_EQ(post("/api/v1/namespaces/a/pods", pod("web", "made")).status, 201);
  pass(10min);
  EXPECT_EQ(stored("web").phase, PodPhase::Pending);
  EXPECT_EQ(patch("/api/v1/namespaces/a/pods/web/status",
                  R"({"status":{"phase":"Running","conditions":[{"type":"Ready","status":"True"}]}})")
                .status,
            200);
  EXPECT_TRUE(stored("web").serving());
  EXPECT_EQ(ask({"DELETE", "/api/v1/namespaces/a/pods/web", {}, ""}).status, 200);
  pass(10min);
  EXPECT_TRUE(stored("web").terminating()) << "no kubelet says that it has ended";
  EXPECT_EQ(ask({"DELETE", "/api/v1/namespaces/a/pods/web?gracePeriodSeconds=0", {}, ""}).status, 200);
  EXPECT_EQ(get("/api/v1/namespaces/a/pods/web").status, 404);
}

TEST_F(ClientObjects, APodOnAMachineIsRunAndEndedByItsKubelet) {
  EXPECT_EQ(post("/api/v1/namespaces/a/pods", pod("bound", "machine")).status, 201);
  EXPECT_EQ(post("/api/v1/namespaces/a/pods", pod("unbound", "")).status, 201);
  EXPECT_EQ(post("/api/v1/namespaces/a/pods", pod("bound", "machine")).status, 409);
  pass(1min);
  EXPECT_TRUE(stored("bound").serving());
  EXPECT_TRUE(stored("unbound").serving()) << "the scheduler found it room";
  EXPECT_EQ(ask({"DELETE", "/api/v1/namespaces/a/pods/bound", {}, ""}).status, 200);
  pass(1min);
  EXPECT_EQ(get("/api/v1/namespaces/a/pods/bound").status, 404);
  EXPECT_EQ(get("/api/v1/namespaces/a/pods/unbound").status, 200);
}

TEST_F(ClientObjects, NobodyIsScheduledToANodeWithoutAMachine) {
  make_node("made");
  patch("/api/v1/nodes/made/status",
        R"({"status":{"allocatable":{"cpu":"4","pods":"20"},"conditions":[{"type":"Ready","status":"True"}]}})");
  EXPECT_EQ(patch("/api/v1/nodes/made", R"({"spec":{"taints":null}})").status, 200);
  EXPECT_EQ(patch("/api/v1/nodes/machine", R"({"spec":{"unschedulable":true}})").status, 200);
  EXPECT_EQ(post("/api/v1/namespaces/a/pods", pod("web", "")).status, 201);
  pass(1min);
  EXPECT_TRUE(stored("web").unschedulable);
}

TEST_F(ClientObjects, APodsImageAndLabelsMayChangeAndNothingElseOfIt) {
  EXPECT_EQ(post("/api/v1/namespaces/a/pods", pod("web", "")).status, 201);
  const std::string target = "/api/v1/namespaces/a/pods/web";
  const auto changed = patch(
      target, R"({"metadata":{"labels":{"x":"y"}},"spec":{"containers":[{"name":"c","image":"i:2"}]}})", kStrategic);
  EXPECT_EQ(changed.status, 200);
  const JsonValue body = parsed(changed);
  const auto containers = JsonField(body)["spec"]["containers"].elements().value();
  ASSERT_EQ(containers.size(), 1U);
  EXPECT_EQ(containers[0]["image"].as<std::string>().value(), "i:2");
  EXPECT_EQ(containers[0]["resources"]["requests"]["cpu"].as<std::string>().value(), "100m");
  EXPECT_EQ(*stored("web").labels->find("x"), "y");
  EXPECT_EQ(patch(target, R"({"spec":{"terminationGracePeriodSeconds":1}})").status, 422);
  EXPECT_EQ(patch(target, R"({"metadata":{"resourceVersion":"1","labels":{"x":"z"}}})").status, 409);
  EXPECT_EQ(*stored("web").labels->find("x"), "y");
}

TEST_F(ClientObjects, ABudgetsStatusIsWrittenAndItsSpecMakesItStale) {
  const std::string budgets = "/apis/policy/v1/namespaces/a/poddisruptionbudgets";
  EXPECT_EQ(post(budgets, R"({"metadata":{"name":"b","labels":{"l":"v"}},"spec":{"minAvailable":1,
                             "selector":{"matchLabels":{"app":"web"}}}})")
                .status,
            201);
  EXPECT_EQ(patch(budgets + "/b/status", R"({"status":{"observedGeneration":1,"disruptionsAllowed":3}})").status, 200);
  const auto* budget = world_.store().get<BudgetObject>({NamespaceName("a"), "b"});
  EXPECT_EQ(budget->budget.disruptions_allowed, 3);
  EXPECT_FALSE(budget->budget.stale());
  EXPECT_EQ(*budget->labels.find("l"), "v");
  EXPECT_EQ(patch(budgets + "/b", R"({"spec":{"minAvailable":2}})").status, 200);
  budget = world_.store().get<BudgetObject>({NamespaceName("a"), "b"});
  EXPECT_TRUE(budget->budget.stale());
  EXPECT_EQ(patch(budgets + "/b", R"({"spec":{"minAvailable":2}})").status, 200);
  EXPECT_EQ(world_.store().get<BudgetObject>({NamespaceName("a"), "b"})->budget.generation, 2) << "nothing changed";
}

TEST_F(ClientObjects, EventsLeasesAndConfigMapsAreKept) {
  const std::string events = "/apis/events.k8s.io/v1/namespaces/a/events";
  const std::string_view event = R"({"metadata":{"name":"e"},"reason":"R","type":"Normal","note":"n",
    "regarding":{"kind":"Pod","name":"web","namespace":"a"},"reportingController":"c"})";
  EXPECT_EQ(post(events, event).status, 201);
  EXPECT_EQ(post(events, event).status, 409);
  EXPECT_EQ(patch(events + "/e", R"({"series":{"count":2,"lastObservedTime":"2026-01-01T00:00:01.000000Z"}})").status,
            200);
  EXPECT_EQ(world_.store().get<EventObject>({NamespaceName("a"), "e"})->count, 2);
  EXPECT_EQ(world_.store().get<EventObject>({NamespaceName("a"), "e"})->note, "n");

  const std::string leases = "/apis/coordination.k8s.io/v1/namespaces/a/leases";
  EXPECT_EQ(post(leases, R"({"metadata":{"name":"l"},"spec":{"holderIdentity":"me"}})").status, 201);
  EXPECT_EQ(patch(leases + "/l", R"({"metadata":{"labels":{"keep":"me"}}})").status, 200);
  EXPECT_EQ(world_.store().get<LeaseObject>({NamespaceName("a"), "l"})->holder, "me");

  const std::string maps = "/api/v1/namespaces/a/configmaps";
  EXPECT_EQ(post(maps, R"({"metadata":{"name":"m"},"data":{"k":"v"}})").status, 201);
  EXPECT_EQ(JsonField(parsed(get(maps + "/m")))["data"]["k"].as<std::string>().value(), "v");
  EXPECT_EQ(post(maps, R"({"metadata":{}})").status, 400);
}

TEST_F(ClientObjects, NothingIsMadeInANamespaceThatIsNotThere) {
  const auto refused = post("/api/v1/namespaces/elsewhere/pods", pod("web", ""));
  EXPECT_EQ(refused.status, 404);
  EXPECT_NE(refused.body.find("namespaces \\\"elsewhere\\\" not found"), std::string::npos) << refused.body;
}

TEST_F(ClientObjects, ADryRunMakesNothing) {
  EXPECT_EQ(post("/api/v1/namespaces?dryRun=All", R"({"metadata":{"name":"b"}})").status, 201);
  EXPECT_EQ(get("/api/v1/namespaces/b").status, 404);
  EXPECT_EQ(post("/api/v1/namespaces/a/pods?dryRun=All", pod("web", "machine")).status, 201);
  EXPECT_EQ(get("/api/v1/namespaces/a/pods/web").status, 404);
}

TEST_F(ClientObjects, WhoMayDoNothingIsTold) {
  const auto as = [&](net::HttpHeaders headers) {
    return ask({"GET", "/api/v1/namespaces/a/pods", std::move(headers), ""});
  };
  const auto nobody = as({{"Authorization", "Bearer nobody-token"}});
  EXPECT_EQ(nobody.status, 403);
  EXPECT_EQ(JsonField(parsed(nobody))["message"].as<std::string>().value(),
            R"(pods is forbidden: User "nobody" cannot list resource "pods" in API group "" in the namespace "a")");
  EXPECT_EQ(as({{"Authorization", "Bearer wrong"}}).status, 401);
  EXPECT_EQ(as({{"Authorization", "Bearer secret"}, {"Impersonate-User", "jane"}}).status, 403);
  EXPECT_EQ(as({{"Authorization", "Bearer nobody-token"}, {"Impersonate-Group", "system:masters"}}).status, 403);
  EXPECT_EQ(ask({"GET", "/api/v1", {{"Authorization", "Bearer nobody-token"}}, ""}).status, 200) << "discovery";
}

TEST(Identity, ACertificateOfTheMastersIsAnAdministrators) {
  const auto of = [](std::vector<std::string> groups) {
    return identify({}, net::TlsStream::PeerSubject{"someone", std::move(groups)}, "secret");
  };
  EXPECT_TRUE(of({"system:masters"})->administrator);
  EXPECT_FALSE(of({"others"})->administrator);
  EXPECT_FALSE(identify({}, std::nullopt, "secret"));
}

TEST_F(ClientObjects, AListOfAVersionThatIsPastIsGone) {
  const std::string pods = "/api/v1/pods?resourceVersionMatch=Exact&resourceVersion=";
  EXPECT_EQ(get(pods + std::to_string(world_.store().version())).status, 200);
  EXPECT_EQ(get(pods + "1").status, 410);
  EXPECT_EQ(get(pods + "999999").status, 504);
}

TEST_F(ClientObjects, TheStoresPortForgetsWhatItIsTold) {
  const auto ask_store = [&](const std::string& target, const std::string& body) {
    return answer_store(world_.store(), {"POST", target, {}, body});
  };
  const auto range = ask_store("/v3/kv/range", R"({"key":"AA=="})");
  const auto revision = JsonField(parsed(range))["header"]["revision"].as<std::string>().value();
  EXPECT_EQ(revision, std::to_string(world_.store().version()));
  EXPECT_TRUE(world_.store().remembers(world_.store().version() - 1));
  EXPECT_EQ(ask_store("/v3/kv/compaction", R"({"revision":")" + revision + R"("})").status, 200);
  EXPECT_FALSE(world_.store().remembers(world_.store().version() - 1));
  EXPECT_EQ(ask_store("/v3/kv/compaction", R"({"revision":"999999"})").status, 400);
  EXPECT_EQ(ask_store("/v3/kv/compaction", "{").status, 400);
  EXPECT_EQ(ask_store("/v3/kv/put", "{}").status, 404);
}

TEST_F(ClientObjects, ABookmarkComesBeforeAWatchesEnd) {
  auto reply = server_.handle({"GET",
                               "/api/v1/nodes?watch=1&allowWatchBookmarks=true&timeoutSeconds=10&resourceVersion=" +
                                   std::to_string(world_.store().version()),
                               {{"Authorization", "Bearer secret"}},
                               ""});
  auto& watch = *std::get<WatchReply>(reply).session;
  EXPECT_EQ(watch.poll(world_.now() + 7s), "");
  EXPECT_NE(watch.poll(world_.now() + 8s).find("BOOKMARK"), std::string::npos);
  EXPECT_FALSE(watch.ended());
  EXPECT_EQ(watch.poll(world_.now() + 10s), "");
  EXPECT_TRUE(watch.ended());
}

TEST(StrategicPatch, MergesListsWithAKeyAndReplacesTheRest) {
  const auto merged = [](std::string_view target, std::string_view patch) {
    JsonValue value = format::parse_json(target).value();
    apply_strategic_patch(value, format::parse_json(patch).value());
    return format::write_json(value);
  };
  EXPECT_EQ(merged(R"({"env":[{"name":"a","value":"1"},{"name":"b","value":"2"}]})",
                   R"({"env":[{"name":"b","value":"3"},{"name":"c","value":"4"}]})"),
            R"({"env":[{"name":"a","value":"1"},{"name":"b","value":"3"},{"name":"c","value":"4"}]})");
  EXPECT_EQ(merged(R"({"env":[{"name":"a"},{"name":"b"}]})", R"({"env":[{"name":"a","$patch":"delete"}]})"),
            R"({"env":[{"name":"b"}]})");
  EXPECT_EQ(merged(R"({"taints":[{"key":"a"}]})", R"({"taints":[{"key":"b"}]})"), R"({"taints":[{"key":"b"}]})");
  EXPECT_EQ(merged(R"({"a":{"x":1,"y":2}})", R"({"a":{"x":null},"b":3})"), R"({"a":{"y":2},"b":3})");
}

}  // namespace
}  // namespace spotkeeper::sim::serve
