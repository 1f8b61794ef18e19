#include "observe/notify.h"

#include <algorithm>
#include <deque>
#include <set>
#include <utility>

#include "base/file.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/random.h"
#include "net/http_client.h"
#include "net/signal.h"
#include "net/task_group.h"

namespace spotkeeper::observe {
namespace {

class HttpPoster final : public Poster {
 public:
  HttpPoster(net::EventLoop& loop, std::string ca_file) : loop_(loop), ca_file_(std::move(ca_file)) {}

  net::Task<Result<net::HttpResponse>> post(net::Url url, std::optional<net::Url> proxy, net::HttpRequest request,
                                            Duration limit) override {
    net::HttpClientOptions options;
    options.proxy = std::move(proxy);
    options.connect_limit = limit;
    options.max_connections = 1;
    options.max_idle = 0;
    options.limits.body_bytes = std::uint64_t{64} << 10;
    if (url.origin.tls() && !ca_file_.empty()) {
      auto authorities = read_file(ca_file_, std::size_t{4} << 20);
      if (!authorities) co_return fail(std::move(authorities).error());
      options.tls.ca_pem = *std::move(authorities);
    }
    auto transport = net::make_http_transport(loop_, url.origin, std::move(options));
    if (!transport) co_return fail(std::move(transport).error());
    auto answer = co_await (*transport)->send(std::move(request), limit);
    co_return answer;
  }

 private:
  net::EventLoop& loop_;
  std::string ca_file_;
};

/// What a further try may change.
bool may_yet_succeed(int status) { return status == 408 || status == 429 || status >= 500; }

}  // namespace

std::unique_ptr<Poster> make_poster(net::EventLoop& loop, std::string ca_file) {
  return std::make_unique<HttpPoster>(loop, std::move(ca_file));
}

class Notifier::Impl {
 public:
  Impl(net::Runtime& runtime, Poster& poster, MetricsRegistry& metrics, std::vector<std::unique_ptr<Channel>> channels,
       NotifierOptions options)
      : runtime_(runtime),
        poster_(poster),
        options_(options),
        outcomes_(metrics.counters("spotkeeper_notifications_total",
                                   "Messages to people: sent, failed for good, dropped from a full queue.",
                                   {"channel", "outcome"})),
        random_(options.seed),
        changed_(runtime) {
    for (auto& channel : channels) {
      for (const std::string_view outcome : {"sent", "failed", "dropped"}) outcomes_.with({channel->name(), outcome});
      lines_.push_back(std::make_unique<Line>(runtime, std::move(channel)));
    }
  }

  void notify(const Notification& notification) {
    const std::string id = std::string(name_of(notification.moment)) + " " + notification.key;
    if (!told_.insert(id).second) return;
    told_order_.push_back(id);
    if (told_order_.size() > options_.most_remembered) {
      told_.erase(told_order_.front());
      told_order_.pop_front();
    }
    const auto shared = std::make_shared<const Notification>(notification);
    for (const auto& line : lines_) {
      if (!line->channel->wants(notification.moment)) continue;
      if (line->queue.size() >= options_.most_queued) {
        line->queue.pop_front();
        outcomes_.with({line->channel->name(), "dropped"}).add();
      }
      line->queue.push_back(shared);
      line->arrived.notify();
    }
  }

  net::Task<void> run() {
    net::TaskGroup group(runtime_);
    for (const auto& line : lines_) group.start(serve(*line));
    co_await group.join();
  }

  [[nodiscard]] std::size_t queued() const {
    std::size_t count = 0;
    for (const auto& line : lines_) count += line->queue.size() + (line->sending ? 1 : 0);
    return count;
  }

  net::Task<void> flush(Duration limit) {
    bool late = false;
    const net::ScopedCall timer(runtime_, runtime_.call_at(runtime_.steady() + limit, [&] {
      late = true;
      changed_.notify();
    }));
    while (queued() > 0 && !late) co_await changed_.wait();
  }

