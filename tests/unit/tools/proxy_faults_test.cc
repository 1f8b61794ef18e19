#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/tools/fault_proxy/faults.h"

namespace spotkeeper::tools {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using Verb = ProxyCommand::Verb;

constexpr Steady kBegin{1000s};

FaultRule rule(std::string_view line) {
  const auto read = parse_proxy_command(line);
  EXPECT_TRUE(read) << line << ": " << read.error().message;
  return read ? read->rule : FaultRule{};
}
std::string problem_of(std::string_view line) {
  const auto read = parse_proxy_command(line);
  return read ? "none" : read.error().message;
}

TEST(CallKind, TellsTheCallsOfAnAgentApart) {
  EXPECT_EQ(call_kind("GET", "/api/v1/pods?fieldSelector=a&watch=true&resourceVersion=7"), CallKind::Watch);
  EXPECT_EQ(call_kind("GET", "/api/v1/nodes?watch=1"), CallKind::Watch);
  EXPECT_EQ(call_kind("GET", "/api/v1/nodes/rn1"), CallKind::Read);
  EXPECT_EQ(call_kind("PATCH", "/api/v1/nodes/rn1?fieldManager=a"), CallKind::Node);
  EXPECT_EQ(call_kind("POST", "/api/v1/namespaces/a/pods/b/eviction"), CallKind::Evict);
  EXPECT_EQ(call_kind("DELETE", "/api/v1/namespaces/a/pods/b"), CallKind::Delete);
  EXPECT_EQ(call_kind("POST", "/apis/events.k8s.io/v1/namespaces/a/events"), CallKind::Event);
  EXPECT_EQ(call_kind("PATCH", "/apis/events.k8s.io/v1/namespaces/a/events/b"), CallKind::Event);
  EXPECT_EQ(call_kind("POST", "/api/v1/namespaces"), CallKind::Other);
}

TEST(ProxyControl, ReadsFaultsWithWhomTheyMeet) {
  const FaultRule throttle = rule("answer 429 retry-after 2 of evict,node share 40 for 10s");
  EXPECT_EQ(throttle.fault, CallFault::Answer);
  EXPECT_EQ(throttle.status, 429);
  EXPECT_EQ(throttle.retry_after, 2);
  EXPECT_THAT(throttle.kinds, ElementsAre(CallKind::Node, CallKind::Evict));
  EXPECT_DOUBLE_EQ(throttle.share, 0.4);
  EXPECT_EQ(throttle.length, 10s);
  EXPECT_EQ(rule("delay 250ms on").delay, 250ms);
  EXPECT_EQ(rule("lose of node times 3").times, 3U);
  EXPECT_TRUE(rule("reset on").kinds.empty());
}

TEST(ProxyControl, SaysWhatIsWrongWithALine) {
  EXPECT_THAT(problem_of("explode on"), HasSubstr("'explode'"));
  EXPECT_THAT(problem_of("answer 200 on"), HasSubstr("answer"));
  EXPECT_THAT(problem_of("hang of everything on"), HasSubstr("'everything' is no kind of call"));
  EXPECT_THAT(problem_of("reset share 0 on"), HasSubstr("share"));
  EXPECT_THAT(problem_of("reset"), HasSubstr("reset: for LENGTH, times N or on"));
  EXPECT_THAT(problem_of("reset times 0"), HasSubstr("0"));
  EXPECT_THAT(problem_of("clear all"), HasSubstr("'all' is too much"));
  for (const char* line : {"clear", "cut", "status", "help"}) EXPECT_EQ(problem_of(line), "none") << line;
}

TEST(CallFaults, MeetTheirKindAsOftenAsTheyWereTold) {
  CallFaults faults(1);
  faults.add(rule("reset of evict times 2"), kBegin);
  EXPECT_FALSE(faults.meet(CallKind::Node, kBegin));
  EXPECT_TRUE(faults.meet(CallKind::Evict, kBegin));
  EXPECT_TRUE(faults.meet(CallKind::Evict, kBegin));
  EXPECT_FALSE(faults.meet(CallKind::Evict, kBegin));
  EXPECT_EQ(faults.met().at(CallFault::Reset), 2U);
  EXPECT_EQ(faults.disturbed(), (std::map<CallKind, std::uint64_t>{{CallKind::Evict, 2}}));
}

TEST(CallFaults, EndWithTheirTimeOrWhenTheyAreCleared) {
  CallFaults faults(1);
  faults.add(rule("hang for 10s"), kBegin);
  EXPECT_TRUE(faults.meet(CallKind::Read, kBegin + 9s));
  EXPECT_FALSE(faults.meet(CallKind::Read, kBegin + 10s));
  faults.add(rule("hang on"), kBegin);
  faults.clear();
  EXPECT_FALSE(faults.meet(CallKind::Read, kBegin));
}

TEST(CallFaults, MeetTheirShareOfCalls) {
  CallFaults faults(7);
  faults.add(rule("answer 503 share 30 on"), kBegin);
  int met = 0;
  for (int i = 0; i < 1000; ++i) met += faults.meet(CallKind::Read, kBegin) ? 1 : 0;
  EXPECT_GT(met, 250);
  EXPECT_LT(met, 350);
}

TEST(CallFaults, OfSeveralTheFirstThatMeetsDecides) {
  CallFaults faults(1);
  faults.add(rule("answer 409 of node times 1"), kBegin);
  faults.add(rule("answer 503 on"), kBegin);
  EXPECT_EQ(faults.meet(CallKind::Node, kBegin)->status, 409);
  EXPECT_EQ(faults.meet(CallKind::Node, kBegin)->status, 503);
}

}  // namespace
}  // namespace spotkeeper::tools
