#include "kube/client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/kube/fake_server.h"

namespace spotkeeper::kube {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

const PodRef kPod{{NamespaceName("shop"), "web-1"}, Uid("8d7f4b3e-0000-4000-8000-000000000001")};

struct ClientTest : ::testing::Test, FakeApi {
  Client client{pipeline};
  Client dry{pipeline, {.dry_run = true, .limits = {}}};
  [[nodiscard]] const net::HttpRequest& last() const { return server.requests.back(); }
};

TEST_F(ClientTest, EvictsExactlyThatPodOnce) {
  server.answer(201, R"({"kind":"Status","status":"Success","code":201})");
  EXPECT_EQ(runtime.run(client.evict(kPod, std::nullopt)).outcome, EvictOutcome::Accepted);
  EXPECT_EQ(last().method, "POST");
  EXPECT_EQ(last().target, "/api/v1/namespaces/shop/pods/web-1/eviction");
  EXPECT_EQ(
      last().body,
      R"({"apiVersion":"policy/v1","kind":"Eviction","metadata":{"name":"web-1","namespace":"shop"},"deleteOptions":{"preconditions":{"uid":"8d7f4b3e-0000-4000-8000-000000000001"}}})");
  server.answer(429, "overloaded", {{"Retry-After", "1"}});
  const EvictAnswer refused = runtime.run(client.evict(kPod, GracePeriod(5s)));
  EXPECT_EQ(refused.outcome, EvictOutcome::Throttled);
  EXPECT_EQ(refused.retry_after, 1s);
  EXPECT_EQ(server.requests.size(), 2u);
  EXPECT_THAT(last().body, HasSubstr(R"("gracePeriodSeconds":5)"));
}

TEST_F(ClientTest, AnEvictionWithoutAnAnswerIsUnreachable) {
  EXPECT_EQ(runtime.run(client.evict(kPod, std::nullopt)).outcome, EvictOutcome::Unreachable);
  EXPECT_EQ(runtime.steady() - Steady(), 15s);
}

TEST_F(ClientTest, DeletesWithTheUidAndNeverWithNoGrace) {
  server.answer(200, "{}");
  EXPECT_EQ(runtime.run(client.delete_pod(kPod, GracePeriod(0s))).value(), DeleteOutcome::Accepted);
  EXPECT_EQ(last().method, "DELETE");
  EXPECT_THAT(last().body, HasSubstr(R"("gracePeriodSeconds":1)"));
  EXPECT_THAT(last().body, HasSubstr(R"("uid":"8d7f4b3e-0000-4000-8000-000000000001")"));
}

TEST_F(ClientTest, ADeleteWaitsForNoEvictionThatHangs) {
  Answer hangs;
  hangs.after = 10s;
  for (int i = 0; i < 40; ++i) server.answers.push_back(hangs);
  net::TaskGroup group(runtime);
  for (int i = 0; i < 40; ++i) {
    group.start([](Client& through) -> net::Task<void> { (void)(co_await through.evict(kPod, std::nullopt)); }(client));
  }
  runtime.settle();
  const std::size_t before = server.requests.size();
  EXPECT_LT(before, 40u) << "evictions queue";
  group.start(
      [](Client& through) -> net::Task<void> { (void)(co_await through.delete_pod(kPod, GracePeriod(5s))); }(client));
  runtime.settle();
  ASSERT_EQ(server.requests.size(), before + 1);
  EXPECT_EQ(last().method, "DELETE");
}

TEST_F(ClientTest, ADeleteIsTriedAgainLongBeforeItsLimitIsOver) {
  Answer silent;
  silent.after = 60s;
  server.answers.push_back(silent);
  server.answer(200, "{}");
  EXPECT_EQ(runtime.run(client.delete_pod(kPod, GracePeriod(5s))).value(), DeleteOutcome::Accepted);
  EXPECT_GE(server.times.at(1) - server.times.at(0), 3s);
  EXPECT_LE(server.times.at(1) - server.times.at(0), 3300ms);
}

// Trap 13.
TEST_F(ClientTest, Trap13TaintsAreNeverChangedWithoutAVersion) {
  NodeChange change;
  change.node = NodeName("n");
  change.taints = std::vector<Taint>{{"k", "v", TaintEffect::NoSchedule, {}}};
  const auto refused = runtime.run(client.patch_node(change));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::InvalidInput);
  EXPECT_TRUE(server.requests.empty());
}