 private:
  struct Line {
    Line(net::Runtime& runtime, std::unique_ptr<Channel> what) : channel(std::move(what)), arrived(runtime) {}
    std::unique_ptr<Channel> channel;
    std::deque<std::shared_ptr<const Notification>> queue;
    bool sending = false;
    net::Signal arrived;
  };

  net::Task<void> serve(Line& line) {
    for (;;) {
      while (line.queue.empty()) co_await line.arrived.wait();
      const std::shared_ptr<const Notification> next = line.queue.front();
      line.queue.pop_front();
      line.sending = true;
      const bool sent = co_await send(line, next);
      line.sending = false;
      outcomes_.with({line.channel->name(), sent ? "sent" : "failed"}).add();
      changed_.notify();
    }
  }

  net::Task<bool> send(Line& line, std::shared_ptr<const Notification> what) {
    Backoff wait(options_.wait, random_.fork(sent_++));
    for (std::size_t tried = 1;; ++tried) {
      auto again = co_await try_once(line, what);
      if (!again) {
        const bool last = tried >= options_.tries || again.error().code == ErrorCode::InvalidInput;
        log::warn("a notification was not sent", {{"channel", line.channel->name()},
                                                  {"moment", name_of(what->moment)},
                                                  {"problem", again.error().message},
                                                  {"tries", static_cast<std::uint64_t>(tried)},
                                                  {"gives_up", last}});
        if (last) co_return false;
        co_await net::sleep_for(runtime_, wait.next());
        continue;
      }
      co_return true;
    }
  }

  /// InvalidInput where a further try would change nothing. No error shows a secret.
  net::Task<Result<void>> try_once(Line& line, std::shared_ptr<const Notification> what) {
    auto message = line.channel->message(*what);
    if (!message) {
      // A file that is not there yet may come; a template that fails on this event fails again.
      co_return fail(std::move(message).error());
    }
    auto url = net::parse_url(message->url);
    if (!url) co_return fail(ErrorCode::InvalidInput, "its URL is no http or https URL");
    net::HttpRequest request;
    request.method = "POST";
    request.target = url->target();
    request.headers = message->headers;
    request.body = message->body;
    const std::vector<std::string> secrets = message->secrets;
    auto answer = co_await poster_.post(*std::move(url), line.channel->proxy(), std::move(request), options_.limit);
    if (!answer) {
      Error problem = std::move(answer).error();
      if (problem.code == ErrorCode::InvalidInput) problem.code = ErrorCode::Unavailable;
      problem.message = redacted(std::move(problem.message), secrets);
      co_return fail(std::move(problem));
    }
    const int status = answer->status;
    if (status >= 200 && status < 300) co_return Result<void>();
    // The answer's body may repeat what was sent: only the status is told.
    co_return fail(may_yet_succeed(status) ? ErrorCode::Unavailable : ErrorCode::InvalidInput,
                   "the answer was status " + std::to_string(status));
  }

  net::Runtime& runtime_;
  Poster& poster_;
  NotifierOptions options_;
  MetricFamily<Counter>& outcomes_;
  Random random_;
  std::uint64_t sent_ = 0;
  net::Signal changed_;
  std::vector<std::unique_ptr<Line>> lines_;
  std::set<std::string> told_;
  std::deque<std::string> told_order_;
};

Notifier::Notifier(net::Runtime& runtime, Poster& poster, MetricsRegistry& metrics,
                   std::vector<std::unique_ptr<Channel>> channels, NotifierOptions options)
    : impl_(std::make_unique<Impl>(runtime, poster, metrics, std::move(channels), options)) {}
Notifier::~Notifier() = default;
void Notifier::notify(const Notification& notification) { impl_->notify(notification); }
net::Task<void> Notifier::run() { return impl_->run(); }
std::size_t Notifier::queued() const { return impl_->queued(); }
net::Task<void> Notifier::flush(Duration limit) { return impl_->flush(limit); }

}  // namespace spotkeeper::observe
