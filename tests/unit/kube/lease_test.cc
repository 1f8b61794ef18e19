#include "kube/lease.h"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>

#include "net/task_group.h"
#include "tests/unit/support/virtual_runtime.h"

namespace spotkeeper::kube {
namespace {

using testing::VirtualRuntime;

/// One Lease on a server, with optimistic locking, that can be cut off from each of its callers.
class LeaseServer {
 public:
  std::optional<LeaseRecord> record;
  int writes = 0;

  void write(LeaseRecord next) {
    next.version = ResourceVersion(std::to_string(++writes));
    record = std::move(next);
  }
};

class Candidate : public LeaseApi {
 public:
  Candidate(VirtualRuntime& runtime, LeaseServer& server, const std::string& identity, std::uint64_t seed = 1)
      : runtime_(runtime),
        server_(server),
        group_(std::make_unique<net::TaskGroup>(runtime)),
        elector(runtime, *this, {.lease = {NamespaceName("kube-system"), "spotkeeper"}, .identity = identity},
                Random(seed)) {}

  void start() { group_->start(elector.run()); }
  void stop() { group_->cancel_all(); }

  bool cut_off = false;       // calls end by their time limit
  bool answers_lost = false;  // writes are carried out, and time out all the same

  net::Task<Result<LeaseRecord>> get_lease(ObjectName, Duration limit) override {
    if (cut_off) co_await net::sleep_for(runtime_, limit);
    if (cut_off) co_return fail(ErrorCode::Timeout, "no answer");
    if (!server_.record) co_return fail(ErrorCode::NotFound, "none");
    co_return *server_.record;
  }
  net::Task<Result<LeaseRecord>> create_lease(ObjectName, LeaseRecord record, Duration limit) override {
    if (cut_off) co_await net::sleep_for(runtime_, limit);
    if (cut_off) co_return fail(ErrorCode::Timeout, "no answer");
    if (server_.record) co_return fail(ErrorCode::Conflict, "exists");
    server_.write(record);
    co_return *server_.record;
  }
  net::Task<Result<LeaseRecord>> update_lease(ObjectName, LeaseRecord record, Duration limit) override {
    if (cut_off) co_await net::sleep_for(runtime_, limit);
    if (cut_off) co_return fail(ErrorCode::Timeout, "no answer");
    if (!server_.record || server_.record->version != record.version) co_return fail(ErrorCode::Conflict, "changed");
    server_.write(record);
    if (answers_lost) co_return fail(ErrorCode::Timeout, "no answer");
    co_return *server_.record;
  }

 private:
  VirtualRuntime& runtime_;
  LeaseServer& server_;
  std::unique_ptr<net::TaskGroup> group_;

 public:
  LeaderElector elector;
};

struct Election : ::testing::Test {
  VirtualRuntime runtime;
  LeaseServer server;
  Candidate a{runtime, server, "a", 1};
  Candidate b{runtime, server, "b", 2};

