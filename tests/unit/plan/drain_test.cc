#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/plan/world.h"

namespace spotkeeper::plan::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

World world_of(std::initializer_list<std::string> dying, Duration after, std::initializer_list<std::string> staying) {
  World world;
  for (const std::string& node : dying) {
    world.node(node);
    world.dies(node, after);
  }
  for (const std::string& node : staying) world.node(node);
  return world;
}

TEST(DrainPlan, EvictsAsManyAsTheBudgetAllows) {
  World world = world_of({"a", "b", "c", "d"}, 120s, {"n1", "n2", "n3", "n4"});
  world.deployment("web").grace(45s).ready_after(40s).min_available(80, true).on(
      {"a", "b", "c", "d", "n1", "n1", "n2", "n2", "n3", "n3", "n4", "n4"});
  const DrainPlan plan = world.plan();
  EXPECT_THAT(said(plan), ElementsAre("evict web-0", "evict web-1"));
  EXPECT_THAT(waits(plan), ElementsAre("web-2: budget until 1m13s", "web-3: budget until 1m13s"));
  EXPECT_EQ(next_look(plan), 5s);  // in case what is sent is refused
}

TEST(DrainPlan, DeletesPastTheBudgetAtTheLastSafeStart) {
  World world = world_of({"a"}, 120s, {"n1", "n2"});
  world.deployment("web").grace(30s).ready_after(10s).max_unavailable(0).on({"a", "n1", "n2"});
  EXPECT_THAT(said(world.plan(0s)), IsEmpty());
  EXPECT_THAT(waits(world.plan(0s)), ElementsAre("web-0: budget until 1m28s"));
  EXPECT_EQ(next_look(world.plan(0s)), 88s);
  EXPECT_THAT(said(world.plan(88s)), ElementsAre("delete web-0 grace 30s last-safe-start over-budget"));
}

TEST(DrainPlan, StaggersPastTheBudgetOnlyToKeepAPodServing) {
  World world = world_of({"a", "b", "c"}, 120s, {"n1", "n2"});
  world.deployment("web").grace(30s).ready_after(60s).max_unavailable(0).on({"a", "b", "c"});
  EXPECT_THAT(said(world.plan(0s)), ElementsAre("delete web-0 grace 30s keep-serving over-budget"));
}

}  // namespace
}  // namespace spotkeeper::plan::test
