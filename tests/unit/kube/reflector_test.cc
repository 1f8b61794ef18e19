#include "kube/reflector.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "format/protobuf.h"
#include "tests/unit/kube/fake_server.h"

namespace spotkeeper::kube {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

std::string pod(const std::string& name, int version) {
  return R"({"metadata":{"name":")" + name + R"(","namespace":"n","uid":"u-)" + name + R"(","resourceVersion":")" +
         std::to_string(version) + R"("}})";
}
std::string event(const std::string& type, const std::string& object) {
  return R"({"type":")" + type + R"(","object":)" + object + "}\n";
}
std::string bookmark(int version, bool initial_end = false) {
  const std::string mark = initial_end ? R"(,"annotations":{"k8s.io/initial-events-end":"true"})" : "";
  return event("BOOKMARK", R"({"metadata":{"resourceVersion":")" + std::to_string(version) + "\"" + mark + "}}");
}
std::string failure(int code, const std::string& reason) {
  return R"({"kind":"Status","apiVersion":"v1","status":"Failure","message":"m","reason":")" + reason + R"(","code":)" +
         std::to_string(code) + "}";
}
std::string list(int version, const std::vector<std::string>& items, const std::string& next = {}) {
  std::string body = R"({"kind":"PodList","metadata":{"resourceVersion":")" + std::to_string(version) +
                     R"(","continue":")" + next + R"("},"items":[)";
  for (std::size_t i = 0; i < items.size(); ++i) body += (i == 0 ? "" : ",") + items[i];
  return body + "]}";
}

/// A reflector, what it was told, and what it told.
struct Watched : FakeApi, ReflectorSink {
  std::map<std::string, std::string> objects;
  std::map<std::string, std::string> staged;
  std::vector<std::string> seen;
  std::string unreadable_name;
  int commits = 0;
  ReflectorOptions options;
  std::unique_ptr<Reflector> reflector;
  std::unique_ptr<net::TaskGroup> group = std::make_unique<net::TaskGroup>(runtime);

  void begin_list() override { staged.clear(); }
  Result<void> stage(const WireObject&, const WireMeta& meta) override {
    if (meta.name == unreadable_name) return fail(ErrorCode::InvalidInput, "unreadable");
    staged[meta.name] = meta.version;
    return {};
  }
  void commit() override {
    objects = staged;
    ++commits;
  }
  Result<void> apply(WatchType type, const WireObject&, const WireMeta& meta) override {
    if (meta.name == unreadable_name) return fail(ErrorCode::InvalidInput, "unreadable");
    seen.push_back((type == WatchType::Deleted ? "-" : type == WatchType::Added ? "+" : "~") + meta.name);
    if (type == WatchType::Deleted) {
      objects.erase(meta.name);
    } else {
      objects[meta.name] = meta.version;
    }
    return {};
  }

  Watched() { options.watch_list = false; }
  void start() {
    reflector = std::make_unique<Reflector>(pipeline, kPods, WatchScope{}, *this, options, Random(1));
    group->start(reflector->run());
    runtime.settle();
  }
  [[nodiscard]] std::string target(std::size_t request) const { return server.requests.at(request).target; }
};
struct ReflectorTest : ::testing::Test, Watched {};

TEST_F(ReflectorTest, ListsPageByPageAndWatchesFromTheListsVersion) {
  options.page = 2;
  server.answer(200, list(10, {pod("a", 1), pod("b", 2)}, "more"));
  server.answer(200, list(10, {pod("c", 3)}));
  server.stream({{event("ADDED", pod("d", 11))}, {event("MODIFIED", pod("a", 12))}, {event("DELETED", pod("b", 13))}});
  start();
  EXPECT_THAT(target(0), HasSubstr("limit=2"));
  EXPECT_THAT(target(1), HasSubstr("continue=more"));
  EXPECT_THAT(target(2), HasSubstr("resourceVersion=10"));
  EXPECT_THAT(target(2), HasSubstr("allowWatchBookmarks=true"));
  EXPECT_THAT(seen, ElementsAre("+d", "~a", "-b"));
  EXPECT_THAT(objects, UnorderedElementsAre(Pair("a", "12"), Pair("c", "3"), Pair("d", "11")));
  EXPECT_EQ(reflector->position(), "13");
  EXPECT_EQ(commits, 1);
}

