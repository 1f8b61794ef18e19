// Notifications from the options to the socket.
#include "cli/messenger.h"

#include <fstream>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/metrics.h"
#include "net/http_server.h"
#include "net/task_group.h"
#include "observe/notify.h"

namespace spotkeeper::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

/// A file of the test's own.
class File {
 public:
  File(std::string_view name, std::string_view text)
      : path_(::testing::TempDir() + std::string(name) + std::to_string(::getpid())) {
    std::ofstream(path_) << text;
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  ~File() { ::unlink(path_.c_str()); }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

/// A server on loopback that keeps what it is sent.
class Inbox {
 public:
  explicit Inbox(net::EventLoop& loop) {
    auto made = net::HttpServer::listen(
        loop, *net::SocketAddress::parse("127.0.0.1", 0),
        [this](const net::ServerRequest& request, net::ResponseWriter& writer) { return keep(request, writer); }, {});
    EXPECT_TRUE(made.has_value());
    server_ = *std::move(made);
  }
  [[nodiscard]] std::string url(std::string_view path) const {
    return "http://" + server_->address().text() + std::string(path);
  }
  std::vector<net::ServerRequest> got;

 private:
  net::Task<void> keep(const net::ServerRequest& request, net::ResponseWriter& writer) {
    got.push_back(request);
    net::HttpResponse answer{.status = 200, .headers = {}, .body = "ok"};
    [[maybe_unused]] const auto sent = co_await writer.send(std::move(answer));
  }
  std::unique_ptr<net::HttpServer> server_;
};

observe::Notification notice() {
  observe::Notification made;
  made.moment = observe::Moment::Notice;
  made.key = "n1 spot-1";
  made.what = "its machine is about to end";
  made.event.node_name = "n1";
  return made;
}

net::Task<void> tell_one(net::EventLoop& loop, NotifyingMessenger& messenger) {
  net::TaskGroup group(loop);
  group.start(messenger.run());
  messenger.tell(notice());
  co_await messenger.flush(10s);
}

TEST(Messenger, IsNobodyWhereNobodyIsToBeTold) {
  net::EventLoop loop;
  MetricsRegistry metrics;
  const auto messenger = make_messenger(loop, metrics, {}, nullptr, 1);
  ASSERT_TRUE(messenger.has_value());
  EXPECT_EQ(messenger->get(), nullptr);
  EXPECT_THAT(metrics.text(), Not(HasSubstr("spotkeeper_notifications_total")));
}

TEST(Messenger, TellsEveryChannelOverTheWireAndCountsIt) {
  net::EventLoop loop;
  Inbox inbox(loop);
  const File slack("slack", inbox.url("/slack") + "\n");
  const File webhook("webhook", inbox.url("/hook?key=1"));
  const File text("text", "{{ .Moment }} of {{ .NodeName }}");
  const File key("key", "the-key");
  MetricsRegistry metrics;
  NotifyOptions options;
  options.slack_url_file = slack.path();
  options.webhook_url_file = webhook.path();
  options.webhook_template_file = text.path();
  options.pagerduty_key_file = key.path();
  options.pagerduty_url = inbox.url("/pager");
  const auto messenger = make_messenger(loop, metrics, options, nullptr, 1);
  ASSERT_TRUE(messenger.has_value()) << messenger.error().message;
  loop.run_until(tell_one(loop, **messenger));
  std::map<std::string, std::string> bodies;
  for (const auto& request : inbox.got) bodies[request.method + " " + request.target] = request.body;
  ASSERT_EQ(bodies.size(), 3U);
  EXPECT_THAT(bodies["POST /slack"], HasSubstr("its machine is about to end"));
  EXPECT_EQ(bodies["POST /hook?key=1"], "notice of n1");
  EXPECT_THAT(bodies["POST /pager"], HasSubstr(R"("routing_key":"the-key")"));
  EXPECT_THAT(metrics.text(), HasSubstr(R"(spotkeeper_notifications_total{channel="slack",outcome="sent"} 1)"));
  EXPECT_THAT(metrics.text(), HasSubstr(R"(spotkeeper_notifications_total{channel="pagerduty",outcome="sent"} 1)"));
}

TEST(Messenger, RefusesAtTheStartWhatCouldNotBeSentLaterAndShowsNoSecret) {
  net::EventLoop loop;
  MetricsRegistry metrics;
  const File no_url("no_url", "hooks.slack.test/SECRET");
  const File url("url", "http://127.0.0.1:1/SECRET");
  const File text("bad_text", "{{ .Nonsense }}");
  const auto problem = [&](const NotifyOptions& options) {
    const auto made = make_messenger(loop, metrics, options, nullptr, 1);
    EXPECT_FALSE(made.has_value());
    if (made) return std::string();
    EXPECT_EQ(made.error().code, ErrorCode::InvalidInput);
    EXPECT_THAT(made.error().message, Not(HasSubstr("SECRET")));
    return made.error().message;
  };
  NotifyOptions missing;
  missing.pagerduty_key_file = "/nowhere/key";
  EXPECT_THAT(problem(missing), HasSubstr("--notify-pagerduty-key-file: "));
  NotifyOptions not_a_url;
  not_a_url.slack_url_file = no_url.path();
  EXPECT_THAT(problem(not_a_url), HasSubstr("--notify-slack-url-file: "));
  NotifyOptions unknown_field;
  unknown_field.webhook_url_file = url.path();
  unknown_field.webhook_template_file = text.path();
  EXPECT_THAT(problem(unknown_field), HasSubstr("--notify-webhook-template-file: "));
  NotifyOptions lonely;
  lonely.webhook_template_file = text.path();
  EXPECT_THAT(problem(lonely), HasSubstr("needs --notify-webhook-url-file"));
  NotifyOptions authorities;
  authorities.slack_url_file = url.path();
  authorities.ca_file = "/nowhere/ca.pem";
  EXPECT_THAT(problem(authorities), HasSubstr("--notify-ca-file: "));
}

}  // namespace
}  // namespace spotkeeper::cli
