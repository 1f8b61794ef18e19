// The Node is marked before its pods are moved, so that their successors go elsewhere: also where the API server does
// not answer around the notice.
#include <optional>
#include <utility>

#include "control/agent.h"
#include "tests/unit/control/agent_fixture.h"

namespace spotkeeper::control {
namespace {

using ::spotkeeper::testing::AgentWorld;
using ::spotkeeper::testing::FakeImds;

class MarkFirst : public AgentWorld {
 protected:
  MarkFirst() {
    cluster.evict_hook = [this](const PodRef&) -> std::optional<kube::EvictAnswer> {
      ++(cordoned() ? evictions_after_mark : evictions_before_mark);
      return std::nullopt;
    };
  }
  /// No PATCH of a Node is answered; everything else is.
  void lose_patches() {
    cluster.patch_hook = [](const NodeChange&) -> std::optional<Error> {
      return Error{ErrorCode::Timeout, "no answer within 3 s"};
    };
  }
  /// The one pod is evicted between these times after the notice.
  void expect_eviction_between(Duration after, Duration before) {
    cluster.add_pod("web-1", "n1", "web");
    start();
    runtime.advance(2s);
    spot_notice();
    runtime.advance(after);
    EXPECT_EQ(cluster.evictions.size(), 0U);
    runtime.advance(before - after);
    EXPECT_EQ(cluster.evictions.size(), 1U);
  }

  /// The notice comes two seconds after the start; by the end of that time the mark is there, told of once.
  void expect_told_of_once(Duration within) {
    start();
    runtime.advance(2s);
    spot_notice();
    runtime.advance(within);
    EXPECT_TRUE(cordoned());
    EXPECT_EQ(cluster.events_with("NodeInterrupted"), 1);
  }

