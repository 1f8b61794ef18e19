#include "kube/pipeline.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/log.h"
#include "tests/unit/kube/fake_server.h"

namespace spotkeeper::kube {
namespace {

using ::testing::HasSubstr;

constexpr const char* kBudget429 =
    R"({"kind":"Status","status":"Failure","reason":"TooManyRequests","code":429,"details":{"causes":[{"reason":"DisruptionBudget","message":"needs 1"}]}})";

struct PipelineTest : ::testing::Test, FakeApi {
  static ApiRequest request(std::string method = "GET", Retry retry = Retry::Ambiguous) {
    ApiRequest out;
    out.method = std::move(method);
    out.target = "/api/v1/pods";
    out.retry = retry;
    return out;
  }
  Result<net::HttpResponse> send(ApiRequest what) { return runtime.run(pipeline.send(std::move(what))); }
};

TEST_F(PipelineTest, SendsCredentialsAndWhatItAccepts) {
  server.answer(200);
  ApiRequest get = request();
  get.accept = kAcceptProtobuf;
  ASSERT_TRUE(send(get));
  EXPECT_EQ(server.header(0, "Authorization"), "Bearer token-1");
  EXPECT_EQ(server.header(0, "Accept"), "application/vnd.kubernetes.protobuf, application/json");
  EXPECT_EQ(server.header(0, "User-Agent"), "spotkeeper");
}

// Trap 8: priority and fairness, a server that shuts down, and proxies answer 429 in plain text.
TEST_F(PipelineTest, Trap8APlainText429IsWaitedForAsLongAsItSays) {
  server.answer(429, "Too many requests, please try again later.\n",
                {{"Retry-After", "3"}, {"Content-Type", "text/plain"}});
  server.answer(200);
  const auto answer = send(request("PATCH", Retry::Refused));
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 200);
  EXPECT_GE(server.times[1] - server.times[0], 3s);
  EXPECT_LE(server.times[1] - server.times[0], 3300ms);
  EXPECT_EQ(pipeline.stats().throttled, 1u);
  EXPECT_EQ(pipeline.limit_of(Lane::Normal).window(), 8 + 1.0 / 8) << "halved, and one success since";
}

// Trap 9: a budget's refusal is no sign of an overloaded server.
TEST_F(PipelineTest, Trap9ABudgets429DoesNotSlowUsDown) {
  server.answer(429, kBudget429);
  ApiRequest evict = request("POST", Retry::Never);
  evict.lane = Lane::Eviction;
  EXPECT_EQ(send(evict)->status, 429);
  EXPECT_EQ(server.requests.size(), 1u) << "the caller decides when to ask again";
  EXPECT_EQ(pipeline.stats().throttled, 0u);
  EXPECT_GE(pipeline.limit_of(Lane::Eviction).window(), 16);
}

TEST_F(PipelineTest, GivesTheRefusalBackWhenWaitingWouldTakeTooLong) {
  server.answer(429, "later", {{"Retry-After", "32"}});
  ApiRequest get = request();
  get.limit = 10s;
  const auto answer = send(get);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 429);
  EXPECT_LT(runtime.steady() - Steady(), 10s);
}

TEST_F(PipelineTest, TheOthersOfItsLaneWaitAsLongAsARefusalSaysToo) {
  server.answer(429, "later", {{"Retry-After", "20"}});
  server.answer(200);
  ApiRequest hasty = request();
  hasty.limit = 1s;
  EXPECT_EQ(send(hasty)->status, 429);
  EXPECT_EQ(send(request())->status, 200);
  EXPECT_GE(server.times[1] - server.times[0], 20s);
}

TEST_F(PipelineTest, NoRefusalStopsALaneForLongerThanAMinute) {
  server.answer(429, "later", {{"Retry-After", "86400"}});
  server.answer(200);
  ApiRequest hasty = request();
  hasty.limit = 1s;
  EXPECT_EQ(send(hasty)->status, 429);
  ApiRequest patient = request();
  patient.limit = patient.try_limit = 10min;
  EXPECT_EQ(send(patient)->status, 200);
  EXPECT_LE(server.times[1] - server.times[0], 1min + 1s);
}

TEST_F(PipelineTest, NothingTakesLongerThanItsLimit) {
  ApiRequest get = request();
  get.limit = 7s;
  const auto hangs = send(get);
  ASSERT_FALSE(hangs);
  EXPECT_EQ(hangs.error().code, ErrorCode::Timeout);
  EXPECT_THAT(hangs.error().message, HasSubstr("GET /api/v1/pods"));
  EXPECT_EQ(runtime.steady() - Steady(), 7s);
}

// What goes away before the server is done is not done, however often it comes back.
TEST_F(PipelineTest, AServerThatIsSlowWithEverythingGetsMoreTimeWithEachTry) {
  for (int i = 0; i < 4; ++i) {
    server.answer(200);
    server.answers.back().after = 5s;
  }
  ApiRequest urgent = request("DELETE");
  urgent.limit = 15s;
  urgent.try_limit = 3s;
  const auto slow = send(urgent);
  ASSERT_TRUE(slow) << slow.error().message;
  EXPECT_EQ(server.requests.size(), 2u);
  EXPECT_LT(runtime.steady() - Steady(), 9s);
}

