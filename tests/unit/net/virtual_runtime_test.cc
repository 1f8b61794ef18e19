#include "net/virtual_runtime.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "net/task.h"
#include "net/task_group.h"

namespace spotkeeper::net {
namespace {

const Instant kStart{Duration{1'700'000'000s}};

TEST(VirtualRuntime, CallsByTimeThenByTheOrderAsked) {
  VirtualRuntime runtime(kStart);
  std::string order;
  runtime.call_at(Steady{2s}, [&] { order += 'c'; });
  runtime.call_at(Steady{1s}, [&] { order += 'a'; });
  runtime.call_at(Steady{1s}, [&] { order += 'b'; });
  runtime.run_until(Steady{2s});
  EXPECT_EQ(order, "abc");
  EXPECT_EQ(runtime.calls(), 3U);
}

TEST(VirtualRuntime, NeverCallsFromInsidePost) {
  VirtualRuntime runtime(kStart);
  bool called = false;
  runtime.post([&] { called = true; });
  EXPECT_FALSE(called);
  EXPECT_TRUE(runtime.run_one(Steady{}));
  EXPECT_TRUE(called);
}

TEST(VirtualRuntime, StandsWhereTheCallWasDueAndEndsWhereItWasTold) {
  VirtualRuntime runtime(kStart);
  Instant seen;
  runtime.call_at(Steady{90s}, [&] { seen = runtime.now(); });
  runtime.run_until(Steady{100s});
  EXPECT_EQ(seen, kStart + 90s);
  EXPECT_EQ(runtime.now(), kStart + 100s);
  EXPECT_EQ(runtime.steady(), Steady{100s});
}

TEST(VirtualRuntime, MakesPastCallsNow) {
  VirtualRuntime runtime(kStart);
  runtime.run_until(Steady{10s});
  Steady seen;
  runtime.call_at(Steady{1s}, [&] { seen = runtime.steady(); });
  runtime.run_until(Steady{10s});
  EXPECT_EQ(seen, Steady{10s});
}

TEST(VirtualRuntime, WithdrawsOnlyTheCallThatIsNamed) {
  VirtualRuntime runtime(kStart);
  std::string order;
  const auto first = runtime.call_at(Steady{1s}, [&] { order += 'a'; });
  runtime.cancel(first);
  runtime.call_at(Steady{1s}, [&] { order += 'b'; });  // may use the first one's place
  runtime.cancel(first);
  runtime.cancel(Runtime::CallId::None);
  EXPECT_EQ(runtime.next_due(), Steady{1s});
  runtime.run_until(Steady{1s});
  EXPECT_EQ(order, "b");
  EXPECT_EQ(runtime.next_due(), std::nullopt);
}

TEST(VirtualRuntime, MovesTheWallClockAloneWhenItJumps) {
  VirtualRuntime runtime(kStart);
  runtime.jump(-5s);
  EXPECT_EQ(runtime.now(), kStart - 5s);
  EXPECT_EQ(runtime.steady(), Steady{});
}

TEST(VirtualRuntime, RunsCoroutinesForAnHourInNoTime) {
  VirtualRuntime runtime(kStart);
  TaskGroup group(runtime);
  int ticks = 0;
  group.start([](VirtualRuntime& on, int& count) -> Task<void> {
    for (int i = 0; i < 3600; ++i) {
      co_await sleep_for(on, 1s);
      ++count;
    }
  }(runtime, ticks));
  EXPECT_TRUE(runtime.run_until([&] { return ticks == 3600; }, 2h));
  EXPECT_EQ(runtime.steady(), Steady{1h});
}

TEST(VirtualRuntime, WithdrawsTheTimersOfACancelledCoroutine) {
  VirtualRuntime runtime(kStart);
  {
    TaskGroup group(runtime);
    group.start([](VirtualRuntime& on) -> Task<void> { co_await sleep_for(on, 1h); }(runtime));
    runtime.advance(1s);
    EXPECT_EQ(runtime.next_due(), Steady{1h});
  }
  EXPECT_EQ(runtime.next_due(), std::nullopt);
}

TEST(VirtualRuntime, StopsWhenItIsDoneOrWhenTheTimeIsOver) {
  VirtualRuntime runtime(kStart);
  int calls = 0;
  for (int i = 1; i <= 5; ++i) runtime.call_at(Steady{} + i * 1s, [&] { ++calls; });
  EXPECT_TRUE(runtime.run_until([&] { return calls == 2; }, 1h));
  EXPECT_EQ(runtime.steady(), Steady{2s});
  EXPECT_FALSE(runtime.run_until([] { return false; }, 2s));
  EXPECT_EQ(runtime.steady(), Steady{4s});
  EXPECT_EQ(runtime.pending(), 1U);
}

TEST(VirtualRuntime, SettlesWithoutMovingTime) {
  VirtualRuntime runtime(kStart);
  int calls = 0;
  runtime.post([&] { runtime.post([&] { ++calls; }); });
  runtime.call_at(Steady{1s}, [&] { ++calls; });
  runtime.settle();
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(runtime.steady(), Steady{});
  EXPECT_EQ(runtime.pending(), 1U);
}

}  // namespace
}  // namespace spotkeeper::net
