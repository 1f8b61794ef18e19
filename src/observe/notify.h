// Notifications: what people are told about an interruption, at its notice, when its node is done, and when there is
// trouble, over webhooks that they name.
//
// Never in the way of the work: notify() only puts into bounded queues, one a channel, and the oldest falls out of a
// full one (counted). Each channel sends on its own, tries again with a growing wait what may yet succeed (no answer,
// 408, 429, 5xx), and gives up after some tries. The same moment of the same interruption is told once.
// URLs and keys come from files that are read again for every message (so that a rotated secret needs no restart), or
// are given; neither ever stands in a log, an error or a metric.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/backoff.h"
#include "base/result.h"
#include "base/time.h"
#include "net/event_loop.h"
#include "net/http.h"
#include "net/runtime.h"
#include "net/task.h"
#include "net/url.h"
#include "observe/nth_event.h"
#include "observe/template/template.h"

namespace spotkeeper {
class MetricsRegistry;
}

namespace spotkeeper::observe {

enum class Moment {
  Notice,   // an interruption was first seen
  Done,     // nothing is left on its node that could be moved
  Trouble,  // something keeps the node from being emptied in time
  Ended,    // its drain has, well or not, or it has been cordoned and nothing else follows: for NTH's webhook alone
};
/// How what is `Ended` has ended.
enum class Ending {
  Open,        // it has not
  Cordoned,    // and nothing was to be drained
  Drained,     // nothing is left that could be moved
  NotDrained,  // its time is over
};
/// "notice", "done", "trouble", "ended".
[[nodiscard]] std::string_view name_of(Moment moment);

struct Notification {
  Moment moment = Moment::Notice;
  Ending ending = Ending::Open;
  std::string key;   // of the interruption: the same for all of its moments
  std::string what;  // one sentence for people
  Instant at;
  std::optional<Instant> deadline;
  NthEvent event;
};

/// Something that must not be shown: given, or the first line of a file.
class Secret {
 public:
  Secret() = default;
  static Secret given(std::string value);
  static Secret in_file(std::string path);

  [[nodiscard]] bool present() const { return !value_.empty() || !path_.empty(); }
  /// What it is now. Of a file that can't be read now, what it was; an error if it never was. The error names the file.
  Result<std::string> read();

 private:
  std::string value_;
  std::string path_;
};

/// `message` with every secret in it, and every part of a URL that could hold one, replaced by "[hidden]".
[[nodiscard]] std::string redacted(std::string message, const std::vector<std::string>& secrets);

/// A template that is given, or a file's (read again for every message; a file that has become wrong is logged, and
/// what it was before goes on).
class MessageTemplate {
 public:
  /// InvalidInput if it is not supported, or names what `sample` has not.
  static Result<MessageTemplate> given(std::string_view source, const TemplateValue& sample);
  static Result<MessageTemplate> in_file(std::string path, const TemplateValue& sample);
  Result<std::string> render(const TemplateValue& data, const TemplateContext& context);

 private:
  MessageTemplate(Template made, TemplateValue sample) : made_(std::move(made)), sample_(std::move(sample)) {}
  Template made_;
  TemplateValue sample_;
  std::string path_;
  std::string source_;
};

/// What our own templates see: NTH's fields, and Moment, Message, At and Deadline.
[[nodiscard]] TemplateValue template_value(const Notification& notification);

/// What one channel sends.
struct Message {
  std::string url;
  net::HttpHeaders headers;
  std::string body;
  std::vector<std::string> secrets;  // for redacted()
};

/// One place that is told.
class Channel {
 public:
  Channel() = default;
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;
  virtual ~Channel() = default;

  /// "slack", "webhook": in logs and metrics.
  [[nodiscard]] virtual std::string_view name() const = 0;
  [[nodiscard]] virtual bool wants(Moment moment) const { return moment != Moment::Ended; }
  [[nodiscard]] virtual std::optional<net::Url> proxy() const { return std::nullopt; }
  virtual Result<Message> message(const Notification& notification) = 0;
};

/// A Slack incoming webhook.
[[nodiscard]] std::unique_ptr<Channel> slack_channel(Secret url);
/// POST of a JSON document (docs/nth.md has its fields), or of what a template makes of it.
[[nodiscard]] std::unique_ptr<Channel> webhook_channel(Secret url, std::optional<MessageTemplate> text);
/// PagerDuty's Events API v2: a notice triggers an incident, trouble makes it critical, done resolves it.
[[nodiscard]] std::unique_ptr<Channel> pagerduty_channel(Secret key,
                                                         std::string url = "https://events.pagerduty.com/v2/enqueue");

/// NTH's webhook: once for each interruption, when its drain has ended, well or not.
struct NthWebhook {
  Secret url;
  std::map<std::string, std::string> headers = {{"Content-type", "application/json"}};
  MessageTemplate text;
  std::optional<net::Url> proxy;
  std::function<std::string(std::string_view)> environment;  // for the template's `env`
};
[[nodiscard]] std::unique_ptr<Channel> nth_channel(NthWebhook webhook);
/// WEBHOOK_HEADERS: a JSON object of strings. The error does not show the values.
Result<std::map<std::string, std::string>> parse_webhook_headers(std::string_view json);

/// How messages leave. The simulator and tests have their own.
class Poster {
 public:
  Poster() = default;
  Poster(const Poster&) = delete;
  Poster& operator=(const Poster&) = delete;
  virtual ~Poster() = default;
  /// Any status is an answer.
  virtual net::Task<Result<net::HttpResponse>> post(net::Url url, std::optional<net::Url> proxy,
                                                    net::HttpRequest request, Duration limit) = 0;
};
/// Over real sockets, a connection a message. https is checked against the authorities in `ca_file` (PEM, read for
/// every message), or the system's where it is empty. The loop outlives it.
[[nodiscard]] std::unique_ptr<Poster> make_poster(net::EventLoop& loop, std::string ca_file = {});

struct NotifierOptions {
  std::size_t most_queued = 64;        // a channel; the oldest falls out
  std::size_t most_remembered = 1000;  // moments that are not told again
  std::size_t tries = 6;
  Duration limit = 5s;  // of one try
  BackoffPolicy wait = {.first = 500ms, .factor = 2, .jitter = 0.5, .most = 30s};
  std::uint64_t seed = 1;
};

class Notifier {
 public:
  /// All of what is given by reference outlives it.
  Notifier(net::Runtime& runtime, Poster& poster, MetricsRegistry& metrics,
           std::vector<std::unique_ptr<Channel>> channels, NotifierOptions options = {});
  Notifier(const Notifier&) = delete;
  Notifier& operator=(const Notifier&) = delete;
  ~Notifier();

  /// Takes it over and returns at once.
  void notify(const Notification& notification);
  /// Sends, without end.
  net::Task<void> run();
  /// Messages that are queued or being sent.
  [[nodiscard]] std::size_t queued() const;
  /// Goes on when nothing is queued any more, or after `limit`.
  net::Task<void> flush(Duration limit);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace spotkeeper::observe
