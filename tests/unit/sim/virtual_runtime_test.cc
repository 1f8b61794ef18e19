#include "sim/virtual_runtime.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "net/task.h"
#include "net/task_group.h"

namespace spotkeeper::sim {
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
  runtime.cancel(net::Runtime::CallId::None);
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
  net::TaskGroup group(runtime);
  int ticks = 0;
  group.start([](VirtualRuntime& on, int& count) -> net::Task<void> {
    for (int i = 0; i < 3600; ++i) {
      co_await net::sleep_for(on, 1s);
      ++count;
    }
  }(runtime, ticks));
  EXPECT_TRUE(runtime.run_while_not([&] { return ticks == 3600; }, Steady{2h}));
  EXPECT_EQ(runtime.steady(), Steady{1h});
}

TEST(VirtualRuntime, WithdrawsTheTimersOfACancelledCoroutine) {
  VirtualRuntime runtime(kStart);
  {
    net::TaskGroup group(runtime);
    group.start([](VirtualRuntime& on) -> net::Task<void> { co_await net::sleep_for(on, 1h); }(runtime));
    runtime.run_for(1s);
    EXPECT_EQ(runtime.next_due(), Steady{1h});
  }
  EXPECT_EQ(runtime.next_due(), std::nullopt);
}

}  // namespace
}  // namespace spotkeeper::sim
