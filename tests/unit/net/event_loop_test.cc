#include "net/event_loop.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>
#include <string>
#include <vector>

#include "net/process.h"
#include "net/stream.h"

namespace spotkeeper::net {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Instant machine_time() {
  return Instant{} + std::chrono::duration_cast<Duration>(std::chrono::system_clock::now().time_since_epoch());
}

TEST(EventLoop, MakesCallsByTimeThenByTheOrderOfAsking) {
  EventLoop loop;
  std::vector<std::string> made;
  const Steady start = loop.steady();
  loop.call_at(start + 3ms, [&] {
    made.emplace_back("last");
    loop.stop();
  });
  loop.call_at(start + 2ms, [&] { made.emplace_back("a"); });
  loop.call_at(start + 2ms, [&] { made.emplace_back("b"); });
  loop.post([&] {
    made.emplace_back("first");
    loop.post([&] { made.emplace_back("second"); });
  });
  loop.run();
  EXPECT_THAT(made, ElementsAre("first", "second", "a", "b", "last"));
  EXPECT_GE(loop.steady() - start, 3ms);
}

TEST(EventLoop, DoesNotMakeCallsThatWereWithdrawn) {
  EventLoop loop;
  bool called = false;
  const auto call = loop.call_at(loop.steady() + 1ms, [&] { called = true; });
  loop.call_at(loop.steady() + 2ms, [&] { loop.stop(); });
  loop.cancel(call);
  loop.cancel(call);
  loop.cancel(Runtime::CallId::None);
  loop.run();
  EXPECT_FALSE(called);
}

TEST(EventLoop, RunsAgainAfterAStop) {
  EventLoop loop;
  int calls = 0;
  for (int i = 0; i < 2; ++i) {
    loop.post([&] {
      ++calls;
      loop.stop();
    });
    loop.post([&] { ++calls; });
    loop.run();
  }
  EXPECT_GE(calls, 2);
  EXPECT_EQ(loop.run_until([]() -> Task<int> { co_return 5; }()), 5);
}

TEST(EventLoop, TellsTheMachinesTime) {
  const EventLoop loop;
  const Instant before = machine_time();
  const Instant told = loop.now();
  EXPECT_LE(before, told);
  EXPECT_LE(told, machine_time());
}

TEST(EventLoop, RunsATimeOfItsOwnThatOthersCanShare) {
  const Instant epoch = *parse_rfc3339("2031-05-01T00:00:00Z");
  const Instant origin = machine_time();
  EventLoop one({epoch, origin, 50.0});
  EventLoop other({epoch, origin, 50.0});
  const Steady start = one.steady();
  const Instant real = machine_time();
  one.run_until([](EventLoop& loop) -> Task<void> { co_await sleep_for(loop, 1s); }(one));  // 20 ms of real time
  EXPECT_GE(one.steady() - start, 1s);
  const Duration took = machine_time() - real;
  EXPECT_GE(took, 20ms - 1ms);
  const Instant first = one.now();
  const Instant second = other.now();
  EXPECT_GE(first, epoch + 1s);
  EXPECT_LE(first, second);
  EXPECT_LE(second, epoch + 50 * (machine_time() - origin));
}

TEST(EventLoop, KeepsTimersPunctualWhileSocketsAreBusy) {
  EventLoop loop;
  auto listener = std::move(*Listener::open(loop, *SocketAddress::parse("127.0.0.1", 0)));
  TaskGroup group(loop);
  group.start([](Listener& at) -> Task<void> {
    auto accepted = co_await at.accept();
    const auto stream = std::move(*accepted);
    const std::string much(1'000'000, 'x');
    for (;;) {
      auto written = co_await stream->write_all(much);
      if (!written) co_return;
    }
  }(*listener));
  group.start([](EventLoop& l, std::uint16_t port) -> Task<void> {
    auto connected = co_await connect_tcp(l, "127.0.0.1", port, 10s);
    const auto stream = std::move(*connected);
    for (;;) {
      auto bytes = co_await stream->read_some(65536);
      if (!bytes || bytes->empty()) co_return;
    }
  }(loop, listener->address().port()));
  const Steady start = loop.steady();
  loop.run_until([](EventLoop& l) -> Task<void> { co_await sleep_for(l, 20ms); }(loop));
  EXPECT_LT(loop.steady() - start, 5s);
}

TEST(SystemSignals, KeepsThemUntilTheyAreAskedFor) {
  EventLoop loop;
  SystemSignals signals(loop, {SIGTERM, SIGHUP});
  raise(SIGTERM);
  EXPECT_EQ(loop.run_until(signals.next()), SIGTERM);
  raise(SIGHUP);
  EXPECT_EQ(loop.run_until(signals.next()), SIGHUP);
}

TEST(Resolve, AnswersLiteralsAtOnceAndNamesThroughTheSystem) {
  EventLoop loop;
  const auto literal = loop.run_until(resolve(loop, "::1", 80));
  ASSERT_TRUE(literal);
  EXPECT_EQ(literal->front().text(), "[::1]:80");
  const auto name = loop.run_until(resolve(loop, "localhost", 80));
  ASSERT_TRUE(name) << name.error().message;
  EXPECT_FALSE(name->empty());
  const auto unknown = loop.run_until(resolve(loop, "no such name", 80));
  ASSERT_FALSE(unknown);
  EXPECT_THAT(unknown.error().message, HasSubstr("no such name"));
}

TEST(Resolve, MayBeGivenUp) {
  EventLoop loop;
  {
    TaskGroup group(loop);
    group.start([](EventLoop& l) -> Task<void> { auto ignored = co_await resolve(l, "localhost", 80); }(loop));
    loop.run_until([](EventLoop& l) -> Task<void> { co_await sleep_for(l, 0s); }(loop));
  }
  EXPECT_TRUE(loop.run_until(resolve(loop, "localhost", 80)));
}

TEST(Stream, TriesEveryAddressAndSaysWhyTheLastFailed) {
  EventLoop loop;
  std::uint16_t port = 0;
  {
    const auto listener = std::move(*Listener::open(loop, *SocketAddress::parse("127.0.0.1", 0)));
    port = listener->address().port();
    EXPECT_TRUE(loop.run_until(connect_tcp(loop, "localhost", port, 10s))) << "::1 refuses, 127.0.0.1 answers";
  }
  const auto refused = loop.run_until(connect_tcp(loop, "127.0.0.1", port, 10s));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::Unavailable);
}

