#include "sim/serve/served_world.h"

#include <gtest/gtest.h>

#include <filesystem>

namespace spotkeeper::sim::serve {
namespace {

TEST(ServedWorld, GivesAMachineThatJoinsLaterAMetadataServiceOfItsOwn) {
  const std::filesystem::path folder = std::filesystem::path(testing::TempDir()) / "served_world";
  std::filesystem::create_directories(folder);
  net::EventLoop loop;
  WorldConfig config;
  config.start = loop.now();
  World world(config);
  NodeSpec first;
  first.name = "first";
  world.add_node(first);
  auto served = ServedWorld::start(loop, world, folder.string());
  ASSERT_TRUE(served) << served.error().message;
  EXPECT_NE((*served)->metadata_url(NodeName("first")), "");
  EXPECT_EQ((*served)->metadata_url(NodeName("second")), "");
  NodeSpec second;
  second.name = "second";
  world.add_node(second);
  EXPECT_NE((*served)->metadata_url(NodeName("second")), "");
  EXPECT_NE((*served)->metadata_url(NodeName("second")), (*served)->metadata_url(NodeName("first")));
  served->reset();
  NodeSpec third;
  third.name = "third";
  world.add_node(third);  // nobody serves the world any more
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace spotkeeper::sim::serve