// Trap 5: version "0" is whatever some cache has, and may be older than what this program acted on before it restarted.
TEST_F(ReflectorTest, Trap5NeverAsksForAnythingOlderThanNow) {
  server.answer(200, list(10, {}));
  server.stream({{event("ERROR", failure(410, "Expired"))}});
  server.answer(200, list(20, {}));
  start();
  runtime.advance(10s);
  for (const std::size_t i : {0U, 2U})
    EXPECT_THAT(target(i), Not(HasSubstr("resourceVersion"))) << "consistent: as of now";
}

// Trap 1.
TEST_F(ReflectorTest, Trap1AnErrorInsideA200StreamLeadsToAList) {
  server.answer(200, list(10, {pod("a", 1)}));
  server.stream({{event("ERROR", failure(410, "Expired"))}});
  server.answer(200, list(50, {pod("b", 40)}));
  server.stream({});
  start();
  runtime.advance(1s);
  EXPECT_THAT(objects, UnorderedElementsAre(Pair("b", "40"))) << "what the new list lacks is gone";
  EXPECT_EQ(reflector->stats().expired, 1u);
  EXPECT_THAT(target(3), HasSubstr("resourceVersion=50"));
}

TEST_F(ReflectorTest, Trap1A410AsTheStatusLeadsToAListToo) {
  server.answer(200, list(10, {}));
  server.answer(410, failure(410, "Gone"));
  server.answer(200, list(50, {}));
  server.stream({});
  start();
  runtime.advance(1s);
  EXPECT_EQ(reflector->position(), "50");
}

// Trap 2: the events of a streaming list come in no order of versions.
TEST_F(ReflectorTest, Trap2NoPositionIsTakenFromInitialEvents) {
  options.watch_list = true;
  server.stream({{event("ADDED", pod("a", 900))}, {event("ADDED", pod("b", 5))}, {bookmark(50, true)}});
  start();
  EXPECT_THAT(target(0), HasSubstr("sendInitialEvents=true"));
  EXPECT_THAT(target(0), HasSubstr("resourceVersionMatch=NotOlderThan"));
  EXPECT_EQ(reflector->position(), "50");
  EXPECT_TRUE(reflector->synced());
  EXPECT_THAT(objects, UnorderedElementsAre(Pair("a", "900"), Pair("b", "5")));
}

TEST_F(ReflectorTest, AStreamingListThatIsCutShortIsThrownAway) {
  options.watch_list = true;
  server.stream({{event("ADDED", pod("a", 5))}, {"", 0s, true}});
  server.stream({{event("ADDED", pod("b", 6))}, {bookmark(7, true)}});
  start();
  EXPECT_FALSE(reflector->synced());
  EXPECT_THAT(objects, IsEmpty());
  runtime.advance(2s);
  EXPECT_TRUE(reflector->synced());
  EXPECT_THAT(objects, UnorderedElementsAre(Pair("b", "6")));
}

TEST_F(ReflectorTest, ServersWithoutStreamingListsAreListed) {
  for (const int status : {422, 400}) {
    Watched old;
    old.options.watch_list = true;
    old.server.answer(status, failure(status, "Invalid"));
    old.server.answer(200, list(10, {pod("a", 1)}));
    old.server.stream({});
    old.start();
    EXPECT_TRUE(old.reflector->synced()) << status;
    EXPECT_EQ(old.runtime.steady(), Steady()) << "without a wait";
    EXPECT_THAT(old.target(2), Not(HasSubstr("sendInitialEvents")));
    old.group.reset();
  }
}

TEST_F(ReflectorTest, AServerThatNeverEndsItsInitialEventsIsListed) {
  options.watch_list = true;
  server.stream({{event("ADDED", pod("a", 5))}});
  server.answer(200, list(10, {pod("a", 5)}));
  server.stream({});
  start();
  runtime.advance(35s);
  EXPECT_TRUE(reflector->synced());
  EXPECT_EQ(reflector->stats().hung, 1u);
}

// Trap 6.
TEST_F(ReflectorTest, Trap6AWatchWithoutAByteIsOpenedAnewWithoutAList) {
  server.answer(200, list(10, {}));
  server.stream({{event("ADDED", pod("a", 11))}});
  server.stream({{event("ADDED", pod("b", 12))}});
  start();
  runtime.advance(299s);
  EXPECT_EQ(server.requests.size(), 2u);
  runtime.advance(2s);
  ASSERT_EQ(server.requests.size(), 3u);
  EXPECT_THAT(target(2), HasSubstr("resourceVersion=11"));
  EXPECT_EQ(reflector->stats().hung, 1u);
  EXPECT_THAT(seen, ElementsAre("+a", "+b"));
}

