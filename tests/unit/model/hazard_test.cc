#include "model/hazard.h"

#include <gtest/gtest.h>

namespace spotkeeper {
namespace {

TEST(Hazard, OfAMonthIsTheMiddleOfItsClass) {
  EXPECT_NEAR(interruptions_per_hour(InterruptionRate::Below5) * 730.5, 0.0253, 1e-4);
  EXPECT_GT(interruptions_per_hour(InterruptionRate::Above20), interruptions_per_hour(InterruptionRate::From15To20));
}

TEST(Hazard, OfTheFirstDayIsThatOfAYoungMachine) {
  // Half an hour at 10, half an hour at 5, two hours at 2.4, three at 1.5, eighteen at 1.
  const double hours = 5 + 2.5 + 4.8 + 4.5 + 18;
  for (const InterruptionRate rate : {InterruptionRate::Below5, InterruptionRate::Above20})
    EXPECT_NEAR(interruptions_in_first_day(rate), hours * interruptions_per_hour(rate), 1e-12);
}

}  // namespace
}  // namespace spotkeeper
