#include "tests/tools/endpoint_feeder/plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace spotkeeper::tools {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr Steady kStart{1000s};
const Endpoint kOne{"10.98.1.5", 8080, "web-1", "rn1"};
const Endpoint kTwo{"10.98.2.5", 8080, "web-2", "rn2"};
const Endpoint kThree{"10.98.3.5", 8080, "web-3", "rn3"};
constexpr DelayModel kFixed{{2s, 2s}, {1s, 1s}, {10s, 10s}, {30s, 30s}};

TEST(FeedPlan, HasWhatIsThereAtTheStartDueAtOnce) {
  FeedPlan plan(kFixed, 1);
  const auto changes = plan.observe({kOne, kTwo}, kStart);
  ASSERT_EQ(changes.size(), 2U);
  for (const Change& change : changes) {
    EXPECT_TRUE(change.added);
    EXPECT_EQ(change.due, kStart);
  }
}

TEST(FeedPlan, IsAsLateAsControllerApiAndPropagationTogether) {
  FeedPlan plan(kFixed, 1);
  plan.observe({kOne, kTwo}, kStart);
  const auto changes = plan.observe({kTwo}, kStart + 5s);
  ASSERT_EQ(changes.size(), 1U);
  EXPECT_FALSE(changes.front().added);
  EXPECT_EQ(changes.front().endpoint, kOne);
  EXPECT_EQ(changes.front().seen, kStart + 5s);
  EXPECT_EQ(changes.front().due, kStart + 5s + 13s);
}

TEST(FeedPlan, WaitsForHealthChecksOfWhatComes) {
  FeedPlan plan(kFixed, 1);
  plan.observe({kOne}, kStart);
  const auto changes = plan.observe({kOne, kTwo}, kStart);
  ASSERT_EQ(changes.size(), 1U);
  EXPECT_TRUE(changes.front().added);
  EXPECT_EQ(changes.front().due, kStart + 43s);
}

TEST(FeedPlan, TellsOfNothingTwice) {
  FeedPlan plan(kFixed, 1);
  plan.observe({kOne}, kStart);
  plan.observe({}, kStart + 1s);
  EXPECT_THAT(plan.observe({}, kStart + 2s), IsEmpty());
}

TEST(FeedPlan, KeepsTheOrderOfOneEndpointsChanges) {
  const DelayModel wide{{0s, 0s}, {0s, 0s}, {0s, 60s}, {}};
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    FeedPlan plan(wide, seed);
    plan.observe({kOne}, kStart);
    const auto gone = plan.observe({}, kStart + 1s);
    const auto back = plan.observe({kOne}, kStart + 2s);
    ASSERT_EQ(gone.size(), 1U);
    ASSERT_EQ(back.size(), 1U);
    EXPECT_GE(back.front().due, gone.front().due) << "seed " << seed;
  }
}

TEST(FeedPlan, DrawsTheSameDelaysFromTheSameSeedAndWithinTheirRanges) {
  const auto due_with = [](std::uint64_t seed) {
    FeedPlan plan({}, seed);
    plan.observe({kOne, kTwo, kThree}, kStart);
    std::vector<Duration> late;
    for (const Change& change : plan.observe({}, kStart)) late.push_back(change.due - kStart);
    return late;
  };
  EXPECT_EQ(due_with(7), due_with(7));
  EXPECT_NE(due_with(7), due_with(8));
  for (const Duration late : due_with(7)) {
    EXPECT_GE(late, 6500ms);
    EXPECT_LE(late, 32s);
  }
}

TEST(FeedPlan, IsAsLateForTheSecondThatLeavesWhateverHasComeInBetween) {
  const auto second_late = [](bool comes_between) {
    FeedPlan plan({}, 7);
    plan.observe({kOne, kTwo}, kStart);
    plan.observe({kTwo}, kStart);
    if (comes_between) plan.observe({kTwo, kThree}, kStart);
    Endpoints left;
    if (comes_between) left.insert(kThree);
    const auto changes = plan.observe(left, kStart);
    EXPECT_EQ(changes.size(), 1U);
    return changes.front().due - kStart;
  };
  EXPECT_EQ(second_late(false), second_late(true));
}

TEST(SlotTable, GivesEveryEndpointASlotOfItsOwn) {
  SlotTable slots(2, 30s);
  EXPECT_EQ(slots.assign(kOne, kStart), 0U);
  EXPECT_EQ(slots.assign(kTwo, kStart), 1U);
  EXPECT_FALSE(slots.assign(kThree, kStart)) << "none is left";
  EXPECT_EQ(slots.used(), 2U);
}

TEST(SlotTable, TakesTheSlotThatWasFreeForLongest) {
  SlotTable slots(2, 0s);
  slots.assign(kOne, kStart);
  slots.assign(kTwo, kStart);
  slots.release(kTwo, kStart + 1s);
  slots.release(kOne, kStart + 2s);
  slots.expire(kStart + 1s);
  slots.expire(kStart + 2s);
  EXPECT_EQ(slots.assign(kThree, kStart + 3s), 1U);
}

TEST(SlotTable, KeepsASlotUntilItsDrainIsOver) {
  SlotTable slots(1, 30s);
  slots.assign(kOne, kStart);
  EXPECT_FALSE(slots.next_expiry());
  EXPECT_EQ(slots.release(kOne, kStart + 5s), 0U);
  EXPECT_EQ(slots.next_expiry(), kStart + 35s);
  EXPECT_THAT(slots.expire(kStart + 34s), IsEmpty());
  EXPECT_THAT(slots.expire(kStart + 35s), ElementsAre(0U));
  EXPECT_THAT(slots.expire(kStart + 36s), IsEmpty());
}

TEST(SlotTable, BreaksOffADrainWhereOtherwiseANewEndpointHadNoPlace) {
  SlotTable slots(2, 30s);
  slots.assign(kOne, kStart);
  slots.assign(kTwo, kStart);
  slots.release(kTwo, kStart + 1s);
  slots.release(kOne, kStart + 2s);
  EXPECT_EQ(slots.assign(kThree, kStart + 3s), 1U) << "its drain began first";
}

TEST(SlotTable, HasNoSlotForAnEndpointThatHasLeft) {
  SlotTable slots(2, 30s);
  EXPECT_FALSE(slots.release(kOne, kStart));
  slots.assign(kOne, kStart);
  EXPECT_TRUE(slots.release(kOne, kStart));
  EXPECT_FALSE(slots.release(kOne, kStart));
}

}  // namespace
}  // namespace spotkeeper::tools
