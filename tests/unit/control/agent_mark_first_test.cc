// The Node is marked before its pods are moved, so that their successors go elsewhere: also where the API server does
// not answer around the notice.
#include <optional>

#include "control/agent.h"
#include "tests/unit/control/agent_fixture.h"

namespace spotkeeper::control {
namespace {

using ::spotkeeper::testing::AgentWorld;

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
    kill();
    imds.pages.clear();
    cluster.edit_node("n1", [](Node& node) {
      node.annotations = {};
      node.taints.clear();
      node.unschedulable = false;
    });
    if (cluster.world.pods_on(NodeName("n1")).empty()) cluster.add_pod("web-1", "n1", "web");
    runtime.advance(1s);
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
  cluster.add_pod("web-1", "n1", "web");
  lose_patches();
  start();
  runtime.advance(2s);
  spot_notice();
  runtime.advance(11s);
  EXPECT_EQ(cluster.evictions.size(), 0U);
  runtime.advance(3s);
  EXPECT_EQ(cluster.evictions.size(), 1U);
}

TEST_F(MarkFirst, WaitsFiveSecondsWhereThePatchIsRefused) {
  cluster.add_pod("web-1", "n1", "web");
  cluster.patch_hook = [](const NodeChange&) -> std::optional<Error> { return Error{ErrorCode::Forbidden, "no"}; };
  start();
  runtime.advance(2s);
  spot_notice();
  runtime.advance(4s);
  EXPECT_EQ(cluster.evictions.size(), 0U);
  runtime.advance(3s);
  EXPECT_EQ(cluster.evictions.size(), 1U);
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
