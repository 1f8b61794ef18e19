#include "control/executor.h"

#include <gtest/gtest.h>

#include <map>

#include "tests/unit/control/fake_cluster.h"
#include "tests/unit/support/virtual_runtime.h"

namespace spotkeeper::control {
namespace {

using kube::EvictOutcome;
using ::spotkeeper::testing::FakeCluster;
using ::spotkeeper::testing::VirtualRuntime;

class Counts final : public DrainObserver {
 public:
  void on_eviction(EvictOutcome outcome) override { ++evictions[outcome]; }
  void on_delete(std::string_view outcome) override { ++deletes[std::string(outcome)]; }
  void on_override(const plan::DeleteNow& /*action*/) override { ++overrides; }
  std::map<EvictOutcome, int> evictions;
  std::map<std::string, int> deletes;
  int overrides = 0;
};

class ExecutorTest : public ::testing::Test {
 protected:
  ExecutorTest() {
    cluster.add_node("n1");
    cluster.add_node("n2");
    cluster.add_pod("web-1", "n1", "web");
    cluster.add_pod("web-2", "n2", "web");
    view = cluster.view_around(NodeName("n1"));
    runtime.advance(1s);
  }
  static plan::Evict evict(const std::string& pod) {
    return {{{NamespaceName("app"), pod}, Uid("uid-of-" + pod)}, std::nullopt};
  }
  static plan::DeleteNow remove(const std::string& pod) {
    return {.pod = evict(pod).pod,
            .grace = GracePeriod(10s),
            .reason = plan::DeleteReason::LastSafeStart,
            .overrides_budget = true,
            .overrides_do_not_disrupt = false};
  }
  /// As the agent does it: the same plan again, after every answer and when something may be tried again.
  void keep_at(const Executor::Action& action, Duration length) {
    const Steady end = runtime.steady() + length;
    while (runtime.steady() < end) {
      executor.carry_out(*view, {&action, 1}, deadline);
      runtime.advance(20ms);
    }
  }
  void answer(EvictOutcome outcome, std::optional<Duration> retry_after = std::nullopt) {
    cluster.evict_hook = [=](const PodRef&) { return kube::EvictAnswer{outcome, "as told", retry_after}; };
  }