TEST(Stream, LosesNoByteToAReadThatWasGivenUp) {
  EventLoop loop;
  const auto listener = std::move(*Listener::open(loop, *SocketAddress::parse("127.0.0.1", 0)));
  const auto client = std::move(*loop.run_until(connect_tcp(loop, "127.0.0.1", listener->address().port(), 10s)));
  const auto server = std::move(*loop.run_until(listener->accept()));
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(loop.run_until(with_timeout(loop, 1ms, server->read_some(10))).error().code, ErrorCode::Timeout);
    EXPECT_FALSE(server->stale());
    ASSERT_TRUE(loop.run_until(client->write_all("abc")));
    EXPECT_EQ(loop.run_until(server->read_some(2)), "ab");
    EXPECT_TRUE(server->stale());
    EXPECT_EQ(loop.run_until(server->read_some(10)), "c");
  }
  ASSERT_TRUE(loop.run_until(client->shutdown()));
  EXPECT_EQ(loop.run_until(server->read_some(10)), "");
  EXPECT_TRUE(loop.run_until(server->write_all("still")));
  EXPECT_EQ(loop.run_until(client->read_some(10)), "still");
}

TEST(Listener, SaysThatAnAddressIsTaken) {
  EventLoop loop;
  const auto first = std::move(*Listener::open(loop, *SocketAddress::parse("127.0.0.1", 0)));
  const auto second = Listener::open(loop, first->address());
  ASSERT_FALSE(second);
  EXPECT_THAT(second.error().message, HasSubstr(first->address().text()));
}

struct ProcessTest : testing::Test {
  Result<ProcessOutput> run(std::vector<std::string> argv, std::string input = "", Duration limit = 10s,
                            std::vector<std::pair<std::string, std::string>> environment = {}) {
    return loop.run_until(run_process(loop, std::move(argv), std::move(environment), std::move(input), limit));
  }
  EventLoop loop;
};

TEST_F(ProcessTest, CollectsWhatAProgramPrintsAndHowItEnds) {
  const auto output =
      run({"sh", "-c", "cat; echo \"$SPOTKEEPER_X\"; echo wrong >&2; exit 3"}, "in\n", 10s, {{"SPOTKEEPER_X", "y"}});
  ASSERT_TRUE(output) << output.error().message;
  EXPECT_EQ(output->exit_code, 3);
  EXPECT_EQ(output->out, "in\ny\n");
  EXPECT_EQ(output->err, "wrong\n");
}

TEST_F(ProcessTest, CountsASignalAsShellsDo) { EXPECT_EQ(run({"sh", "-c", "kill -9 $$"})->exit_code, 137); }

TEST_F(ProcessTest, SaysThatThereIsNoSuchProgram) {
  const auto output = run({"/no/such/program"});
  ASSERT_FALSE(output);
  EXPECT_EQ(output.error().code, ErrorCode::NotFound);
  EXPECT_EQ(run({}).error().code, ErrorCode::InvalidInput);
}

TEST_F(ProcessTest, KillsWhatTakesTooLongWithAllItsChildren) {
  std::array<int, 2> alive{};
  ASSERT_EQ(pipe(alive.data()), 0);  // both ends are inherited: the last one to close it ends the stream
  const auto output = run({"sh", "-c", "sleep 1000 & sleep 1000"}, "", 50ms);
  close(alive[1]);
  ASSERT_FALSE(output);
  EXPECT_EQ(output.error().code, ErrorCode::Timeout);
  char byte = 0;
  EXPECT_EQ(read(alive[0], &byte, 1), 0) << "somebody still lives";
  close(alive[0]);
}

TEST_F(ProcessTest, DoesNotWaitForChildrenThatStayBehind) {
  const auto output = run({"sh", "-c", "sleep 1000 & echo done"});
  ASSERT_TRUE(output) << output.error().message;
  EXPECT_EQ(output->out, "done\n");
}

TEST_F(ProcessTest, TakesNoMoreThanAMebibyte) {
  const auto most = run({"sh", "-c", "head -c 1048576 /dev/zero"});
  ASSERT_TRUE(most) << most.error().message;
  EXPECT_EQ(most->out.size(), 1'048'576U);
  const auto output = run({"sh", "-c", "cat /dev/zero"});
  ASSERT_FALSE(output);
  EXPECT_EQ(output.error().code, ErrorCode::InvalidInput);
}

}  // namespace
}  // namespace spotkeeper::net
