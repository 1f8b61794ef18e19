// Why the pods of a world are not all Ready, as it is told to who wrote the scenario.
#include <gmock/gmock.h>

#include "tests/unit/sim/small_world.h"

namespace spotkeeper::sim {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class Unsettled : public SmallWorld {};

TEST_F(Unsettled, NamesTheWorkloadItsWaitingPodsAndWhyNoNodeTakesThem) {
  nodes(2);
  PodKind large;
  large.requests.cpu = {1500};
  ASSERT_TRUE(world.create_deployment(workload("web", 3, large)));
  PodKind small;
  small.requests.cpu = {100};
  ASSERT_TRUE(world.create_deployment(workload("small", 1, small)));
  NodeChange cordon;
  cordon.node = NodeName("n2");
  cordon.unschedulable = true;
  pass(20s);
  ASSERT_TRUE(world.patch_node(cordon));
  EXPECT_THAT(world.unsettled(),
              AllOf(HasSubstr("shop/web has 2 of 3 pods Ready: 1 has no node (it asks for 1500m CPU and 256 Mi memory; "
                              "of 2 nodes "),
                    HasSubstr("1 is tainted, cordoned or not Ready"), HasSubstr("1 is too full"),
                    Not(HasSubstr("shop/small"))));
}

TEST_F(Unsettled, TellsPodsThatStartFromThoseThatHaveNoPlace) {
  nodes(1);
  PodKind slow;
  slow.behaviour.ready_after = 1min;
  ASSERT_TRUE(world.create_deployment(workload("web", 2, slow)));
  pass(10s);
  EXPECT_THAT(world.unsettled(), HasSubstr("shop/web has 0 of 2 pods Ready: 2 still start (image-pull 0s, start 1s, "
                                           "ready-after 1m)"));
  settle();
  EXPECT_EQ(world.unsettled(), "");
}

TEST_F(Unsettled, NamesNodesThatAreNotAsTheSelectorAsks) {
  nodes(3);
  PodKind picky;
  picky.node_selector = {{"disk", "fast"}};
  ASSERT_TRUE(world.create_deployment(workload("web", 1, picky)));
  pass(5s);
  EXPECT_THAT(world.unsettled(), HasSubstr("of 3 nodes 3 are not as its selector or node affinity asks"));
}

}  // namespace
}  // namespace spotkeeper::sim
