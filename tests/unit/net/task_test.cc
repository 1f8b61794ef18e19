#include "net/task.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "net/signal.h"
#include "net/task_group.h"
#include "net/virtual_runtime.h"

namespace spotkeeper::net {
namespace {

using testing::ElementsAre;

struct Marks {
  std::vector<std::string> list;
};

/// Leaves a mark when it is destroyed.
struct Leaves {
  Leaves(Marks& m, std::string t) : marks(m), text(std::move(t)) {}
  Leaves(const Leaves&) = delete;
  Leaves& operator=(const Leaves&) = delete;
  ~Leaves() { marks.list.push_back(text); }
  Marks& marks;
  std::string text;
};

Task<int> seven() { co_return 7; }

Task<void> sleeper(Runtime& runtime, Marks& marks, std::string name, Duration length) {
  const Leaves end(marks, name + " is gone");
  co_await sleep_for(runtime, length);
  marks.list.push_back(name + " woke");
}

Task<Result<int>> later(Runtime& runtime, Marks& marks, Duration length) {
  co_await sleeper(runtime, marks, "inner", length);
  co_return 1;
}

TEST(Task, DoesNothingBeforeItIsAwaited) {
  VirtualRuntime runtime;
  Marks marks;
  {
    const Task<void> task = sleeper(runtime, marks, "a", 1s);
  }
  EXPECT_THAT(marks.list, ElementsAre());
  EXPECT_EQ(runtime.pending(), 0U);
}

TEST(Task, GivesItsValueToWhoAwaitsIt) {
  VirtualRuntime runtime;
  TaskGroup group(runtime);
  int got = 0;
  group.start([](int& out) -> Task<void> { out = co_await seven(); }(got));
  runtime.settle();
  EXPECT_EQ(got, 7);
}

TEST(Task, TakesAMillionImmediateAnswersWithoutGrowingTheStack) {
  VirtualRuntime runtime;
  TaskGroup group(runtime);
  long sum = 0;
  group.start([](long& out) -> Task<void> {
    for (int i = 0; i < 1'000'000; ++i) {
      const int value = co_await seven();
      out += value;
    }
  }(sum));
  runtime.settle();
  EXPECT_EQ(sum, 7'000'000);
}

TEST(Task, CancelsWhatItWaitsForWhenItIsDestroyed) {
  VirtualRuntime runtime;
  Marks marks;
  {
    TaskGroup group(runtime);
    group.start(sleeper(runtime, marks, "a", 1s));
    runtime.settle();
    EXPECT_EQ(runtime.pending(), 1U);
  }
  EXPECT_EQ(runtime.pending(), 0U);
  EXPECT_THAT(marks.list, ElementsAre("a is gone"));
}

TEST(TaskGroup, StartsInOrderAndFromTheQueue) {
  VirtualRuntime runtime;
  Marks marks;
  TaskGroup group(runtime);
  const auto mark = [](Marks& m, std::string text) -> Task<void> {
    m.list.push_back(std::move(text));
    co_return;
  };
  group.start(mark(marks, "a"));
  group.start(mark(marks, "b"));
  EXPECT_THAT(marks.list, ElementsAre());
  EXPECT_EQ(group.running(), 2U);
  runtime.settle();
  EXPECT_THAT(marks.list, ElementsAre("a", "b"));
  EXPECT_EQ(group.running(), 0U);
}

TEST(TaskGroup, WakesSleepersByTimeThenByTheOrderOfAsking) {
  VirtualRuntime runtime;
  Marks marks;
  TaskGroup group(runtime);
  group.start(sleeper(runtime, marks, "late", 2s));
  group.start(sleeper(runtime, marks, "a", 1s));
  group.start(sleeper(runtime, marks, "b", 1s));
  runtime.advance(2s);
  EXPECT_THAT(marks.list, ElementsAre("a woke", "a is gone", "b woke", "b is gone", "late woke", "late is gone"));
}

TEST(TaskGroup, JoinsWhenTheLastHasEnded) {
  VirtualRuntime runtime;
  Marks marks;
  TaskGroup group(runtime);
  TaskGroup outer(runtime);
  group.start(sleeper(runtime, marks, "a", 1s));
  group.start(sleeper(runtime, marks, "b", 2s));
  outer.start([](TaskGroup& inner, Marks& m) -> Task<void> {
    co_await inner.join();
    m.list.emplace_back("joined");
  }(group, marks));
  runtime.advance(1s);
  EXPECT_EQ(outer.running(), 1U);
  runtime.advance(1s);
  EXPECT_EQ(outer.running(), 0U);
  EXPECT_EQ(marks.list.back(), "joined");
}

TEST(TaskGroup, CancelsWhatHasNotStartedWhatWaitsAndWhatIsAboutToGoOn) {
  VirtualRuntime runtime;
  Marks marks;
  Signal signal(runtime);
  const auto waits = [](Signal& s, Marks& m) -> Task<void> {
    const Leaves end(m, "waiter is gone");
    co_await s.wait();
    m.list.emplace_back("never");
  };
  TaskGroup group(runtime);
  group.start(waits(signal, marks));
  runtime.settle();
  signal.notify();  // its resumption is queued now
  group.start(sleeper(runtime, marks, "unstarted", 1s));
  group.cancel_all();
  EXPECT_EQ(group.running(), 0U);
  EXPECT_EQ(runtime.pending(), 0U);
  runtime.advance(10s);
  EXPECT_THAT(marks.list, ElementsAre("waiter is gone"));
}

TEST(TaskGroup, StartsTasksFromItsOwnTasks) {
  VirtualRuntime runtime;
  Marks marks;
  TaskGroup group(runtime);
  group.start([](TaskGroup& own, Runtime& r, Marks& m) -> Task<void> {
    own.start(sleeper(r, m, "child", 1s));
    co_return;
  }(group, runtime, marks));
  runtime.advance(1s);
  EXPECT_THAT(marks.list, ElementsAre("child woke", "child is gone"));
}

TEST(Signal, WakesEveryWaiterOnceFromTheQueue) {
  VirtualRuntime runtime;
  Signal signal(runtime);
  Marks marks;
  TaskGroup group(runtime);
  const auto waits = [](Signal& s, Marks& m, std::string name) -> Task<void> {
    co_await s.wait();
    m.list.push_back(name);
    co_await s.wait();
    m.list.push_back(name + " again");
  };
  group.start(waits(signal, marks, "a"));
  group.start(waits(signal, marks, "b"));
  runtime.settle();
  signal.notify();
  EXPECT_THAT(marks.list, ElementsAre()) << "nothing runs inside notify()";
  runtime.settle();
  EXPECT_THAT(marks.list, ElementsAre("a", "b"));
}

TEST(Signal, DoesNotRememberANotifyWithoutWaiters) {
  VirtualRuntime runtime;
  Signal signal(runtime);
  signal.notify();
  TaskGroup group(runtime);
  group.start([](Signal& s) -> Task<void> { co_await s.wait(); }(signal));
  runtime.settle();
  EXPECT_EQ(group.running(), 1U);
}

TEST(Signal, ForgetsWaitersThatWereDestroyed) {
  VirtualRuntime runtime;
  Signal signal(runtime);
  const auto waits = [](Signal& s) -> Task<void> { co_await s.wait(); };
  TaskGroup staying(runtime);
  {
    TaskGroup leaving(runtime);
    leaving.start(waits(signal));
    staying.start(waits(signal));
    runtime.settle();
  }
  signal.notify();
  runtime.settle();
  EXPECT_EQ(staying.running(), 0U);
}

TEST(Signal, MayGoBeforeAWaiterThatItHasWoken) {
  VirtualRuntime runtime;
  auto signal = std::make_unique<Signal>(runtime);
  TaskGroup group(runtime);
  group.start([](Signal& s) -> Task<void> { co_await s.wait(); }(*signal));
  runtime.settle();
  signal->notify();
  signal.reset();
  runtime.settle();
  EXPECT_EQ(group.running(), 0U);
}

struct WithTimeout : testing::Test {
  void start(Duration limit, Duration length) {
    group.start(
        [](Runtime& r, Marks& m, Duration within, Duration takes, std::optional<Result<int>>& out) -> Task<void> {
          out.emplace(co_await with_timeout(r, within, later(r, m, takes)));
        }(runtime, marks, limit, length, result));
  }
  VirtualRuntime runtime;
  Marks marks;
  std::optional<Result<int>> result;
  TaskGroup group{runtime};
};

TEST_F(WithTimeout, GivesWhatCameInTime) {
  start(2s, 1s);
  runtime.advance(1s);
  ASSERT_TRUE(result);
  EXPECT_EQ(*result, 1);
  EXPECT_EQ(runtime.pending(), 0U) << "the timer is withdrawn";
}

TEST_F(WithTimeout, CancelsWhatIsLate) {
  start(1s, 2s);
  runtime.advance(1s);
  ASSERT_TRUE(result);
  ASSERT_FALSE(*result);
  EXPECT_EQ(result->error(), (Error{ErrorCode::Timeout, "no answer within 1s"}));
  EXPECT_THAT(marks.list, ElementsAre("inner is gone"));
  EXPECT_EQ(runtime.pending(), 0U);
}

TEST_F(WithTimeout, PrefersAResultThatCameInTheSameMoment) {
  start(1s, 1s);
  runtime.advance(1s);
  ASSERT_TRUE(result && *result);
}

TEST_F(WithTimeout, RunsWhatNeedsNoWaitingEvenWithoutTime) {
  std::optional<Result<int>> at_once;
  group.start([](Runtime& r, std::optional<Result<int>>& out) -> Task<void> {
    auto ready = []() -> Task<Result<int>> { co_return 3; };
    out.emplace(co_await with_timeout(r, -1s, ready()));
  }(runtime, at_once));
  runtime.settle();
  ASSERT_TRUE(at_once && *at_once);
}

TEST_F(WithTimeout, IsCancelledWithItsCaller) {
  start(2s, 1s);
  runtime.settle();
  group.cancel_all();
  EXPECT_THAT(marks.list, ElementsAre("inner is gone"));
  EXPECT_EQ(runtime.pending(), 0U);
  EXPECT_FALSE(result);
}

}  // namespace
}  // namespace spotkeeper::net
