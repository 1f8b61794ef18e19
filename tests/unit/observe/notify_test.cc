#include "observe/notify.h"

#include <deque>
#include <fstream>

#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/log.h"
#include "base/metrics.h"
#include "format/json.h"
#include "net/http_server.h"
#include "net/task_group.h"
#include "tests/unit/support/virtual_runtime.h"

namespace spotkeeper::observe {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

constexpr std::string_view kSlackUrl = "https://hooks.slack.test/services/T000SECRET/B000SECRET/xyzSECRET";

/// A file of the test's own.
class File {
 public:
  explicit File(std::string_view name) : path_(::testing::TempDir() + std::string(name) + std::to_string(::getpid())) {}
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  ~File() { ::unlink(path_.c_str()); }
  void write(std::string_view text) const { std::ofstream(path_, std::ios::trunc) << text; }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

/// Answers what the test has prepared, then 200; keeps what it got.
class FakePoster final : public Poster {
 public:
  struct Sent {
    std::string url;
    net::HttpRequest request;
  };
  explicit FakePoster(net::Runtime& runtime) : runtime_(runtime) {}

  net::Task<Result<net::HttpResponse>> post(net::Url url, std::optional<net::Url> /*proxy*/, net::HttpRequest request,
                                            Duration /*limit*/) override {
    sent.push_back({.url = url.origin.text() + url.target(), .request = std::move(request)});
    Result<net::HttpResponse> answer = net::HttpResponse{.status = 200, .headers = {}, .body = {}};
    if (!answers.empty()) {
      answer = std::move(answers.front());
      answers.pop_front();
    }
    if (tells_all) {
      answer = fail(ErrorCode::Unavailable, sent.back().url + " | " + sent.back().request.target + " | " +
                                                sent.back().request.body + ": refused");
    }
    if (hangs) co_await net::sleep_for(runtime_, 24h);
    co_return answer;
  }
  void answer(int status) { answers.emplace_back(net::HttpResponse{.status = status, .headers = {}, .body = {}}); }

  std::deque<Result<net::HttpResponse>> answers;
  std::vector<Sent> sent;
  bool hangs = false;
  bool tells_all = false;  // fails with an error that repeats the whole request

 private:
  net::Runtime& runtime_;
};

Notification a_notification(Moment moment, std::string key = "spot-1") {
  Notification made;
  made.moment = moment;
  made.key = std::move(key);
  made.what = "the machine ends in 2m <soon>";
  made.at = Instant(1795363274s);
  made.deadline = Instant(1795363394s);
  made.event.kind = "SPOT_ITN";
  made.event.node_name = "n1";
  made.event.machine.instance_id = "i-1";
  made.event.pods = {"a"};
  return made;
}

class NotifierTest : public ::testing::Test {
 protected:
  Notifier& with(std::unique_ptr<Channel> channel, NotifierOptions options = {}) {
    std::vector<std::unique_ptr<Channel>> channels;
    channels.push_back(std::move(channel));
    notifier_.emplace(runtime_, poster_, metrics_, std::move(channels), options);
    group_.start(notifier_->run());
    return *notifier_;
  }
  format::JsonValue body(std::size_t i) { return format::parse_json(poster_.sent.at(i).request.body).value(); }
  double count(std::string_view channel, std::string_view outcome) {
    return metrics_.counters("spotkeeper_notifications_total", "", {"channel", "outcome"})
        .with({channel, outcome})
        .value();
  }

