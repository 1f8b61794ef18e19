// Clients that try again, and the budget that keeps them from making things worse.
#include "sim/retries.h"

#include "sim/clients.h"
#include "sim/state.h"
#include "tests/unit/sim/small_world.h"

namespace spotkeeper::sim {
namespace {

constexpr Instant kNow{Duration{1'767'225'600s}};

TEST(RetryBudget, AllowsItsShareOfTheFirstTries) {
  RetryBudget budget(0.2);
  for (int i = 0; i < 100; ++i) budget.first_try(kNow);
  int spent = 0;
  while (budget.spend(kNow)) ++spent;
  EXPECT_EQ(spent, 20);
}

TEST(RetryBudget, AllowsNothingBeforeAnybodyHasTried) {
  RetryBudget budget(1.0);
  EXPECT_FALSE(budget.spend(kNow));
}

TEST(RetryBudget, ForgetsWhatIsTenSecondsOld) {
  RetryBudget budget(0.5);
  for (int i = 0; i < 10; ++i) budget.first_try(kNow);
  while (budget.spend(kNow)) {
  }
  EXPECT_FALSE(budget.spend(kNow + 9s)) << "used up within the window";
  for (int i = 0; i < 4; ++i) budget.first_try(kNow + 11s);
  EXPECT_TRUE(budget.spend(kNow + 11s));
  EXPECT_TRUE(budget.spend(kNow + 11s));
  EXPECT_FALSE(budget.spend(kNow + 11s)) << "the ten first tries are forgotten as well";
}

TEST(RetryBudget, TakesAnyTime) {
  RetryBudget budget(1.0);
  const Instant before_the_epoch{Duration{-3s}};
  budget.first_try(before_the_epoch);
  EXPECT_TRUE(budget.spend(before_the_epoch));
}

TEST(Retries, AreForWhatNobodyHasBegunOn) {
  RetrySettings settings;
  settings.most = 2;
  for (const Outcome outcome : {Outcome::Refused, Outcome::Reset, Outcome::Error5xx, Outcome::Unreachable}) {
    EXPECT_EQ(may_retry(settings, 1, outcome), NoRetry::MayTry) << name_of(outcome);
  }
  for (const Outcome outcome : {Outcome::Cut, Outcome::Timeout}) {
    EXPECT_EQ(may_retry(settings, 1, outcome), NoRetry::MayBeDone) << name_of(outcome);
    settings.idempotent = true;
    EXPECT_EQ(may_retry(settings, 1, outcome), NoRetry::MayTry) << name_of(outcome);
    settings.idempotent = false;
  }
  EXPECT_EQ(may_retry(settings, 2, Outcome::Refused), NoRetry::MayTry);
  EXPECT_EQ(may_retry(settings, 3, Outcome::Refused), NoRetry::UsedUp);
  EXPECT_EQ(may_retry({}, 1, Outcome::Refused), NoRetry::NeverTries);
}

TEST(Retries, WaitTwiceAsLongEachTimeAndNeverAllTheSame) {
  RetrySettings settings;
  settings.after = 100ms;
  Random random(1);
  for (std::uint32_t tries = 1; tries <= 4; ++tries) {
    const Duration most = 100ms * (1 << (tries - 1));
    const Duration first = back_off(settings, tries, random);
    EXPECT_GE(first, most / 2);
    EXPECT_LE(first, most);
    EXPECT_NE(first, back_off(settings, tries, random));
  }
}

TEST(Retries, AreOverWithinTheLongestCall) {
  Load load;
  load.time_limit = 10s;
  EXPECT_EQ(longest_call(load), 10s);
  load.retries.most = 2;
  load.retries.after = 100ms;
  load.retries.connect_limit = 1s;
  EXPECT_EQ(longest_call(load), 30s + 2s + 300ms);
}

class RetriedRequests : public SmallWorld {
 protected:
  void serve(double kept, const RetrySettings& retries, Behaviour behaviour = quick()) {
    nodes(4);
    PodKind kind;
    kind.behaviour = behaviour;
    ASSERT_TRUE(world.create_deployment(workload("web", 4, kind)));
    ASSERT_TRUE(world.create_service(shop("web"), {{"app", "web"}}, 80, 8080));
    settle();
    pass(15s);
    load.service = shop("web");
    load.rate = 200;
    load.kept_share = kept;
    load.connections = 40;
    load.retries = retries;
    world.add_load(load);
    pass(5s);
    world.begin_measuring();
    world.explain_losses();
  }
  void end_load() {
    world.stop_load();
    pass(longest_call(load) + 5s);
    const Clients::Ledger ledger = world.parts().clients->ledger();
    EXPECT_EQ(ledger.sent, ledger.answered + ledger.lost);
    EXPECT_EQ(ledger.under_way, 0U);
    EXPECT_EQ(ledger.waiting, 0U);
    EXPECT_EQ(world.traffic().sent(), ledger.sent) << "a request that is tried twice is one request";
  }
  [[nodiscard]] std::uint64_t ended(Outcome outcome) const { return world.traffic().ended(outcome); }
  [[nodiscard]] std::size_t lost_because(NoRetry why) const {
    const auto& losses = world.losses();
    return static_cast<std::size_t>(
        std::count_if(losses.begin(), losses.end(), [&](const LostRequest& lost) { return lost.no_retry == why; }));
  }

  Load load;
};

RetrySettings twice(double budget) {
  RetrySettings settings;
  settings.most = 2;
  settings.budget = budget;
  return settings;
}

TEST_F(RetriedRequests, KeepWhatADeadMachineWouldHaveLost) {
  serve(0.5, twice(1.0));
  world.kill_machine(pods("web")[0].node);
  pass(120s);
  end_load();
  EXPECT_GT(world.traffic().retries, 500U);
  EXPECT_GT(world.traffic().saved, 500U);
  // A quarter of the new ones and of those, twice: 1 in 64.
  const auto failed = static_cast<double>(world.traffic().saved + ended(Outcome::Unreachable));
  EXPECT_NEAR(static_cast<double>(ended(Outcome::Unreachable)) / failed, 1.0 / 16, 0.03);
  EXPECT_EQ(lost_because(NoRetry::UsedUp), ended(Outcome::Unreachable));
  EXPECT_EQ(lost_because(NoRetry::MayBeDone), ended(Outcome::Timeout) + ended(Outcome::Cut));
  EXPECT_EQ(lost_because(NoRetry::OverBudget), 0U);
}

TEST_F(RetriedRequests, AreLostOnceTheBudgetIsUsedUp) {
  serve(0, twice(0.05));
  world.kill_machine(pods("web")[0].node);
  pass(30s);  // nobody has noticed
  const auto sent = static_cast<double>(world.traffic().sent());
  EXPECT_LE(static_cast<double>(world.traffic().retries), 0.05 * (sent + 200 * 10));
  EXPECT_GT(world.traffic().over_budget, 500U);
  end_load();
  EXPECT_EQ(lost_because(NoRetry::OverBudget), world.traffic().over_budget);
  bool told = false;
  for (const LostRequest& lost : world.losses()) {
    if (lost.no_retry != NoRetry::OverBudget) continue;
    told = true;
    EXPECT_NE(explain(lost).find("the budget of retries was used up"), std::string::npos) << explain(lost);
  }
  EXPECT_TRUE(told);
}

TEST_F(RetriedRequests, WaitForTheConnectionToFailBeforeTheyAreTriedAgain) {
  RetrySettings settings = twice(1.0);
  settings.connect_limit = 3s;
  serve(0, settings);
  world.kill_machine(pods("web")[0].node);
  pass(20s);
  end_load();
  ASSERT_GT(world.traffic().saved, 0U);
  EXPECT_GT(world.traffic().slowest, 3s);
  EXPECT_LT(world.traffic().slowest, 10s);
}

TEST_F(RetriedRequests, AreTriedAgainAfterAnAnswerThatNeverCameOnlyIfTheyAreIdempotent) {
  RetrySettings settings = twice(1.0);
  settings.idempotent = true;
  load.time_limit = 2s;
  serve(1, settings);
  world.kill_machine(pods("web")[0].node);
  pass(120s);
  end_load();
  EXPECT_EQ(lost_because(NoRetry::MayBeDone), 0U);
  EXPECT_GT(world.traffic().saved, 0U);
  EXPECT_GE(world.traffic().slowest, 2s) << "the client had waited for its limit first";
}

TEST_F(RetriedRequests, GiveUpASlowTryAndMakeAnother) {
  Behaviour slow = quick();
  slow.service_time = 30s;
  slow.service_sigma = 0;
  slow.concurrency = 10'000;
  RetrySettings settings = twice(1.0);
  settings.idempotent = true;
  load.time_limit = 2s;
  serve(0.5, settings, slow);
  pass(20s);
  end_load();
  EXPECT_EQ(world.traffic().answered(), 0U);
  EXPECT_EQ(world.traffic().lost(), ended(Outcome::Timeout));
  EXPECT_GT(world.traffic().retries, world.traffic().sent() / 2) << "once more each, as far as the budget goes";
  EXPECT_EQ(lost_because(NoRetry::UsedUp) + lost_because(NoRetry::OverBudget), world.traffic().lost());
}

TEST_F(RetriedRequests, AreToldOfInTheOrderInWhichTheyWereSent) {
  serve(0.5, twice(0.2));
  world.kill_machine(pods("web")[0].node);
  pass(60s);
  end_load();
  std::uint64_t last = 0;
  for (const LostRequest& lost : world.losses()) {
    EXPECT_GT(lost.id, last) << "in the order in which they were sent";
    last = lost.id;
    EXPECT_GE(lost.tried, lost.sent);
  }
}

TEST_F(RetriedRequests, TakeLongWhereTheyAreLongOnes) {
  load.longs = {0.01, 8s};
  serve(0, {});
  pass(60s);
  end_load();
  EXPECT_EQ(world.traffic().lost(), 0U);
  EXPECT_GT(world.traffic().slowest, 7s);
  EXPECT_LE(world.traffic().slowest, 9s);
}

}  // namespace
}  // namespace spotkeeper::sim
