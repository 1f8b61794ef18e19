#include "model/scheduling.h"

#include <limits>

#include <gtest/gtest.h>

#include "model/disruption_budget.h"
#include "model/interruption.h"

namespace spotkeeper {
namespace {

Taint taint(std::string key, std::string value, TaintEffect effect) {
  return {std::move(key), std::move(value), effect, {}};
}

TEST(Resources, AddAndTakeAwayByName) {
  Resources total{MilliCpu{500}, Bytes{100}, {{"nvidia.com/gpu", 1}}};
  const Resources more{MilliCpu{250}, Bytes{50}, {{"ephemeral-storage", 7}, {"nvidia.com/gpu", 2}}};
  total += more;
  EXPECT_EQ(total, (Resources{MilliCpu{750}, Bytes{150}, {{"ephemeral-storage", 7}, {"nvidia.com/gpu", 3}}}));
  total -= more;
  EXPECT_EQ(total, (Resources{MilliCpu{500}, Bytes{100}, {{"nvidia.com/gpu", 1}}})) << "what is 0 has no entry";
}

TEST(Resources, StopAtTheEndsInsteadOfOverflowing) {
  Resources total{MilliCpu{std::numeric_limits<std::int64_t>::max()}, Bytes{}, {}};
  total += Resources{MilliCpu{1}, Bytes{}, {}};
  EXPECT_EQ(total.cpu.value, std::numeric_limits<std::int64_t>::max());
}

TEST(Resources, FitWhereEveryAmountDoes) {
  const Resources room{MilliCpu{1000}, Bytes{1000}, {{"nvidia.com/gpu", 1}}};
  EXPECT_TRUE((Resources{MilliCpu{1000}, Bytes{1000}, {{"nvidia.com/gpu", 1}}}.fits(room)));
  EXPECT_FALSE((Resources{MilliCpu{1001}, Bytes{}, {}}.fits(room)));
  EXPECT_FALSE((Resources{MilliCpu{}, Bytes{1001}, {}}.fits(room)));
  EXPECT_FALSE((Resources{MilliCpu{}, Bytes{}, {{"amd.com/gpu", 1}}}.fits(room))) << "not named there is none there";
}

TEST(Toleration, MatchesByKeyValueAndEffect) {
  const Taint spot = taint("spot", "true", TaintEffect::NoSchedule);
  EXPECT_TRUE((Toleration{"", true, "", {}, {}}.tolerates(spot))) << "no key with Exists is every key";
  EXPECT_TRUE((Toleration{"spot", true, "", {}, {}}.tolerates(spot)));
  EXPECT_TRUE((Toleration{"spot", false, "true", TaintEffect::NoSchedule, {}}.tolerates(spot)));
  EXPECT_FALSE((Toleration{"spot", false, "false", {}, {}}.tolerates(spot)));
  EXPECT_FALSE((Toleration{"spot", true, "", TaintEffect::NoExecute, {}}.tolerates(spot)));
  EXPECT_FALSE((Toleration{"other", true, "", {}, {}}.tolerates(spot)));
  EXPECT_FALSE((Toleration{"", false, "true", {}, {}}.tolerates(spot))) << "no key needs Exists";
}

TEST(CountOrPercent, RoundsSharesUp) {
  EXPECT_EQ((CountOrPercent{30, true}.of(10)), 3);
  EXPECT_EQ((CountOrPercent{30, true}.of(11)), 4);
  EXPECT_EQ((CountOrPercent{0, true}.of(11)), 0);
  EXPECT_EQ((CountOrPercent{5, false}.of(2)), 5);
  EXPECT_EQ((CountOrPercent{100, true}.of(2'000'000'000)), 2'000'000'000);
}

TEST(InterruptionKind, HasNamesThatReadBack) {
  for (const auto kind :
       {InterruptionKind::Maybe, InterruptionKind::Maintenance, InterruptionKind::Retire, InterruptionKind::Kill})
    EXPECT_EQ(interruption_kind_of(name_of(kind)), kind);
  for (const auto effect : {InterruptionEffect::Terminate, InterruptionEffect::Stop, InterruptionEffect::Hibernate,
                            InterruptionEffect::Reboot})
    EXPECT_EQ(interruption_effect_of(name_of(effect)), effect);
  EXPECT_EQ(interruption_kind_of("KILL"), std::nullopt);
  EXPECT_EQ(interruption_effect_of(""), std::nullopt);
}

}  // namespace
}  // namespace spotkeeper