  ~Election() override {
    a.stop();
    b.stop();
  }
  /// Moves time on in small steps and checks all the while that there is at most one leader.
  void pass(Duration length) {
    for (Duration done{}; done < length; done += 100ms) {
      runtime.advance(100ms);
      ASSERT_FALSE(a.elector.leading() && b.elector.leading()) << "two leaders";
    }
  }
};

TEST_F(Election, TheFirstCreatesTheLeaseAndTheOtherWaits) {
  a.start();
  pass(1s);
  b.start();
  pass(60s);
  EXPECT_TRUE(a.elector.leading());
  EXPECT_FALSE(b.elector.leading());
  EXPECT_EQ(b.elector.holder(), "a");
  EXPECT_EQ(server.record->transitions, 0);
  EXPECT_EQ(server.record->duration, 15s);
}

TEST_F(Election, AnotherTakesOverWhenTheLeaderVanishes) {
  a.start();
  b.start();
  pass(5s);
  ASSERT_TRUE(a.elector.leading());
  const Steady gone = runtime.steady();
  a.stop();
  ASSERT_TRUE(runtime.run_until([&] { return b.elector.leading(); }));
  EXPECT_GE(runtime.steady() - gone, 12s);
  EXPECT_LE(runtime.steady() - gone, 15s + 4400ms + 2s);
  EXPECT_EQ(server.record->transitions, 1);
  EXPECT_EQ(b.elector.term(), 1);
}

TEST_F(Election, ReleasingSparesTheNextLeaderTheWait) {
  a.start();
  b.start();
  pass(5s);
  a.stop();
  runtime.run([](LeaderElector& elector) -> net::Task<int> {
    co_await elector.release(5s);
    co_return 0;
  }(a.elector));
  EXPECT_EQ(server.record->holder, "");
  EXPECT_EQ(server.record->duration, 1s);
  const Steady released = runtime.steady();
  ASSERT_TRUE(runtime.run_until([&] { return b.elector.leading(); }));
  EXPECT_LE(runtime.steady() - released, 4400ms);
}

TEST_F(Election, ALeaderThatIsCutOffStepsDownBeforeAnotherCanWin) {
  a.start();
  b.start();
  pass(5s);
  a.cut_off = true;
  pass(14s);
  EXPECT_FALSE(a.elector.leading());
  pass(10s);
  EXPECT_TRUE(b.elector.leading());
  a.cut_off = false;
  pass(30s);
  EXPECT_TRUE(b.elector.leading()) << "the old leader waits its turn";
  EXPECT_EQ(a.elector.holder(), "b");
}

// Trap 22: a machine that was suspended wakes up with a lease that has run out, and knows it before it asks anybody.
TEST_F(Election, Trap22TheFenceHoldsWithoutAnyCall) {
  a.start();
  pass(5s);
  ASSERT_TRUE(a.elector.leading());
  const Steady fence = a.elector.fence().value();
  EXPECT_LE(fence - runtime.steady(), 14s);
  EXPECT_GT(fence - runtime.steady(), 11s);
  a.stop();  // nothing of it runs any more, as on a machine that sleeps
  runtime.advance(fence - runtime.steady() - 1ns);
  EXPECT_TRUE(a.elector.leading());
  runtime.advance(1ns);
  EXPECT_FALSE(a.elector.leading());
  EXPECT_FALSE(a.elector.fence());
}

// Trap 22, continued: only changes of the record count, never its timestamps.
TEST_F(Election, Trap22TheClockOfTheHolderDoesNotMatter) {
  LeaseRecord theirs;
  theirs.holder = "a stranger whose clock is a year ahead";
  theirs.renewed = runtime.now() + 24h * 365;
  server.write(theirs);
  a.start();
  pass(14s);
  EXPECT_FALSE(a.elector.leading());
  pass(6s);
  EXPECT_TRUE(a.elector.leading()) << "its record has not changed for 15 s";
}

TEST_F(Election, AWriteThatIsNotTheHoldersIsNoSignOfLife) {
  LeaseRecord theirs;
  theirs.holder = "dead";
  server.write(theirs);
  a.start();
  for (int i = 0; i < 25; ++i) {
    pass(1s);
    if (server.record->holder == "dead") server.write(*server.record);  // somebody labels the object
  }
  EXPECT_TRUE(a.elector.leading());
}

TEST_F(Election, AnAnswerThatWasLostDoesNotCostTheLead) {
  a.start();
  b.start();
  pass(5s);
  a.answers_lost = true;
  pass(4s);
  a.answers_lost = false;
  pass(30s);
  EXPECT_TRUE(a.elector.leading());
  EXPECT_EQ(server.record->transitions, 0);
}

TEST(ElectionOptions, MustLeaveRoomForRetries) {
  ElectionOptions options{.lease = {NamespaceName("n"), "l"}, .identity = "i"};
  EXPECT_TRUE(check(options));
  options.renew_deadline = 15s;
  EXPECT_FALSE(check(options));
  options.renew_deadline = 2400ms;
  EXPECT_FALSE(check(options));
  options = {.lease = {NamespaceName("n"), "l"}, .identity = ""};
  EXPECT_FALSE(check(options));
  options = {.lease = {NamespaceName("n"), "l"}, .identity = "i", .duration = 15500ms};
  EXPECT_FALSE(check(options));
}

}  // namespace
}  // namespace spotkeeper::kube