  VirtualRuntime runtime;
  FakeCluster cluster{runtime};
  std::unique_ptr<ClusterView> view;
  Counts counts;
  Executor executor{runtime, runtime, cluster, counts, {.node = NodeName("n1")}};
  Deadline deadline{runtime.now() + 120s};
};

TEST_F(ExecutorTest, SendsAnAcceptedCallOnceHoweverOftenThePlanSaysIt) {
  cluster.lag = 5s;
  keep_at(evict("web-1"), 4s);
  EXPECT_EQ(cluster.evictions.size(), 1U);
  EXPECT_TRUE(view->snapshot().find_pod(Uid("uid-of-web-1"))->terminating());  // though the watch has not said so
}

TEST_F(ExecutorTest, SaysThatBudgetsWereAskedAboutAPodThatWasNotEndingWhenItsEvictionWasSent) {
  const Uid web = evict("web-1").pod.uid;
  const auto end = [&](Snapshot& world) {
    Pod ending = *world.find_pod(web);
    ending.deletion = runtime.now() + 90s;
    world.put(std::move(ending));
  };
  cluster.latency = 100ms;
  cluster.lag = 10ms;  // the watch is faster than the answer
  runtime.call_at(runtime.steady() + 50ms, [&] { cluster.change(end); });
  keep_at(evict("web-1"), 200ms);
  EXPECT_TRUE(cluster.asked_budgets.at(web));
}

TEST_F(ExecutorTest, SaysThatNoBudgetWasAskedAboutAPodThatWasEnding) {
  const Uid web = evict("web-1").pod.uid;
  cluster.change([&](Snapshot& world) {
    Pod ending = *world.find_pod(web);
    ending.deletion = runtime.now() + 90s;
    world.put(std::move(ending));
  });
  runtime.advance(1s);
  keep_at(evict("web-1"), 200ms);
  EXPECT_FALSE(cluster.asked_budgets.at(web));
}

TEST_F(ExecutorTest, AnEvictionWhoseAnswerWasLostCountsWhenItsPodEnds) {
  cluster.evict_hook = [this](const PodRef& pod) -> std::optional<kube::EvictAnswer> {
    cluster.change([&](Snapshot& world) {
      Pod ending = *world.find_pod(pod.uid);
      ending.deletion = runtime.now() + 30s;
      ending.deletion_grace = GracePeriod(30s);
      world.put(std::move(ending));
    });
    return kube::EvictAnswer{EvictOutcome::Unreachable, "the connection broke", std::nullopt};
  };
  keep_at(evict("web-1"), 200ms);
  executor.carry_out(*view, {}, deadline);  // the plan has no more to do for a pod that ends
  EXPECT_EQ(executor.accepted(), 1U);
  EXPECT_TRUE(executor.last_accepted().has_value());
  EXPECT_EQ(cluster.events_with("EvictedFromDyingNode"), 1);
  EXPECT_EQ(counts.evictions[EvictOutcome::Accepted], 0) << "no such answer has come";
}

TEST_F(ExecutorTest, APodThatEndsThoughNoEvictionWasLostIsSomebodyElsesWork) {
  answer(EvictOutcome::BudgetRefused);
  keep_at(evict("web-1"), 200ms);
  cluster.change([&](Snapshot& world) {
    Pod ending = *world.find_pod(Uid("uid-of-web-1"));
    ending.deletion = runtime.now() + 30s;
    world.put(std::move(ending));
  });
  runtime.advance(100ms);
  executor.carry_out(*view, {}, deadline);
  EXPECT_EQ(executor.accepted(), 0U);
  EXPECT_EQ(cluster.events_with("EvictedFromDyingNode"), 0);
}

TEST_F(ExecutorTest, TouchesNoPodOfAnotherNodeAndNoneThatIsGone) {
  keep_at(evict("web-2"), 1s);
  keep_at(evict("web-9"), 1s);
  keep_at(remove("web-2"), 1s);
  EXPECT_EQ(cluster.evictions_asked, 0);
  EXPECT_TRUE(cluster.deletes.empty());
}

TEST_F(ExecutorTest, TriesAgainSoonAfterABudgetRefused) {
  answer(EvictOutcome::BudgetRefused);
  keep_at(evict("web-1"), 20s);
  EXPECT_GE(cluster.evictions_asked, 9);
  EXPECT_LE(cluster.evictions_asked, 14);
  EXPECT_TRUE(cluster.events.empty());  // that is how budgets work
}

TEST_F(ExecutorTest, TriesAtOnceWhenTheBudgetHasChanged) {
  cluster.add_budget("b", "web", 0);
  keep_at(evict("web-1"), 10s);
  ASSERT_TRUE(cluster.evictions.empty());
  const Steady changed = runtime.steady();
  cluster.add_budget("b", "web", 1);
  while (cluster.evictions.empty()) keep_at(evict("web-1"), 20ms);
  EXPECT_LE(runtime.steady() - changed, 400ms);
}

TEST_F(ExecutorTest, WaitsForAStaleBudgetNoLongerThanTheDeadlineAllows) {
  answer(EvictOutcome::BudgetStale, 10s);
  deadline = {runtime.now() + 5s};
  keep_at(evict("web-1"), 3s);
  EXPECT_GE(cluster.evictions_asked, 5);
}

TEST_F(ExecutorTest, NeverEvictsAgainWhatSeveralBudgetsCoverButDeletesIt) {
  answer(EvictOutcome::SeveralBudgets);
  keep_at(evict("web-1"), 60s);
  EXPECT_EQ(cluster.evictions_asked, 1);
  EXPECT_EQ(cluster.events_with("SeveralBudgets"), 1);
  keep_at(remove("web-1"), 1s);
  EXPECT_EQ(cluster.deletes.size(), 1U);
}

TEST_F(ExecutorTest, SaysOnceThatAPodCanNotBeEvicted) {
  for (const auto outcome : {EvictOutcome::Forbidden, EvictOutcome::WebhookFailed, EvictOutcome::Failed}) {
    answer(outcome);
    keep_at(evict("web-1"), 30s);
  }
  EXPECT_EQ(cluster.events_with("EvictionFailed"), 1);
  EXPECT_LE(cluster.evictions_asked, 30);
}

TEST_F(ExecutorTest, DeletesThoughAnEvictionHangsAndNothingIsTriedAgain) {
  cluster.latency = 20s;
  const Executor::Action first = evict("web-1");
  executor.carry_out(*view, {&first, 1}, deadline);
  runtime.advance(1s);
  cluster.latency = 4ms;
  keep_at(remove("web-1"), 500ms);
  EXPECT_EQ(cluster.deletes.size(), 1U);
  EXPECT_EQ(counts.overrides, 1);
  EXPECT_EQ(cluster.events_with("BudgetOverridden"), 1);
}

TEST_F(ExecutorTest, NamesAllThatADeletionOverrode) {
  cluster.add_budget("b", "web", 0);
  std::string budget;
  const auto told_of = [&](const std::string& pod, bool over_budget, bool over_wish) {
    cluster.add_pod(pod, "n1", "web");
    const auto sight = cluster.view_around(NodeName("n1"));
    runtime.advance(1s);
    cluster.events.clear();
    plan::DeleteNow removal = remove(pod);
    removal.overrides_budget = over_budget;
    removal.overrides_do_not_disrupt = over_wish;
    const Executor::Action action = removal;
    budget = describe_budgets(sight->snapshot(), *sight->snapshot().find_pod(removal.pod.uid));
    executor.carry_out(*sight, {&action, 1}, deadline);
    runtime.advance(1s);
    const bool one = cluster.events.size() == 1;
    EXPECT_TRUE(one) << cluster.events.size() << " events";
    return one ? cluster.events.front().reason + ": " + cluster.events.front().note : std::string();
  };
  const std::string because = " because node n1 is going away (last-safe-start)";
  EXPECT_EQ(told_of("a", false, true), "DoNotDisruptOverridden: overrode do-not-disrupt annotation" + because);
  std::string told = told_of("b", true, false);
  EXPECT_EQ(told, "BudgetOverridden: overrode disruption budget " + budget + because);
  EXPECT_EQ(counts.overrides, 2);
  told = told_of("c", true, true);
  EXPECT_EQ(told,
            "BudgetOverridden: overrode disruption budget " + budget + " and do-not-disrupt annotation" + because);
  EXPECT_EQ(counts.overrides, 3);
  EXPECT_EQ(told_of("d", false, false),
            "DeletedFromDyingNode: deleted from node n1, which is going away (last-safe-start)");
  EXPECT_EQ(counts.overrides, 3);
}

TEST_F(ExecutorTest, TakesGoneAndReplacedForDone) {
  for (const auto outcome : {EvictOutcome::Gone, EvictOutcome::Replaced}) {
    cluster.evictions_asked = 0;
    Executor fresh(runtime, runtime, cluster, counts, {.node = NodeName("n1")});
    answer(outcome);
    const Executor::Action action = evict("web-1");
    for (int i = 0; i < 100; ++i) {
      fresh.carry_out(*view, {&action, 1}, deadline);
      runtime.advance(100ms);
    }
    EXPECT_EQ(cluster.evictions_asked, 1);
  }
}

TEST_F(ExecutorTest, HoldsNoMoreEvictionsUnderWayThanAllowed) {
  std::vector<Executor::Action> actions;
  for (int i = 0; i < 100; ++i) {
    cluster.add_pod("p" + std::to_string(i), "n1", "p");
    actions.emplace_back(evict("p" + std::to_string(i)));
  }
  runtime.advance(1s);
  cluster.latency = 1s;
  executor.carry_out(*view, actions, deadline);
  EXPECT_EQ(executor.under_way(), 16U);
  actions.clear();
  for (int i = 0; i < 100; ++i) actions.emplace_back(remove("p" + std::to_string(i)));
  executor.carry_out(*view, actions, deadline);
  EXPECT_EQ(executor.under_way(), 16U + 64U);  // a last safe start does not queue behind evictions
}

}  // namespace
}  // namespace spotkeeper::control
