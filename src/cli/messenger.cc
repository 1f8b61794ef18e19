#include "cli/messenger.h"

#include <cstdlib>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/file.h"
#include "net/url.h"
#include "observe/notify.h"
#include "observe/nth_event.h"

namespace spotkeeper::cli {
namespace {

using Channels = std::vector<std::unique_ptr<observe::Channel>>;

class Messenger final : public NotifyingMessenger {
 public:
  Messenger(net::EventLoop& loop, MetricsRegistry& metrics, Channels channels, std::string ca_file, std::uint64_t seed)
      : poster_(observe::make_poster(loop, std::move(ca_file))),
        notifier_(loop, *poster_, metrics, std::move(channels), {.seed = seed}) {}

  void tell(const observe::Notification& news) override { notifier_.notify(news); }
  net::Task<void> flush(Duration limit) override { return notifier_.flush(limit); }
  net::Task<void> run() override { return notifier_.run(); }

 private:
  std::unique_ptr<observe::Poster> poster_;
  observe::Notifier notifier_;
};

/// A file that is missing now is a mistake that would otherwise show at the first interruption.
Result<observe::Secret> secret_in(const std::string& file, std::string_view option, bool url) {
  observe::Secret secret = observe::Secret::in_file(file);
  SK_TRY(const std::string now, secret.read().within(option));
  if (url && !net::parse_url(now))
    return fail(ErrorCode::InvalidInput, std::string(option) + ": what is in " + file + " is no http or https URL");
  return secret;
}

/// What has been read and checked once already (parse_nth).
Result<std::unique_ptr<observe::Channel>> nth_channel(const NthSettings& from) {
  const observe::TemplateValue sample = observe::template_value(observe::NthEvent());
  const bool file = !from.webhook_template_file.empty();
  SK_TRY(auto text, file ? observe::MessageTemplate::in_file(from.webhook_template_file, sample)
                         : observe::MessageTemplate::given(from.webhook_template, sample));
  std::optional<net::Url> proxy;
  if (!from.webhook_proxy.empty()) {
    SK_TRY(proxy, net::parse_url(from.webhook_proxy).within("the webhook's proxy"));
  }
  return observe::nth_channel({.url = observe::Secret::given(from.webhook_url),
                               .headers = from.webhook_headers,
                               .text = std::move(text),
                               .proxy = std::move(proxy),
                               .environment = [](std::string_view name) -> std::string {
                                 const char* const value = std::getenv(std::string(name).c_str());
                                 return value == nullptr ? std::string() : value;
                               }});
}

Result<Channels> channels_of(const NotifyOptions& options, const NthSettings* nth) {
  Channels channels;
  if (!options.slack_url_file.empty()) {
    SK_TRY(auto url, secret_in(options.slack_url_file, "--notify-slack-url-file", true));
    channels.push_back(observe::slack_channel(std::move(url)));
  }
  std::optional<observe::MessageTemplate> text;
  if (!options.webhook_template_file.empty()) {
    if (options.webhook_url_file.empty())
      return fail(ErrorCode::InvalidInput, "--notify-webhook-template-file needs --notify-webhook-url-file");
    SK_TRY(text, observe::MessageTemplate::in_file(options.webhook_template_file,
                                                   observe::template_value(observe::Notification()))
                     .within("--notify-webhook-template-file"));
  }
  if (!options.webhook_url_file.empty()) {
    SK_TRY(auto url, secret_in(options.webhook_url_file, "--notify-webhook-url-file", true));
    channels.push_back(observe::webhook_channel(std::move(url), std::move(text)));
  }
  if (!options.pagerduty_key_file.empty()) {
    SK_TRY(auto key, secret_in(options.pagerduty_key_file, "--notify-pagerduty-key-file", false));
    channels.push_back(observe::pagerduty_channel(std::move(key), options.pagerduty_url));
  }
  if (nth != nullptr && !nth->webhook_url.empty()) {
    SK_TRY(auto channel, nth_channel(*nth));
    channels.push_back(std::move(channel));
  }
  return channels;
}

}  // namespace

Result<std::unique_ptr<NotifyingMessenger>> make_messenger(net::EventLoop& loop, MetricsRegistry& metrics,
                                                           const NotifyOptions& options, const NthSettings* nth,
                                                           std::uint64_t seed) {
  auto channels = channels_of(options, nth);
  // Whatever is wrong with a file, it is what was given that is wrong.
  if (!channels) return fail(ErrorCode::InvalidInput, std::move(channels).error().message);
  if (channels->empty()) return std::unique_ptr<NotifyingMessenger>();
  if (!options.ca_file.empty()) {
    const auto readable = read_file(options.ca_file, std::size_t{4} << 20);
    if (!readable) return fail(ErrorCode::InvalidInput, "--notify-ca-file: " + readable.error().message);
  }
  return std::make_unique<Messenger>(loop, metrics, *std::move(channels), options.ca_file, seed);
}

}  // namespace spotkeeper::cli