// Trap 7: 1.37 compresses streaming lists as several gzip members, which many readers take for garbage.
TEST_F(ReflectorTest, Trap7NeverAsksForCompression) {
  options.watch_list = true;
  server.answer(422);
  server.answer(200, list(10, {}));
  server.stream({});
  start();
  for (const auto& request : server.requests) EXPECT_FALSE(request.headers.find("Accept-Encoding"));
}

// Trap 3: with a selector, DELETED is told with the last object that matched and the event's own version.
TEST_F(ReflectorTest, Trap3ADeletionMovesThePositionToItsOwnVersion) {
  server.answer(200, list(10, {pod("a", 5)}));
  server.stream({{event("DELETED", pod("a", 77))}});
  start();
  EXPECT_THAT(objects, IsEmpty());
  EXPECT_EQ(reflector->position(), "77");
}

TEST_F(ReflectorTest, BookmarksMoveThePositionAndNothingElse) {
  server.answer(200, list(10, {pod("a", 5)}));
  server.stream({{bookmark(30)}, {"", 60s}});
  server.stream({});
  start();
  runtime.advance(61s);
  EXPECT_THAT(target(2), HasSubstr("resourceVersion=30"));
  EXPECT_THAT(seen, IsEmpty());
  EXPECT_EQ(objects.size(), 1u);
}

// One 410 is told at once from a position that was old. A server that refuses the version of its own fresh list has
// nothing better to give, and a list of a large cluster is the dearest thing to ask it for.
TEST_F(ReflectorTest, PositionsThatExpireAgainAndAgainAreListedMoreAndMoreSeldom) {
  for (int i = 1; i <= 100; ++i) {
    server.answer(200, list(10 * i, {pod("a", 5)}));
    server.stream({{event("ERROR", failure(410, "Expired"))}});
  }
  start();
  EXPECT_EQ(reflector->stats().lists, 2u) << "after the first 410 the list comes at once";
  EXPECT_THAT(reflector->trouble(), HasSubstr("expires"));
  runtime.advance(700ms);
  EXPECT_EQ(reflector->stats().lists, 2u) << "after the second there is a wait";
  runtime.advance(1s);
  EXPECT_EQ(reflector->stats().lists, 3u);
  runtime.advance(60s);
  EXPECT_GE(reflector->stats().lists, 7u);
  EXPECT_LE(reflector->stats().lists, 15u) << "as seldom as a server that is away";
  EXPECT_THAT(objects, UnorderedElementsAre(Pair("a", "5"))) << "the copy is kept, as new as the last list";
  EXPECT_TRUE(reflector->synced());
}

TEST_F(ReflectorTest, A410LongAfterAListIsNoTroubleHoweverOftenItComes) {
  for (int i = 1; i <= 5; ++i) {
    server.answer(200, list(10 * i, {}));
    server.stream({{bookmark(10 * i + 1), 2s}, {event("ERROR", failure(410, "Expired"))}});
  }
  server.answer(200, list(60, {}));
  server.stream({});
  start();
  runtime.advance(10s);
  EXPECT_EQ(reflector->stats().expired, 5u);
  EXPECT_EQ(reflector->stats().failures, 0u);
  EXPECT_EQ(reflector->position(), "60");
}

TEST_F(ReflectorTest, A429DelaysTheWatchAndCostsNoList) {
  server.answer(200, list(10, {}));
  server.answer(429, "Too many requests", {{"Retry-After", "5"}});
  server.stream({});
  start();
  runtime.advance(4900ms);
  EXPECT_EQ(server.requests.size(), 2u);
  runtime.advance(2s);
  ASSERT_EQ(server.requests.size(), 3u);
  EXPECT_THAT(target(2), HasSubstr("resourceVersion=10"));
}

TEST_F(ReflectorTest, AServerThatIsAwayIsAskedMoreAndMoreSeldomAndKeepsItsCopy) {
  server.answer(200, list(10, {pod("a", 5)}));
  for (int i = 0; i < 100; ++i) server.fails(ErrorCode::Unavailable);
  start();
  runtime.advance(60s);
  EXPECT_GE(server.requests.size(), 5u);
  EXPECT_LE(server.requests.size(), 15u);
  EXPECT_EQ(objects.size(), 1u);
  EXPECT_TRUE(reflector->synced());
  EXPECT_FALSE(reflector->trouble().empty());
}

