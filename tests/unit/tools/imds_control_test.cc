#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/tools/imds_server/control.h"

namespace spotkeeper::tools {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using Verb = ControlCommand::Verb;

constexpr Steady kStart{1000s};
constexpr std::string_view kSpot = "/latest/meta-data/spot/instance-action";
constexpr std::string_view kId = "/latest/meta-data/instance-id";

ControlCommand command(std::string_view line) {
  const auto read = parse_control(line);
  EXPECT_TRUE(read) << line << ": " << read.error().message;
  return read.value_or(ControlCommand{});
}
std::string refusal_of(std::string_view line) {
  const auto read = parse_control(line);
  return read ? "none" : read.error().message;
}

TEST(Control, ReadsANoticeWithItsTime) {
  EXPECT_EQ(command("notice terminate").in, 2min);
  EXPECT_EQ(command("notice stop in 90s").in, 90s);
  EXPECT_EQ(command("notice stop in 90s").effect, InterruptionEffect::Stop);
  EXPECT_EQ(command("notice hibernate").effect, InterruptionEffect::Hibernate);
  EXPECT_EQ(command("notice terminate at 2026-11-23T03:00:00Z").at, *parse_rfc3339("2026-11-23T03:00:00Z"));
  EXPECT_EQ(command("notice cancel").verb, Verb::CancelNotice);
}

TEST(Control, ReadsWhatIsToHappenLater) {
  const ControlCommand later = command("  after 30s   notice terminate in 60s ");
  EXPECT_EQ(later.after, 30s);
  EXPECT_EQ(later.verb, Verb::Notice);
  EXPECT_EQ(later.in, 60s);
  EXPECT_THAT(refusal_of("after 30s status"), HasSubstr("later"));
}

TEST(Control, ReadsTheOtherSignals) {
  EXPECT_EQ(command("rebalance").verb, Verb::Rebalance);
  EXPECT_EQ(command("rebalance cancel").verb, Verb::CancelRebalance);
  EXPECT_EQ(command("maintenance system-reboot").verb, Verb::Maintenance);
  EXPECT_EQ(command("maintenance system-reboot").word, "system-reboot");
  EXPECT_EQ(command("maintenance system-reboot").in, 1h);
  EXPECT_EQ(command("maintenance cancel").verb, Verb::CancelMaintenance);
  EXPECT_EQ(command("maintenance complete").verb, Verb::CompleteMaintenance);
  EXPECT_EQ(command("lifecycle Terminated").word, "Terminated");
  EXPECT_EQ(command("tokens expire").verb, Verb::ExpireTokens);
  for (const char* line : {"reset", "status", "help"}) EXPECT_EQ(refusal_of(line), "none") << line;
}

TEST(Control, ReadsFaults) {
  const ControlCommand burst = command("errors 503 for 20s");
  EXPECT_EQ(burst.fault, FaultKind::Errors);
  EXPECT_EQ(burst.status, 503);
  EXPECT_EQ(burst.length, 20s);
  EXPECT_EQ(command("hang times 1").times, 1U);
  EXPECT_EQ(command("no-events for 1h").fault, FaultKind::NoEvents);
  const ControlCommand off = command("garbage off");
  EXPECT_FALSE(off.length || off.times);
}

TEST(Control, NamesWhatItCantUnderstand) {
  for (const char* line : {"",
                           "notices",
                           "notice",
                           "notice explode",
                           "notice terminate in",
                           "notice terminate in -1s",
                           "notice terminate at noon",
                           "notice terminate now",
                           "errors",
                           "errors 200 for 1s",
                           "errors 503",
                           "hang",
                           "hang times 0",
                           "hang times x",
                           "half for ever",
                           "maintenance",
                           "lifecycle",
                           "tokens",
                           "tokens keep",
                           "status please",
                           "after",
                           "after soon rebalance"}) {
    EXPECT_NE(refusal_of(line), "none") << line;
  }
}

TEST(Faults, MeetNobodyUnlessToldTo) {
  Faults faults;
  EXPECT_FALSE(faults.meet(kSpot, kStart));
  EXPECT_THAT(faults.standing(kStart), IsEmpty());
}

TEST(Faults, LastForTheirTime) {
  Faults faults;
  faults.set(command("errors 503 for 20s"), kStart);
  const auto hit = faults.meet(kSpot, kStart + 19s);
  ASSERT_TRUE(hit);
  EXPECT_EQ(hit->kind, FaultKind::Errors);
  EXPECT_EQ(hit->status, 503);
  EXPECT_FALSE(faults.meet(kSpot, kStart + 20s));
}

TEST(Faults, MeetAsManyRequestsAsTheyWereToldTo) {
  Faults faults;
  faults.set(command("hang times 2"), kStart);
  EXPECT_TRUE(faults.meet(kSpot, kStart));
  EXPECT_TRUE(faults.meet(kId, kStart));
  EXPECT_FALSE(faults.meet(kSpot, kStart));
  EXPECT_THAT(faults.standing(kStart), IsEmpty());
}

TEST(Faults, HideEventsAndNothingElse) {
  Faults faults;
  faults.set(command("no-events for 1h"), kStart);
  EXPECT_TRUE(faults.meet(kSpot, kStart));
  EXPECT_TRUE(faults.meet("/latest/meta-data/events/maintenance/scheduled", kStart));
  EXPECT_TRUE(faults.meet("/latest/meta-data/autoscaling/target-lifecycle-state", kStart));
  EXPECT_FALSE(faults.meet(kId, kStart));
  EXPECT_FALSE(faults.meet("/latest/api/token", kStart));
}

TEST(Faults, DoNotUseUpTheTimesOfOneThatDoesNotApply) {
  Faults faults;
  faults.set(command("no-events times 1"), kStart);
  EXPECT_FALSE(faults.meet(kId, kStart));
  EXPECT_TRUE(faults.meet(kSpot, kStart));
}

TEST(Faults, AreSwitchedOffOneByOne) {
  Faults faults;
  faults.set(command("hang for 1h"), kStart);
  faults.set(command("errors 500 for 1h"), kStart);
  EXPECT_THAT(faults.standing(kStart), ElementsAre("hang", "errors"));
  EXPECT_EQ(faults.meet(kSpot, kStart)->kind, FaultKind::Hang);
  faults.set(command("hang off"), kStart);
  EXPECT_EQ(faults.meet(kSpot, kStart)->kind, FaultKind::Errors);
}

}  // namespace
}  // namespace spotkeeper::tools