  int evictions_before_mark = 0;
  int evictions_after_mark = 0;
};

TEST_F(MarkFirst, ThoughTheApiServerStandsStillAroundTheNotice) {
  cluster.add_pod("web-1", "n1", "web");
  start();
  runtime.advance(2s);
  cluster.stall(50s);
  runtime.advance(20s);
  spot_notice();
  runtime.advance(45s);
  EXPECT_TRUE(cordoned());
  EXPECT_EQ(evictions_before_mark, 0);
  EXPECT_EQ(evictions_after_mark, 1);
}

TEST_F(MarkFirst, AtWhateverMomentTheApiServerComesBack) {
  for (Duration stall = 1s; stall < 40s; stall += 700ms) {
    SCOPED_TRACE(format_duration(stall));
    begin_anew("web-1", "web");
    evictions_before_mark = evictions_after_mark = 0;
    start();
    runtime.advance(2s);
    cluster.stall(stall);
    spot_notice();
    runtime.advance(stall + 15s);
    EXPECT_EQ(evictions_before_mark, 0);
    EXPECT_EQ(evictions_after_mark, 1);
    runtime.advance(5s);
  }
}

TEST_F(MarkFirst, WaitsATenthOfTheNoticeWhereThePatchAloneHasNoAnswer) {
  lose_patches();
  expect_eviction_between(11s, 14s);
}

TEST_F(MarkFirst, WaitsFiveSecondsWhereThePatchIsRefused) {
  refuse_patches();
  expect_eviction_between(4s, 7s);
}

TEST_F(MarkFirst, IsToldOfThoughTheAnswerWasLost) {
  cluster.lost_patches = 1;
  expect_told_of_once(5s);
  EXPECT_EQ(metric("spotkeeper_node_marks_total{kind=\"kill\"}"), 1);
  EXPECT_EQ(metric("spotkeeper_notice_to_cordon_seconds_count"), 1);
  runtime.advance(20s);
  EXPECT_EQ(cluster.events_with("NodeInterrupted"), 1);
}

TEST_F(MarkFirst, IsToldOfThoughItsSecondTryMetTheFirst) {
  cluster.lost_patches = 1;
  cluster.lost_patch = ErrorCode::Conflict;
  expect_told_of_once(5s);
}

TEST_F(MarkFirst, IsToldOfOnceThoughAPatchIsCarriedOutLateAndMeetsTheNext) {
  cluster.latency = 40ms;
  cluster.lag = 1ms;
  bool first = true;
  cluster.patch_hook = [&](const NodeChange& change) -> std::optional<Error> {
    if (!std::exchange(first, false)) return std::nullopt;
    runtime.call_at(runtime.steady() + 70ms,
                    [this, change] {  // the Node has been read again, and the next is on its way
                      cluster.edit_node("n1", [&](Node& node) { apply(change, node); });
                    });
    return Error{ErrorCode::Conflict, "somebody else has changed it"};
  };
  expect_told_of_once(10s);
  EXPECT_EQ(metric("spotkeeper_node_marks_total{kind=\"kill\"}"), 1);
}

TEST_F(MarkFirst, IsToldOfOnceWhereALostPatchWasNotCarriedOut) {
  bool lost = false;
  cluster.patch_hook = [&](const NodeChange&) -> std::optional<Error> {
    if (std::exchange(lost, true)) return std::nullopt;
    return Error{ErrorCode::Unavailable, "the connection broke"};
  };
  expect_told_of_once(10s);
}

TEST_F(MarkFirst, TheEndOfAMarkIsToldOfThoughTheAnswerWasLost) {
  const Instant at = runtime.now() + 3h;
  imds.pages[FakeImds::kScheduled] = {200, scheduled("instance-event-1", at)};
  start();
  runtime.advance(15s);
  ASSERT_TRUE(tainted());
  cluster.lost_patches = 1;
  imds.pages[FakeImds::kScheduled] = {200, scheduled("instance-event-1", at, "canceled")};
  runtime.advance(20s);
  EXPECT_FALSE(tainted());
  EXPECT_EQ(cluster.events_with("InterruptionOver"), 1);
}

TEST_F(MarkFirst, EvictsNothingTwiceFromANodeThatCantBeMarked) {
  cluster.add_pod("web-1", "n1", "web");
  refuse_patches();
  start();
  runtime.advance(2s);
  spot_notice();
  runtime.advance(7s);
  ASSERT_EQ(cluster.evictions.size(), 1U);
  cluster.add_pod("web-2", "n1", "web");  // its successor, which the scheduler puts here
  runtime.advance(5s);
  EXPECT_EQ(cluster.evictions.size(), 1U);
  cluster.patch_hook = {};
  runtime.advance(5s);
  EXPECT_TRUE(cordoned());
  EXPECT_EQ(cluster.evictions.size(), 2U);
}

TEST_F(MarkFirst, WhatLandsOnANodeThatIsNeverMarkedGoesAtItsLastSafeStart) {
  cluster.add_pod("web-1", "n1", "web");
  refuse_patches();
  start();
  runtime.advance(2s);
  spot_notice();
  runtime.advance(7s);
  cluster.add_pod("web-2", "n1", "web");
  runtime.advance(120s - 7s - 2s);
  EXPECT_EQ(cluster.evictions.size(), 1U);
  EXPECT_EQ(cluster.deletes.size(), 1U);
}

TEST_F(MarkFirst, NeverKeepsAPodBeyondItsLastSafeStart) {
  cluster.add_pod("slow-1", "n1", "slow", 110s);  // 120 s less its grace and the margin: 8 s after the notice
  lose_patches();
  start();
  runtime.advance(2s);
  spot_notice();
  runtime.advance(7s);
  EXPECT_EQ(cluster.deletes.size() + cluster.evictions.size(), 0U);
  runtime.advance(1600ms);
  EXPECT_EQ(cluster.deletes.size(), 1U);
  EXPECT_FALSE(cordoned());
}

}  // namespace
}  // namespace spotkeeper::control