  testing::VirtualRuntime runtime_;
  FakePoster poster_{runtime_};
  MetricsRegistry metrics_;
  std::optional<Notifier> notifier_;
  net::TaskGroup group_{runtime_};
};

TEST_F(NotifierTest, TellsEachMomentOfAnInterruptionOnce) {
  Notifier& notifier = with(slack_channel(Secret::given(std::string(kSlackUrl))));
  notifier.notify(a_notification(Moment::Notice));
  notifier.notify(a_notification(Moment::Notice));
  notifier.notify(a_notification(Moment::Done));
  notifier.notify(a_notification(Moment::Notice, "spot-2"));
  runtime_.advance(1s);
  EXPECT_THAT(poster_.sent, SizeIs(3));
  EXPECT_EQ(notifier.queued(), 0U);
}

TEST_F(NotifierTest, TriesAgainWithGrowingWaitsWhatMayYetSucceed) {
  Notifier& notifier = with(slack_channel(Secret::given(std::string(kSlackUrl))));
  poster_.answer(503);
  poster_.answer(429);
  poster_.answers.emplace_back(fail(ErrorCode::Unavailable, "no connection"));
  notifier.notify(a_notification(Moment::Notice));
  runtime_.advance(1ms);
  EXPECT_THAT(poster_.sent, SizeIs(1));
  runtime_.advance(20s);
  EXPECT_THAT(poster_.sent, SizeIs(4));
  EXPECT_EQ(count("slack", "sent"), 1);
  EXPECT_EQ(count("slack", "failed"), 0);
}

TEST_F(NotifierTest, GivesUpOnARefusalAtOnceAndOnAnythingElseAfterItsTries) {
  Notifier& notifier = with(slack_channel(Secret::given(std::string(kSlackUrl))), {.tries = 3});
  poster_.answer(404);
  notifier.notify(a_notification(Moment::Notice));
  runtime_.advance(10min);
  EXPECT_THAT(poster_.sent, SizeIs(1));
  for (int i = 0; i < 9; ++i) poster_.answer(500);
  notifier.notify(a_notification(Moment::Done));
  runtime_.advance(10min);
  EXPECT_THAT(poster_.sent, SizeIs(4));
  EXPECT_EQ(count("slack", "failed"), 2);
}

TEST_F(NotifierTest, DropsTheOldestOfAFullQueueAndNeverBlocks) {
  Notifier& notifier = with(slack_channel(Secret::given(std::string(kSlackUrl))), {.most_queued = 2});
  poster_.hangs = true;
  for (int i = 0; i < 6; ++i) {
    notifier.notify(a_notification(Moment::Notice, "spot-" + std::to_string(i)));
    runtime_.advance(1ms);
  }
  EXPECT_THAT(poster_.sent, SizeIs(1));
  EXPECT_EQ(notifier.queued(), 3U);
  EXPECT_EQ(count("slack", "dropped"), 3);
}

TEST_F(NotifierTest, AChannelThatHangsHoldsUpNoOther) {
  class Stuck final : public Channel {
   public:
    [[nodiscard]] std::string_view name() const override { return "stuck"; }
    Result<Message> message(const Notification&) override { return fail(ErrorCode::Unavailable, "never"); }
  };
  std::vector<std::unique_ptr<Channel>> channels;
  channels.push_back(std::make_unique<Stuck>());
  channels.push_back(slack_channel(Secret::given(std::string(kSlackUrl))));
  notifier_.emplace(runtime_, poster_, metrics_, std::move(channels), NotifierOptions{});
  group_.start(notifier_->run());
  notifier_->notify(a_notification(Moment::Notice));
  runtime_.advance(1ms);
  EXPECT_THAT(poster_.sent, SizeIs(1));
}

TEST_F(NotifierTest, NoSecretIsEverLogged) {
  std::string lines;
  log::capture(&lines);
  const File key("pagerduty-key");
  key.write("R0SECRETKEY\n");
  std::vector<std::unique_ptr<Channel>> channels;
  channels.push_back(slack_channel(Secret::given(std::string(kSlackUrl))));
  channels.push_back(slack_channel(Secret::given("ftp://u:passSECRET@h/SECRETpath")));
  channels.push_back(pagerduty_channel(Secret::in_file(key.path())));
  notifier_.emplace(runtime_, poster_, metrics_, std::move(channels), NotifierOptions{.tries = 2});
  group_.start(notifier_->run());
  poster_.tells_all = true;
  notifier_->notify(a_notification(Moment::Notice));
  runtime_.advance(10min);
  log::capture(nullptr);
  EXPECT_THAT(lines, HasSubstr("a notification was not sent"));
  EXPECT_THAT(lines, HasSubstr("[hidden]"));
  EXPECT_THAT(lines, Not(HasSubstr("SECRET")));
  EXPECT_THAT(metrics_.text(), Not(HasSubstr("SECRET")));
}

TEST_F(NotifierTest, ReadsASecretAnewForEveryMessageAndKeepsItWhileTheFileIsGone) {
  const File url("slack-url");
  url.write("http://one.test/a\n");
  Notifier& notifier = with(slack_channel(Secret::in_file(url.path())));
  notifier.notify(a_notification(Moment::Notice, "1"));
  runtime_.advance(1s);
  url.write("http://two.test/b\n");
  notifier.notify(a_notification(Moment::Notice, "2"));
  runtime_.advance(1s);
  ::unlink(url.path().c_str());
  notifier.notify(a_notification(Moment::Notice, "3"));
  runtime_.advance(1s);
  ASSERT_THAT(poster_.sent, SizeIs(3));
  EXPECT_EQ(poster_.sent[0].url, "http://one.test/a");
  EXPECT_THAT(poster_.sent[1].url, HasSubstr("two.test"));
  EXPECT_THAT(poster_.sent[2].url, HasSubstr("two.test"));
}

TEST_F(NotifierTest, SlackGetsItsEscapes) {
  with(slack_channel(Secret::given(std::string(kSlackUrl)))).notify(a_notification(Moment::Trouble));
  runtime_.advance(1s);
  ASSERT_THAT(poster_.sent, SizeIs(1));
  const auto document = body(0);
  EXPECT_EQ(format::JsonField(document)["text"].as<std::string>().value(),
            ":rotating_light: *n1*: the machine ends in 2m &lt;soon&gt;\nKind: `SPOT_ITN`\nInstance: `i-1`\nEnds: "
            "`2026-11-22T16:03:14Z`");
}

TEST_F(NotifierTest, PagerDutyTriggersAtTheNoticeAndResolvesWhenDone) {
  Notifier& notifier = with(pagerduty_channel(Secret::given("R0KEY"), "http://pd.test/v2/enqueue"));
  notifier.notify(a_notification(Moment::Notice));
  notifier.notify(a_notification(Moment::Done));
  runtime_.advance(1s);
  ASSERT_THAT(poster_.sent, SizeIs(2));
  const auto first = body(0);
  const format::JsonField trigger(first);
  EXPECT_EQ(trigger["routing_key"].as<std::string>().value(), "R0KEY");
  EXPECT_EQ(trigger["event_action"].as<std::string>().value(), "trigger");
  EXPECT_EQ(trigger["payload"]["severity"].as<std::string>().value(), "warning");
  EXPECT_EQ(trigger["payload"]["source"].as<std::string>().value(), "i-1");
  const auto second = body(1);
  const format::JsonField resolve(second);
  EXPECT_EQ(resolve["event_action"].as<std::string>().value(), "resolve");
  EXPECT_EQ(resolve["dedup_key"].as<std::string>().value(), trigger["dedup_key"].as<std::string>().value());
}

TEST_F(NotifierTest, TheWebhooksOwnDocumentAndTemplate) {
  with(webhook_channel(Secret::given("http://h.test/x"), std::nullopt)).notify(a_notification(Moment::Notice));
  runtime_.advance(1s);
  const auto document = body(0);
  EXPECT_EQ(format::JsonField(document)["moment"].as<std::string>().value(), "notice");
  EXPECT_EQ(format::JsonField(document)["deadline"].as<std::string>().value(), "2026-11-22T16:03:14Z");

  auto text =
      MessageTemplate::given("{{ .Moment }} {{ .NodeName }} {{ .Deadline.Unix }}", template_value(Notification()));
  ASSERT_TRUE(text) << text.error().message;
  auto channel = webhook_channel(Secret::given("http://h.test/x"), *std::move(text));
  EXPECT_EQ(channel->message(a_notification(Moment::Notice))->body, "notice n1 1795363394");
}

TEST_F(NotifierTest, ATemplateFileThatHasBecomeWrongGoesOnAsItWas) {
  const File file("template");
  file.write("{{ .Kind }}");
  auto text = MessageTemplate::in_file(file.path(), template_value(NthEvent()));
  ASSERT_TRUE(text);
  NthEvent event;
  event.kind = "SPOT_ITN";
  EXPECT_EQ(text->render(template_value(event), {}).value(), "SPOT_ITN");
  file.write("{{ .Nope }}");
  EXPECT_EQ(text->render(template_value(event), {}).value(), "SPOT_ITN");
  file.write("now {{ .Kind }}");
  EXPECT_EQ(text->render(template_value(event), {}).value(), "now SPOT_ITN");
}

TEST_F(NotifierTest, NthsWebhookIsSentOnceWhenTheDrainHasEndedWithItsHeaders) {
  auto text = MessageTemplate::given(default_nth_template(), template_value(NthEvent()));
  ASSERT_TRUE(text);
  NthWebhook webhook{.url = Secret::given("http://h.test/hook"),
                     .headers = {{"X-Token", "abc"}},
                     .text = *std::move(text),
                     .proxy = {},
                     .environment = {}};
  Notifier& notifier = with(nth_channel(std::move(webhook)));
  notifier.notify(a_notification(Moment::Notice));
  notifier.notify(a_notification(Moment::Trouble));
  notifier.notify(a_notification(Moment::Done));
  runtime_.advance(1s);
  EXPECT_THAT(poster_.sent, IsEmpty());
  notifier.notify(a_notification(Moment::Ended));
  notifier.notify(a_notification(Moment::Ended));
  runtime_.advance(1s);
  ASSERT_THAT(poster_.sent, SizeIs(1));
  EXPECT_EQ(poster_.sent[0].request.headers.find("X-Token"), "abc");
  EXPECT_THAT(poster_.sent[0].request.body, HasSubstr("Kind: SPOT_ITN - Instance: i-1 - Node: n1"));
}

TEST(WebhookHeaders, AreAJsonObjectOfStringsAndAreNotShown) {
  EXPECT_THAT(*parse_webhook_headers(R"({"A":"b"})"), ElementsAre(::testing::Pair("A", "b")));
  const auto wrong = parse_webhook_headers(R"({"Authorization": 7, "x": "SECRET"})");
  ASSERT_FALSE(wrong);
  EXPECT_THAT(wrong.error().message, Not(HasSubstr("SECRET")));
  EXPECT_FALSE(parse_webhook_headers("[]"));
  EXPECT_FALSE(parse_webhook_headers("x"));
}

TEST(Poster, PostsOverRealSockets) {
  net::EventLoop loop;
  std::vector<std::string> bodies;
  auto server = net::HttpServer::listen(
      loop, *net::SocketAddress::parse("127.0.0.1", 0),
      [&](const net::ServerRequest& request, net::ResponseWriter& writer) -> net::Task<void> {
        return
            [](std::vector<std::string>& got, const net::ServerRequest& r, net::ResponseWriter& w) -> net::Task<void> {
              got.push_back(r.method + " " + r.target + " " + r.body);
              net::HttpResponse answer{.status = got.size() == 1 ? 503 : 204, .headers = {}, .body = {}};
              [[maybe_unused]] const auto sent = co_await w.send(std::move(answer));
            }(bodies, request, writer);
      },
      {});
  ASSERT_TRUE(server);
  MetricsRegistry metrics;
  const auto poster = make_poster(loop);
  std::vector<std::unique_ptr<Channel>> channels;
  auto text = MessageTemplate::given("{{ .Moment }}", template_value(Notification()));
  ASSERT_TRUE(text);
  channels.push_back(
      webhook_channel(Secret::given("http://127.0.0.1:" + std::to_string((*server)->address().port()) + "/hook?k=v"),
                      *std::move(text)));
  Notifier notifier(loop, *poster, metrics, std::move(channels),
                    {.wait = {.first = 1ms, .factor = 1, .jitter = 0, .most = 1ms}});
  net::TaskGroup group(loop);
  group.start(notifier.run());
  notifier.notify(a_notification(Moment::Done));
  loop.run_until(notifier.flush(10s));
  EXPECT_THAT(bodies, ElementsAre("POST /hook?k=v done", "POST /hook?k=v done"));
  EXPECT_EQ(notifier.queued(), 0U);
}

}  // namespace
}  // namespace spotkeeper::observe
