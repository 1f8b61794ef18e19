// The eviction table, row by row, and plain deletes.
#include "tests/e2e/kube/suite.h"

namespace spotkeeper::kube {
namespace {

struct Evicting : Suite {
  EvictAnswer evict(const PodRef& pod, std::optional<GracePeriod> grace = {}) {
    return await(client().evict(pod, grace));
  }
  Pod pod(const PodRef& ref) { return value_of(client().get_pod(ref.name)); }
  NodeName node = make_node("n");
  PodSpec bound{.node = node.str()};
};

TEST_F(Evicting, WithoutABudgetIsAccepted) {
  const PodRef web = make_pod("web", bound);
  const EvictAnswer answer = evict(web);
  EXPECT_EQ(answer.outcome, EvictOutcome::Accepted) << answer.message;
  EXPECT_TRUE(pod(web).terminating());
}

TEST_F(Evicting, WithAGraceEndsAfterThatGrace) {
  const PodRef web = make_pod("web", bound);
  EXPECT_EQ(evict(web, GracePeriod(7s)).outcome, EvictOutcome::Accepted);
  EXPECT_EQ(pod(web).deletion_grace.value(), GracePeriod(7s));
}

TEST_F(Evicting, IsRefusedByAnExhaustedBudget) {
  const PodRef web = make_pod("web", bound);
  make_budget("pdb", "web", 0);
  const EvictAnswer answer = evict(web);
  EXPECT_EQ(answer.outcome, EvictOutcome::BudgetRefused) << answer.message;
  EXPECT_FALSE(answer.retry_after);
  EXPECT_FALSE(pod(web).terminating());
}

TEST_F(Evicting, TakesOneFromTheBudget) {
  const PodRef web = make_pod("web", bound);
  make_pod("web2", bound);
  make_budget("pdb", "web", 1);
  EXPECT_EQ(evict(web).outcome, EvictOutcome::Accepted);
  const auto budget = value_of(client().get_budget({ns, "pdb"}));
  EXPECT_EQ(budget.disruptions_allowed, 0);
  EXPECT_TRUE(budget.disrupted.contains("web"));
}

TEST_F(Evicting, WaitsForABudgetWhoseStatusIsStale) {
  const PodRef web = make_pod("web", bound);
  make_budget("pdb", "web", 1);
  // A changed spec that no controller has looked at yet: generation 2, observed 1.
  value_of(client().patch(target_of(kDisruptionBudgets, ns, "pdb"), PatchType::Merge,
                          JsonObject{{"spec", JsonObject{{"minAvailable", 2}}}}));
  const EvictAnswer answer = evict(web);
  EXPECT_EQ(answer.outcome, EvictOutcome::BudgetStale) << answer.message;
  EXPECT_EQ(answer.retry_after, 10s);
}

// Trap 10.
TEST_F(Evicting, Trap10UnderSeveralBudgetsNeverSucceeds) {
  const PodRef web = make_pod("web", bound);
  make_budget("one", "web", 1);
  make_budget("two", "web", 1);
  const EvictAnswer answer = evict(web);
  EXPECT_EQ(answer.outcome, EvictOutcome::SeveralBudgets) << answer.message;
}

TEST_F(Evicting, OfAPodThatIsGoneIsGone) {
  EXPECT_EQ(evict({{ns, "nobody"}, Uid("8d7f4b3e-0000-4000-8000-000000000009")}).outcome, EvictOutcome::Gone);
}

TEST_F(Evicting, OfAPodWhoseNameIsTakenIsReplaced) {
  PodRef web = make_pod("web", bound);
  web.uid = Uid("8d7f4b3e-0000-4000-8000-000000000009");
  const EvictAnswer answer = evict(web);
  EXPECT_EQ(answer.outcome, EvictOutcome::Replaced) << answer.message;
}

// Trap 25: the server takes one from the budget before it looks at the uid, so a stale uid costs a disruption.
TEST_F(Evicting, Trap25AStaleUidBurnsTheBudget) {
  PodRef web = make_pod("web", bound);
  make_budget("pdb", "web", 1);
  web.uid = Uid("8d7f4b3e-0000-4000-8000-000000000009");
  EXPECT_EQ(evict(web).outcome, EvictOutcome::Replaced);
  EXPECT_EQ(value_of(client().get_budget({ns, "pdb"})).disruptions_allowed, 0)
      << "why the store's uid is looked at before each eviction";
}

// Trap 11.
TEST_F(Evicting, Trap11APendingPodAsksNoBudget) {
  const PodRef web = make_pod("web", {.node = node.str(), .ready = false});
  make_budget("pdb", "web", 0);
  EXPECT_EQ(evict(web).outcome, EvictOutcome::Accepted);
}

TEST_F(Evicting, Trap11ATerminatingPodAsksNoBudgetAndItsGraceCanShrink) {
  const PodRef web = make_pod("web", bound);
  EXPECT_EQ(value_of(client().delete_pod(web, GracePeriod(30s))), DeleteOutcome::Accepted);
  make_budget("pdb", "web", 0);
  EXPECT_EQ(evict(web, GracePeriod(5s)).outcome, EvictOutcome::Accepted);
  EXPECT_EQ(pod(web).deletion_grace.value(), GracePeriod(5s));
}

TEST_F(Evicting, WithoutTheRightIsForbidden) {
  const PodRef web = make_pod("web", bound);
  const auto nobody = connect_as([](ClientConfig& as) { as.token = "nobody-token"; });
  EXPECT_EQ(await(nobody->client().evict(web, {})).outcome, EvictOutcome::Forbidden);
}

TEST_F(Evicting, WithDryRunAsksTheBudgetAndChangesNothing) {
  const PodRef web = make_pod("web", bound);
  ConnectOptions dry;
  dry.client.dry_run = true;
  const auto rehearsal = connect_as([](ClientConfig&) {}, dry);
  EXPECT_EQ(await(rehearsal->client().evict(web, {})).outcome, EvictOutcome::Accepted);
  EXPECT_FALSE(pod(web).terminating());
  make_budget("pdb", "web", 0);
  EXPECT_EQ(await(rehearsal->client().evict(web, {})).outcome, EvictOutcome::BudgetRefused);
}

TEST_F(Evicting, WithoutAServerIsUnreachable) {
  const auto nowhere = connect_as([](ClientConfig& as) { as.server = "https://127.0.0.1:1"; });
  EXPECT_EQ(await(nowhere->client().evict({{ns, "web"}, Uid("x")}, {})).outcome, EvictOutcome::Unreachable);
}

TEST_F(Evicting, DeletingAsksNoBudgetAndNamesTheUid) {
  const PodRef web = make_pod("web", bound);
  make_budget("pdb", "web", 0);
  PodRef other = web;
  other.uid = Uid("8d7f4b3e-0000-4000-8000-000000000009");
  EXPECT_EQ(value_of(client().delete_pod(other, GracePeriod(10s))), DeleteOutcome::Replaced);
  EXPECT_FALSE(pod(web).terminating());
  EXPECT_EQ(value_of(client().delete_pod(web, GracePeriod(10s))), DeleteOutcome::Accepted);
  EXPECT_EQ(pod(web).deletion_grace.value(), GracePeriod(10s));
  finish(web);
  EXPECT_EQ(value_of(client().delete_pod(web, GracePeriod(10s))), DeleteOutcome::Gone);
}

TEST_F(Evicting, DeletingWithNoGraceStillLeavesTheObjectToTheKubelet) {
  const PodRef web = make_pod("web", bound);
  EXPECT_EQ(value_of(client().delete_pod(web, GracePeriod(0s))), DeleteOutcome::Accepted);
  EXPECT_EQ(pod(web).deletion_grace.value(), GracePeriod(1s));
}

}  // namespace
}  // namespace spotkeeper::kube
