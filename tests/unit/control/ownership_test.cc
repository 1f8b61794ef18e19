#include "control/ownership.h"

#include <gtest/gtest.h>

namespace spotkeeper::control {
namespace {

constexpr OwnershipPolicy kPolicy{.acknowledge_within = 2s, .progress_within = 5s};

class Ownership : public ::testing::Test {
 protected:
  Ownership() {
    what.noticed = Instant(1'000s);
    what.deadline = Deadline{what.noticed + 120s};
  }
  Verdict judge(Duration after, const std::optional<DrainClaim>& claim) {
    return watch.judge(claim, what, kPolicy, what.noticed + after, Steady(after));
  }
  [[nodiscard]] DrainClaim claim(Duration after) const { return {"c", 1, what.noticed + after}; }

  Interruption what;
  ClaimWatch watch;
};

TEST_F(Ownership, IsUndecidedUntilTheTimeToAcknowledgeIsOver) {
  EXPECT_EQ(judge(1s, std::nullopt).owner, Owner::Undecided);
  EXPECT_EQ(judge(1s, std::nullopt).next_look, Steady(2s));
  EXPECT_EQ(judge(2s, std::nullopt).owner, Owner::Agent);
}

TEST_F(Ownership, AShortNoticeLeavesATenthOfItsTime) {
  what.deadline = Deadline{what.noticed + 6s};
  EXPECT_EQ(judge(590ms, std::nullopt).owner, Owner::Undecided);
  EXPECT_EQ(judge(600ms, std::nullopt).owner, Owner::Agent);
}

TEST_F(Ownership, IsTheControllersWhileItsClaimChanges) {
  for (int second = 1; second < 60; second += 3) {
    EXPECT_EQ(judge(std::chrono::seconds(second), claim(std::chrono::seconds(second))).owner, Owner::Controller);
  }
}

TEST_F(Ownership, PassesToTheAgentWhenTheClaimStandsStill) {
  EXPECT_EQ(judge(1s, claim(1s)).next_look, Steady(6s));
  EXPECT_EQ(judge(5900ms, claim(1s)).owner, Owner::Controller);
  EXPECT_EQ(judge(6s, claim(1s)).owner, Owner::Agent);
  EXPECT_EQ(judge(7s, claim(7s)).owner, Owner::Controller);  // it is back
}

TEST_F(Ownership, PatienceShrinksWithTheTimeThatIsLeft) {
  EXPECT_EQ(judge(100s, claim(100s)).owner, Owner::Controller);
  EXPECT_EQ(judge(102s, claim(100s)).owner, Owner::Agent);
}

TEST_F(Ownership, DoesNotCareHowWrongTheControllersClockIs) {
  EXPECT_EQ(judge(1s, claim(-25s)).owner, Owner::Controller);
  EXPECT_EQ(judge(2s, claim(10h)).owner, Owner::Controller);
  EXPECT_EQ(judge(10s, claim(10h)).owner, Owner::Agent);
}

TEST_F(Ownership, AnOldClaimIsAboutAnEarlierInterruption) { EXPECT_EQ(judge(3s, claim(-10min)).owner, Owner::Agent); }

}  // namespace
}  // namespace spotkeeper::control
