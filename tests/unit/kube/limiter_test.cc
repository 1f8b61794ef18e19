#include "kube/limiter.h"

#include <gtest/gtest.h>

#include <optional>
#include <vector>

#include "net/task_group.h"
#include "tests/unit/support/virtual_runtime.h"

namespace spotkeeper::kube {
namespace {

using testing::VirtualRuntime;

struct Limiter : ::testing::Test {
  VirtualRuntime runtime;
  AdaptiveLimit limit{runtime, {.initial = 2, .least = 1, .most = 4}};
  std::vector<int> order;
  std::vector<std::optional<AdaptiveLimit::Permit>> held = std::vector<std::optional<AdaptiveLimit::Permit>>(16);
  std::vector<Error> errors;
  net::TaskGroup group{runtime};

  void ask(int who, Duration patience = 1h) { group.start(take(this, who, runtime.steady() + patience)); }
  static net::Task<void> take(Limiter* test, int who, Steady until) {
    auto permit = co_await test->limit.acquire(until);
    if (!permit) {
      test->errors.push_back(permit.error());
      co_return;
    }
    test->order.push_back(who);
    test->held[static_cast<std::size_t>(who)].emplace(std::move(*permit));
  }
};

TEST_F(Limiter, AdmitsAsManyAsItsWindowInTheOrderOfAsking) {
  for (int who = 0; who < 4; ++who) ask(who);
  runtime.settle();
  EXPECT_EQ(order, (std::vector<int>{0, 1}));
  held[1].reset();
  runtime.settle();
  EXPECT_EQ(order, (std::vector<int>{0, 1, 2}));
  held[0].reset();
  runtime.settle();
  EXPECT_EQ(order, (std::vector<int>{0, 1, 2, 3}));
}

TEST_F(Limiter, GrowsByOneForEachWindowOfSuccesses) {
  limit.succeeded();
  limit.succeeded();
  EXPECT_NEAR(limit.window(), 2.9, 0.01);
  for (int i = 0; i < 100; ++i) limit.succeeded();
  EXPECT_EQ(limit.window(), 4);
}

TEST_F(Limiter, HalvesOnceForTheRefusalsOfOneOverload) {
  for (int i = 0; i < 100; ++i) limit.succeeded();
  for (int i = 0; i < 10; ++i) limit.throttled(0s);
  EXPECT_EQ(limit.window(), 2);
  runtime.advance(1s);
  limit.throttled(0s);
  limit.throttled(0s);
  EXPECT_EQ(limit.window(), 1);
  runtime.advance(1s);
  limit.throttled(0s);
  EXPECT_EQ(limit.window(), 1) << "one request at a time is always allowed";
}

TEST_F(Limiter, StartsNothingWhileTheServerAskedForAPause) {
  limit.throttled(5s);
  ask(0);
  runtime.advance(4999ms);
  EXPECT_TRUE(order.empty());
  runtime.advance(1ms);
  EXPECT_EQ(order, std::vector<int>{0});
}

TEST_F(Limiter, GivesUpWhenNoTurnComesInTime) {
  ask(0);
  ask(1);
  ask(2, 3s);
  runtime.advance(3s);
  ASSERT_EQ(errors.size(), 1u);
  EXPECT_EQ(errors[0].code, ErrorCode::Throttled);
  EXPECT_EQ(limit.waiting(), 0u);
}

TEST_F(Limiter, PassesOnTheTurnOfAWaiterThatWasCancelled) {
  ask(0);
  ask(1);
  runtime.settle();
  {
    net::TaskGroup doomed(runtime);
    doomed.start(take(this, 2, runtime.steady() + 1h));
    runtime.settle();
    ask(3);
    runtime.settle();
    held[0].reset();  // grants to 2, which is destroyed before it runs
  }
  runtime.settle();
  EXPECT_EQ(order, (std::vector<int>{0, 1, 3}));
}

}  // namespace
}  // namespace spotkeeper::kube