TEST_F(ReflectorTest, WatchesThatEndAtOnceAreNoBusyLoop) {
  server.answer(200, list(10, {}));
  for (int i = 0; i < 1000; ++i) server.stream({{"", 10ms}});
  start();
  runtime.advance(60s);
  EXPECT_LE(server.requests.size(), 20u);
}

TEST_F(ReflectorTest, AWatchThatEndedInTimeIsOpenedAtOnce) {
  server.answer(200, list(10, {}));
  server.stream({{"", 400s / 2}});
  server.stream({});
  start();
  runtime.advance(200s);
  EXPECT_EQ(server.requests.size(), 3u);
}

TEST_F(ReflectorTest, EventsOfUnknownTypesChangeNothing) {
  server.answer(200, list(10, {}));
  server.stream({{event("SPLIT", pod("a", 99))}, {event("ADDED", pod("b", 11))}});
  start();
  EXPECT_THAT(seen, ElementsAre("+b"));
  EXPECT_EQ(reflector->position(), "11");
}

TEST_F(ReflectorTest, OneUnreadableObjectDoesNotStopTheOthers) {
  unreadable_name = "bad";
  server.answer(200, list(10, {pod("a", 1), pod("bad", 2), pod("c", 3)}));
  server.stream({{event("MODIFIED", pod("bad", 11))}, {event("ADDED", pod("d", 12))}});
  start();
  EXPECT_THAT(objects, UnorderedElementsAre(Pair("a", "1"), Pair("c", "3"), Pair("d", "12")));
  EXPECT_EQ(reflector->stats().unreadable, 2u);
  EXPECT_EQ(reflector->position(), "12");
}

TEST_F(ReflectorTest, AListWhoseSnapshotIsGoneBeginsAnewWithLargerPages) {
  options.page = 500;
  server.answer(200, list(10, {pod("a", 1)}, "token"));
  server.answer(410, failure(410, "Expired"));
  server.answer(200, list(30, {pod("b", 2)}));
  server.stream({});
  start();
  EXPECT_THAT(target(2), HasSubstr("limit=1000"));
  EXPECT_THAT(target(2), Not(HasSubstr("continue")));
  EXPECT_THAT(objects, UnorderedElementsAre(Pair("b", "2")));
}

TEST_F(ReflectorTest, EventsCutAnywhereAreReadWhole) {
  const std::string all = event("ADDED", pod("a", 11)) + event("MODIFIED", pod("a", 12)) + bookmark(13);
  for (std::size_t at = 1; at < all.size(); at += 7) {
    Watched cut;
    cut.server.answer(200, list(10, {}));
    cut.server.stream({{all.substr(0, at)}, {all.substr(at)}});
    cut.start();
    EXPECT_EQ(cut.reflector->position(), "13") << at;
    cut.group.reset();
  }
}

TEST_F(ReflectorTest, GarbageIsGivenUpAndWatchedAnew) {
  server.answer(200, list(10, {}));
  server.stream({{event("ADDED", pod("a", 11))}, {"}{ nonsense"}});
  server.stream({{event("ADDED", pod("b", 12))}});
  start();
  runtime.advance(3s);
  EXPECT_THAT(seen, ElementsAre("+a", "+b"));
  EXPECT_THAT(target(2), HasSubstr("resourceVersion=11"));
}

std::string protobuf_pod(const std::string& name, const std::string& version) {
  std::string message;
  format::ProtoWriter(message).message(1, [&](format::ProtoWriter& meta) {
    meta.text(1, name);
    meta.text(6, version);
  });
  return format::write_envelope({"v1", "Pod"}, message);
}

TEST_F(ReflectorTest, ReadsProtobufFrames) {
  server.answer(200, list(10, {}));
  std::string status;
  {
    format::ProtoWriter out(status);
    out.text(2, "Failure");
    out.text(4, "Expired");
    out.int64(6, 410);
  }
  const std::string frames = format::write_watch_frame("ADDED", protobuf_pod("a", "11")) +
                             format::write_watch_frame("ERROR", format::write_envelope({"v1", "Status"}, status));
  server.stream({{frames.substr(0, 9)}, {frames.substr(9)}},
                {{"Content-Type", "application/vnd.kubernetes.protobuf;stream=watch"}});
  server.answer(200, list(40, {}));
  server.stream({});
  start();
  EXPECT_THAT(seen, ElementsAre("+a"));
  EXPECT_EQ(reflector->stats().expired, 1u);
  EXPECT_EQ(reflector->position(), "40");
}

}  // namespace
}  // namespace spotkeeper::kube
