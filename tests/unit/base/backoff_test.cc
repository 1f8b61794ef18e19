#include "base/backoff.h"

#include <gtest/gtest.h>

namespace spotkeeper {
namespace {

TEST(Backoff, DoublesUpToItsMostAndStartsAnewWhenItWorked) {
  Backoff backoff({.first = 1s, .factor = 2.0, .jitter = 0.0, .most = 5s}, Random(1));
  EXPECT_EQ(backoff.next(), 1s);
  EXPECT_EQ(backoff.next(), 2s);
  EXPECT_EQ(backoff.next(), 4s);
  EXPECT_EQ(backoff.next(), 5s);
  EXPECT_EQ(backoff.next(), 5s);
  backoff.reset();
  EXPECT_EQ(backoff.next(), 1s);
}

TEST(Backoff, LengthensEachWaitByAShareOfItself) {
  Backoff backoff({.first = 1s, .factor = 1.0, .jitter = 0.5, .most = 1s}, Random(7));
  Duration least = 1h;
  Duration longest = 0s;
  for (int i = 0; i < 1000; ++i) {
    const Duration wait = backoff.next();
    least = std::min(least, wait);
    longest = std::max(longest, wait);
  }
  EXPECT_GE(least, 1s);
  EXPECT_LT(least, 1010ms);
  EXPECT_LE(longest, 1500ms);
  EXPECT_GT(longest, 1490ms);
}

}  // namespace
}  // namespace spotkeeper