TEST_F(PipelineTest, RepeatsOnlyWhatMayBeCarriedOutTwice) {
  server.fails(ErrorCode::Unavailable);
  server.answer(200);
  EXPECT_TRUE(send(request("GET", Retry::Ambiguous)));
  EXPECT_EQ(server.requests.size(), 2u);

  server.requests.clear();
  server.fails(ErrorCode::Unavailable);
  const auto lost = send(request("POST", Retry::Refused));
  ASSERT_FALSE(lost);
  EXPECT_EQ(lost.error().code, ErrorCode::Unavailable);
  EXPECT_EQ(server.requests.size(), 1u) << "it may have been carried out";

  server.answer(503, "starting", {{"Retry-After", "1"}});
  server.answer(201);
  EXPECT_EQ(send(request("POST", Retry::Refused))->status, 201) << "it was not carried out";
}

TEST_F(PipelineTest, WaitsNoLongerBetweenTriesThanARequestAllows) {
  for (int i = 0; i < 12; ++i) server.fails(ErrorCode::Unavailable);
  server.answer(200);
  ApiRequest urgent = request("PATCH");
  urgent.longest_wait = 1s;
  ASSERT_TRUE(send(urgent));
  for (std::size_t i = 1; i < server.times.size(); ++i)
    EXPECT_LE(server.times[i] - server.times[i - 1], 1500ms) << i << ": a second and the jitter";
}

TEST_F(PipelineTest, A4xxIsAnAnswerAndNotRepeated) {
  server.answer(404);
  EXPECT_EQ(send(request())->status, 404);
  EXPECT_EQ(server.requests.size(), 1u);
}

// Trap 21.
TEST_F(PipelineTest, Trap21A401IsAskedOnceMoreWithFreshCredentials) {
  server.answer(401);
  server.answer(200);
  EXPECT_EQ(send(request("POST", Retry::Never))->status, 200);
  EXPECT_EQ(server.header(1, "Authorization"), "Bearer token-2");

  server.requests.clear();
  server.answer(401);
  server.answer(401);
  EXPECT_EQ(send(request())->status, 401);
  EXPECT_EQ(server.requests.size(), 2u);

  server.requests.clear();
  credentials.renewable = false;
  server.answer(401);
  EXPECT_EQ(send(request())->status, 401);
  EXPECT_EQ(server.requests.size(), 1u);
}

TEST_F(PipelineTest, AFloodOfPatchesDelaysNoEvictionAndNoLease) {
  const auto flood = [](Pipeline& through, ApiRequest what, int& done) -> net::Task<void> {
    auto answer = co_await through.send(std::move(what));
    done += answer ? 1 : 0;
  };
  int patched = 0;
  int evicted = 0;
  int renewed = 0;
  for (int i = 0; i < 600; ++i) {
    Answer slow;
    slow.after = 1s;
    server.answers.push_back(slow);
  }
  leases.answer(200);
  net::TaskGroup group(runtime);
  for (int i = 0; i < 500; ++i) group.start(flood(pipeline, request("PATCH"), patched));
  runtime.settle();
  EXPECT_EQ(server.under_way, 16);
  ApiRequest eviction = request("POST", Retry::Never);
  eviction.lane = Lane::Eviction;
  ApiRequest lease = request("PATCH", Retry::Never);
  lease.lane = Lane::Unlimited;
  group.start(flood(pipeline, eviction, evicted));
  group.start(flood(pipeline, lease, renewed));
  runtime.settle();
  EXPECT_EQ(renewed, 1);
  runtime.advance(1s);
  EXPECT_EQ(evicted, 1);
  runtime.advance(60s);
  EXPECT_EQ(patched, 500);
  EXPECT_LE(server.most_under_way, 65);
}

TEST_F(PipelineTest, LogsEachWarningOfTheServerOnce) {
  std::string lines;
  log::capture(&lines);
  for (int i = 0; i < 3; ++i) {
    server.answer(200, "{}", {{"Warning", "299 - \"policy/v1beta1 is deprecated\""}});
    ASSERT_TRUE(send(request()));
  }
  log::capture(nullptr);
  const std::size_t first = lines.find("deprecated");
  EXPECT_NE(first, std::string::npos);
  EXPECT_EQ(lines.find("deprecated", first + 1), std::string::npos);
}

TEST_F(PipelineTest, AnsweredRequestsThatAreDroppedLeaveNothingBehind) {
  {
    net::TaskGroup group(runtime);
    group.start([](Pipeline& through, ApiRequest what) -> net::Task<void> {
      auto answer = co_await through.send(std::move(what));
      EXPECT_TRUE(answer);
    }(pipeline, request()));
    runtime.settle();
    EXPECT_EQ(server.under_way, 1);
  }
  EXPECT_EQ(server.under_way, 0);
  server.answer(200);
  EXPECT_TRUE(send(request()));
}

}  // namespace
}  // namespace spotkeeper::kube