TEST_F(ClientTest, ANodeChangeIsOneMergePatch) {
  NodeChange change;
  change.node = NodeName("n");
  change.version = ResourceVersion("7");
  change.taints = std::vector<Taint>{{"k", "", TaintEffect::NoExecute, Instant(1'800'000'000s) + 1ms}};
  change.unschedulable = false;
  change.labels["gone"] = std::nullopt;
  change.annotations["a"] = "b";
  EXPECT_EQ(
      format::write_json(merge_patch_of(change)),
      R"({"metadata":{"resourceVersion":"7","labels":{"gone":null},"annotations":{"a":"b"}},"spec":{"taints":[{"key":"k","effect":"NoExecute","timeAdded":"2027-01-15T08:00:00Z"}],"unschedulable":null}})");
  server.answer(409, R"({"kind":"Status","reason":"Conflict","code":409,"message":"the object has been modified"})");
  const auto late = runtime.run(client.patch_node(change));
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, ErrorCode::Conflict);
  EXPECT_THAT(late.error().message, HasSubstr("the object has been modified"));
  EXPECT_EQ(server.header(0, "Content-Type"), "application/merge-patch+json");
}

TEST_F(ClientTest, DryRunIsOnEveryMutation) {
  server.answer(201);
  server.answer(200);
  server.answer(200, R"({"metadata":{"name":"n"}})");
  runtime.run(dry.evict(kPod, std::nullopt));
  (void)runtime.run(dry.delete_pod(kPod, GracePeriod(5s))).has_value();
  NodeChange change;
  change.node = NodeName("n");
  change.unschedulable = true;
  EXPECT_TRUE(runtime.run(dry.patch_node(change)));
  for (const auto& request : server.requests) EXPECT_THAT(request.target, HasSubstr("?dryRun=All"));
  server.answer(200);
  EXPECT_TRUE(runtime.run(dry.get("/api/v1/nodes")));
  EXPECT_THAT(last().target, Not(HasSubstr("dryRun")));
}

// Traps 12 and 26: a patch of known fields instead of a PUT of what was understood, times with six decimals.
TEST_F(ClientTest, Trap12And26ALeaseIsPatchedWithMicroTimes) {
  leases.answer(
      200,
      R"({"metadata":{"resourceVersion":"9"},"spec":{"holderIdentity":"me","leaseDurationSeconds":15,"leaseTransitions":3,"renewTime":"2027-01-15T08:00:00.000000Z"}})");
  LeaseRecord record;
  record.holder = "me";
  record.renewed = Instant(1'800'000'000s);
  record.transitions = 3;
  record.version = ResourceVersion("8");
  const auto updated = runtime.run(client.update_lease({NamespaceName("kube-system"), "l"}, record, 5s));
  ASSERT_TRUE(updated) << updated.error().message;
  EXPECT_EQ(updated->version, ResourceVersion("9"));
  EXPECT_TRUE(server.requests.empty()) << "leases have a connection of their own";
  EXPECT_EQ(leases.requests[0].method, "PATCH");
  EXPECT_EQ(
      leases.requests[0].body,
      R"({"metadata":{"resourceVersion":"8"},"spec":{"holderIdentity":"me","leaseDurationSeconds":15,"renewTime":"2027-01-15T08:00:00.000000Z","leaseTransitions":3}})");
  record.holder.clear();
  leases.answer(200, "{}");
  (void)runtime.run(client.update_lease({NamespaceName("kube-system"), "l"}, record, 5s)).has_value();
  EXPECT_THAT(leases.requests[1].body, HasSubstr(R"("holderIdentity":null)")) << "the server refuses an empty one";
}

TEST_F(ClientTest, NamesLeadNowhereElse) {
  EXPECT_EQ(target_of(kPods, NamespaceName("a/../b"), "x?y", "eviction"),
            "/api/v1/namespaces/a%2F..%2Fb/pods/x%3Fy/eviction");
  EXPECT_EQ(target_of(kDisruptionBudgets, {}, {}, {}, {{"labelSelector", "a=b,c in (d)"}}),
            "/apis/policy/v1/poddisruptionbudgets?labelSelector=a%3Db%2Cc%20in%20%28d%29");
}

TEST_F(ClientTest, AnAnswerThatIsNoObjectIsAnErrorAndNotACrash) {
  for (const char* body : {"", "<html>", "[]", "k8s", "{\"metadata\":7}"}) {
    server.answer(200, body);
    EXPECT_FALSE(runtime.run(client.get_node(NodeName("n")))) << body;
  }
}

}  // namespace
}  // namespace spotkeeper::kube
