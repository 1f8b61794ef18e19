#include "tests/tools/web_client/report.h"

#include <gtest/gtest.h>

namespace spotkeeper::tools {
namespace {

const Target kTarget = *parse_target("name=l4,url=http://10.0.0.5:80,rate=2");

RequestEnd end_of(std::string id, Duration due, Outcome outcome, Duration after = 2ms) {
  return {.id = std::move(id), .due = due, .after = after, .outcome = outcome, .served_by = "web-1"};
}

TEST(StreamReport, CountsEveryRequestOnce) {
  StreamReport report(kTarget, Style::New);
  for (const Duration due : {0s, 1s, 2s, 3s}) report.sent(due);
  report.ended(end_of("a", 0s, Outcome::Answered));
  report.ended(end_of("b", 1s, Outcome::Refused));
  report.ended(end_of("c", 2s, Outcome::Cut));
  report.ended(end_of("d", 3s, Outcome::Unsent));
  EXPECT_EQ(report.sent(), 3U) << "what could not be tried was not sent";
  EXPECT_EQ(report.answered(), 1U);
  EXPECT_EQ(report.lost(), 2U);
  EXPECT_EQ(report.sent(), report.answered() + report.lost());
  EXPECT_EQ(report.summary(), "l4 new: 3 sent, 1 answered, 2 lost (1 refused, 1 cut, 1 unsent)");
}

TEST(StreamReport, PutsALossIntoTheSecondInWhichItsRequestWasDue) {
  StreamReport report(kTarget, Style::Kept);
  report.sent(500ms);
  report.sent(1500ms);
  report.sent(1900ms);
  report.ended(end_of("late", 500ms, Outcome::Late, 10s));
  report.ended(end_of("slow", 1500ms, Outcome::Answered, 30ms));
  report.ended(end_of("fast", 1900ms, Outcome::Answered, 2ms));
  const format::JsonValue json = report.to_json();
  const auto seconds = format::JsonField(json)["seconds"].elements();
  ASSERT_TRUE(seconds);
  ASSERT_EQ(seconds->size(), 2U) << "the answer that came at 10.5 s belongs to second 0";
  EXPECT_EQ((*seconds)[0]["late"].as<std::uint64_t>(), 1U);
  EXPECT_EQ((*seconds)[0]["answered"].as<std::uint64_t>(), 0U);
  EXPECT_EQ((*seconds)[1]["sent"].as<std::uint64_t>(), 2U);
  EXPECT_EQ((*seconds)[1]["answered"].as<std::uint64_t>(), 2U);
  EXPECT_EQ((*seconds)[1]["worst_ms"].as<double>(), 30.0);
}

TEST(StreamReport, SaysWhichPodHadTheConnectionOfALostRequest) {
  StreamReport report(kTarget, Style::Kept);
  report.sent(4500ms);
  report.ended({.id = "r1-l4-kept-9",
                .due = 4500ms,
                .after = 7ms,
                .outcome = Outcome::ResetReused,
                .served_by = "web-7",
                .pod_address = "10.98.1.7",
                .source_port = 20'009,
                .answers_before = 12,
                .error = "Connection reset by peer"});
  const format::JsonValue json = to_json({.run = "r1"}, {&report});
  EXPECT_EQ(format::JsonField(json)["lost"].as<std::uint64_t>(), 1U);
  const auto lost = format::JsonField(json)["lost_requests"].elements();
  ASSERT_TRUE(lost);
  ASSERT_EQ(lost->size(), 1U);
  const format::JsonField request = lost->front();
  EXPECT_EQ(request["id"].as<std::string>(), "r1-l4-kept-9");
  EXPECT_EQ(request["target"].as<std::string>(), "l4");
  EXPECT_EQ(request["style"].as<std::string>(), "kept");
  EXPECT_EQ(request["at"].as<double>(), 4.5);
  EXPECT_EQ(request["outcome"].as<std::string>(), "reset-reused");
  EXPECT_EQ(request["pod"].as<std::string>(), "web-7");
  EXPECT_EQ(request["pod_address"].as<std::string>(), "10.98.1.7");
  EXPECT_EQ(request["answers_before"].as<std::uint64_t>(), 12U);
}

TEST(StreamReport, KnowsNoPodOfAFreshConnection) {
  StreamReport report(kTarget, Style::New);
  report.sent(0s);
  RequestEnd end = end_of("a", 0s, Outcome::Refused);
  end.served_by.clear();
  report.ended(std::move(end));
  const format::JsonValue json = to_json({}, {&report});
  const auto lost = format::JsonField(json)["lost_requests"].elements();
  ASSERT_TRUE(lost);
  ASSERT_EQ(lost->size(), 1U);
  EXPECT_FALSE(lost->front()["pod"].present());
}

TEST(StreamReport, HasTheMiddleAndTheWorstOfTheLatencies) {
  StreamReport report(kTarget, Style::New);
  for (int i = 1; i <= 101; ++i) {
    report.sent(0s);
    report.ended(end_of("x", 0s, Outcome::Answered, i * 1ms));
  }
  const format::JsonValue json = report.to_json();
  const format::JsonField latency = format::JsonField(json)["latency_ms"];
  EXPECT_EQ(latency["median"].as<double>(), 51.0);
  EXPECT_EQ(latency["p99"].as<double>(), 100.0);
  EXPECT_EQ(latency["most"].as<double>(), 101.0);
}

TEST(RunReport, AddsUpItsStreams) {
  StreamReport first(kTarget, Style::New);
  StreamReport second(kTarget, Style::Kept);
  first.sent(0s);
  first.ended(end_of("a", 0s, Outcome::Answered));
  second.sent(0s);
  second.ended(end_of("b", 0s, Outcome::ServerError));
  const format::JsonValue json = to_json({.run = "r1", .next_port = 20'042}, {&first, &second});
  const format::JsonField report(json);
  EXPECT_EQ(report["sent"].as<std::uint64_t>(), 2U);
  EXPECT_EQ(report["answered"].as<std::uint64_t>(), 1U);
  EXPECT_EQ(report["lost"].as<std::uint64_t>(), 1U);
  EXPECT_EQ(report["unsent"].as<std::uint64_t>(), 0U);
  EXPECT_EQ(report["source_ports"]["next"].as<std::uint64_t>(), 20'042U);
}

}  // namespace
}  // namespace spotkeeper::tools
