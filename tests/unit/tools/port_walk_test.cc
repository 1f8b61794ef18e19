#include "tests/tools/web_client/port_walk.h"

#include <gtest/gtest.h>

#include <set>

namespace spotkeeper::tools {
namespace {

constexpr Steady kStart{1000s};

TEST(PortWalk, GoesThroughItsRangeInOrder) {
  PortWalk walk({20'000, 20'002}, 0);
  EXPECT_EQ(walk.take(kStart), 20'000);
  EXPECT_EQ(walk.take(kStart), 20'001);
  EXPECT_EQ(walk.take(kStart), 20'002);
  EXPECT_EQ(walk.next(), 20'000);
  EXPECT_EQ(walk.taken(), 3U);
}

TEST(PortWalk, GivesNoPortTwiceWithinItsRest) {
  PortWalk walk({20'000, 20'001}, 0);
  ASSERT_TRUE(walk.take(kStart));
  ASSERT_TRUE(walk.take(kStart + 50s));
  EXPECT_FALSE(walk.take(kStart + 119s));
  EXPECT_EQ(walk.take(kStart + 120s), 20'000);
  EXPECT_FALSE(walk.take(kStart + 120s)) << "the other one was taken 70 s ago";
  EXPECT_EQ(walk.take(kStart + 170s), 20'001);
}

TEST(PortWalk, BeginsWhereAnEarlierClientHasStopped) {
  PortWalk walk({20'000, 20'003}, 20'002);
  EXPECT_EQ(walk.take(kStart), 20'002);
  EXPECT_EQ(walk.take(kStart), 20'003);
  EXPECT_EQ(walk.take(kStart), 20'000);
}

TEST(PortWalk, BeginsAtTheFirstPortForAStartOutsideItsRange) {
  EXPECT_EQ(PortWalk({20'000, 20'003}, 19'999).next(), 20'000);
  EXPECT_EQ(PortWalk({20'000, 20'003}, 20'004).next(), 20'000);
}

TEST(PortWalk, ReachesTheLastPortThereIs) {
  PortWalk walk({65'534, 65'535}, 0);
  std::set<std::uint16_t> ports;
  while (const auto port = walk.take(kStart)) ports.insert(*port);
  EXPECT_EQ(ports, (std::set<std::uint16_t>{65'534, 65'535}));
}

TEST(PortRange, IsFirstAndLastInclusive) {
  const auto range = parse_port_range("20000-44999");
  ASSERT_TRUE(range) << range.error().message;
  EXPECT_EQ(range->first, 20'000);
  EXPECT_EQ(range->last, 44'999);
  EXPECT_EQ(range->size(), 25'000U);
}

TEST(PortRange, RefusesWhatIsNone) {
  for (const char* text : {"", "20000", "20000-", "-20000", "30000-20000", "80-90", "1024-65536", "a-b"}) {
    EXPECT_FALSE(parse_port_range(text)) << text;
  }
}

}  // namespace
}  // namespace spotkeeper::tools
