#include "control/node_record.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace spotkeeper::control {
namespace {

using ::testing::HasSubstr;

plan::NodeMark some_mark() {
  plan::NodeMark mark;
  mark.interruption = {.node = NodeName("n1"),
                       .kind = InterruptionKind::Kill,
                       .effect = InterruptionEffect::Hibernate,
                       .source = "imds/spot",
                       .id = "spot-\"quoted\"",
                       .noticed = Instant(1'800'000'000'123'456'789ns),
                       .deadline = Deadline{Instant(1'800'000'120'000'000'000ns)},
                       .confidence = 1.0};
  mark.tainted = true;
  mark.excluded = true;
  mark.boot_id = "5f1c";
  return mark;
}

TEST(NodeRecord, ReadsWhatItWrites) {
  plan::NodeMark mark = some_mark();
  EXPECT_EQ(read_mark(write_mark(mark), NodeName("n1")).value(), mark);
  mark.interruption.deadline.reset();
  mark.interruption.confidence = 0.25;
  mark.interruption.kind = InterruptionKind::Maybe;
  mark.cordoned = true;
  EXPECT_EQ(read_mark(write_mark(mark), NodeName("n1")).value(), mark);
}

TEST(NodeRecord, IsTheSameTextForEqualMarks) { EXPECT_EQ(write_mark(some_mark()), write_mark(some_mark())); }

TEST(NodeRecord, SkipsWhatItDoesNotKnow) {
  const auto mark = read_mark(R"({"kind":"kill","source":"s","id":"i","noticed":"2026-01-01T00:00:00Z",
                                  "from-the-future":{"deep":[1,2,{}]},"did":{"taint":true,"more":1}})",
                              NodeName("n1"));
  ASSERT_TRUE(mark) << mark.error().message;
  EXPECT_TRUE(mark->tainted);
  EXPECT_FALSE(mark->cordoned);
  EXPECT_EQ(mark->interruption.effect, InterruptionEffect::Terminate);
}

TEST(NodeRecord, RefusesGarbageWithTheBytes) {
  for (const char* text :
       {"", "{", "null", "[]", "7", "{}", R"({"kind":"kill"})",
        R"({"kind":"quake","source":"s","id":"i","noticed":"2026-01-01T00:00:00Z"})",
        R"({"kind":"kill","source":"s","id":"i","noticed":"yesterday"})",
        R"({"kind":"kill","source":"s","id":"i","noticed":"2026-01-01T00:00:00Z","confidence":2})",
        R"({"kind":"kill","source":"s","id":"i","noticed":"2026-01-01T00:00:00Z","did":"everything"})"}) {
    const auto mark = read_mark(text, NodeName("n1"));
    ASSERT_FALSE(mark) << text;
    EXPECT_EQ(mark.error().code, ErrorCode::InvalidInput);
    EXPECT_THAT(mark.error().message, HasSubstr("spotkeeper.dev/interruption"));
  }
}

TEST(DrainClaim, ReadsWhatItWritesAndCountsForNothingIfUnreadable) {
  const DrainClaim claim{"controller-7", 12, Instant(1'800'000'000s)};
  EXPECT_EQ(read_claim(write_claim(claim)).value(), claim);
  Node node;
  EXPECT_EQ(claim_of(node), std::nullopt);
  node.annotations.set(kDrainAnnotation, write_claim(claim));
  EXPECT_EQ(claim_of(node), claim);
  node.annotations.set(kDrainAnnotation, "me");
  EXPECT_EQ(claim_of(node), std::nullopt);
  node.annotations.set(kDrainAnnotation, R"({"holder":"","term":1,"progress":"2026-01-01T00:00:00Z"})");
  EXPECT_EQ(claim_of(node), std::nullopt);
}

TEST(MarkedNodes, AreThoseWithARecordThatCanBeRead) {
  Snapshot cluster;
  for (const char* name : {"a", "b", "c"}) {
    Node node;
    node.name = NodeName(name);
    if (std::string_view(name) == "a") node.annotations.set(kInterruptionAnnotation, write_mark(some_mark()));
    if (std::string_view(name) == "b") node.annotations.set(kInterruptionAnnotation, "?");
    cluster.put(node);
  }
  MarkedNodes reader;
  const auto marked = reader.in(cluster);
  ASSERT_EQ(marked.size(), 1U);
  EXPECT_EQ(marked[0].node, NodeName("a"));
}

TEST(MarkedNodes, ChangeWithTheirRecords) {
  Snapshot cluster;
  Node node;
  node.name = NodeName("a");
  plan::NodeMark mark = some_mark();
  const auto put = [&](const std::string& text) {
    node.annotations.set(kInterruptionAnnotation, text);
    cluster.put(node);
  };
  MarkedNodes reader;
  put(write_mark(mark));
  ASSERT_EQ(reader.in(cluster).size(), 1U);
  EXPECT_EQ(reader.in(cluster)[0].deadline, mark.interruption.deadline) << "asked again, the same";
  mark.interruption.deadline = Deadline{Instant(5s)};
  put(write_mark(mark));
  EXPECT_EQ(reader.in(cluster)[0].deadline, mark.interruption.deadline);
  put("?");
  EXPECT_TRUE(reader.in(cluster).empty());
  put(write_mark(mark));
  EXPECT_EQ(reader.in(cluster).size(), 1U);
  node.annotations.erase(kInterruptionAnnotation);
  cluster.put(node);
  EXPECT_TRUE(reader.in(cluster).empty());
}

}  // namespace
}  // namespace spotkeeper::control
