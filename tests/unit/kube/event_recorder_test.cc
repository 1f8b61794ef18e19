#include "kube/event_recorder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/kube/fake_server.h"

namespace spotkeeper::kube {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

struct EventsTest : ::testing::Test, FakeApi {
  Client client{pipeline};
  EventRecorder recorder{
      runtime,
      client,
      {.controller = "spotkeeper.dev/agent", .instance = "a", .cluster_scoped_in = NamespaceName("default")},
      Random(1)};
  std::unique_ptr<net::TaskGroup> group = std::make_unique<net::TaskGroup>(runtime);

  void start() {
    group->start(recorder.run());
    runtime.settle();
  }
  static EventNote about(const std::string& pod, const std::string& note = "text") {
    EventNote out;
    out.kind = "Pod";
    out.ns = NamespaceName("shop");
    out.name = pod;
    out.reason = "Drained";
    out.action = "Evict";
    out.note = note;
    return out;
  }
  [[nodiscard]] const net::HttpRequest& request(std::size_t i) const { return server.requests.at(i); }
};

TEST_F(EventsTest, AreSentWithSixDecimalsAndBoundedText) {
  start();
  server.answer(201);
  recorder.emit(about("web", std::string(1022, 'x') + "ÄÄÄ"));
  runtime.settle();
  ASSERT_EQ(server.requests.size(), 1u);
  EXPECT_EQ(request(0).target, "/apis/events.k8s.io/v1/namespaces/shop/events");
  EXPECT_THAT(request(0).body, HasSubstr(R"("eventTime":"2027-01-15T08:00:00.000000Z")"));
  const auto event = format::parse_json(request(0).body);
  ASSERT_TRUE(event) << "cut text is still UTF-8";
  EXPECT_LE(format::JsonField(*event)["note"].as<std::string>()->size(), 1024u);
  EXPECT_EQ(request(0).body.find("annotations"), std::string::npos);
}

TEST_F(EventsTest, MayHaveAnnotations) {
  start();
  server.answer(201);
  EventNote note = about("web");
  note.annotations = {{"instance-id", "i-1"}, {"team", "web"}};
  recorder.emit(note);
  runtime.settle();
  ASSERT_EQ(server.requests.size(), 1u);
  EXPECT_THAT(request(0).body, HasSubstr(R"("annotations":{"instance-id":"i-1","team":"web"})"));
}

// Trap 27.
TEST_F(EventsTest, Trap27NeverBlockHoweverManyAndHoweverSlowTheServer) {
  start();
  for (int i = 0; i < 2000; ++i) recorder.emit(about("web-" + std::to_string(i)));
  runtime.settle();
  EXPECT_LE(recorder.queued(), EventRecorder::kQueued);
  EXPECT_GE(recorder.stats().dropped, 999u);
  EXPECT_EQ(runtime.steady(), Steady());
}

TEST_F(EventsTest, TheSecondOfAKindMakesASeriesAndTheRestAreCounted) {
  start();
  for (int i = 0; i < 4; ++i) server.answer(200);
  for (int i = 0; i < 50; ++i) recorder.emit(about("web"));
  runtime.settle();
  ASSERT_EQ(server.requests.size(), 2u + 0u);
  EXPECT_EQ(request(0).method, "POST");
  EXPECT_EQ(request(1).method, "PATCH");
  EXPECT_THAT(request(1).target, StartsWith("/apis/events.k8s.io/v1/namespaces/shop/events/web."));
  runtime.advance(7min);
  EXPECT_EQ(server.requests.size(), 3u) << "the last count is told when nothing has come for six minutes";
  EXPECT_THAT(request(2).body, HasSubstr(R"("count":50)"));
}

TEST_F(EventsTest, AreTriedAgainWhileTheServerIsAwayAndGivenUpInTheEnd) {
  start();
  server.fails(ErrorCode::Unavailable);
  server.answer(503, "starting");
  server.answer(201);
  recorder.emit(about("web"));
  runtime.advance(2min);
  EXPECT_EQ(recorder.stats().sent, 1u);
  for (int i = 0; i < 1000; ++i) server.fails(ErrorCode::Unavailable);
  recorder.emit(about("other"));
  runtime.advance(24h);
  EXPECT_EQ(recorder.stats().failed, 1u);
}

TEST_F(EventsTest, WhoseAnswerWasLostAreOneEventAllTheSame) {
  start();
  server.fails(ErrorCode::Unavailable);
  server.answer(409, R"({"kind":"Status","code":409,"reason":"AlreadyExists"})");
  recorder.emit(about("web"));
  runtime.advance(1min);
  ASSERT_EQ(server.requests.size(), 2u);
  EXPECT_EQ(request(0).body, request(1).body) << "the same name, too";
  EXPECT_EQ(recorder.stats().sent, 1u);
  EXPECT_EQ(recorder.stats().failed, 0u);
}

TEST_F(EventsTest, ThatAreRefusedAreNotTriedAgain) {
  start();
  server.answer(422, R"({"kind":"Status","code":422,"message":"bad"})");
  recorder.emit(about("web"));
  runtime.advance(10min);
  EXPECT_EQ(server.requests.size(), 1u);
  EXPECT_EQ(recorder.stats().failed, 1u);
}

TEST_F(EventsTest, AboutNodesGoToTheDefaultNamespaceAndFlushWaitsForThem) {
  start();
  Answer slow;
  slow.status = 201;
  slow.body = "{}";
  slow.after = 2s;
  server.answers.push_back(slow);
  EventNote note = about("n");
  note.kind = "Node";
  note.ns = {};
  recorder.emit(note);
  runtime.run([](EventRecorder& events) -> net::Task<int> {
    co_await events.flush(10s);
    co_return 0;
  }(recorder));
  EXPECT_EQ(recorder.stats().sent, 1u);
  EXPECT_THAT(request(0).target, HasSubstr("/namespaces/default/"));
  EXPECT_EQ(runtime.steady() - Steady(), 2s);
}

}  // namespace
}  // namespace spotkeeper::kube
